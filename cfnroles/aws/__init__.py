"""The only door to AWS: every call that cfnroles makes is a method here.

Nothing else imports botocore. Answers are frozen values, errors are those of ``cfnroles.errors``.
"""
