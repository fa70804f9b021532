"""CloudFormation templates as they were read, and what their expressions come to."""

#: So many resources a template may have, with its loops written out.
MOST_RESOURCES = 500
