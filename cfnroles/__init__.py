"""Exact IAM roles for Amazon ECS.

The way of a task definition, as functions of this package::

    text ── readers.task_definition.read_task_definition ──> Workload
    Workload ── readers.task_definition.home ──> Facts
    Workload, Facts ── discovery.discover ──> needs, gaps, findings, references
    needs ── statements.compose ──> statements that grant exactly these needs
    statements ── policies.pack ──> policies within IAM's quotas
    all of it ── stacks.service.service_stacks ──> CloudFormation stacks
    stacks ── stacks.output_files.output_files ──> the text of each file

Nothing here talks to AWS but ``cfnroles.aws``, which ``cfnroles.deploy`` is given.
"""
