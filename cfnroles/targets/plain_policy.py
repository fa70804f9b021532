"""Policies as plain JSON, for the AWS CLI, the console, and everything else that accepts a policy document.

Plain JSON has no expressions, so everything that a template would leave to the deployment must be known.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.answers.requests import Home, definite
from cfnroles.answers.template_tasks import asked_about, hanging, known_of, refuse
from cfnroles.ecr_images import images_asked_of
from cfnroles.errors import BadAnswer, CfnrolesError, InvalidInput, Unavailable
from cfnroles.facts import Facts, partition_of
from cfnroles.lines import Lines, gaps_text
from cfnroles.need import Gap, Holder, Need, Origin
from cfnroles.options import NO_OPTIONS, RoleOptions
from cfnroles.page import page, quoted
from cfnroles.policies import INLINE_TOTAL, document
from cfnroles.role_kinds import kind_of
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_tasks import TaskInWorlds, in_worlds
from cfnroles.statements import Statement, compose
from cfnroles.symbols import (
    Cut,
    Expression,
    InImage,
    Parameter,
    Placeholder,
    PolicyVariable,
    PseudoParameter,
    Symbol,
)
from cfnroles.template.template import Template
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import Disjunction
from cfnroles.text import Arn, Text, from_spelling, text_of

#: The fact about the tasks that decides a pseudo parameter.
_FACTS = {"AWS::AccountId": "account", "AWS::Region": "region", "AWS::Partition": "region", "AWS::URLSuffix": "region"}
_VALUES = {"account": "ID", "region": "REGION"}
_AS_EXPRESSIONS = "Known at deployment: `cfnroles build` writes a template with it."


class PlainPolicy(Struct, frozen=True):
    """A policy document without expressions.

    ``gaps`` are the permissions that it lacks because a name is unknown. ``key_needs`` are the fields whose secrets a
    customer managed key may encrypt, which is unknown. ``managed_policies`` are the ARNs of the managed policies that
    are chosen in addition. ``defaults`` are the parameters of a template whose default is used. ``size`` is the number
    of characters that IAM counts.
    """

    document: Mapping[str, Any]
    size: int
    gaps: tuple[Gap, ...] = ()
    key_needs: tuple[Need, ...] = ()
    managed_policies: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()


class Subject(Struct, frozen=True):
    """The task definition whose roles are requested.

    ``conditions`` are the template conditions that a need depends on, with how to decide them. ``defaults`` are the
    parameters whose default is used.
    """

    name: str
    facts: Facts
    needs: tuple[Need, ...]
    gaps: tuple[Gap, ...] = ()
    options: Mapping[Holder, RoleOptions] = field(default_factory=dict)
    conditions: Mapping[Need, tuple[str, str]] = field(default_factory=dict)
    defaults: tuple[str, ...] = ()


def subject_of(reading: Reading, resource: str = "") -> Subject:
    """Return the task definition that is requested.

    Raise InvalidInput for values that ECS would reject, and if there are several task definitions and none is named.
    """
    if reading.template is not None:
        return _of_template(reading, reading.template, resource)
    task = reading.task()
    found, defaults = task.discovery, task.defaults
    images = images_asked_of(found.needs)
    conditions = {
        need: (when, _told_by(task.when[need], images, reading)) for need in found.needs if (when := task.only_if(need))
    }
    return Subject(task.name, task.facts, found.needs, found.gaps, task.options, conditions, defaults)


def _told_by(when: Disjunction, images: Mapping[str, Text], reading: Reading) -> str:
    """Return what decides the conditions of a configuration."""
    asked = [images[literal.condition] for each in when for literal in each if literal.condition in images]
    told = dict.fromkeys(_remedy(symbol, reading) for image in asked for symbol in image.unknown)
    return " ".join(told) or "Known to Terraform: `cfnroles terraform` writes roles with it."


def plain_policy(reading: Reading, holder: Holder, resource: str = "") -> PlainPolicy:
    """Return the permissions of one role as one policy document.

    Raise BadAnswer if the role needs nothing or if one inline policy cannot hold the statements, and Unavailable if
    part of a statement is unknown.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    subject = subject_of(reading, resource)
    own = [need for need in subject.needs if need.holder is holder]
    _refuse_conditions(reading, own, subject.conditions)
    certain, key_needs = definite(own, subject.facts)
    gaps = tuple(gap for gap in subject.gaps if gap.holder is holder)
    managed = subject.options.get(holder, NO_OPTIONS).managed_policies
    if not certain:
        raise _nothing(reading, holder, gaps, managed)
    statements = compose(_filled(need, subject.facts) for need in certain)
    _refuse_symbols(reading, statements, holder)
    made = _plain(document(statements))
    if made.size > INLINE_TOTAL:
        raise BadAnswer(
            f"the policy of the {holder} has {made.size:,} characters; IAM allows {INLINE_TOTAL:,}",
            where=reading.name,
            remedy="`cfnroles build` writes it as several policies.",
        )
    return replace(made, gaps=gaps, key_needs=key_needs, managed_policies=managed, defaults=subject.defaults)


def plain_trust(reading: Reading, holder: Holder, resource: str = "") -> PlainPolicy:
    """Return the trust policy of one role; raise Unavailable if it needs the account or the Region, which are unknown.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    facts, by = subject_of(reading, resource).facts, kind_of(holder).assumed_by
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": by.service},
        "Action": "sts:AssumeRole",
    }
    if by.source_arn:
        told = {"account": facts.account, **({} if by.source_arn_switch else {"region": facts.region})}
        if missing := [name for name, value in told.items() if not value]:
            raise Unavailable(
                f"the trust policy of the {holder} names the task's {' and '.join(missing)}, which is unknown",
                where=reading.name,
                remedy=" ".join(_how_to_pass(name, reading) for name in missing),
            )
        conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": facts.account}}
        if not by.source_arn_switch:
            conditions["ArnLike"] = {"aws:SourceArn": _known(by.source_arn, facts)}
        statement["Condition"] = conditions
    return _plain({"Version": "2012-10-17", "Statement": [statement]})


def plain_repository_policy(reading: Reading, resource: str = "") -> tuple[PlainPolicy, tuple[Arn, ...]]:
    """Return the policy that ECR repositories of other accounts require for the pulls, and these repositories.

    Raise BadAnswer if the task definition pulls from no such repository, or if the repositories require different
    policies.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
    """
    from cfnroles.targets.cloudformation.other_accounts import Consumer
    from cfnroles.targets.cloudformation.other_side import repository_policies

    subject = subject_of(reading, resource)
    consumer = Consumer(subject.name, subject.facts, subject.needs, subject.options)
    project = reading.project.project if reading.project else subject.name
    policies = repository_policies(reading, [consumer], project)
    if not policies:
        what = "pulls no image from a repository of another account"
        how = "" if subject.facts.account else f"To identify other accounts: {_how_to_pass('account', reading)}"
        raise BadAnswer(what, where=reading.name, remedy=how)
    first, *others = policies.values()
    if any(each != first for each in others):
        raise BadAnswer(
            "the repositories need policies that differ",
            where=reading.name,
            remedy="`cfnroles build --for-account ID` writes the policies that each account must add.",
        )
    return _plain({"Version": "2012-10-17", "Statement": first}), tuple(policies)


def _of_template(reading: Reading, template: Template, resource: str) -> Subject:
    ids = asked_about(reading, template, resource)
    if len(ids) != 1:
        if not ids:
            reading.accepted()
        raise InvalidInput(
            f"has {len(ids)} task definitions; this command takes one",
            where=reading.name,
            remedy=f"Choose one with --resource: {', '.join(ids)}.",
        )
    facts, given = known_of(reading)
    task = in_worlds(ids[0], reading.documents[0], template, (facts, given))
    refuse([task], reading)
    conditions = {
        need: (when, _decided_by(task, template, where))
        for need, where in task.needs.items()
        if (when := task.when(where))
    }
    gaps = tuple(hanging(task.gaps, task))
    return Subject(ids[0], facts, tuple(task.needs), gaps, conditions=conditions, defaults=task.defaults)


def _decided_by(task: TaskInWorlds, template: Template, where: WorldSet) -> str:
    """Return what to pass on the command line to decide whether these worlds apply."""
    names = {literal.condition for literals in task.worlds.when(where) for literal in literals}
    parameters = {each for name in names for each in template.parameters_in(("Conditions", name))}
    told = [f"--parameter {name}=VALUE" for name in sorted(parameters - set(task.worlds.given.parameters))]
    return f"Pass {' '.join(told)}." if told else _AS_EXPRESSIONS


def _known(text: Text, facts: Facts) -> Text:
    """Return the text with what is known of the account, Region and partition."""
    partition = partition_of(facts.region).plain
    home = Home(facts.account, facts.region, partition).symbols
    values = {name: home[name] for name in home if home[name] and (partition or name != "AWS::URLSuffix")}
    return text.replaced(
        lambda symbol: values.get(symbol.name, symbol) if isinstance(symbol, PseudoParameter) else symbol
    )


def _filled(need: Need, facts: Facts) -> Need:
    permission = need.permission
    conditions = tuple(
        replace(each, values=tuple(_known(text_of(value), facts) for value in each.values))
        for each in permission.conditions
    )
    resource = _known(text_of(permission.resource), facts)
    return replace(need, permission=replace(permission, resource=resource, conditions=conditions))


def _plain(spelled: Mapping[str, Any]) -> PlainPolicy:
    """Return the document of a policy that is spelled as in ``Fn::Sub``, with nothing in it to substitute."""
    text = json.dumps(spelled).replace("${!", "${")
    # IAM does not count white space. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    return PlainPolicy(json.loads(text), len(re.sub(r"\s", "", text)))


def _nothing(reading: Reading, holder: Holder, gaps: tuple[Gap, ...], managed: tuple[str, ...]) -> CfnrolesError:
    """Return the error for a policy without a statement, which IAM does not accept."""
    attached = f"Attach {', '.join(managed)}." if managed else ""
    if gaps:
        what = f"the permissions of the {holder} are unknown"
        return Unavailable(what, where=reading.name, why=gaps_text(gaps, reading.texts), remedy=attached)
    what = f"the {holder} needs no permission"
    return BadAnswer(what, where=reading.name, remedy=attached or "It needs no policy.")


def _refuse_conditions(reading: Reading, needs: Iterable[Need], conditions: Mapping[Need, tuple[str, str]]) -> None:
    hanging = {need: conditions[need] for need in needs if need in conditions}
    _refuse(
        reading,
        "depends on conditions",
        ((f"if {when}", remedy, need.origin) for need, (when, remedy) in hanging.items()),
    )


def _refuse_symbols(reading: Reading, statements: Iterable[Statement], holder: Holder) -> None:
    """Raise Unavailable with everything unknown in the statements, and how to find each value."""
    found = (
        (symbol.written or symbol.spelled, _remedy(symbol, reading), need.origin)
        for statement in statements
        for need in statement.needs
        for text in need.permission.texts
        for symbol in text_of(text).unknown
        if not isinstance(symbol, PolicyVariable)
    )
    _refuse(reading, "contains an unknown value", found)


def _refuse(reading: Reading, what: str, found: Iterable[tuple[str, str, Origin]]) -> None:
    """Raise Unavailable if anything is found: each value with the first place that needs it, and what to do."""
    places: dict[tuple[str, str], list[Origin]] = defaultdict(list)
    for told, remedy, origin in found:
        places[told, remedy].append(origin)
    if not places:
        return
    lines = Lines(reading.texts)
    entries: list[str] = []
    for (each, remedy), origins in sorted(places.items()):
        first, others = min(origins, key=lambda origin: origin.sort_key), len(set(origins)) - 1
        entries += [f"- {each}", f"  {lines.where(first)}{f', and {others} more' if others else ''}", f"  {remedy}"]
    raise Unavailable(f"the policy {what}, but plain JSON has no expressions", where=reading.name, why=page(entries))


def _how_to_pass(fact: str, reading: Reading) -> str:
    """Return how to pass the account or the Region of the tasks."""
    return f"Write it into the spec: {fact}." if reading.project else f"Pass --{fact} {_VALUES[fact]}."


def _remedy(symbol: Symbol, reading: Reading) -> str:
    """Return how to find the value of a symbol."""
    while isinstance(symbol, Cut):
        symbol = symbol.of
    if isinstance(symbol, InImage):
        image = symbol.image if isinstance(symbol.image, Text) else from_spelling(symbol.image, policy=False)
        inside = image.unknown
        return _remedy(inside[0], reading) if inside else _AS_EXPRESSIONS
    if isinstance(symbol, Expression) and symbol.remedy:
        return f"{symbol.remedy}."
    if isinstance(symbol, Placeholder):
        placeholder = f"Pass --set {quoted(f'{symbol.called}=VALUE')}."
        return "Write its value into the task definition." if reading.project else placeholder
    if isinstance(symbol, Parameter):
        return f"Pass --parameter {symbol.name}=VALUE."
    return _how_to_pass(_FACTS[symbol.name], reading) if symbol.name in _FACTS else _AS_EXPRESSIONS
