"""cfnroles: exact IAM roles for Amazon ECS."""
