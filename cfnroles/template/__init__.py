"""CloudFormation templates as they were read, and what their expressions come to."""
