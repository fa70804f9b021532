"""Policies as IAM reads them: the evaluator, managed policies, and roles. Independent of ECS."""
