"""The files of the gate that services share."""

from __future__ import annotations

from cfnroles.targets.cloudformation.gate_code import code_header
from cfnroles.targets.cloudformation.output_files import with_manifest
from cfnroles.targets.cloudformation.secret_validator import SHARED_EXPORT, SHARED_ROLE_EXPORT
from cfnroles.targets.cloudformation.service import Stack, with_template
from cfnroles.targets.cloudformation.settled import SHARED_GATE, USUAL
from cfnroles.targets.cloudformation.shared_gate import shared_gate_template
from cfnroles.targets.cloudformation.template_text import to_yaml


def shared_gate_files() -> dict[str, str]:
    """Return file name -> text of the gate for all services and of ``stacks.json``, for ``cfnroles deploy``."""
    stack = Stack(
        SHARED_GATE,
        "gate",
        capabilities=("CAPABILITY_IAM",),
        exports=(SHARED_EXPORT, SHARED_ROLE_EXPORT),
        for_others=(SHARED_EXPORT, SHARED_ROLE_EXPORT),
    )
    made = with_template(stack, shared_gate_template(), SHARED_GATE, USUAL)
    header = ("Written by cfnroles: the gate that services share. Deploy it once in each account and Region.",)
    files = {"gate.yaml": to_yaml(made.template, (*header, *code_header(made.template)))}
    return with_manifest(files, [made], {"project": SHARED_GATE, "gaps": []}, "yaml")
