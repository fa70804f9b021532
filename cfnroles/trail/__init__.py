"""CloudTrail as people have it, read in one pass; knows no role and no task definition."""
