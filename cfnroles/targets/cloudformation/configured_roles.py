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
from cfnroles.errors import InvalidInput
from cfnroles.lines import Lines
from cfnroles.need import Holder, Need
from cfnroles.placeholders import OF_THE_STACKS, parameter_name
from cfnroles.role_kinds import kind_of
from cfnroles.sources.reading import Reading, Task
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
    """The stack with the roles, and for each of its parameters the Terraform expression with its value."""

    stack: Stack
    handed: Mapping[str, str]


def roles_of_configuration(reading: Reading, task: Task, project: str) -> ConfiguredRoles:
    """Return the stack of the roles of a task definition of a directory, a plan or a state.

    Raise InvalidInput if a permission depends on a condition that only Terraform decides, and for values that
    CloudFormation or IAM would reject.
    """
    task = with_made_profile(task)
    if hanging := [need for need in task.discovery.needs if need in task.when]:
        raise _undecided(hanging, task, reading)
    if listed := [(need, each) for need in task.discovery.needs for each in _lists_in(need)]:
        raise _listed(listed, reading)
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
    return ConfiguredRoles(_with_record(stack, handed), handed)


def _with_record(stack: Stack, handed: Mapping[str, str]) -> Stack:
    """Return the stack with what `verify` must know about its parameters."""
    own = stack.template["Metadata"]
    own = {**own, "cfnroles": {**own["cfnroles"], **({EXPRESSIONS: dict(handed)} if handed else {})}}
    return replace(stack, template={**stack.template, "Metadata": own})


def _undecided(hanging: Sequence[Need], task: Task, reading: Reading) -> InvalidInput:
    lines = Lines(reading.texts)
    told = dict.fromkeys(f"- {lines.where(need.origin)}: only if {task.only_if(need)}" for need in hanging)
    return InvalidInput(
        "the roles depend on conditions that only Terraform knows",
        where=reading.name,
        why="\n".join(told),
        remedy=_how_to_decide(hanging, task)
        or "Pass values of variables with --parameter NAME=VALUE, or pass the state: `terraform show -json |"
        " cfnroles build -`.",
    )


def _lists_in(need: Need) -> Iterator[EachOf]:
    symbols = (symbol for text in need.permission.texts for symbol in text_of(text).symbols)
    yield from (symbol for symbol in symbols if isinstance(symbol, EachOf))


def _listed(listed: Sequence[tuple[Need, EachOf]], reading: Reading) -> InvalidInput:
    lines = Lines(reading.texts)
    told = dict.fromkeys(f"- {lines.where(need.origin)}" for need, _ in listed)
    remedies = dict.fromkeys(f"{symbol.remedy}." for _, symbol in listed if symbol.remedy)
    return InvalidInput(
        "the roles depend on lists that only Terraform knows",
        where=reading.name,
        why="\n".join(told),
        remedy=" ".join(remedies) or "Run `cfnroles terraform`, whose roles ask the lists themselves.",
    )


def _how_to_decide(hanging: Sequence[Need], task: Task) -> str:
    """Return what decides the conditions if all of them are about images; empty for any other."""
    images = images_asked_of(hanging)
    asked = {literal.condition for need in hanging for each in task.when[need] for literal in each}
    if not asked <= images.keys():
        return ""
    told = dict.fromkeys(f"{each}." for name in sorted(asked) for each in images[name].remedies if each)
    return " ".join(told)


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
