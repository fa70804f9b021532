"""What is written: CloudFormation stacks."""
