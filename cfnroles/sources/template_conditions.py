"""The gap for a template with too many conditions to examine every combination."""

from __future__ import annotations

from cfnroles.need import Gap, Holder, Origin
from cfnroles.template.template import Template
from cfnroles.workload import Path

TOO_MANY = "too many conditions to check every combination"
DECIDE = "Decide some of them: pass --parameter NAME=VALUE"


def too_many_conditions(template: Template, at: Path, holder: Holder = Holder.EXECUTION) -> Gap:
    """Return the gap for what depends on them at a path of the template."""
    return Gap(holder, "conditions", Origin(template.document, at), TOO_MANY, DECIDE)
