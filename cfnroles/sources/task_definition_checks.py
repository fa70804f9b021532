"""What ECS rejects in a task definition regardless of permissions, with remedies."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cfnroles import discovery
from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.need import Finding, Gap, Holder, Severity
from cfnroles.placeholders import name_of, other_pseudo_parameter, placeholder, read_by_ecs, texts_in
from cfnroles.sources.members import MEMBERS, problems
from cfnroles.sources.task_definition import ANSWERED_ONLY
from cfnroles.sources.unknown_members import HOLDERS_BESIDE, members_beside, unknown_members
from cfnroles.spelling import meant
from cfnroles.text import PSEUDO_PARAMETERS, Text, text_of, whole_number
from cfnroles.workload import BESIDE, EXPRESS, Path, Workload

if TYPE_CHECKING:
    from cfnroles.rediscovery import Rediscovery

_NETWORK_MODES = ("awsvpc", "bridge", "host", "none")

#: CPU units of a Fargate task -> minimum, maximum and step of its memory in MiB.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
_FARGATE_SIZES = {
    256: (512, 2048, 0),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024),
    8192: (16384, 61440, 4096),
    16384: (32768, 122880, 8192),
    32768: (61440, 249856, 16384),
}
#: "Task definition size", 64 KB: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html
MOST_BYTES = 65_536
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_OF_ONE_STACK = frozenset({"AWS::StackName", "AWS::StackId", "AWS::NotificationARNs", "AWS::NoValue"})
_NAME_REMEDY = "Use up to 255 letters, digits, hyphens and underscores"
_DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:[^{}]*\}\}")
#: The large unit of each size of a task.
_LARGE_UNITS = {
    name: re.compile(rf"(\d{{0,9}}\.?\d{{1,9}})\s*{unit}", re.IGNORECASE)
    for name, unit in (("cpu", "vCPU"), ("memory", "GB"))
}
#: The sizes of a container, which have no large unit.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
_OF_CONTAINERS = (("cpu", "CPU units"), ("memory", "MiB"), ("memoryReservation", "MiB"))
_FROM = "Write the ARN of a secret, or the name or ARN of a parameter"
_SECRET, _FILE_SYSTEM = "Write the ARN of the secret", "Write the ID of the file system"
_FSX = "volumes[].fsxWindowsFileServerVolumeConfiguration"
#: Each structure whose permissions depend on one of its required members, its noun, that member, and what to write.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
_NAMING = (
    ("containerDefinitions[].secrets[]", "the secret", "valueFrom", _FROM),
    ("containerDefinitions[].logConfiguration", "logConfiguration", "logDriver", 'Write the driver: "awslogs"'),
    ("containerDefinitions[].logConfiguration.secretOptions[]", "the log option", "valueFrom", _FROM),
    ("containerDefinitions[].environmentFiles[]", "the file", "value", "Write the ARN of the file in Amazon S3"),
    ("containerDefinitions[].repositoryCredentials", "repositoryCredentials", "credentialsParameter", _SECRET),
    ("volumes[].efsVolumeConfiguration", "the volume", "fileSystemId", _FILE_SYSTEM),
    (_FSX, "the volume", "fileSystemId", _FILE_SYSTEM),
    (f"{_FSX}.authorizationConfig", "authorizationConfig", "credentialsParameter", _SECRET),
    ("volumes[].s3filesVolumeConfiguration", "the volume", "fileSystemArn", "Write the ARN of the file system"),
)


def discover(workload: Workload, facts: Facts, known: Rediscovery | None = None) -> Discovery:
    """Return the needs of a task definition, with everything that ECS would reject or misread.

    If it is too large, or members have wrong types, the result contains only that. Makes no call. ``known`` is as for
    `discovery.discover`.
    """
    left = _left(workload, known, _as_written)
    if refused := (*size_findings(left), *shape_findings(left)):
        return Discovery((), (), refused, ())
    # Settings from another document are trusted, and are not members of a task definition.
    strange = BESIDE - workload.settings.keys()
    tree = {name: value for name, value in workload.tree.items() if name not in strange}
    found, refused_values = _in_each_way(replace(workload, tree=tree), facts, known)
    gaps, unknown = unknown_members(left, {*ANSWERED_ONLY, *workload.settings})
    gaps = (*gaps, *_without_container(workload))
    refused = (*refused_values, *dynamic_references(left), *unknown)
    # A value that ECS rejects needs no second finding about policies.
    places = {finding.origin for finding in refused if finding.severity is Severity.ERROR}
    others = tuple(finding for finding in found.findings if finding.origin not in places)
    return replace(found, gaps=(*found.gaps, *gaps), findings=(*refused, *others))


def _in_each_way(workload: Workload, facts: Facts, known: Rediscovery | None) -> tuple[Discovery, tuple[Finding, ...]]:
    """Return the discovery, and the values that ECS rejects, for each way to run the task definition."""
    if not {"runTask", "daemon"} & workload.settings.keys():
        return discovery.discover(workload, facts, known=known), _refused(_left(workload, known, _refused))
    from cfnroles.sources import runs

    ways = runs.ways(workload)
    values = (finding for each in ways for finding in _refused(_left(each, known, _refused)))
    return runs.discover(ways, facts, known), tuple(dict.fromkeys(values))


def _left(workload: Workload, known: Rediscovery | None, look: Callable[[Workload], Sequence[object]]) -> Workload:
    """Return the workload to examine: all of it, or only what is next to a valid task definition.

    Hundreds of schedules may run one task definition.
    """
    if known is None:
        return workload
    own = {name: value for name, value in workload.tree.items() if name not in workload.settings}
    # What has unknown members may have a required one.
    if known.once(look, {**own, "": workload.hidden}, lambda: look(replace(workload, tree=own, settings={}))):
        return workload
    beside = {name: value for name, value in workload.tree.items() if name in workload.settings}
    return replace(workload, tree={"containerDefinitions": [], **beside})


def _as_written(workload: Workload) -> tuple[object, ...]:
    """Return the faults and unknowns of a task definition as written, whatever its values are."""
    unknown = unknown_members(workload, ANSWERED_ONLY)
    wrong = (*size_findings(workload), *shape_findings(workload), *dynamic_references(workload))
    return (*wrong, *unknown[0], *unknown[1])


def _without_container(workload: Workload) -> Iterator[Gap]:
    """Yield a gap if an Express Mode service defines no task: AWS requires neither of the two members.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateExpressGatewayService.html
    """
    service = workload.tree.get(EXPRESS) if EXPRESS in workload.settings else None
    if service is not None and not workload.tree["containerDefinitions"] and "taskDefinitionArn" not in service:
        origin = workload.origin((EXPRESS, "primaryContainer"))
        what = "the service has neither a container nor a task definition"
        yield Gap(Holder.EXECUTION, "express-service", origin, what, "Write its primaryContainer")


def size_findings(workload: Workload) -> Iterator[Finding]:
    """Yield a finding if the task definition is too large for ECS.

    AWS does not document how ECS counts. Spaces, tags, unknown members and the values of placeholders are left out.
    """
    size = size_of({name: value for name, value in workload.tree.items() if name in MEMBERS and name != "tags"})
    if size > MOST_BYTES:
        what = f"the task definition has {size:,} bytes without spaces; ECS accepts {MOST_BYTES:,}"
        yield _error(
            workload, (), what, "Move long values to secrets, parameters or files that `environmentFiles` names"
        )


def size_of(part: Any) -> int:
    """Return the bytes of a part of a task definition without spaces and unknown values."""
    return len(json.dumps(_literal(part), ensure_ascii=False, separators=(",", ":")).encode())


def shape_findings(workload: Workload) -> tuple[Finding, ...]:
    """Return a finding for each member with a wrong type or wrong case."""
    others = {*ANSWERED_ONLY, *workload.settings}
    tree = {name: value for name, value in workload.tree.items() if name not in others}
    beside = (
        problem
        for root in workload.settings
        if root in HOLDERS_BESIDE
        for problem in problems(workload.tree.get(root), members_beside(root), (root,))
    )
    return tuple(_error(workload, path, what, remedy) for path, what, remedy in (*problems(tree), *beside))


def _literal(value: Any) -> Any:
    """Return the data with only the literal parts of its texts."""
    if isinstance(value, str):
        return "".join(part for part in value.parts if isinstance(part, str)) if isinstance(value, Text) else value
    if isinstance(value, Mapping):
        return {name: _literal(member) for name, member in value.items()}
    return [_literal(element) for element in value] if isinstance(value, list) else value


def _refused(workload: Workload) -> tuple[Finding, ...]:
    return (*value_findings(workload), *nameless_findings(workload))


def value_findings(workload: Workload) -> tuple[Finding, ...]:
    """Return a finding for each value that ECS rejects, and for each string that a template's author forgot."""
    return (
        *_names(workload),
        *_volume_names(workload),
        *_service_name(workload),
        *_network_mode(workload),
        *_sizes(workload),
        *_container_sizes(workload),
        *_ephemeral_storage(workload),
        *_fargate(workload),
        *_pseudo_parameters(workload),
        *_forgotten(workload),
    )


#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")


def family_findings(workload: Workload) -> Iterator[Finding]:
    """Yield a finding if the family is missing or invalid.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    """
    family = workload.tree.get("family")
    named = "pass --family NAME."
    if family is None or family == "":
        yield _error(workload, ("family",), "has no family", "Add a family, or pass --family NAME.")
    elif isinstance(family, str) and (left := placeholder(text_of(family).written)):
        remedy = f"Fill it with --set '{name_of(left) or left}=VALUE', or {named}"
        what = f"the family {text_of(family).written} contains the placeholder {left}"
        yield _error(workload, ("family",), what, remedy)
    elif not isinstance(family, str) or not _FAMILY.fullmatch(family):
        yield _no_family(workload, family, f"Fix it, or {named}")


def open_family_findings(workload: Workload) -> Iterator[Finding]:
    """Yield a finding if no value of the unknown parts makes the family valid; none without a family."""
    family = workload.tree.get("family")
    if isinstance(family, str) and family and not _FAMILY.fullmatch(text_of(family).shape()):
        yield _no_family(workload, text_of(family).written, "Fix it.")


def _no_family(workload: Workload, family: Any, remedy: str) -> Finding:
    whole = f"A family has up to 255 letters, digits, hyphens and underscores. {remedy}"
    return _error(workload, ("family",), f"{family!r} is not a valid family", whole)


def _names(workload: Workload) -> Iterator[Finding]:
    names = [container.get("name") for container in workload.tree["containerDefinitions"]]
    for index, name in enumerate(names):
        path: Path = ("containerDefinitions", index, "name")
        if not name:
            yield _error(workload, path, "the container has no name", "Give it one")
        elif wrong := _unlike_a_name(name):
            yield _error(workload, path, f"{wrong} cannot be a container's name", _NAME_REMEDY)
        elif Counter(names)[name] > 1 and names.index(name) == index:
            yield _error(workload, path, f"two containers have the name {name}", "Rename one of them")


def _volume_names(workload: Workload) -> Iterator[Finding]:
    for path, name in workload.find("volumes[].name"):
        if wrong := _unlike_a_name(name):
            yield _error(workload, path, f"{wrong} cannot be a volume's name", _NAME_REMEDY)


def nameless_findings(workload: Workload) -> Iterator[Finding]:
    """Yield what names no secret, file or file system, so that no row sees that it needs a permission.

    Where a template's parameter has an empty default, its value must be unknown and not absent.
    """
    for structure, noun, member, remedy in _NAMING:
        for path, found in workload.find(structure):
            if isinstance(found, Mapping) and found.get(member) is None and not _is_open(found, path, workload):
                yield _error(workload, path, f"{noun} has no {member}", remedy)


def _is_open(found: Mapping[str, Any], path: Path, workload: Workload) -> bool:
    """Whether a structure may have members that only the deployment knows."""
    return workload.hides(path) or any(name.startswith("Fn::") for name in found)


def _unlike_a_name(name: Any) -> str:
    """Return a name with invalid characters for messages; empty for a valid one.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html and API_Volume.html
    """
    text = text_of(name) if isinstance(name, str) else Text(str(name))
    return "" if re.fullmatch(r"[A-Za-z0-9_-]{0,255}", text.shape()) else repr(text.written)


def _service_name(workload: Workload) -> Iterator[Finding]:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateExpressGatewayService.html
    name = workload.at((EXPRESS, "serviceName"))
    if isinstance(name, str) and not isinstance(name, Text) and not re.fullmatch(r"[A-Za-z0-9_-]{0,255}", name):
        yield _error(workload, (EXPRESS, "serviceName"), f"{name!r} is not a service's name", _NAME_REMEDY)


def _network_mode(workload: Workload) -> Iterator[Finding]:
    mode = workload.tree.get("networkMode")
    if isinstance(mode, str) and mode not in _NETWORK_MODES and not isinstance(mode, Text):
        yield _error(
            workload,
            ("networkMode",),
            f"ECS has no network mode {mode!r}",
            f"Choose one of {', '.join(_NETWORK_MODES)}, or omit it for the default of the operating system",
        )


def _sizes(workload: Workload) -> Iterator[Finding]:
    """Yield the sizes of the task that are not numbers.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
    """
    for name, remedy in (("cpu", 'Write CPU units or vCPUs: "256" or ".25 vCPU"'), ("memory", 'Write "512" or "1 GB"')):
        value = workload.tree.get(name)
        if value and isinstance(value, str) and not isinstance(value, Text) and _units(name, value) < 0:
            yield _error(workload, (name,), f"{value!r} is not a size", remedy)


def _container_sizes(workload: Workload) -> Iterator[Finding]:
    """Yield the sizes of containers that are not integers. CloudFormation and Terraform also accept them as strings."""
    for name, unit in _OF_CONTAINERS:
        for path, value in workload.find(f"containerDefinitions[].{name}"):
            if value in (None, "") or isinstance(value, Text) or re.fullmatch(r"\s*-?\d+(\.0*)?\s*", str(value)):
                continue
            found = repr(value) if isinstance(value, str) else json.dumps(value)
            yield _error(workload, path, f"{found} is not an integer", f"Write a number of {unit}: 512")


def _ephemeral_storage(workload: Workload) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html"""
    for path, value in workload.find("ephemeralStorage.sizeInGiB"):
        if value is not None and not isinstance(value, Text) and not 21 <= whole_number(str(value)) <= 200:
            found = repr(value) if isinstance(value, str) else json.dumps(value)
            yield _error(workload, path, f"{found} is no size of ephemeral storage", "Choose 21 to 200 GiB")


def _fargate(workload: Workload) -> Iterator[Finding]:
    required = workload.tree.get("requiresCompatibilities")
    if not isinstance(required, list) or "FARGATE" not in required:
        return
    tree = workload.tree
    if tree.get("networkMode", "awsvpc") in _NETWORK_MODES and tree.get("networkMode") != "awsvpc":
        yield _error(workload, ("networkMode",), "Fargate requires the network mode awsvpc", 'Write "awsvpc"')
    if tree.get("placementConstraints"):
        yield _error(
            workload, ("placementConstraints",), "Fargate does not support placement constraints", "Remove them"
        )
    yield from _fargate_containers(workload)
    missing = [name for name in ("cpu", "memory") if not tree.get(name)]
    # Express Mode has a default size.
    for name in missing if EXPRESS not in workload.settings else ():
        yield _error(workload, (name,), f"Fargate requires {name} for the task", f"Add {name} next to the family")
    if missing or isinstance(tree["cpu"], Text) or isinstance(tree["memory"], Text):
        return
    cpu, memory = _units("cpu", tree["cpu"]), _units("memory", tree["memory"])
    if min(cpu, memory) < 0:
        return
    if cpu not in _FARGATE_SIZES:
        sizes = ", ".join(map(str, _FARGATE_SIZES))
        what = f"Fargate does not offer {_size(tree['cpu'], 'CPU units')}"
        yield _error(workload, ("cpu",), what, f"Choose {sizes} CPU units")
    elif memory not in _memories(cpu):
        yield _error(
            workload,
            ("memory",),
            f"Fargate does not offer {_size(tree['memory'], 'MiB')} of memory with {_size(tree['cpu'], 'CPU units')}",
            f"Choose {_choices(_memories(cpu))} MiB",
        )


def _size(value: Any, unit: str) -> str:
    """Return a size with its unit, which a large unit in the value replaces."""
    return f"{value} {unit}" if whole_number(str(value)) >= 0 else str(value)


def _choices(sizes: Sequence[int]) -> str:
    if len(sizes) <= 4:
        return ", ".join(map(str, sizes))
    return f"{sizes[0]} to {sizes[-1]}, in steps of {sizes[1] - sizes[0]}"


def _fargate_containers(workload: Workload) -> Iterator[Finding]:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
    for index, container in enumerate(workload.tree["containerDefinitions"]):
        for name in ("privileged", "links", "disableNetworking", "dnsServers", "dnsSearchDomains", "extraHosts"):
            if container.get(name):
                yield _error(
                    workload, ("containerDefinitions", index, name), f"Fargate does not support {name}", "Remove it"
                )


def _memories(cpu: int) -> list[int]:
    least, greatest, step = _FARGATE_SIZES[cpu]
    return list(range(least, greatest + 1, step)) if step else [512, 1024, 2048]


def _units(name: str, value: Any) -> int:
    text = str(value).strip()
    if match := _LARGE_UNITS[name].fullmatch(text):
        return round(float(match[1]) * 1024)
    return whole_number(text)


def dynamic_references(workload: Workload) -> Iterator[Finding]:
    """Yield a finding for each dynamic reference of CloudFormation, which has no meaning in ECS.

    In a template, CloudFormation would insert the value, visible to everyone who may describe the task definition.
    """
    for path, text in texts_in(workload.tree):
        if found := _DYNAMIC_REFERENCE.search(text.written if isinstance(text, Text) else text):
            yield _error(
                workload,
                path,
                f"ECS does not resolve {found[0]}, and CloudFormation would write its value in plain text",
                "Reference the secret or parameter in `secrets`, with valueFrom",
            )


def _pseudo_parameters(workload: Workload) -> Iterator[Finding]:
    for path, text in read_by_ecs(workload.tree):
        if left := other_pseudo_parameter(text):
            name, known = left[2:-1], ", ".join(f"${{{each}}}" for each in PSEUDO_PARAMETERS)
            near = "" if name in _OF_ONE_STACK else meant(name, PSEUDO_PARAMETERS)
            why = "which differs in each stack" if name in _OF_ONE_STACK else "which CloudFormation does not have"
            remedy = f"Did you mean ${{{near}}}?" if near else f"Write the value; cfnroles resolves only {known}"
            yield _error(workload, path, f"nothing resolves {left}, {why}", remedy)


def _forgotten(workload: Workload) -> Iterator[Finding]:
    # References that ECS reads are symbols and become parameters; the application sees these unchanged.
    for path, value in workload.find("containerDefinitions[].environment[].value"):
        left = placeholder(value) if isinstance(value, str) and not isinstance(value, Text) else ""
        if left := left or (other_pseudo_parameter(value) if isinstance(value, str) else ""):
            yield Finding(
                Severity.WARNING,
                workload.origin(path),
                f"the application sees {left} literally, because ECS does not resolve it",
                "If it is a placeholder, pass its value with --set",
            )


def _error(workload: Workload, path: Path, what: str, remedy: str) -> Finding:
    return Finding(Severity.ERROR, workload.origin(path) if path else workload.origin(("",)), what, remedy)
