"""The only access to AWS: every call of cfnroles is a method here.

Nothing else imports botocore. Results are frozen values, errors are those of ``cfnroles.errors``.
"""
