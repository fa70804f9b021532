"""How messages name a call of the API, and the action in IAM's words that it is.

The clients of AWS for Go write `operation error Secrets Manager: GetSecretValue`, those for Python `when calling the
GetSecretValue operation`, those for Java `(Service: AmazonECS; ...)`.
"""

from __future__ import annotations

#: The names of services in the words of the clients, and IAM's prefix of each.
SERVICES = {
    "cloudwatch logs": "logs",
    "secrets manager": "secretsmanager",
    "ssm": "ssm",
    "ecr": "ecr",
    "ecr public": "ecr-public",
    "s3": "s3",
    "sts": "sts",
    "kms": "kms",
    "ecs": "ecs",
    "ec2": "ec2",
    "efs": "elasticfilesystem",
    "iam": "iam",
    "firehose": "firehose",
    "kinesis": "kinesis",
    "dynamodb": "dynamodb",
    "sqs": "sqs",
    "sns": "sns",
    "cloudformation": "cloudformation",
    "elastic load balancing v2": "elasticloadbalancing",
}

#: Operations that IAM knows by another name.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
OTHERWISE = {
    "s3:HeadObject": "s3:GetObject",
    "s3:GetObjectV2": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
}

#: Operations whose service a client for Python does not say, as far as ECS and its tasks make them.
OPERATIONS = {
    "getsecretvalue": "secretsmanager:GetSecretValue",
    "getparameter": "ssm:GetParameter",
    "getparameters": "ssm:GetParameters",
    "getparametersbypath": "ssm:GetParametersByPath",
    "decrypt": "kms:Decrypt",
    "getauthorizationtoken": "ecr:GetAuthorizationToken",
    "batchgetimage": "ecr:BatchGetImage",
    "getdownloadurlforlayer": "ecr:GetDownloadUrlForLayer",
    "batchchecklayeravailability": "ecr:BatchCheckLayerAvailability",
    "createlogstream": "logs:CreateLogStream",
    "createloggroup": "logs:CreateLogGroup",
    "putlogevents": "logs:PutLogEvents",
    "getobject": "s3:GetObject",
    "headobject": "s3:GetObject",
    "listobjectsv2": "s3:ListBucket",
    "putobject": "s3:PutObject",
    "assumerole": "sts:AssumeRole",
    "runtask": "ecs:RunTask",
    "executecommand": "ecs:ExecuteCommand",
}

#: Calls that the agent makes of Amazon ECS as an instance joins its cluster: a role that lacks one lacks all of them.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html
AGENT = frozenset(
    f"ecs:{name}"
    for name in (
        "RegisterContainerInstance",
        "DeregisterContainerInstance",
        "DiscoverPollEndpoint",
        "Poll",
        "StartTelemetrySession",
        "SubmitContainerStateChange",
        "SubmitTaskStateChange",
        "SubmitAttachmentStateChanges",
        "UpdateContainerInstancesState",
    )
)
