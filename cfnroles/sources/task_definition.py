"""Task definitions as people have them: the input of RegisterTaskDefinition, or what ECS answers about one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.placeholders import as_symbols, fill, name_of, placeholder, unresolved
from cfnroles.workload import Workload

#: What ECS tells about a registered task definition and does not take when one is registered.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
ANSWERED_ONLY = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
    }
)

_EXPECTED = (
    "cfnroles reads what `aws ecs register-task-definition --cli-input-json` takes"
    " and what `aws ecs describe-task-definition` answers."
)


def read_task_definition(
    text: str,
    document: str,
    family: str = "",
    values: Mapping[str, str] | None = None,
    images: Mapping[str, str] | None = None,
) -> Workload:
    """The workload of a task definition in JSON or YAML; ``family`` replaces the document's own.

    ``values`` fills placeholders by name, and all others become symbols. ``images`` gives containers their images by
    the container's name; under the empty name, to the only container. A container without an image gets an empty one.
    Raises InvalidInput where the text is no task definition, and for values and images that have no place in it.
    """
    tree = _fill(_prune(_unwrap(parse(text, document), document)), values or {}, document)
    containers = tree.get("containerDefinitions")
    if containers is None:
        raise InvalidInput("has no containerDefinitions", where=document, why=_why(tree), remedy=_EXPECTED)
    if not isinstance(containers, list) or not containers:
        raise InvalidInput(
            "containerDefinitions is not a list of one container definition or more", where=document, remedy=_EXPECTED
        )
    for index, container in enumerate(containers):
        if not isinstance(container, dict):
            raise InvalidInput(
                f"containerDefinitions[{index}] is not a container definition", where=document, remedy=_EXPECTED
            )
    tree = {**tree, "containerDefinitions": _with_images(containers, images or {}, document)}
    if family:
        tree["family"] = family
    _check_family(tree.get("family"), document)
    return Workload(document, as_symbols(tree))


def home(workload: Workload, account: str = "", region: str = "", kms_key_arns: tuple[str, ...] = ()) -> Facts:
    """The facts about a workload: what the caller says, else what the document proves about where it runs.

    The account is proved by the ARN of the task definition, of its roles and of its parameters, which ECS takes from
    the task's own account only. The region is proved by the task definition's ARN, or by ``awslogs-region`` where
    nothing in the document names another.
    """
    own = re.match(r"arn:[^:]*:ecs:([a-z0-9-]+):(\d{12}):", _text(workload.tree.get("taskDefinitionArn")))
    accounts = set(re.findall(r"arn:[^:\s]*:(?:iam::|ssm:[a-z0-9-]+:)(\d{12}):", "\n".join(_home_texts(workload.tree))))
    regions = set(
        re.findall(
            r"(?:arn:[^:\s]*:[a-z0-9-]+:|dkr[.-]ecr(?:-fips)?\.)([a-z]+(?:-[a-z]+)+-\d)",
            "\n".join(_texts(workload.tree)),
        )
    )
    log_regions = {
        _text(value)
        for _, value in workload.find("containerDefinitions[].logConfiguration.options.awslogs-region")
        if re.fullmatch(r"[a-z]+(-[a-z]+)+-\d", _text(value))
    }
    if not account:
        account = own[2] if own else accounts.pop() if len(accounts) == 1 else ""
    if not region:
        region = (
            own[1] if own else log_regions.pop() if len(log_regions) == 1 and len(regions | log_regions) == 1 else ""
        )
    return Facts(account=account, region=region, kms_key_arns=kms_key_arns)


def _unwrap(data: Any, document: str) -> Mapping[str, Any]:
    if isinstance(data, list):
        if len(data) != 1:
            raise InvalidInput(
                f"holds a list of {len(data)} elements, and cfnroles reads one task definition at a time",
                where=document,
                remedy=_EXPECTED,
            )
        data = data[0]
    if isinstance(data, dict) and isinstance(data.get("taskDefinition"), dict):
        # ECS answers tags beside the task definition, and takes them as a part of it.
        tags = {"tags": data["tags"]} if data.get("tags") else {}
        data = {**data["taskDefinition"], **tags}
    if not isinstance(data, dict) or not data:
        raise InvalidInput(
            "is empty" if not data else f"holds a {type(data).__name__}, not a task definition",
            where=document,
            remedy=_EXPECTED,
        )
    return data


def _fill(tree: Mapping[str, Any], values: Mapping[str, str], document: str) -> dict[str, Any]:
    filled, used = fill(tree, values)
    if unused := sorted(set(values) - used):
        left = sorted({name_of(found) for found in unresolved(tree)})
        raise InvalidInput(
            f"--set {unused[0]}: nothing is called {unused[0]}",
            where=document,
            why=f"Its placeholders are {', '.join(left)}." if left else "It has no placeholders.",
        )
    return {name: value for name, value in filled.items() if name != "$schema"}


def _with_images(containers: list[Any], images: Mapping[str, str], document: str) -> list[dict[str, Any]]:
    names = [container.get("name") for container in containers]
    for name in images:
        if name not in names and not (name == "" and len(containers) == 1):
            known = ", ".join(str(name) for name in names)
            raise InvalidInput(
                f"--image {name or images[name]}: no container has this name",
                where=document,
                remedy=f"Write --image CONTAINER=IMAGE; the containers are {known}.",
            )
    return [
        {**container, "image": images.get(str(container.get("name")), images.get("", container.get("image", "")))}
        for container in containers
    ]


def _why(tree: Mapping[str, Any]) -> str:
    if "Resources" in tree:
        return "It looks like a CloudFormation template."
    if "ContainerDefinitions" in tree:
        return "It has ContainerDefinitions, as CloudFormation spells it; the API spells it containerDefinitions."
    if "image" in tree:
        return "It looks like a single container definition."
    return f"Its members are: {', '.join(sorted(tree)[:8])}."


def _check_family(family: Any, document: str) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    if family is None or family == "":
        raise InvalidInput("has no family", where=document, remedy="Add one, or name it with --family NAME.")
    if isinstance(family, str) and (left := placeholder(family)):
        raise InvalidInput(
            f"the family {family} holds the placeholder {left}",
            where=document,
            remedy=f"Fill it with --set '{name_of(left) or left}=VALUE', or name the family with --family NAME.",
        )
    if not isinstance(family, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", family):
        raise InvalidInput(
            f"family {family!r} is not a family's name",
            where=document,
            why="A family has up to 255 letters, digits, hyphens and underscores.",
            remedy="Mend it, or name the family with --family NAME.",
        )


def _prune(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _prune(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_prune(element) for element in value]
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key != "environment":
                yield from _texts(member)
    elif isinstance(value, list):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, str):
        yield value


def _home_texts(tree: Mapping[str, Any]) -> Iterator[str]:
    yield _text(tree.get("executionRoleArn"))
    yield _text(tree.get("taskRoleArn"))
    for container in tree["containerDefinitions"]:
        yield from _texts(container.get("secrets", []))
