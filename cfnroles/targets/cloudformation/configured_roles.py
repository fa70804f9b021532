"""The roles of a Terraform task definition as a stack, for users who keep roles in CloudFormation.

The task definition stays in Terraform, which finds the roles by their exports. A value that only Terraform knows is a
parameter of the stack, so no statement is wider than that of the roles that Terraform would create.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace
from troposphere import Parameter

from cfnroles.ecr_images import images_asked_of
from cfnroles.need import Gap, Holder, Need, Reference
from cfnroles.placeholders import OF_THE_STACKS, parameter_name
from cfnroles.role_kinds import kind_of
from cfnroles.sources.reading import Task
from cfnroles.sources.roles_of_stack import EXPRESSIONS
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.symbols import Cut, EachOf, Expression, InImage, Placeholder, Symbol
from cfnroles.targets.cloudformation.parameters import secret_parameters
from cfnroles.targets.cloudformation.parts import Parts
from cfnroles.targets.cloudformation.placeholders import ANY_ARN, ANY_NAME
from cfnroles.targets.cloudformation.service import Stack, roles_stack
from cfnroles.targets.made_profiles import with_made_profile
from cfnroles.targets.passing import passing
from cfnroles.text import ANYTHING, Part, Text, text_of
from cfnroles.written import as_written

#: The parts of a resource's address besides its name.
_FIRST_WORDS = re.compile(r"^(data\.)?(aws_)?")


class ConfiguredRoles(Struct, frozen=True):
    """The stack with the roles, and for each of its parameters the Terraform expression with its value.

    ``gaps`` are the permissions that only a file of Terraform can grant.
    """

    stack: Stack
    handed: Mapping[str, str]
    gaps: tuple[Gap, ...] = ()


def roles_of_configuration(task: Task, project: str) -> ConfiguredRoles:
    """Return the stack of the roles of a task definition of a directory, a plan or a state.

    A permission under a condition that only Terraform decides, or on each element of a list, is a gap.

    Raise InvalidInput for values that CloudFormation or IAM would reject.
    """
    task = with_made_profile(task)
    images = images_asked_of(task.discovery.needs)
    left = {need: gap for need in task.discovery.needs if (gap := _left_to_terraform(need, task, images)) is not None}
    references = tuple(each for each in task.discovery.references if each not in task.when and not _lists_in(each))
    own = replace(
        task.discovery,
        needs=tuple(need for need in task.discovery.needs if need not in left),
        references=references,
    )
    task = replace(task, discovery=own)
    outside = _Outside()
    needs = tuple(dict.fromkeys(outside.need(each) for each in _passing_on(task)))
    discovery = replace(task.discovery, needs=needs)
    secrets = secret_parameters(discovery.references, task.facts, outside.parameters)
    family = task.workload.family
    stem = family if not text_of(family).symbols and family else project
    parts = Parts(
        project,
        project,
        stem,
        task.workload,
        discovery,
        task.facts,
        secrets,
        outside.parameters,
        options=task.options,
        label=task.address,
    )
    stack = roles_stack(parts)
    handed = {name: each for name, each in outside.written.items() if name in stack.template["Parameters"]}
    return ConfiguredRoles(_with_record(stack, handed), handed, tuple(_together(left)))


def _with_record(stack: Stack, handed: Mapping[str, str]) -> Stack:
    """Return the stack with what `verify` must know about its parameters."""
    own = stack.template["Metadata"]
    own = {**own, "cfnroles": {**own["cfnroles"], **({EXPRESSIONS: dict(handed)} if handed else {})}}
    return replace(stack, template={**stack.template, "Metadata": own})


def _left_to_terraform(need: Need, task: Task, images: Mapping[str, Text]) -> Gap | None:
    """Return the gap for a need that no stack can have; ``None`` for any other."""
    if need in task.when:
        what = f"it is needed only if {task.only_if(need)}, which only Terraform knows"
        return Gap(need.holder, "conditions", need.origin, what, _how_to_decide(need, task, images))
    if not (lists := _lists_in(need)):
        return None
    closing = " or ".join(dict.fromkeys(each.remedy for each in lists if each.remedy))
    what = "it is needed for each element of a list that only Terraform knows"
    return Gap(need.holder, "conditions", need.origin, what, closing or _ASK_ITSELF)


def _together(left: Mapping[Need, Gap]) -> Iterator[Gap]:
    """Yield each gap once, with the actions of all its needs."""
    actions: dict[Gap, dict[str, None]] = {}
    for need, gap in left.items():
        actions.setdefault(gap, {})[need.permission.action] = None
    yield from (replace(gap, actions=tuple(own)) for gap, own in actions.items())


def _lists_in(thing: Need | Reference) -> Sequence[EachOf]:
    texts = thing.permission.texts if isinstance(thing, Need) else (thing.value_from,)
    return [symbol for text in texts for symbol in text_of(text).symbols if isinstance(symbol, EachOf)]


#: The ways to decide other conditions, and a list without a remedy of its own.
_BY_VALUES = (
    "Pass values of variables with --parameter NAME=VALUE, or pass the state: `terraform show -json | cfnroles build -`"
)
_ASK_ITSELF = "Run `cfnroles terraform`, whose roles ask the list itself"


def _how_to_decide(need: Need, task: Task, images: Mapping[str, Text]) -> str:
    """Return what decides the conditions of a need: the value of the image, if all of them are about images."""
    asked = {literal.condition for each in task.when[need] for literal in each}
    told = dict.fromkeys(each for name in sorted(asked & images.keys()) for each in images[name].remedies if each)
    return " or ".join(told) if told and asked <= images.keys() else _BY_VALUES


class _Outside(Struct):
    """A configuration as seen from outside: each of its expressions is a parameter.

    ``parameters`` are the declarations, and ``written`` has the expressions, by the parameter's name.
    """

    parameters: dict[str, Parameter] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def need(self, need: Need) -> Need:
        """Return the need in terms of the stack."""
        permission = need.permission
        conditions = tuple(
            replace(condition, values=tuple(sorted(map(self._text, condition.values))))
            for condition in permission.conditions
        )
        resource = self._text(permission.resource)
        return replace(need, permission=replace(permission, resource=resource, conditions=conditions))

    def _text(self, text: str) -> Text:
        return as_written(text_of(text)).replaced(self._part)

    def _part(self, symbol: Symbol) -> Part:
        match symbol:
            case Cut():
                of = self._part(symbol.of)
                return replace(symbol, of=of) if isinstance(of, Symbol) else of
            case InImage():
                return replace(symbol, image=self._text(symbol.image))
            case Expression():
                return self._parameter(symbol)
        return symbol

    def _parameter(self, symbol: Expression) -> Placeholder:
        if symbol.name not in self._names:
            name = self._free(parameter_name(_FIRST_WORDS.sub("", symbol.name)) or "Value")
            form = ANY_ARN if str(shaped(Text(symbol))).startswith("arn:") else ANY_NAME
            self._names[symbol.name], self.written[name] = name, symbol.name
            self.parameters[name] = Parameter(
                name,
                Type="String",
                Description=f"Value of {symbol.name} in Terraform.",
                AllowedPattern=form.pattern,
                ConstraintDescription=form.words,
            )
        name = self._names[symbol.name]
        return Placeholder(name, written=symbol.written, called=symbol.name)

    def _free(self, name: str) -> str:
        taken = {*self.parameters, *OF_THE_STACKS}
        return next(each for each in (name, *(f"{name}{n}" for n in range(2, len(taken) + 3))) if each not in taken)


def _passing_on(task: Task) -> Iterator[Need]:
    """Yield the needs with the stack's roles, and every revision, in place of those that come after the roles."""
    arns = {holder: kind_of(holder).arn for holder in (Holder.EXECUTION, Holder.TASK)}
    revisions = task.facts.home_arn("ecs", "task-definition/", text_of(task.workload.family), ":", ANYTHING)
    for need, _ in passing(task.discovery.needs, arns):
        symbols = text_of(need.permission.resource).symbols
        if any(isinstance(each, Expression) and each.address == task.address for each in symbols):
            yield replace(need, permission=replace(need.permission, resource=revisions))
        else:
            yield need
