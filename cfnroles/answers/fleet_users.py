"""The users of roles, secrets and log groups, folded from a stream of task definitions.

Revisions that do not differ in anything relevant are one variant, so memory grows with the differences and not with the
number of deployments.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from cfnroles.answers.fleet_finding import Affected
from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.need import Gap, Holder, Need, Permission, Severity
from cfnroles.sources.fleet import Registered
from cfnroles.sources.reading import Task
from cfnroles.sources.source import read
from cfnroles.sources.told import Told

HOLDERS = (Holder.EXECUTION, Holder.TASK)
#: Members that change with every deployment and are irrelevant for permissions.
_EACH_TIME = ("taskDefinitionArn", "revision", "registeredAt", "registeredBy", "deregisteredAt", "status")
_TAG = re.compile(r"(@sha256:[0-9a-f]+|:[\w.-]+)$")
_OWN_IMAGE = re.compile(r"(\d{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.[a-z.]+/([a-z0-9][a-z0-9._/-]*)")
_DOES = frozenset({"true", "1", "yes"})


class Wanted(Struct):
    """One need of a role, the reference of its key, and the variants that have it."""

    need: Need
    reference: str = ""
    variants: list[int] = field(default_factory=list)


class RoleUse(Struct):
    """The needs of all task definitions for one role."""

    wanted: dict[tuple[Holder, Permission, str], Wanted] = field(default_factory=dict)
    gaps: dict[tuple[Holder, str], tuple[Gap, list[int]]] = field(default_factory=dict)
    holders: dict[Holder, list[int]] = field(default_factory=dict)


class Users:
    """The fold. Add each task definition once."""

    def __init__(self, account: str, region: str) -> None:
        self._told = Told(account=account, region=region)
        self._account, self._region = account, region
        self._variants: dict[bytes, int] = {}
        self._revisions: list[tuple[str, list[int]]] = []
        self.count = 0
        self.roles: defaultdict[str, RoleUse] = defaultdict(RoleUse)
        self.roleless: dict[int, tuple[Need, bool]] = {}
        self.references: defaultdict[str, list[int]] = defaultdict(list)
        self.log_groups: defaultdict[str, list[int]] = defaultdict(list)
        self.repositories: defaultdict[str, list[int]] = defaultdict(list)
        self.elsewhere: defaultdict[str, list[int]] = defaultdict(list)
        self.unreadable: defaultdict[str, list[int]] = defaultdict(list)

    @property
    def families(self) -> int:
        """The number of families."""
        return len({family for family, _ in self._revisions})

    def add(self, definition: Registered) -> None:
        """Add a task definition."""
        self.count += 1
        digest = _digest(definition.members)
        if digest in self._variants:
            self._revisions[self._variants[digest]][1].append(definition.revision)
            return
        number = self._variants[digest] = len(self._revisions)
        self._revisions.append((definition.family, [definition.revision]))
        self._look(definition, number)

    def affected(self, variants: Iterable[int]) -> Affected:
        """Return the task definitions of these variants."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for number in variants:
            family, revisions = self._revisions[number]
            found[family].update(revisions)
        return Affected({family: tuple(sorted(found[family])) for family in sorted(found)})

    def _look(self, definition: Registered, number: int) -> None:
        name = f"{definition.family}:{definition.revision}"
        try:
            reading = read(Document(name, json.dumps(definition.members, default=str)), self._told)
            task = reading.tasks[0]
        except InvalidInput as error:
            self.unreadable[error.what].append(number)
            return
        for finding in reading.findings:
            if finding.severity is Severity.ERROR:
                self.unreadable[finding.what].append(number)
        self._roles(task, number, definition.members)
        for reference in task.discovery.references:
            self.references[str(reference.value_from)].append(number)
        self._things(definition.members, number)

    def _roles(self, task: Task, number: int, members: Mapping[str, Any]) -> None:
        keyed = {reference.origin.path: str(reference.value_from) for reference in task.discovery.references}
        for holder in HOLDERS:
            named = task.role(holder)
            needs = [need for need in task.discovery.needs if need.holder is holder]
            if not named:
                if needs and not needs[0].permission.when:
                    certain = "FARGATE" in (members.get("requiresCompatibilities") or ())
                    self.roleless.setdefault(number, (needs[0], certain or holder is Holder.TASK))
                continue
            use = self.roles[named]
            use.holders.setdefault(holder, []).append(number)
            for need in needs:
                reference = keyed.get(need.origin.path, "") if need.permission.when else ""
                key = (holder, need.permission, reference)
                wanted = use.wanted.setdefault(key, Wanted(need, reference))
                wanted.variants.append(number)
            for gap in task.discovery.gaps:
                if gap.holder is holder:
                    use.gaps.setdefault((holder, gap.what), (gap, []))[1].append(number)

    def _things(self, members: Mapping[str, Any], number: int) -> None:
        for container in members.get("containerDefinitions", ()):
            if (image := _OWN_IMAGE.match(str(container.get("image", "")))) is not None:
                self._image(image, number)
            log = container.get("logConfiguration") or {}
            options = log.get("options") or {}
            group = options.get("awslogs-group")
            if log.get("logDriver") == "awslogs" and group and options.get("awslogs-create-group") not in _DOES:
                if options.get("awslogs-region", self._region) == self._region:
                    _add(self.log_groups[group], number)
                else:
                    _add(self.elsewhere[f"log groups in {options['awslogs-region']}"], number)

    def _image(self, image: re.Match[str], number: int) -> None:
        account, region, repository = image.groups()
        if (account, region) == (self._account, self._region):
            _add(self.repositories[_TAG.sub("", repository)], number)
        else:
            _add(self.elsewhere[f"repositories of account {account} in {region}"], number)


def _add(numbers: list[int], number: int) -> None:
    if not numbers or numbers[-1] != number:
        numbers.append(number)


def _digest(members: Mapping[str, Any]) -> bytes:
    kept: dict[str, Any] = {name: value for name, value in members.items() if name not in _EACH_TIME}
    kept["containerDefinitions"] = [
        {**each, "image": _TAG.sub("", str(each.get("image", "")))} for each in members.get("containerDefinitions", ())
    ]
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).digest()


def variants_of(wanted: Iterable[Wanted]) -> Iterator[int]:
    """Yield the variants that have any of these needs."""
    yield from dict.fromkeys(number for each in wanted for number in each.variants)
