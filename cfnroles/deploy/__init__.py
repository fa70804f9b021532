"""The deployer: what will change, then the change itself, through CloudFormation change sets.

``planning.plan`` makes change sets and a ``Plan`` of them; ``applying.apply`` executes it. Nothing here
prints: what happens is told to a function that the caller hands in.
"""
