"""What people have: task definitions, service specs, templates, and revisions of them."""
