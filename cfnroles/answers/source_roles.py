"""The roles that a source gives its task definitions, and those that a message is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.answers.verification import Judged, Verification
from cfnroles.answers.verify_configuration import verify_configuration
from cfnroles.answers.verify_template import Question, verify_template
from cfnroles.need import Holder, Need, Origin
from cfnroles.sources.reading import Reading
from cfnroles.sources.terraform_configured import Configured
from cfnroles.symbols import Attribute, Expression, RandomSuffix, Symbol
from cfnroles.text import Part, Text

#: The part of a need that is the same in each form: the field, the action and the purpose.
Key = tuple[Origin, str, str]
#: The properties and arguments with a resource's name in its ARN.
_CALLED_BY = ("Name", "BucketName", "RepositoryName", "LogGroupName", "TableName", "QueueName", "TopicName")
#: Role names have at most 64 characters. CloudFormation truncates the parts of the names that it generates.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
_NEARLY_FULL, _LEAST = 60, 6


class SourceRole(Struct, frozen=True):
    """A role that a source gives its task definitions, with the results for their needs.

    ``logical_id`` is that of a template, or the address in a configuration; empty for a role elsewhere. ``name`` is its
    name in IAM, as far as the source has it: a pattern if it has a part. ``where`` is its place.
    """

    verification: Verification
    reading: Reading
    logical_id: str = ""
    name: str = ""
    where: str = ""

    def is_called(self, name: str) -> bool | None:
        """Return whether IAM has it under this name; ``None`` if the source does not say."""
        if self.name.strip(".*"):
            return re.fullmatch(self.name, name) is not None
        if self.logical_id and self.reading.template is not None:
            return _is_made(name, self.logical_id.partition(".")[0])
        return None

    def judged(self, keys: Collection[Key]) -> tuple[Judged, ...]:
        """Return the results for the needs with these keys."""
        return tuple(each for each in self.verification.judged if key_of(each.need) in keys)


def key_of(need: Need) -> Key:
    """Return the key of a need, which is the same in each of its forms."""
    return need.origin, need.permission.action, need.sid


def source_roles(reading: Reading, resource: str = "") -> tuple[SourceRole, ...]:
    """Return each role that the source gives a task definition, and a substitute for a missing one.

    A task definition and a service spec have none. Raise InvalidInput as `verify` does.
    """
    if reading.template is not None:
        found = verify_template(reading, Question(resource))
        return tuple(_of_template(each, reading) for each in found if each.judged or each.trust)
    if reading.configuration is not None:
        roles = _configured(reading)
        found = verify_configuration(reading, Question(resource))
        return tuple(_of_configuration(each, reading, roles) for each in found if each.judged or each.trust)
    return ()


def chosen(
    roles: Iterable[SourceRole], name: str, keys: Collection[Key], holders: Collection[Holder]
) -> tuple[SourceRole, ...]:
    """Return the roles that a message may be about: by name, by need, and by caller."""
    several = tuple(roles)
    if name:
        sure = tuple(each for each in several if each.is_called(name))
        several = sure or tuple(each for each in several if each.is_called(name) is None)
    if keys:
        several = tuple(each for each in several if each.judged(keys)) or several
    return tuple(each for each in several if each.verification.holder in holders) or several


class KnownName(Struct, frozen=True):
    """What is known about a name, as a regular expression. ``exact`` says that the name is unique."""

    pattern: str
    exact: bool = False


def names_in(reading: Reading) -> Mapping[str, KnownName]:
    """Return what is known about the names of resources that symbols represent, by the symbols' names."""
    if reading.template is not None:
        return {name: _called(name, each) for name, each in reading.template.resources.items()}
    found: dict[str, KnownName] = {}
    for task in reading.configuration.tasks_with_roles() if reading.configuration else ():
        for roles in task.roles:
            found.update((name, _known(part)) for name, part in roles.named.items())
    return found


def matched(text: Text, names: Mapping[str, KnownName]) -> tuple[re.Pattern[str], Collection[KnownName]]:
    """Return a pattern for the values of a text, and the names in it that symbols represent."""
    used: list[KnownName] = []

    def piece(symbol: Symbol, number: int) -> str:
        name = symbol.name.partition(".")[0] if isinstance(symbol, Attribute) else symbol.name
        known = names.get(name) or (names.get(symbol.address) if isinstance(symbol, Expression) else None)
        if known is None or not known.pattern.strip(".*"):
            return ".*"
        used.append(known)
        # A symbol for a whole value is an ARN, or the name itself.
        return known.pattern if number else f"(?:.*[:/])?{known.pattern}(?:-[A-Za-z0-9]{{6}})?"

    parts = (re.escape(part) if isinstance(part, str) else piece(part, at) for at, part in enumerate(text.parts))
    return re.compile("".join(parts)), used


def _known(part: Part) -> KnownName:
    text = part if isinstance(part, Text) else Text(part)
    exact = all(isinstance(symbol, RandomSuffix) for symbol in text.symbols)
    return KnownName(_pattern(text), exact and bool(text))


def _pattern(text: Text) -> str:
    return "".join(re.escape(part) if isinstance(part, str) else ".*" for part in text.parts)


def _called(logical_id: str, resource: Mapping[str, Any]) -> KnownName:
    """Return the name of a resource: from its template, or as CloudFormation generates it."""
    properties = resource.get("Properties")
    given = next((properties[each] for each in _CALLED_BY if each in properties), None) if properties else None
    if given is not None:
        return KnownName(_spelled(given), isinstance(given, str))
    # The name of the stack, the logical ID, and twelve random characters.
    return KnownName(f"(?:.*-)?(?i:{re.escape(logical_id)})-[A-Za-z0-9]{{12,13}}")


def _spelled(given: Any) -> str:
    """Return the pattern of a text or function: the literal parts of ``Fn::Sub``."""
    sub = given.get("Fn::Sub") if isinstance(given, Mapping) else given
    text = sub[0] if isinstance(sub, list) and sub else sub
    if not isinstance(text, str):
        return ".*"
    return ".*".join(map(re.escape, re.split(r"\$\{[^}]*\}", text)))


def _of_template(found: Verification, reading: Reading) -> SourceRole:
    template = reading.template
    assert template is not None  # noqa: S101 - only asked of templates
    own = found.role.name.removesuffix(f" of {template.document}")
    logical_id = next((each for each in template.borrowed if template.called(each) == found.role.name), own)
    resource = template.resources.get(logical_id)
    if resource is None:
        return SourceRole(found, reading, "", _elsewhere(found))
    properties = resource.get("Properties") or {}
    given = properties.get("RoleName")
    name = _spelled(given) if given is not None else ""
    return SourceRole(found, reading, logical_id, name, template.place(("Resources", logical_id)))


def _of_configuration(found: Verification, reading: Reading, roles: Mapping[str, Configured]) -> SourceRole:
    own = roles.get(found.role.name)
    if own is None:
        return SourceRole(found, reading, "", _elsewhere(found))
    name, prefix = own.known("name"), own.known("name_prefix")
    # The prefix of a name identifies it if Terraform generates the rest.
    made = name is None or not _pattern(name).strip(".*")
    called = f"{_pattern(prefix)}.*" if prefix and made else _pattern(name) if name else ""
    return SourceRole(found, reading, own.address, called, own.where)


def _elsewhere(found: Verification) -> str:
    """Return the name of a role elsewhere, given by ARN or name."""
    return re.escape(found.role.name.rpartition("/")[2]) if found.role.name.startswith("arn:") else ""


def _configured(reading: Reading) -> Mapping[str, Configured]:
    """Return the roles of a configuration by address."""
    tasks = reading.configuration.tasks_with_roles() if reading.configuration else ()
    return {each.address: each.configured for task in tasks for roles in task.roles for each in roles.roles}


def _is_made(name: str, logical_id: str) -> bool:
    """Return whether CloudFormation generates such a name for a logical ID: stack, ID, and a random suffix."""
    part = name.rpartition("-")[0].rpartition("-")[2]
    cut = len(name) >= _NEARLY_FULL and len(part) >= _LEAST and logical_id.startswith(part)
    return part == logical_id or cut


def told_apart(several: Sequence[SourceRole]) -> Iterator[str]:
    """Yield the names of roles without duplicates."""
    yield from dict.fromkeys(each.verification.role.name for each in several)
