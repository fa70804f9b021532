"""Values of a task definition that only the deployment knows, and that a condition can test.

They distinguish worlds like the template's own conditions, so rows do not depend on them: an image with its registry in
a parameter is in Amazon ECR or not, and `Fn::FindInMap` has one of a few values for an unknown key.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.ecr_images import IN_ECR
from cfnroles.sources.template_task_definitions import TemplateTask
from cfnroles.symbols import Opaque
from cfnroles.table.images import KINDS, elsewhere, in_ecr, is_open
from cfnroles.template.atoms import Atom, World
from cfnroles.template.template import Template
from cfnroles.template.worlds import Fork, Worlds
from cfnroles.text import Text
from cfnroles.workload import Path, Workload

_IMAGE = "containerDefinitions[].image"
_FOUND_IN_MAP = re.compile(r"Fn::FindInMap\((\w+), ([\w:.-]+), ([\w:.-]+)(, .*)?\)")


def image_forks(task: TemplateTask, template: Template) -> Iterator[Fork]:
    """Yield a fork for each image whose registry depends on parameters of the template."""
    for _, image in task.workload.find(_IMAGE):
        if isinstance(image, Text) and is_open(image) and _by_parameters(image, template):
            asked: Any = {"Ref": image.whole.name} if image.whole else {"Fn::Sub": str(image)}
            # AWS's own templates split parameters in conditions:
            # https://github.com/aws-cloudformation/cfn-lint/issues/876
            hosts = [_contains(asked, f".{kind}") for kind in KINDS]
            atom = Atom(f"{image}{IN_ECR}", image=image)
            yield Fork((atom,), ({"Fn::Or": hosts},), none=True)


def with_images(task: TemplateTask, worlds: Worlds, world: World) -> TemplateTask:
    """Return a task with each image as in a world."""
    told = {atom.image: atom in world for atom in worlds.atoms if atom.image}
    containers = task.workload.tree.get("containerDefinitions")
    if not told or not isinstance(containers, list):
        return task

    def image(given: Any) -> Any:
        if not isinstance(given, Text) or given not in told:
            return given
        return in_ecr(given, worlds.given.region) if told[given] else elsewhere(given)

    pulled = [{name: image(each) if name == "image" else each for name, each in c.items()} for c in containers]
    tree = {**task.workload.tree, "containerDefinitions": pulled}
    return replace(task, workload=replace(task.workload, tree=tree))


def map_forks(task: TemplateTask, discovery: Discovery, worlds: Worlds) -> Iterator[Fork]:
    """Yield a fork for each unknown key of a map lookup without which a need has no resource name."""
    for gap in discovery.gaps:
        for text in _texts_at(task.workload, gap.origin.path):
            for symbol in text.unknown:
                found = _FOUND_IN_MAP.fullmatch(symbol.name) if isinstance(symbol, Opaque) else None
                if found is not None:
                    yield from _keys(found[1], found[2], found[3], worlds, has_default=bool(found[4]))


def asks_maps(task: TemplateTask) -> bool:
    """Return whether a task definition has a value of a map with an unknown key; without one, it has no such forks."""
    return "Fn::FindInMap(" in str(task.workload.tree)


def _keys(name: str, first: str, second: str, worlds: Worlds, *, has_default: bool) -> Iterator[Fork]:
    mappings = worlds.template.tree.get("Mappings")
    keys = mappings.get(name) if isinstance(mappings, Mapping) else None
    if not isinstance(keys, Mapping):
        return
    asked, known = (first, [key for key, values in keys.items() if isinstance(values, Mapping) and second in values])
    if isinstance(keys.get(first), Mapping):
        asked, known = second, list(keys[first])
    decided = {atom.constant for atom in worlds.atoms if atom.parameter == asked}
    left = [key for key in map(str, known) if key not in decided and _is_allowed(key, asked, worlds.template)]
    if left and (asked in worlds.template.settable or asked.startswith("AWS::")):
        atoms = tuple(Atom(f"${{{asked}}} is {key}", asked, key, key=True) for key in left)
        expressions = tuple({"Fn::Equals": [{"Ref": asked}, key]} for key in left)
        # Without a default, CloudFormation creates no stack for any other key.
        yield Fork(atoms, expressions, none=has_default)
    elif decided and not has_default:
        of_conditions = tuple(atom for atom in worlds.atoms if atom.parameter == asked and atom.constant in known)
        expressions = tuple(worlds.expressions[atom.expression] for atom in of_conditions)
        yield Fork(of_conditions, expressions)


def _is_allowed(key: str, parameter: str, template: Template) -> bool:
    allowed = template.declarations.get(parameter, {}).get("AllowedValues")
    return not isinstance(allowed, list) or key in map(str, allowed)


def _contains(asked: Any, part: str) -> Any:
    """Return the condition that a value contains this part, which is defined for every value."""
    return {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [0, {"Fn::Split": [part, asked]}]}, asked]}]}


def _by_parameters(image: Text, template: Template) -> bool:
    names: Sequence[str] = [symbol.name for symbol in image.unknown]
    # What CloudFormation treats as a list is not a string in a condition.
    texts = {name for name, each in template.declarations.items() if "List" not in str(each.get("Type"))}
    return all(name in texts or name.startswith("AWS::") for name in names)


def _texts_at(workload: Workload, path: Path) -> Iterator[Text]:
    value = workload.at(path)
    values = value.values() if isinstance(value, Mapping) else [value]
    yield from (each for each in values if isinstance(each, Text))
