"""Diagnosis of an error: the field that required the call, the policy that denied it, and the missing statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from msgspec.structs import replace

from cfnroles.answers.asked_for import MESSAGE, Asking, asking, at_fields, bound, granted, own_needs, serves
from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.answers.refused_role import AskedSource, RoleAnswer, holders_of, role_answer
from cfnroles.answers.remaining_causes import ANOTHER_RESOURCE, NOT_DEPLOYED, REMAINING
from cfnroles.answers.source_roles import SourceRole
from cfnroles.answers.verification import Judged, Outcome, trust_outcome
from cfnroles.errors import InvalidInput
from cfnroles.iam.roles import Role
from cfnroles.messages.collecting import Collected, Heard, collected
from cfnroles.messages.doubts import is_general
from cfnroles.messages.names import filled
from cfnroles.messages.names import names_in as names_of_message
from cfnroles.messages.understanding import Understood, named
from cfnroles.need import Need, Origin
from cfnroles.sources.reading import Reading
from cfnroles.sources.roles import read_role_of
from cfnroles.statements import Statement, compose
from cfnroles.table.message import Category, PolicyKind, PossibleCause
from cfnroles.text import text_of

#: Causes that may be a missing statement of the role, if the message does not say so itself.
_OPEN = frozenset({Category.PERMISSION, Category.UNDETERMINED, Category.VOLUME})
#: The role that made the call in a message, if known.
RoleOf = Callable[[Understood], Role | None]
Source = Reading | Sequence[Reading] | None


def diagnose(text: str, source: Source = None, role: str | RoleOf = "", resource: str = "") -> tuple[Diagnosis, ...]:
    """Diagnose each message in a text. Return nothing if no message is known.

    ``source`` has the needs and roles of task definitions: a reading, or those of all stacks of an app. ``role``
    replaces these roles: a role in a form of ``read_role_of``, or a function that returns that of each message.
    ``resource`` is the only task definition of a template or a configuration. Raise InvalidInput if it does not exist,
    and for a role that cannot be read.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    return diagnosed(collected(text).heard, source, role, resource)


def diagnosed(
    heard: Sequence[Heard], source: Source = None, role: str | RoleOf = "", resource: str = ""
) -> tuple[Diagnosis, ...]:
    """Diagnose messages that were already parsed, as ``diagnose`` does."""
    if not heard:
        return ()
    asked = AskedSource(() if source is None else (source,) if isinstance(source, Reading) else tuple(source), resource)
    role_of = role if callable(role) else _always(role, asked)
    return tuple(
        replace(
            _diagnosis(each.understood, asked, role_of(each.understood)),
            times=each.times,
            where=each.where,
            when=each.when,
        )
        for each in heard
    )


def _always(role: str, asked: AskedSource) -> RoleOf:
    """Return the role of a file for any message, read on first use."""

    @cache
    def read() -> Role:
        return read_role_of(role, asked.facts, asked.readings[0].told.parameters if asked.readings else {})

    return lambda _: read() if role else None


def _diagnosis(each: Understood, asked: AskedSource, given: Role | None) -> Diagnosis:
    found = asking(each, asked.needs, asked.names)
    each = named(each, _names(found))
    fields = at_fields(each, asked.readings, asked.needs)
    wanted = tuple(bound(each, need) for need in found if serves(each, need))
    # The role shows what was denied if the message does not.
    said = role_answer(each, wanted or tuple(found), asked, given)
    if said.at and found and said.at.is_called(said.called) and not _is_of(said.at, found):
        found, wanted, fields = Asking(), (), ()  # another role's field makes the same call
    if said.at and each.category is Category.TRUST:
        fields = tuple(_naming(said.at, fields))
    at = said.at.reading if said.at else asked.readings[0] if len(asked.readings) == 1 else None
    origins = {need.origin: None for need in found} or dict.fromkeys(fields)
    statements = compose(_lacking(each, wanted, said)) if _may_lack(each) else ()
    return Diagnosis(
        each,
        tuple(sorted(origins, key=lambda origin: origin.sort_key)),
        said.name,
        said.judged,
        () if statements else _with_names(_causes(each, said), each),
        statements,
        tuple(_unknown(each, asked, found, said, told=bool(origins))),
        at.tasks[0].address if at and at.addressed and at.tasks else "",
        at=said.at,
        also_missing=_besides(said) if statements else (),
        trust=said.trust,
        fixable=_is_in_file(said, asked),
    )


def _names(found: Asking) -> dict[str, str]:
    """Return the source's names for placeholders in commands, if only one field made the call."""
    resources = {str(need.permission.resource) for need in found}
    if len(resources) != 1 or text_of(found[0].permission.resource).symbols:
        return {}
    return names_of_message(resources.pop())


def _is_in_file(said: RoleAnswer, asked: AskedSource) -> bool:
    """Return whether the role is in a file: of the source, the given one, or one that `build` writes for a spec."""
    if said.at is not None:
        return bool(said.at.logical_id)
    return not said.given.arn if said.given else any(reading.project for reading in asked.readings)


def _is_of(at: SourceRole, needs: Sequence[Need]) -> bool:
    return any(need.holder is at.verification.holder for need in needs)


def _naming(at: SourceRole, fields: Sequence[Origin]) -> Iterator[Origin]:
    """Yield the fields that name a role of the source for its holder."""
    member = f"{at.verification.holder.partition(' ')[0]}rolearn"
    tasks = at.verification.use.tasks if at.verification.use else ()
    for origin in fields:
        named = str(origin.path[-1]).lower() == member
        if named and (at.reading.template is None or origin.path[1] in tasks):
            yield origin


def _lacking(each: Understood, wanted: tuple[Need, ...], said: RoleAnswer) -> tuple[Need, ...]:
    """Return what the role lacks: as judged, otherwise as the message says."""
    outcomes = {one.outcome for one in said.judged}
    if each.patchable and outcomes <= {Outcome.UNKNOWN}:
        known = tuple(one.need for one in said.judged if each.thing and not _may_have(one))
        return known if said.judged else wanted or tuple(own_needs(each, holders_of(each)[0]))
    return tuple(one.need for one in said.judged if one.outcome is Outcome.MISSING)


def _may_have(judged: Judged) -> bool:
    """Return whether a statement of the role may already allow the call, given what is unknown."""
    own = judged.need.origin.document == MESSAGE and judged.outcome is Outcome.UNKNOWN
    return bool(judged.unless_denied) or (own and bool(judged.by))


def _besides(said: RoleAnswer) -> tuple[Statement, ...]:
    """Return what the role lacks for other calls, in the source's spelling."""
    return compose(one.need for one in said.besides if one.outcome is Outcome.MISSING)


def _may_lack(each: Understood) -> bool:
    """Return whether the message leaves open that a statement of the role itself is missing."""
    if each.denial is None:
        return any(cause.lacking for cause in each.causes)
    kinds = (PolicyKind.IDENTITY, PolicyKind.UNSTATED)
    return each.denial.kind in kinds and not each.denial.explicit and (each.patchable or not each.causes or _open(each))


def _is_open(each: Understood) -> bool:
    """Return whether a missing statement of the role may be the cause of a message."""
    return each.category in _OPEN or any(cause.lacking for cause in each.causes)


def _open(each: Understood) -> bool:
    return each.denial is not None and each.denial.kind is PolicyKind.UNSTATED and each.causes[0].lacking


def _causes(each: Understood, said: RoleAnswer) -> tuple[PossibleCause, ...]:
    if said.trust is not None:
        trusting = trust_outcome(said.trust)
        if trusting in (Outcome.MISSING, Outcome.DENIED):
            return ()
        return tuple(cause for cause in each.causes if trusting is Outcome.UNKNOWN or not cause.untrusted)
    outcomes = {one.outcome for one in said.judged}
    if said.at and outcomes == {Outcome.UNKNOWN} and any(map(_may_have, said.judged)):
        return (NOT_DEPLOYED, ANOTHER_RESOURCE, *each.causes)
    if outcomes == {Outcome.ALLOWED} and _is_open(each):
        told = tuple(cause for cause in each.causes if not cause.lacking and not is_general(cause))
        if said.at and each.denial is not None and each.denial.kind is PolicyKind.IDENTITY and not each.denial.explicit:
            return ()  # no other policy denied it: the role was not deployed yet
        named = each.denial is not None and each.denial.kind not in (PolicyKind.IDENTITY, PolicyKind.UNSTATED)
        return told if named else (*told, *REMAINING)
    return each.causes


def _with_names(causes: Sequence[PossibleCause], each: Understood) -> tuple[PossibleCause, ...]:
    """Return the causes with the names from the message in their commands."""
    names = {**names_of_message(each.text), **({"ROLE": each.denial.role} if each.denial else {})}
    return tuple(
        replace(cause, check=filled(cause.check, names), remedy=filled(cause.remedy, names)) for cause in causes
    )


def _unknown(each: Understood, asked: AskedSource, found: Asking, said: RoleAnswer, *, told: bool) -> Iterator[str]:
    denial = each.denial
    if each.cut:
        yield "the cause: the text ends before it"
    if denial and not denial.resource:
        yield "the resource: the message does not name it"
    elif denial and not granted(denial):
        yield "the complete resource: the message shortens it, masks it, or names it without an ARN"
    yield from _unknown_fields(each, asked, found, told=told)
    yield from _unknown_role(each, asked, said)


def _unknown_fields(each: Understood, asked: AskedSource, found: Asking, *, told: bool) -> Iterator[str]:
    if asked.refused:
        yield f"what the source requires: {asked.refused}; `cfnroles lint` shows where"
        return
    if not asked.readings:
        if each.fields:
            yield "which field requires the call: pass --source SOURCE"
        return
    if each.action and not told and each.category is not Category.TRUST:
        other = any(need.permission.action.lower() == each.action.lower() for need in asked.needs)
        what = "requires this call only on other resources" if other else "does not require this call"
        who = " and ".join(reading.name for reading in asked.readings)
        yield f"what made the call: {who} {what}, so it is another revision, or the application itself"
    if each.thing and found and not found.sure:
        one = "it is this field" if len(found) == 1 else "which of these fields it is"
        yield f"{'whether ' * (len(found) == 1)}{one}: the source names the resource by an expression"


def _unknown_role(each: Understood, asked: AskedSource, said: RoleAnswer) -> Iterator[str]:
    denial, name = each.denial, each.denial.role if each.denial else ""
    if said.others:
        yield f"which role it was: {', '.join(said.others)} may be it"
    elif not said.name and not said.given and asked.roles and name:
        yield f"whether the role allows the call: {name} is not a role of the source; pass --role ROLE"
    elif not said.name and each.action and _is_open(each) and not each.patchable:
        yield "whether the role allows the call: pass --role ROLE"
    given = said.given
    if given is not None and denial and name and given.name != name and given.arn:
        yield f"whether {given.name} is the role that was refused: the message names {name}"


def check_known(found: Collected) -> None:
    """Raise InvalidInput if a text has no known message and no sign of a failure."""
    if not found.heard and not found.unknown:
        raise InvalidInput(
            "this is not a failure message that cfnroles knows",
            remedy="Pass stoppedReason, the reason of a container, an event of the service or a line of the"
            " agent's log: aws ecs describe-tasks --cluster CLUSTER --tasks TASK | cfnroles diagnose -",
        )
