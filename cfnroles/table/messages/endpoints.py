"""The AWS hosts that Amazon ECS and its agent call for a task, and their VPC endpoints.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
"""

from __future__ import annotations

from cfnroles.table.message import Endpoint

ENDPOINTS = (
    Endpoint("api.ecr.", "the ECR API", "ecr:GetAuthorizationToken", "com.amazonaws.REGION.ecr.api"),
    Endpoint("ecr.", "the ECR API", "ecr:GetAuthorizationToken", "com.amazonaws.REGION.ecr.api"),
    Endpoint(".dkr.ecr.", "the ECR registry", "ecr:BatchGetImage", "com.amazonaws.REGION.ecr.dkr"),
    Endpoint(
        "secretsmanager.", "Secrets Manager", "secretsmanager:GetSecretValue", "com.amazonaws.REGION.secretsmanager"
    ),
    Endpoint("ssmmessages.", "ECS Exec", "ssmmessages:CreateControlChannel", "com.amazonaws.REGION.ssmmessages"),
    Endpoint("ssm.", "Parameter Store", "ssm:GetParameters", "com.amazonaws.REGION.ssm"),
    Endpoint("logs.", "CloudWatch Logs", "logs:CreateLogStream", "com.amazonaws.REGION.logs"),
    Endpoint("kms.", "AWS KMS", "kms:Decrypt", "com.amazonaws.REGION.kms"),
    Endpoint(
        "starport-layer-bucket",
        "the S3 buckets of ECR's layers",
        "ecr:GetDownloadUrlForLayer",
        "com.amazonaws.REGION.s3",
    ),
    Endpoint("sts.", "AWS STS", "sts:AssumeRole", "com.amazonaws.REGION.sts"),
    Endpoint("ecs-a-", "Amazon ECS", "", "com.amazonaws.REGION.ecs-agent"),
    Endpoint("ecs-t-", "Amazon ECS", "", "com.amazonaws.REGION.ecs-telemetry"),
    Endpoint("ecs.", "Amazon ECS", "", "com.amazonaws.REGION.ecs"),
    Endpoint("s3.", "Amazon S3", "s3:GetObject", "com.amazonaws.REGION.s3"),
)

#: Image registries other than AWS's, by the ends of their hosts.
OTHER_REGISTRIES = (
    "docker.io",
    "docker.com",
    "ghcr.io",
    "quay.io",
    "gcr.io",
    "pkg.dev",
    "azurecr.io",
    "mcr.microsoft.com",
)
