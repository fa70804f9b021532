"""Terraform's language: what a directory of ``.tf`` files says, with a symbol for all that only Terraform tells."""
