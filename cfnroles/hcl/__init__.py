"""Terraform's language: the contents of a directory of ``.tf`` files, with symbols for what only Terraform knows."""
