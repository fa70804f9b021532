"""Explanations: the statements of roles, with the fields and the reasons behind each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cfnroles.need import Gap, Holder, Need, Origin, Reason
from cfnroles.statements import Statement, compose
from cfnroles.symbols import Parameter
from cfnroles.text import text_of


class ExplainedReason(Struct, frozen=True):
    """One reason for a statement, and the fields that give it."""

    reason: Reason
    origins: tuple[Origin, ...]


class ExplainedStatement(Struct, frozen=True):
    """One statement with the reasons behind it; ``when`` are the conditions of the template that it depends on."""

    statement: Statement
    reasons: tuple[ExplainedReason, ...]
    when: str = ""


#: What has the resources of Terraform.
CONFIGURATION = "configuration"


class Explanation(Struct, frozen=True):
    """The statements of each role that has any, and what the roles lack for want of a name.

    ``service`` is the name of the service in its project; empty for a task definition alone. ``resource`` is the
    logical id of the task definition in its template, ``noun`` what that is, ``when`` the conditions that it depends on
    there, and ``defaults`` the parameters whose defaults were taken. ``unseen`` says that the gaps are about the rest
    of a template. ``construct`` is the path of the construct of the CDK that made it, and ``stack`` the document of
    its stack, where several are explained, and ``whole`` what has the resource.
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
        """The logical id with the path of its construct."""
        return f"{self.resource} ({self.construct})" if self.construct else self.resource


def explained_roles(
    needs: Mapping[str, Iterable[Need]],
) -> tuple[tuple[Holder, tuple[ExplainedStatement, ...]], ...]:
    """The statements of each role for needs by the conditions of a template that they depend on."""
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


#: What stands for the keys of secrets and parameters, which no document names.
_KEYS = Parameter("KmsKeyArns")


def resource_told(resource: str, whole: str) -> str:
    """A resource; the keys are those of a parameter of the roles stack, or an option's where there is no stack."""
    if text_of(resource).whole != _KEYS:
        return resource
    return "the customer managed key" if whole == CONFIGURATION else f"the keys in {of_roles_stack(_KEYS.name)}"


def of_roles_stack(parameter: str) -> str:
    """A parameter of the stack that cfnroles builds, which the source does not have."""
    return f"the parameter {parameter} of the roles stack"


def resources_told(statement: Statement, whole: str) -> Sequence[str]:
    """The resources of a statement."""
    return [resource_told(each, whole) for each in statement.resources]


def conditions_told(statement: Statement, whole: str = "") -> list[str]:
    """Each condition of a statement in words, and what has to be given for it to be there."""
    conditions = [f"{c.key} {c.operator} {' or '.join(c.values)}" for c in statement.conditions]
    for parameter in statement.when:
        keys = whole == CONFIGURATION and parameter == _KEYS.name
        told = "a customer managed key encrypts it: pass --kms-key-arn ARN"
        conditions.append(told if keys else f"{of_roles_stack(parameter)} has a value")
    return conditions
