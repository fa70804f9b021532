"""CloudTrail events in all their formats, read in one pass. Independent of roles and task definitions."""
