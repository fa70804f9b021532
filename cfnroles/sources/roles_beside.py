"""A template together with the roles that `cfnroles build` wrote for it, as if they were one stack.

The parameters of the roles' template represent resources and parameters of the other one. Their declarations record
which, so a role is judged with the names of the template, in each of its worlds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.document import Document, read_document
from cfnroles.errors import InvalidInput
from cfnroles.files import ACCOUNT, is_file, read_text
from cfnroles.need import Holder
from cfnroles.page import quoted
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.sources.reading import Reading
from cfnroles.sources.role_places import own_places
from cfnroles.sources.roles import file_and_name
from cfnroles.sources.template_task_types import TASKS
from cfnroles.sources.template_tasks import own
from cfnroles.spelling import hint
from cfnroles.template.linking import Stack, linked
from cfnroles.template.template import Template, checked

#: The key in `Metadata.cfnroles` of the roles' template: the meaning of each of its parameters.
STANDS_FOR = "parameters"
_ROLE = "AWS::IAM::Role"


class RolesBeside(Struct, frozen=True):
    """The reading with the roles in it, and the logical ID of each requested role.

    ``taken`` says what each parameter represents, in words.
    """

    reading: Reading
    placed: Mapping[Holder, str]
    taken: tuple[str, ...] = ()

    def left(self, names: Mapping[Holder, str]) -> Mapping[Holder, str]:
        """Return the roles of other templates."""
        return {holder: name for holder, name in names.items() if holder not in self.placed}


def stands_for(members: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Return the meanings of the parameters in a roles' template; ``None`` for a template without a record."""
    ours = _mapping(_mapping(members.get("Metadata")).get("cfnroles"))
    record = ours.get(STANDS_FOR)
    if not isinstance(record, Mapping):
        return None
    return {str(name): each.partition(" ")[2] for name, each in record.items() if isinstance(each, str)}


def record_of(meaning: str) -> str:
    """Return the recorded form of a meaning: ``Ref Database``, ``Fn::GetAtt Files.Arn``."""
    return f"{'Fn::GetAtt' if '.' in meaning else 'Ref'} {meaning}"


def roles_in(reading: Reading, source: str, names: Mapping[Holder, str]) -> RolesBeside:
    """Return the reading of a template with those of the named roles that are its own, or were built for it.

    Raise InvalidInput if one of these files does not have the role.
    """
    named = {holder: file_and_name(name) for holder, name in names.items()}
    own_roles = {holder: name for holder, (file, name) in named.items() if _is_same(file, source)}
    files = dict.fromkeys(file for holder, (file, _) in named.items() if holder not in own_roles)
    recorded = {file: document for file in files if (document := _recorded(file)) is not None}
    beside = {holder: (recorded[file], name) for holder, (file, name) in named.items() if file in recorded}
    found = with_roles(reading, beside)
    placed = {holder: _role(reading.template, name, reading.name) for holder, name in own_roles.items()}
    return replace(found, placed={**found.placed, **placed})


def _is_same(file: str, source: str) -> bool:
    return source != "-" and is_file(file) and Path(file).samefile(source)


def _recorded(file: str) -> Document | None:
    """Return the document of a file that is a roles' template with a record, or ``None``."""
    text = read_text(file, ACCOUNT) if is_file(file) else ""
    if "cfnroles" not in text or "Resources" not in text:
        return None  # too large, so it is not one of ours
    document = read_document(file)
    return document if stands_for(document.members) is not None else None


def with_roles(reading: Reading, given: Mapping[Holder, tuple[Document, str]]) -> RolesBeside:
    """Return the reading of a template with the roles of templates built for it, each with a record.

    The exported roles replace those of the task definitions. Raise InvalidInput if a role does not exist.
    """
    template = reading.template
    documents = tuple(dict.fromkeys(document for document, _ in given.values()))
    if template is None or not documents:
        return RolesBeside(reading, {})
    beside = [checked(Template(each.name, each.text, each.members)) for each in documents]
    whole = _together(template, beside)
    inside = {(home.document, old): new for new, (home, old) in whole.borrowed.items()}
    for each in beside:
        whole = _with_own_roles(whole, own(template, TASKS), dict(_exported(each, inside)))
    placed = {
        holder: inside[document.name, _role(_of(beside, document), name, document.name)]
        for holder, (document, name) in given.items()
    }
    read = replace(reading, template=whole, documents=(*reading.documents, *documents))
    return RolesBeside(read, placed, tuple(_taken(beside)))


def _of(templates: Sequence[Template], document: Document) -> Template:
    return next(each for each in templates if each.document == document.name)


def _together(template: Template, beside: Sequence[Template]) -> Template:
    """Return the template with the resources of the others, whose parameters have their recorded meanings."""
    numbers = range(1, len(beside) + 1)
    first = Stack("Template", template, "", nested={f"{number}": number for number in numbers})
    others = [
        Stack(f"Roles{number}", _without_copies(each, template), "", 0, _passed(each))
        for number, each in zip(numbers, beside, strict=True)
    ]
    return linked([first, *others])[0]


def _without_copies(template: Template, of: Template) -> Template:
    """Return a roles' template without the mappings that it copied from the other one."""
    known = _mapping(of.tree.get("Mappings"))
    own = {name: each for name, each in _mapping(template.tree.get("Mappings")).items() if known.get(name) != each}
    return replace(template, tree={**template.tree, "Mappings": own})


def _passed(template: Template) -> Mapping[str, Any]:
    names = {name: each.partition(".") for name, each in (stands_for(template.tree) or {}).items()}
    return {
        name: {"Fn::GetAtt": [resource, attribute]} if dot else {"Ref": resource}
        for name, (resource, dot, attribute) in names.items()
    }


def _taken(templates: Sequence[Template]) -> Iterator[str]:
    for each in templates:
        for name, meaning in (stands_for(each.tree) or {}).items():
            yield f"{name}=${{{meaning}}}"


def _exported(template: Template, inside: Mapping[tuple[str, str], str]) -> Iterator[tuple[tuple[str, Holder], str]]:
    """Yield the roles that a template exports, by task definition and holder."""
    kinds = {kind.export_name.removeprefix("${ProjectName}-"): kind.holder for kind in ROLE_KINDS}
    named = re.compile(rf"\$\{{ProjectName\}}-(?P<task>[A-Za-z0-9]+)-(?P<kind>{'|'.join(map(re.escape, kinds))})")
    for output in map(_mapping, _mapping(template.tree.get("Outputs")).values()):
        match output:
            case {"Value": {"Fn::GetAtt": [str(role), "Arn"]}, "Export": {"Name": {"Fn::Sub": str(name)}}}:
                found = named.fullmatch(name)
                if found and (template.document, role) in inside:
                    yield (found["task"], kinds[found["kind"]]), inside[template.document, role]


def _with_own_roles(template: Template, tasks: Sequence[str], roles: Mapping[tuple[str, Holder], str]) -> Template:
    """Return the template in which these task definitions name these roles."""
    resources = dict(template.tree["Resources"])
    for task in tasks:
        places = own_places(task, template.tree)
        named = {str(p.path[-1]): roles[task, p.holder] for p in places if (task, p.holder) in roles}
        properties = resources[task].get("Properties")
        if named and isinstance(properties, Mapping):
            arns = {name: {"Fn::GetAtt": [role, "Arn"]} for name, role in named.items()}
            resources[task] = {**resources[task], "Properties": {**properties, **arns}}
    return replace(template, tree={**template.tree, "Resources": resources})


def _role(template: Template | None, name: str, document: str) -> str:
    """Return the logical ID of a role that is given by it, or by the role's name."""
    resources = template.resources if template else {}
    borrowed = template.borrowed if template else {}
    ids = [each for each, given in resources.items() if given["Type"] == _ROLE and each not in borrowed]
    named = [each for each in ids if name in ("", each, _mapping(resources[each].get("Properties")).get("RoleName"))]
    if len(named) == 1:
        return named[0]
    raise InvalidInput(
        f"has no role {name}" if name else f"has {len(ids)} roles" if ids else "has no role",
        where=document,
        why=f"Its roles: {', '.join(ids) or 'none'}.",
        remedy=hint(name, ids, f"Choose one: {quoted(f'{document}:{ids[0]}')}" if ids else ""),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
