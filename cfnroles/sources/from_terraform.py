"""Terraform's JSON for a plan or a state as a source: every task definition in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.sources.reading import Reading
from cfnroles.sources.told import Told

NOUN = "a Terraform plan or state"
SIGNS = ('"format_version"', '"terraform_version"')
TAKES = frozenset(
    {
        *("account", "region", "kms_key_arns", "file_key_arns", "log_group_key_arns", "destination_key_arns"),
        *("bucket_accounts", "pull_through_prefixes", "gmsa_secrets", "s3_files_buckets", "compat"),
    }
)


def recognises(document: Document) -> bool:
    """Return whether it is output of `terraform show -json`, or a Terraform state file."""
    members = document.members
    empty = not set(members) - {"format_version", "terraform_version"}
    shown = "format_version" in members and ("planned_values" in members or "values" in members or empty)
    return shown or _is_raw_state(members)


def _is_raw_state(members: Mapping[str, Any]) -> bool:
    return "terraform_version" in members and "lineage" in members


def read(document: Document, told: Told) -> Reading:
    """Return the task definitions of the plan or the state.

    Raise InvalidInput for a Terraform state file, and for another format.
    """
    from cfnroles.sources.terraform_plan import PlanRoles, tasks_in

    told.refuse_others(TAKES, f"{document.name} is {NOUN}")
    if _is_raw_state(document.members):
        how = f"Pass the output of `terraform show -json`: `terraform show -json | {told.again('-')}`"
        raise InvalidInput(
            "is Terraform's own state file, whose format only Terraform supports", where=document.name, remedy=how
        )
    if told.parameters:
        raise InvalidInput(
            "--parameter requires a directory: a plan or state has the values of all variables", where=document.name
        )
    tasks, unseen = tasks_in(document, told)
    roles = PlanRoles(document, told)
    return Reading((document,), NOUN, told, tasks, addressed=True, unseen=unseen, configuration=roles)
