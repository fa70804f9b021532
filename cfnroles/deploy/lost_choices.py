"""Parameter values of a deployed stack that a template without the parameter would silently revert."""

from __future__ import annotations

from collections.abc import Callable

from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.stacks_file import Pairs, StackSource
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.settled import CHOICES
from cfnroles.template.template import read_template


def lost_choices(source: StackSource, deployed: Pairs, template: Callable[[], str]) -> tuple[Failure, ...]:
    """Return the failure for a template without a parameter that the ``deployed`` stack sets to a non-default value.

    Such a parameter restricts the permissions of a role, names it, or defines its trust. CloudFormation drops the value
    of a parameter that a template no longer declares. ``template`` reads the deployed one.
    """
    declared = source.parsed.declarations
    gone = {name: value for name, value in deployed if name in CHOICES and name not in declared}
    if not gone:
        return ()
    try:
        defaults = read_template(template(), source.name).declarations
    except InvalidInput:
        defaults = {}
    chosen = {name: value for name, value in gone.items() if str(defaults.get(name, {}).get("Default", "")) != value}
    if not chosen:
        return ()
    lines = (
        "was deployed with values for parameters that its template no longer has, and would lose them:",
        *(f"  {name}={value}" for name, value in chosen.items()),
    )
    remedy = (
        "Write them into the service spec, or build again with --parameterized to keep them."
        " To drop them, deploy that once with the defaults."
    )
    return (Failure(source.name, Cause.INPUT, lines, remedy=remedy),)
