"""The deployer: plans changes, then applies them, by CloudFormation change sets.

``planning.plan`` creates change sets and returns a ``Plan``; ``applying.apply`` executes it. Nothing here prints:
events go to a callback of the caller.
"""
