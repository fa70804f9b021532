"""Policies as IAM reads them: the evaluator, managed policies, and roles. Nothing here knows ECS."""
