"""Explanations: the statements of roles, with fields and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cfnroles.need import Gap, Holder, Need, Origin, Reason
from cfnroles.statements import Statement, compose
from cfnroles.symbols import Parameter
from cfnroles.text import text_of


class ExplainedReason(Struct, frozen=True):
    """One reason for a statement, with its fields."""

    reason: Reason
    origins: tuple[Origin, ...]


class ExplainedStatement(Struct, frozen=True):
    """One statement with its reasons. ``when`` are the template conditions that it depends on."""

    statement: Statement
    reasons: tuple[ExplainedReason, ...]
    when: str = ""


#: The container of Terraform's resources.
CONFIGURATION = "configuration"


class Explanation(Struct, frozen=True):
    """The statements of each role that has any, and its gaps.

    ``service`` is the name of the service in its project; empty for a single task definition. ``resource`` is the
    logical ID of the task definition in its template, ``noun`` its kind, ``when`` its conditions there, and
    ``defaults`` the parameters with their defaults. ``unseen`` says that the gaps are about the rest of a template.
    ``construct`` is the path of its CDK construct, ``stack`` the document of its stack if several are explained, and
    ``whole`` what contains the resource.
    """

    roles: tuple[tuple[Holder, tuple[ExplainedStatement, ...]], ...]
    gaps: tuple[Gap, ...]
    service: str = ""
    resource: str = ""
    when: str = ""
    defaults: tuple[str, ...] = ()
    unseen: bool = False
    noun: str = "task definition"
    construct: str = ""
    stack: str = ""
    whole: str = "template"

    @property
    def called(self) -> str:
        """The logical ID with the path of its construct."""
        return f"{self.resource} ({self.construct})" if self.construct else self.resource


def explained_roles(
    needs: Mapping[str, Iterable[Need]],
) -> tuple[tuple[Holder, tuple[ExplainedStatement, ...]], ...]:
    """Return the statements of each role for needs, grouped by the template conditions that they depend on."""
    explained = [_explained(statement, when) for when, several in needs.items() for statement in compose(several)]
    explained.sort(key=lambda each: (each.statement.sid, each.when))
    return tuple(
        (holder, tuple(each for each in explained if each.statement.holder is holder))
        for holder in sorted({each.statement.holder for each in explained})
    )


def _explained(statement: Statement, when: str) -> ExplainedStatement:
    origins: dict[Reason, set[Origin]] = {}
    for need in statement.needs:
        origins.setdefault(need.reason, set()).add(need.origin)
    return ExplainedStatement(
        statement,
        tuple(
            ExplainedReason(reason, tuple(sorted(origins[reason], key=lambda origin: origin.sort_key)))
            for reason in sorted(origins)
        ),
        when,
    )


#: Parameters for the keys of secrets and parameters, which no document names.
_KEYS = Parameter("KmsKeyArns")


def resource_told(resource: str, whole: str) -> str:
    """Return a resource for display. Keys are a parameter of the roles stack, or an option if there is no stack."""
    if text_of(resource).whole != _KEYS:
        return resource
    return "the customer managed key" if whole == CONFIGURATION else f"the keys in {of_roles_stack(_KEYS.name)}"


def of_roles_stack(parameter: str) -> str:
    """Return the words for a parameter of the stack that cfnroles builds, which the source does not have."""
    return f"the parameter {parameter} of the roles stack"


def resources_told(statement: Statement, whole: str) -> Sequence[str]:
    """Return the resources of a statement for display."""
    return [resource_told(each, whole) for each in statement.resources]


def conditions_told(statement: Statement, whole: str = "") -> list[str]:
    """Return each condition of a statement in words, and the values that must be set for it to exist."""
    conditions = [f"{c.key} {c.operator} {' or '.join(c.values)}" for c in statement.conditions]
    for parameter in statement.when:
        keys = whole == CONFIGURATION and parameter == _KEYS.name
        told = "a customer managed key encrypts the secret or parameter: pass --kms-key-arn ARN"
        conditions.append(told if keys else f"{of_roles_stack(parameter)} has a value")
    return conditions
