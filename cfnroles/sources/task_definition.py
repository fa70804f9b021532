"""Task definitions: input of RegisterTaskDefinition, or a description from ECS."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.placeholders import as_symbols, fill, name_of, unresolved
from cfnroles.sources.foreign import foreign
from cfnroles.sources.members import MEMBERS, recorded
from cfnroles.sources.told import Told
from cfnroles.spelling import hint, meant
from cfnroles.workload import EXPRESS, Path, Workload

#: Members of ECS's description that are invalid in input.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
ANSWERED_ONLY = frozenset(recorded()["answers"]["TaskDefinition"]) - MEMBERS.keys()

#: The ARNs of resources that must be in the home account and Region.
_OWN_ARNS: tuple[Path, ...] = (("taskDefinitionArn",), (EXPRESS, "serviceArn"), (EXPRESS, "taskDefinitionArn"))

_EXPECTED = (
    "Pass the input of `aws ecs register-task-definition --cli-input-json` or the output of `aws ecs"
    " describe-task-definition`."
)


def read_task_definition(
    document: Document, told: Told | None = None, elsewhere: Collection[str] = frozenset()
) -> Workload:
    """Return the workload of a task definition, with the given family, values and images.

    Placeholders without a value become symbols, and a missing image an empty string. Raise InvalidInput if the document
    is not a task definition, and for values and images that have no place in it, nor ``elsewhere``.
    """
    told = told or Told()
    tree = filled(pruned(_unwrap(document.members)), told.values, document.name, elsewhere)
    containers = tree.get("containerDefinitions")
    if containers is None:
        raise InvalidInput("is not a task definition", where=document.name, why=unlike(document), remedy=_EXPECTED)
    if not isinstance(containers, list) or not containers:
        raise InvalidInput(
            "containerDefinitions is not a list with at least one container definition",
            where=document.name,
            remedy=_EXPECTED,
        )
    for index, container in enumerate(containers):
        if not isinstance(container, dict):
            raise InvalidInput(
                f"containerDefinitions[{index}] is not a container definition", where=document.name, remedy=_EXPECTED
            )
    family = {"family": told.family} if told.family else {}
    images = {"containerDefinitions": with_images(containers, told.images, document.name)}
    return Workload(document.name, as_symbols({**tree, **images, **family}))


def unlike(document: Document) -> str:
    """Return why a document is not a task definition. Raise InvalidInput if it is not JSON or YAML."""
    tree, members = document.tree, document.members
    if not tree:
        return "It is empty."
    if isinstance(tree, list) and all(isinstance(each, Mapping) and {"name", "image"} <= each.keys() for each in tree):
        how = "Put the list into a task definition as containerDefinitions; for Terraform, pass the directory."
        return f"It looks like the container definitions of a task definition. {how}"
    if isinstance(tree, list) and len(tree) > 1:
        how = "Put each into a file of its own, and run `cfnroles init` for a spec of all."
        return f"It is a list of {len(tree)} elements; cfnroles reads one task definition at a time. {how}"
    if not members:
        return f"It is {_NOUNS.get(type(tree), 'a value')}."
    if "ContainerDefinitions" in members:
        return "It has ContainerDefinitions, as in CloudFormation; the ECS API has containerDefinitions."
    if told := foreign(members):
        return told
    if "image" in members:
        return "It looks like a single container definition. Put it into the list containerDefinitions."
    if misspelled := meant("containerDefinitions", map(str, members), 0.8):
        return f"It has {misspelled}. Did you mean containerDefinitions?"
    return f"It has no containerDefinitions. {_told(tuple(map(str, members)))}"


#: Kinds of documents that are neither an object nor empty.
_NOUNS = {str: "a string", int: "a number", float: "a number", bool: "true or false", list: "a list"}
#: The form of member names. Anything else may be a line of a private file.
_MEMBER = re.compile(r"[A-Za-z][A-Za-z_-]{0,29}")
_TOLD = 8


def _told(members: tuple[str, ...]) -> str:
    names = sorted(each for each in members if _MEMBER.fullmatch(each))[:_TOLD]
    if not names:
        return "None of its members has a name that ECS has."
    return f"Its members: {', '.join(names)}{' and others' if len(names) < len(members) else ''}."


_REGION = re.compile(r"(?:arn:[^:\s]*:[a-z0-9-]+:|dkr[.-]ecr(?:-fips)?\.)([a-z]+(?:-[a-z]+)+-\d)")
_ACCOUNT = re.compile(r"(?:arn:[^:\s]*:[a-z0-9-]+:[a-z0-9-]*:|\b(?=\d{12}\.dkr[.-]ecr))(\d{12})\b")


def home(workload: Workload, account: str = "", region: str = "", kms_key_arns: tuple[str, ...] = ()) -> Facts:
    """Return the facts about a workload: given values, otherwise what the document proves about where it runs.

    The account is proved by the ARNs of the task definition, its roles and its parameters, which ECS requires to be in
    the task's account. The Region is proved by the ARN of the task definition or service, or by ``awslogs-region`` if
    nothing in the document names another.
    """
    arns = (_text(workload.at(path)) for path in _OWN_ARNS)
    own = next(filter(None, (re.match(r"arn:[^:]*:ecs:([a-z0-9-]+):(\d{12}):", arn) for arn in arns)), None)
    accounts = set(re.findall(r"arn:[^:\s]*:(?:iam::|ssm:[a-z0-9-]+:)(\d{12}):", "\n".join(_home_texts(workload.tree))))
    regions = set(_REGION.findall("\n".join(_texts(workload.tree))))
    log_regions = _log_regions(workload)
    if not account:
        account = own[2] if own else accounts.pop() if len(accounts) == 1 else ""
    if not region:
        region = (
            own[1] if own else log_regions.pop() if len(log_regions) == 1 and len(regions | log_regions) == 1 else ""
        )
    return Facts(account=account, region=region, kms_key_arns=kms_key_arns)


def named_accounts(workload: Workload) -> frozenset[str]:
    """Return the accounts in the ARNs and images of a workload. Any of them may be its own."""
    return frozenset(_ACCOUNT.findall("\n".join(_texts(workload.tree))))


def named_regions(workload: Workload) -> frozenset[str]:
    """Return the Regions in the ARNs, images and log options of a workload. Any of them may be its own."""
    return frozenset(_REGION.findall("\n".join(_texts(workload.tree)))) | _log_regions(workload)


def _log_regions(workload: Workload) -> set[str]:
    found = workload.find("containerDefinitions[].logConfiguration.options.awslogs-region")
    return {_text(value) for _, value in found if re.fullmatch(r"[a-z]+(-[a-z]+)+-\d", _text(value))}


def _unwrap(members: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(inner := members.get("taskDefinition"), Mapping):
        return members
    # ECS returns tags next to the task definition, and accepts them in it.
    return {**inner, "tags": members["tags"]} if members.get("tags") else inner


def filled(
    tree: Mapping[str, Any], values: Mapping[str, str], document: str, elsewhere: Collection[str] = ()
) -> dict[str, Any]:
    """Return the tree with placeholders filled. Raise InvalidInput for a value without a place, here or elsewhere."""
    whole, used = fill(tree, values)
    if unused := sorted(set(values) - used - set(elsewhere)):
        left = sorted({name_of(found) for found in unresolved(tree)})
        raise InvalidInput(
            f"--set {unused[0]}: no placeholder is named {unused[0]}",
            where=document,
            why=f"Its placeholders: {', '.join(left)}." if left else "It has no placeholders.",
        )
    return {name: value for name, value in whole.items() if name != "$schema"}


def with_images(containers: list[Any], images: Mapping[str, str], document: str) -> list[dict[str, Any]]:
    """Return the containers with the given images. Raise InvalidInput for a container that does not exist."""
    names = [container.get("name") for container in containers]
    for name in images:
        if name not in names and not (name == "" and len(containers) == 1):
            known = ", ".join(str(name) for name in names)
            raise InvalidInput(
                f"--image {name or images[name]}: no container has this name",
                where=document,
                why=f"Its containers: {known}.",
                remedy=hint(name, map(str, names), "Pass --image CONTAINER=IMAGE."),
            )
    return [
        {**container, "image": images.get(str(container.get("name")), images.get("", container.get("image", "")))}
        for container in containers
    ]


def pruned(value: Any) -> Any:
    """Return the data without null members, which mean absence."""
    if isinstance(value, dict):
        return {key: pruned(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [pruned(element) for element in value]
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
