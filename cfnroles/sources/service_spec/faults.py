"""What is wrong with a service spec, told by the definition of its keys."""

from __future__ import annotations

from dataclasses import replace

from cfnroles.document import Document
from cfnroles.need import Finding
from cfnroles.sources.service_spec import checks
from cfnroles.sources.service_spec.definition import SPEC
from cfnroles.sources.spec import Spec


def faults(document: Document) -> tuple[Finding, ...]:
    """Everything that is wrong with the keys and values of a spec; none for one that every command takes."""
    members = document.members
    # What keys mean together can be told only where each of them is right.
    found = list(SPEC.problems(members, ())) or checks.problems(Spec(document.name, document.text, members))
    return tuple(
        replace(each, origin=replace(each.origin, document=document.name), check="refused-key") for each in found
    )
