"""Roles as files of Terraform."""
