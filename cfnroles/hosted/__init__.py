"""The Lambda functions: an event in, a response out. They decide nothing."""
