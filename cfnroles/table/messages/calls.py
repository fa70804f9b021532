"""How messages name an API call, and its IAM action.

The AWS clients for Go write `operation error Secrets Manager: GetSecretValue`, those for Python `when calling the
GetSecretValue operation`, those for JavaScript a name in the stack trace, such as `de_GetSecretValueCommandError`.
"""

from __future__ import annotations

#: The names of services in the clients' messages, without spaces and punctuation, and IAM's prefix of each; in search
#: order for clients that do not name the service.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
SERVICES = {
    "ecs": "ecs",
    "secretsmanager": "secretsmanager",
    "ssm": "ssm",
    "ecr": "ecr",
    "ecrpublic": "ecr-public",
    "cloudwatchlogs": "logs",
    "kms": "kms",
    "s3": "s3",
    "sts": "sts",
    "iam": "iam",
    "dynamodb": "dynamodb",
    "sqs": "sqs",
    "sns": "sns",
    "ec2": "ec2",
    "efs": "elasticfilesystem",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "servicediscovery": "servicediscovery",
    "cloudformation": "cloudformation",
    "firehose": "firehose",
    "kinesis": "kinesis",
    "eventbridge": "events",
    "lambda": "lambda",
    "sfn": "states",
    "applicationautoscaling": "application-autoscaling",
    "autoscaling": "autoscaling",
    "codedeploy": "codedeploy",
    "cloudwatch": "cloudwatch",
    "xray": "xray",
    "acmpca": "acm-pca",
    "appconfigdata": "appconfig",
    "scheduler": "scheduler",
    "rds": "rds",
}

#: Operations with another name in IAM.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
OTHERWISE = {
    "s3:HeadObject": "s3:GetObject",
    "s3:GetObjectV2": "s3:GetObject",
    "s3:SelectObjectContent": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:CopyObject": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "lambda:Invoke": "lambda:InvokeFunction",
}

#: Operations of so many services that their names alone identify nothing.
OF_MANY = frozenset({"tagresource", "untagresource", "listtagsforresource", "describetags", "listtags"})

#: Calls of the agent when an instance joins its cluster: a role that lacks one lacks all of them.
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
