"""The gate before a template's task definition, as one more resource of that template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from troposphere import encode_to_dict

from cfnroles.need import Origin, Reference
from cfnroles.sources.template_references import made_by_template
from cfnroles.sources.template_shapes import spelled
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.targets.cloudformation import secret_validator
from cfnroles.targets.cloudformation.parameters import project_name
from cfnroles.targets.cloudformation.roles import unspelled
from cfnroles.targets.cloudformation.task import DEPLOYMENT_ID, SERVICE_TIMEOUT, SecretsExist
from cfnroles.targets.cloudformation.template_expressions import Expressions
from cfnroles.targets.cloudformation.template_roles import NO_VALUE, Adding, Placing, chosen, own_condition
from cfnroles.targets.cloudformation.values import Spelling, value
from cfnroles.template.worlds import Literal
from cfnroles.text import from_spelling


def add_gate(task: TaskInWorlds, adding: Adding, project: str) -> tuple[Origin, ...]:
    """Add the resource that checks the secrets and parameters of a task definition, which then waits for it.

    Return the places of the references that are not checked, because the template itself creates what they name.
    CloudFormation creates that first, and no one could have allowed the validator to read a secret that has no ARN yet.
    """
    asked, made = divided(task, adding)
    if not asked:
        return made
    project_parameter = adding.parameter("ProjectName", project_name(project))
    deployment = adding.parameter("DeploymentId", DEPLOYMENT_ID)
    name = adding.ids.new(f"{task.logical_id}{SecretsExist.resource_type.partition('::')[2]}")
    token = secret_validator.EXPORT.replace("${ProjectName}", f"${{{project_parameter}}}")
    adding.resources[name] = {
        "Type": SecretsExist.resource_type,
        **own_condition(task, adding),
        "Properties": {
            "ServiceToken": {"Fn::ImportValue": {"Fn::Sub": token}},
            "ServiceTimeout": SERVICE_TIMEOUT,
            "DeploymentId": {"Ref": deployment},
            "References": list(_asked(task, adding, asked)) or [""],
        },
    }
    adding.depends_on[task.logical_id] = name
    return made


def divided(task: TaskInWorlds, adding: Adding) -> tuple[tuple[Reference, ...], tuple[Origin, ...]]:
    """Return the references to resources that exist before, and the places of those that the template creates."""
    ordered = sorted(task.references, key=lambda reference: (reference.origin.sort_key, reference.value_from))
    made = made_by_template(task, adding.facts)
    origins = dict.fromkeys(each.origin for each in ordered if each in made)
    return tuple(each for each in ordered if each not in made), tuple(origins)


def _asked(task: TaskInWorlds, adding: Adding, references: tuple[Reference, ...]) -> Iterator[Any]:
    placing, expressions = Placing(task, adding), Expressions(task.worlds)
    found: list[tuple[tuple[Literal, ...], Any]] = []
    for reference in references:
        where, text = task.references[reference], spelled(reference.value_from)
        if expressions.unsaid((text,), where):
            continue  # the same symbol is a gap of the role
        literals = placing.behind(where, (text,))
        if literals is not None:
            given = expressions.said(encode_to_dict(Spelling(adding.facts).value(text)))
            found.append((literals, {**reference.asked, "ValueFrom": given, "For": _place(reference, adding)}))
    # A list may be empty: the function skips an empty string.
    other: Any = NO_VALUE if any(not literals for literals, _ in found) else ""
    yield from (chosen(literals, fields, other) for literals, fields in found)


def _place(reference: Reference, adding: Adding) -> Any:
    """Return the place of a reference, for messages, with the values of parameters in its name."""
    place = from_spelling(reference.origin.place, policy=False)
    known = all(symbol.name in adding.tree.get("Parameters", ()) for symbol in place.unknown)
    return encode_to_dict(value(place)) if known else unspelled(place)
