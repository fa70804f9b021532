"""The secrets of task definitions that nothing checks before the task starts.

A secret is checked if a ``Custom::SecretsExist`` of the same template has it among its References, and the task
definition depends on that resource: then ECS gets it only after the check.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.counted import counted
from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.filled_template import FilledTemplate
from cfnroles.deploy.plan import GATE
from cfnroles.sources.template_task_types import TASKS
from cfnroles.template.intrinsics import undecided
from cfnroles.template.template import Resource

#: Undecided conditions, with the outcome that a part depends on.
_Guards = frozenset[tuple[str, bool]]

_NO_VALUE = {"Ref": "AWS::NoValue"}


class _Secret(Struct, frozen=True):
    """One ``ValueFrom`` with its place and conditions.

    ``bare`` says that it may be the bare name of a secret in Secrets Manager.
    """

    place: str
    value: str
    guards: _Guards
    bare: bool = False


def unchecked_secrets(filled: FilledTemplate) -> tuple[str, ...]:
    """Return the places of the secrets in task definitions that no ``Custom::SecretsExist`` checks.

    Texts are compared in their resolved form, so an expression matches itself in any notation. A secret under an
    undecided condition must be checked under no other condition.
    """
    stack = filled.stack
    found = []
    for definition in (each for kind in TASKS for each in stack.of_type(kind)):
        gates = [stack.resources.get(name) for name in _depends_on(filled, definition.logical_id)]
        checked = [each for gate in gates if gate and gate.type == GATE for each in _references(gate)]
        found += [
            f"{definition.logical_id}: {secret.place}"
            for secret in _secrets(definition)
            if not any(_covers(value, secret) and guards <= secret.guards for value, guards in checked)
        ]
    return tuple(dict.fromkeys(found))


def not_checked(stack: str, unchecked: Sequence[str]) -> Failure:
    """Return why a stack with unchecked secrets is not deployed."""
    first = counted(len(unchecked), "secret is", "secrets are")
    return Failure(
        stack,
        Cause.GATE,
        (f"{first} not checked before the task starts:", *(f"  {place}" for place in unchecked)),
        remedy=(
            f"Name them in the References of a {GATE} that the task definition depends on, as cfnroles build does, or "
            "deploy them unchecked: --allow-unchecked-secrets"
        ),
    )


def _depends_on(filled: FilledTemplate, logical_id: str) -> list[str]:
    given = filled.template.tree["Resources"][logical_id].get("DependsOn", [])
    return given if isinstance(given, list) else [given]


def _references(gate: Resource) -> Iterator[tuple[str, _Guards]]:
    for reference, guards in _each(gate.properties.get("References"), _guards_of(gate)):
        for value, inner in _each(_member(reference, "ValueFrom"), guards):
            yield str(value), inner


def _secrets(definition: Resource) -> Iterator[_Secret]:
    for container, guards in _each(definition.properties.get("ContainerDefinitions"), _guards_of(definition)):
        if not isinstance(container, Mapping):
            # CloudFormation generates the containers (Fn::Transform), so their contents are unknown.
            yield _Secret("containers that only CloudFormation can resolve", str(container), guards)
            continue
        yield from _of_container(container, guards)
    for container, guards in _each(definition.properties.get("PrimaryContainer"), _guards_of(definition)):
        if isinstance(container, Mapping):
            yield from _of_container({"Name": "Main", **container}, guards)
        else:
            yield _Secret("a container that only CloudFormation can resolve", str(container), guards)
    for volume, guards in _each(definition.properties.get("Volumes"), _guards_of(definition)):
        steps = ("FSxWindowsFileServerVolumeConfiguration", "AuthorizationConfig", "CredentialsParameter")
        for value, inner in _at(volume, guards, *steps):
            yield _Secret(f"credentials of the volume {_member(volume, 'Name') or volume}", str(value), inner)


def _of_container(container: Mapping[str, Any], guards: _Guards) -> Iterator[_Secret]:
    place = f"container {container.get('Name', '')}"
    for word, steps in (("secret", ("Secrets",)), ("log option", ("LogConfiguration", "SecretOptions"))):
        for secret, inner in _at(container, guards, *steps):
            name = _member(secret, "Name") or secret
            for value, own in _each(_member(secret, "ValueFrom") or secret, inner):
                yield _Secret(f"{place}, {word} {name}", str(value), own)
    for value, inner in _at(container, guards, "RepositoryCredentials", "CredentialsParameter"):
        yield _Secret(f"{place}, credentials of the image's registry", str(value), inner, bare=True)


def _covers(reference: str, secret: _Secret) -> bool:
    # The bare name of a secret is its ARN without the account and Region of the task.
    return reference == secret.value or (secret.bare and reference.endswith(f":secret:{secret.value}"))


def _at(value: Any, guards: _Guards, *steps: str) -> Iterator[tuple[Any, _Guards]]:
    """Yield the values at a path of members, for each outcome of undecided conditions."""
    for each, inner in _each(value, guards):
        if not steps:
            yield each, inner
        elif isinstance(each, Mapping):
            yield from _at(each.get(steps[0]), inner, *steps[1:])
        else:
            yield each, inner


def _each(value: Any, guards: _Guards) -> Iterator[tuple[Any, _Guards]]:
    """Yield the elements of a list, or the single value, with both outcomes of undecided conditions."""
    if isinstance(value, list):
        for element in value:
            yield from _each(element, guards)
    elif found := undecided(value):
        name, *outcomes = found
        for holds, outcome in zip((True, False), outcomes, strict=True):
            if (name, not holds) not in guards:
                yield from _each(outcome, guards | {(name, holds)})
    elif value is not None and value != _NO_VALUE:
        yield value, guards


def _guards_of(resource: Resource) -> _Guards:
    return frozenset({(resource.undecided, True)} if resource.undecided else ())


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None
