"""CloudFormation templates and the values of their expressions."""

#: The maximum number of resources of a template with its loops expanded.
MOST_RESOURCES = 500
