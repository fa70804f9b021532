"""Roles as Terraform files."""
