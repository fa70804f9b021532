"""The inputs: task definitions, service specs, templates, Terraform, and Git revisions of them."""
