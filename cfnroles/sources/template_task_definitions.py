"""The task definitions of a template in the API's spelling, so that one feature table applies to both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.document import inside
from cfnroles.placeholders import as_symbols, texts_in, unresolved
from cfnroles.sources import capacity_provider, express_service
from cfnroles.sources.members import FLAG, MAP, MEMBERS, TEXT
from cfnroles.sources.template_arns import ATTACHMENT, made_up_arn, named_by_ref
from cfnroles.sources.template_instance_profiles import role_in
from cfnroles.sources.unknown_members import members_beside
from cfnroles.symbols import Attribute, Symbol
from cfnroles.template.template import ResolvedStack, Resource, Template
from cfnroles.text import Part, Text, from_spelling
from cfnroles.workload import EXPRESS, PROFILE, PROVIDER, Path, Workload

_HOME = "${AWS::Region}:${AWS::AccountId}"
#: The value of Ref and GetAtt for a resource without a given name: (type, attribute) -> the text before and after the
#: generated name.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
_SHAPES = {
    ("AWS::SecretsManager::Secret", ""): (f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:", ""),
    ("AWS::SecretsManager::Secret", "Id"): (f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:", ""),
    ("AWS::SecretsManager::SecretTargetAttachment", ""): (
        f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:",
        "",
    ),
    ("AWS::RDS::DBInstance", "MasterUserSecret.SecretArn"): (
        f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:",
        "",
    ),
    ("AWS::RDS::DBCluster", "MasterUserSecret.SecretArn"): (
        f"arn:${{AWS::Partition}}:secretsmanager:{_HOME}:secret:",
        "",
    ),
    ("AWS::SSM::Parameter", ""): ("", ""),
    ("AWS::S3::Bucket", ""): ("", ""),
    ("AWS::S3::Bucket", "Arn"): ("arn:${AWS::Partition}:s3:::", ""),
    ("AWS::Logs::LogGroup", ""): ("", ""),
    ("AWS::Logs::LogGroup", "Arn"): (f"arn:${{AWS::Partition}}:logs:{_HOME}:log-group:", ":*"),
    ("AWS::ECR::Repository", ""): ("", ""),
    ("AWS::ECR::Repository", "Arn"): (f"arn:${{AWS::Partition}}:ecr:{_HOME}:repository/", ""),
    ("AWS::ECR::Repository", "RepositoryUri"): ("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/", ""),
    ("AWS::EFS::FileSystem", ""): ("", ""),
    ("AWS::EFS::FileSystem", "Arn"): (f"arn:${{AWS::Partition}}:elasticfilesystem:{_HOME}:file-system/", ""),
    ("AWS::ECS::Cluster", ""): ("", ""),
    ("AWS::ECS::Cluster", "Arn"): (f"arn:${{AWS::Partition}}:ecs:{_HOME}:cluster/", ""),
    ("AWS::KMS::Key", "Arn"): (f"arn:${{AWS::Partition}}:kms:{_HOME}:key/", ""),
    ("AWS::Lambda::Function", "Arn"): (f"arn:${{AWS::Partition}}:lambda:{_HOME}:function:", ""),
}
_OF_SECRETS = "AWS::SecretsManager::Secret"
_UNDECIDED = "Fn::If"
#: The types of task definitions. Those of daemons have fewer members, with the same names.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterDaemonTaskDefinition.html
TASK_DEFINITIONS = ("AWS::ECS::TaskDefinition", "AWS::ECS::DaemonTaskDefinition")
EXPRESS_SERVICE = "AWS::ECS::ExpressGatewayService"
CAPACITY_PROVIDER = "AWS::ECS::CapacityProvider"
#: Types with roles: those that define tasks, and those that launch their instances. ECS creates a task definition for
#: an Express Mode service.
TASKS = (*TASK_DEFINITIONS, EXPRESS_SERVICE, CAPACITY_PROVIDER)
#: The noun of each that is not a task definition.
NOUNS = {EXPRESS_SERVICE: "Express Mode service", CAPACITY_PROVIDER: "capacity provider"}
#: Types with roles of their own that are not read.
UNREAD = {"AWS::ECS::Gateway": "its infrastructure role; `gateway` in a service spec creates it"}
#: The property without which a type has no roles.
_WITH_ROLES = {CAPACITY_PROVIDER: "ManagedInstancesProvider"}
_CONTAINERS = ("containerDefinitions",)
SERVICE, TASK_SET, CLUSTER = "AWS::ECS::Service", "AWS::ECS::TaskSet", "AWS::ECS::Cluster"
#: The settings of a task set itself. All others override its service's, which another tool deploys.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateTaskSet.html
_OF_TASK_SETS = frozenset({"ExternalId", "Id", "Scale", "Service", "Tags", "TaskDefinition"})
#: What runs tasks, by type: its key next to a task definition, and its property with the task definition.
RUNS = {
    SERVICE: ("service", "TaskDefinition"),
    TASK_SET: ("service", "TaskDefinition"),
    "AWS::ECS::Daemon": ("daemon", "DaemonTaskDefinitionArn"),
}
#: Members with another name in CloudFormation than in the API, in lowercase.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
_RENAMED = {"placementstrategies": "placementStrategy", "clustersettings": "settings", "clustername": "cluster"}


def shaped(spelled: str, stack: ResolvedStack, *, policy: bool = False) -> Text:
    """Return a resolved text of a stack, with the known form of the value of a resource without a given name.

    The generated name is the symbol ``${LogicalId}``. ``policy`` is as for `from_spelling`.
    """

    def _attached(attachment: Resource) -> Part | None:
        """Return the secret of an attachment, which is the attachment's Ref."""
        given = attachment.properties.get("SecretId")
        whole = from_spelling(given, policy=policy).whole if isinstance(given, str) else None
        target = stack.resources.get(whole.name.partition(".")[0]) if whole else None
        return form(whole) if whole and target is not None and target.type == _OF_SECRETS else None

    def form(symbol: Symbol) -> Part:
        logical_id, _, attribute = symbol.name.partition(".")
        resource = stack.resources.get(logical_id)
        if resource is not None and resource.type == ATTACHMENT and not attribute and (secret := _attached(resource)):
            return secret
        if resource is None:
            return symbol
        if arn := made_up_arn(resource, attribute, stack.resources.get):
            return arn
        shape = _SHAPES.get((resource.type, attribute))
        if shape is None:
            return Attribute(symbol.name, type=resource.type)
        before, after = (from_spelling(part, policy=policy) for part in shape)
        return Text(before, Attribute(logical_id, type=resource.type), after)

    return from_spelling(spelled, policy=policy).replaced(form)


def spelled(text: Text) -> Text:
    """Return the text of a policy as its template has it: with ``Ref`` or ``GetAtt``, not the form of its value."""
    for symbol in text.symbols:
        if not isinstance(symbol, Attribute):
            continue
        for (kind, attribute), shape in _SHAPES.items():
            form = f"{shape[0]}{symbol.spelled}{shape[1]}"
            if symbol.type == kind and shape[0] and text.startswith(form):
                name = f"{symbol.name}.{attribute}" if attribute else symbol.name
                return Text(Attribute(name, type=kind), from_spelling(str(text)[len(form) :]))
    return named_by_ref(text)


class TemplateTask(Struct, frozen=True, dict=True):
    """The workload of one resource, and the places of its members in the template.

    ``unseen`` are the places of structures, maps and lists of structures that only CloudFormation can evaluate.
    """

    resource: Resource
    workload: Workload
    sources: Mapping[Path, Path]
    unseen: tuple[Path, ...]

    @cached_property
    def said(self) -> list[tuple[Path, str]]:
        """Path and text of each text in the workload."""
        return list(texts_in(self.workload.tree))

    @cached_property
    def settled(self) -> Mapping[str, Any] | None:
        """The tree with pseudo parameters as symbols; ``None`` if it has placeholders."""
        return None if unresolved(self.workload.tree) else as_symbols(self.workload.tree)

    @property
    def texts(self) -> frozenset[Text]:
        """The partly unknown texts in the workload."""
        return frozenset(text for _, text in self.said if isinstance(text, Text))


def may_have_roles(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource of one of these types has roles, possibly under a condition."""
    named = _WITH_ROLES.get(resource["Type"])
    return named is None or has_key(resource.get("Properties"), named)


def noun_of(template: Template, logical_id: str) -> str:
    """Return the noun of a resource with roles: a task definition, or another kind."""
    return NOUNS.get(template.type_of(logical_id), "task definition")


def has_key(value: Any, name: str) -> bool:
    """Return whether a name is anywhere in a value, also below a condition."""
    return (isinstance(value, Mapping) and name in value) or any(has_key(member, name) for member in inside(value))


def task_definitions(stack: ResolvedStack, document: str, logical_id: str = "") -> Iterator[TemplateTask]:
    """Yield the task definitions of a stack, or the one with this logical ID.

    A list contains the elements of both branches of an undecided condition, anything else the first branch.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
    """
    own = (stack.resources[logical_id],) if logical_id in stack.resources else ()
    for resource in own if logical_id else (each for kind in TASKS for each in stack.of_type(kind)):
        if resource.type not in TASKS:
            continue
        turned = Turned(resource, stack)
        if resource.type == EXPRESS_SERVICE:
            yield _express(turned, document)
            continue
        if resource.type == CAPACITY_PROVIDER:
            yield from _provider(turned, document, stack)
            continue
        tree = turned.structure(resource.properties, MEMBERS, (), ())
        containers = turned.containers_first(tree.get("containerDefinitions"))
        # A placeholder for another tool is only a symbol here.
        tree = as_symbols({**tree, "containerDefinitions": containers})
        yield TemplateTask(resource, Workload(document, tree), turned.sources, tuple(turned.unseen))


def _express(turned: Turned, document: str) -> TemplateTask:
    """Return the task definition that ECS creates for an Express Mode service, with the places of its members."""
    members = turned.structure(turned.resource.properties, express_service.MEMBERS, (), ())
    tree, places = express_service.as_task(members)
    sources: dict[Path, Path] = {}
    for place in sorted(places, key=len):
        moved = express_service.moved(turned.sources, places[place], place)
        sources |= {to: turned.sources[path] for path, to in moved}
    unseen = (to for place, start in places.items() for _, to in express_service.moved(turned.unseen, start, place))
    workload = Workload(document, as_symbols(tree), {EXPRESS: document})
    return TemplateTask(turned.resource, workload, sources, tuple(unseen))


def _provider(turned: Turned, document: str, stack: ResolvedStack) -> Iterator[TemplateTask]:
    """Yield a capacity provider of Managed Instances, which has no task definition; nothing for any other."""
    members = turned.structure(turned.resource.properties, capacity_provider.MEMBERS, (PROVIDER,), ())
    if "ManagedInstancesProvider" not in turned.resource.properties:
        return
    turned.sources[(PROVIDER,)] = turned.resource.source()
    profile = capacity_provider.profile_of(members)
    role = role_in(profile, stack) if profile else None
    tree = {
        "containerDefinitions": [],
        PROVIDER: capacity_provider.with_roles(members),
        PROFILE: {"roleArn": role} if role else {},
    }
    workload = Workload(document, as_symbols(tree), dict.fromkeys((PROVIDER, PROFILE), document))
    yield TemplateTask(turned.resource, workload, turned.sources, tuple(turned.unseen))


def beside_services(task: TemplateTask, stack: ResolvedStack) -> tuple[TemplateTask, ...]:
    """Return the task definition with each service, task set or daemon of the stack that runs it; alone if none does.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-daemon.html
    """
    own = names_of(task.resource.logical_id)
    running = [each for each in stack.of_type(*RUNS) if each.properties.get(RUNS[each.type][1]) in own]
    return tuple(_beside(task, each, stack) for each in running) or (task,)


def running_elsewhere(stack: ResolvedStack, document: str) -> Iterator[TemplateTask]:
    """Yield what runs a task definition outside of the stack, as if that were empty."""
    own = {form for each in stack.of_type(*TASK_DEFINITIONS) for form in names_of(each.logical_id)}
    for running in stack.of_type(*RUNS):
        named = running.properties.get(RUNS[running.type][1])
        if named is not None and not (isinstance(named, str) and named in own):
            empty = TemplateTask(running, Workload(document, {"containerDefinitions": []}), {}, ())
            yield _beside(empty, running, stack)


def names_of(logical_id: str) -> tuple[str, ...]:
    """Return the references by which runners name a task definition."""
    return tuple(
        f"${{{logical_id}{attribute}}}" for attribute in ("", ".TaskDefinitionArn", ".DaemonTaskDefinitionArn")
    )


def _beside(task: TemplateTask, running: Resource, stack: ResolvedStack) -> TemplateTask:
    if running.type == TASK_SET:
        running = _of_task_set(running, stack)
    named = {f"${{{cluster.logical_id}}}": cluster for cluster in stack.of_type(CLUSTER)}
    for cluster in named.copy().values():
        named |= {f"${{{cluster.logical_id}.Arn}}": cluster}
        if isinstance(name := cluster.properties.get("ClusterName"), str):
            named[name] = cluster
    beside = {RUNS[running.type][0]: running}
    cluster_of = running.properties.get("Cluster") or running.properties.get("ClusterArn")
    if isinstance(cluster_of, str) and cluster_of in named:
        beside["cluster"] = named[cluster_of]
    tree, sources, unseen = dict(task.workload.tree), dict(task.sources), list(task.unseen)
    for root, resource in beside.items():
        turned = Turned(resource, stack, sources, unseen)
        sources[(root,)] = resource.source()
        tree[root] = as_symbols(turned.structure(resource.properties, members_beside(root), (root,), ()))
    workload = Workload(task.workload.document, tree, dict.fromkeys(beside, task.workload.document))
    return TemplateTask(task.resource, workload, sources, tuple(unseen))


def _of_task_set(task_set: Resource, stack: ResolvedStack) -> Resource:
    """Return the service of a task set, with the overrides of the task set."""
    own = {name: value for name, value in task_set.properties.items() if name not in _OF_TASK_SETS}
    named = from_spelling(str(task_set.properties.get("Service", "")), policy=False)
    names = [symbol.name.partition(".")[0] for symbol in named.unknown]
    service = next((stack.resources[name] for name in names if name in stack.resources), None)
    if service is None or service.type != SERVICE:
        return replace(task_set, properties=own)
    start: Path = ("Resources", service.logical_id, "Properties")
    sources = {(*start, name): task_set.source(name) for name in own}
    return replace(service, properties={**service.properties, **own}, _sources={**service._sources, **sources})


class Turned(Struct):
    """The properties of a resource with the API's names, during conversion. ``sources`` are the places of each part."""

    resource: Resource
    stack: ResolvedStack
    sources: dict[Path, Path] = field(default_factory=dict)
    unseen: list[Path] = field(default_factory=list)
    _places: dict[Path, Path] = field(default_factory=dict)
    _names: dict[tuple[int, bool], dict[str, str]] = field(default_factory=dict)

    def source(self, steps: Path) -> Path:
        """Return the place in the document of the part at ``steps`` of the resource's properties."""
        found = self._places.get(steps)
        if found is None:
            moved = self.resource.moved(steps) if steps else self.resource.source()
            found = self._places[steps] = moved or (*self.source(steps[:-1]), steps[-1])
        return found

    def _known(self, kind: Mapping[str, Any], path: Path) -> dict[str, str]:
        """Return the members of a structure by their names in lowercase."""
        key = id(kind), path[-1:] == ("proxyConfiguration",)
        if key not in self._names:
            self._names[key] = {**_RENAMED, **{_folded(name, path): name for name in kind}}
        return self._names[key]

    def structure(self, given: Mapping[str, Any], kind: Mapping[str, Any], path: Path, steps: Path) -> dict[str, Any]:
        """Return the members at ``steps`` with the names of ``kind``, placed at ``path``."""
        known = self._known(kind, path)
        tree = {}
        for name, value in given.items():
            function = name.startswith("Fn::")
            member = known.get(name.lower(), name if function else name[:1].lower() + name[1:])
            self.sources[(*path, member)] = self.source((*steps, name))
            turned = self.value(value, kind.get(member, TEXT), (*path, member), (*steps, name))
            if turned is None and value is not None and member not in kind:
                # An unknown member is reported with any content.
                turned = {}
            if turned is not None:
                tree[member] = turned
        return tree

    def containers_first(self, elements: Any) -> list[dict[str, Any]]:
        """Return the containers among the elements of a list, before other elements."""
        found = elements if isinstance(elements, list) else []
        if all(isinstance(each, dict) for each in found):
            return found
        order = sorted(range(len(found)), key=lambda index: not isinstance(found[index], dict))
        places = {before: index for index, before in enumerate(order)}

        def moved(path: Path) -> Path:
            return (path[0], places[int(path[1])], *path[2:]) if path[:1] == _CONTAINERS and path[1:] else path

        self.sources = {moved(path): source for path, source in self.sources.items()}
        self.unseen[:] = map(moved, self.unseen)
        return [found[index] for index in order if isinstance(found[index], dict)]

    def value(self, given: Any, kind: Any, path: Path, steps: Path) -> Any:
        """Return the value at ``steps`` in the form of its ``kind``; ``None`` for another type."""
        # Most values are plain strings, and there are many worlds.
        if isinstance(given, str) and isinstance(kind, str) and kind != MAP:
            return self._plain(given, kind)
        branches = undecided(given)
        if branches is not None and not isinstance(kind, list):
            index, chosen = branches[0] if branches else (0, None)
            return None if chosen is None else self.value(chosen, kind, path, (*steps, _UNDECIDED, index))
        if isinstance(given, str) and _holds_members(kind) and shaped(given, self.stack).symbols:
            self.unseen.append(path)
        if isinstance(kind, Mapping):
            return self.structure(given, kind, path, steps) if isinstance(given, Mapping) else None
        if isinstance(kind, list):
            return [
                self._element(element, kind[0], (*path, index), place)
                for index, (element, place) in enumerate(elements(given, steps))
            ]
        if kind == MAP and isinstance(given, Mapping):
            for name in given:
                self.sources[(*path, name)] = self.source((*steps, name))
            return {name: self.value(member, TEXT, (*path, name), (*steps, name)) for name, member in given.items()}
        # CloudFormation rejects another type, or a macro generates it.
        return None if isinstance(given, Mapping | list) else self._plain(given, kind)

    def _element(self, given: Any, kind: Any, path: Path, steps: Path) -> Any:
        self.sources[path] = self.source(steps)
        return self.value(given, kind, path, steps)

    def _plain(self, given: Any, kind: Any) -> Any:
        # CloudFormation converts strings, numbers and Booleans. An empty string is a parameter without a default, and
        # unknown.
        if isinstance(given, str):
            if kind == FLAG and given.lower() in ("true", "false"):
                return given.lower() == "true"
            if "${" not in given:
                return given or None
            text = shaped(given, self.stack)
            return (text if text.symbols else text.plain) if given else None
        if kind == TEXT and isinstance(given, bool):
            return str(given).lower()
        return str(given) if kind == TEXT and isinstance(given, int | float) else given


def undecided(given: Any) -> list[tuple[int, Any]] | None:
    """Return the branches of an undecided condition with their index; ``None`` for any other value."""
    if not isinstance(given, (dict, Mapping)) or len(given) != 1 or _UNDECIDED not in given:
        return None
    return [(index, branch) for index, branch in enumerate(given[_UNDECIDED]) if index and not _is_no_value(branch)]


def elements(given: Any, steps: Path) -> Iterator[tuple[Any, Path]]:
    """Yield the elements of a list and of both branches of undecided conditions, with their places."""
    branches = undecided(given)
    if branches is not None:
        for index, branch in branches:
            yield from elements(branch, (*steps, _UNDECIDED, index))
    elif isinstance(given, list):
        for index, element in enumerate(given):
            inner = undecided(element)
            if inner is None:
                yield element, (*steps, index)
                continue
            for number, branch in inner:
                yield from _branch(branch, (*steps, index, _UNDECIDED, number))


def _branch(branch: Any, steps: Path) -> Iterator[tuple[Any, Path]]:
    if isinstance(branch, list) or undecided(branch) is not None:
        yield from elements(branch, steps)
    else:
        yield branch, steps


def _holds_members(kind: Any) -> bool:
    return kind == MAP or isinstance(kind, Mapping) or (isinstance(kind, list) and isinstance(kind[0], Mapping))


def _folded(name: str, path: Path) -> str:
    if name == "properties" and path[-1:] == ("proxyConfiguration",):
        return "proxyconfigurationproperties"
    return name.lower()


def _is_no_value(branch: Any) -> bool:
    return isinstance(branch, Mapping) and branch == {"Ref": "AWS::NoValue"}
