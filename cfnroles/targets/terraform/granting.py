"""Add statements to a role of a configuration, in the files that create it. Everything else there is unchanged.

They are added to a document that belongs to this role alone, in whatever form it is written, or to a new
`aws_iam_role_policy` after the role.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.answers.source_roles import SourceRole
from cfnroles.errors import InvalidInput
from cfnroles.hcl.parser import parse
from cfnroles.hcl.syntax import Block, Source
from cfnroles.iam.roles import RolePolicy
from cfnroles.policies import document
from cfnroles.sources.terraform_roles import ConfiguredRole
from cfnroles.symbols import Expression
from cfnroles.targets.lacking import Lacked, Ungrantable
from cfnroles.targets.terraform.names import OF_AWS, identifier, in_words
from cfnroles.targets.terraform.pasted_statements import CURRENT, is_elsewhere, members, module_of, symbols_of
from cfnroles.targets.terraform.statement_lists import Insertion, inserted, list_with
from cfnroles.targets.terraform.values import EnclosingModule, Unwritable, expression_of

_DATA = "aws_iam_policy_document"
#: Resources with a document that only the attached roles have.
_HOLDERS = ("aws_iam_role_policy", "aws_iam_role", "aws_iam_policy", _DATA)
#: Resources with a document or a policy for one role.
_OF_ONE_ROLE = ("aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_role")
_POLICY = "aws_iam_policy"
_REPEATED = ("count", "for_each")


def changed_files(at: SourceRole, lacking: Sequence[Lacked], texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the files of a configuration that change so that a role of it also has these statements, by name.

    ``texts`` are the current files. Raise Ungrantable if no file can be edited, or if an expression cannot be written
    there.
    """
    role = _role(at)
    statements = [document([each.statement])["Statement"][0] for each in lacking]
    for each in lacking:
        if each.when:
            raise Ungrantable(f"the statement {each.statement.sid} is needed only if {each.when}: add it yourself")
    if _made_several_times(at, role):
        raise Ungrantable(f"{role.address} and others are made by one block, which would get the statement for all")
    _refuse_expressions(statements, role.address, texts)
    failure = ""
    for policy in sorted(role.role.policies, key=lambda policy: _unlikeness(policy, statements)):
        try:
            if changed := _in_policy(policy, statements, texts):
                return changed
        except InvalidInput as error:
            failure = failure or f"{error.where}: {error.what}"
    return _beside(role, statements, texts, failure)


def _role(at: SourceRole) -> ConfiguredRole:
    tasks = at.reading.configuration.tasks_with_roles() if at.reading.configuration else ()
    found: list[ConfiguredRole] = [each for task in tasks for roles in task.roles for each in roles.roles]
    return next(each for each in found if each.address == at.logical_id)


def _made_several_times(at: SourceRole, role: ConfiguredRole) -> bool:
    tasks = at.reading.configuration.tasks_with_roles() if at.reading.configuration else ()
    found = {each.address for task in tasks for roles in task.roles for each in roles.roles
             if each.configured.where == role.configured.where}  # fmt: skip
    return len(found) > 1


class _Edited(Struct, frozen=True):
    """A file that contains a document, and all files of its module."""

    name: str
    texts: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.texts[self.name]

    @property
    def module(self) -> Mapping[str, str]:
        """The files of the same module."""
        around = posixpath.dirname(self.name)
        return {name: text for name, text in self.texts.items() if posixpath.dirname(name) == around}

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks of the files of the same module."""
        texts = ((name, text) for name, text in self.module.items() if name.endswith((".tf", ".tofu")))
        return [block for name, text in texts for block in parse(Source(name, text)).blocks]

    def mentions(self, thing: str) -> int:
        """Return how often the module names a thing."""
        return sum(len(re.findall(rf"\b{re.escape(thing)}\b", text)) for text in self.module.values())


def _in_policy(
    policy: RolePolicy, statements: Sequence[Mapping[str, Any]], texts: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the files with the statements after the last one of a policy; ``None`` if it is not this role's alone.

    Raise InvalidInput if they cannot be added there.
    """
    if not policy.lines or not policy.documents or policy.documents[-1] not in texts:
        return {}
    file = _Edited(policy.documents[-1], texts)
    if not file.name.endswith((".tf", ".tofu")) or "/.terraform/" in f"/{file.name}":
        return {}
    found = list_with(parse(Source(file.name, file.text)), policy.lines[-1])
    if found is None or not _is_alone(found.block, file):
        return {}
    data, more = _data(statements, file)
    made = inserted(file.text, [*found.insertions(statements, data), *_at_end(more, file)])
    parse(Source(file.name, made))
    return {file.name: made}


def _is_alone(block: Block, file: _Edited) -> bool:
    """Whether the contents of a block belong to one role alone, and are created once."""
    if len(block.labels) != 2 or block.labels[0] not in _HOLDERS or _is_repeated(block):
        return False
    kind, name = block.labels
    if kind not in (_DATA, _POLICY):
        return True
    thing = f"data.{kind}.{name}" if kind == _DATA else f"{kind}.{name}"
    users = [each for each in file.blocks if re.search(rf"\b{re.escape(thing)}\b", each.written)]
    if file.mentions(thing) != 1 or len(users) != 1 or _is_repeated(users[0]):
        return False
    used_by = users[0].labels[0] if users[0].labels else ""
    return used_by in _OF_ONE_ROLE or (used_by == _POLICY and _is_alone(users[0], file))


def _is_repeated(block: Block) -> bool:
    return any(name in block.body.arguments for name in _REPEATED)


def _beside(
    role: ConfiguredRole, statements: Sequence[Mapping[str, Any]], texts: Mapping[str, str], failure: str
) -> Mapping[str, str]:
    """Return the files with one more policy after the role."""
    file = _Edited(role.configured.place.document, texts)
    if not file.name.endswith((".tf", ".tofu")) or file.name not in texts or "/.terraform/" in f"/{file.name}":
        raise Ungrantable(failure or f"{role.address} is in {file.name}, which is not edited: add it yourself")
    body = parse(Source(file.name, file.text))
    block = next((each for each in body.blocks if each.place.line == role.configured.place.line), None)
    if block is None or _is_repeated(block):
        raise Ungrantable(failure or f"{role.address} is one of several that one block makes: add it yourself")
    data, more = _data(statements, file)
    lines = _resource(block.labels[1], statements, data, file)
    own = Insertion(block.end, "".join(f"\n{line}" for line in ("", *lines)))
    return {file.name: inserted(file.text, [own, *_at_end(more, file)])}


def _resource(
    role: str, statements: Sequence[Mapping[str, Any]], data: Mapping[str, str], file: _Edited
) -> Iterator[str]:
    called = statements[0]["Sid"] if len(statements) == 1 else "Permissions"
    own = f"{role}_{identifier(in_words(called))}"
    names = (own, *(f"{own}_{number}" for number in range(2, 1_000)))
    whole = "\n".join(file.module.values())
    name = next(each for each in names if f'"aws_iam_role_policy" "{each}"' not in whole)
    yield f'resource "aws_iam_role_policy" "{name}" {{'
    yield f'  name = "{called}"'
    yield f"  role = aws_iam_role.{role}.id"
    yield ""
    yield "  policy = jsonencode({"
    yield '    Version = "2012-10-17"'
    yield "    Statement = ["
    for each in statements:
        yield "      {"
        yield from members(each, "        ", data)
        yield "      },"
    yield from ("    ]", "  })", "}")


def _data(statements: Sequence[Mapping[str, Any]], file: _Edited) -> tuple[Mapping[str, str], Sequence[str]]:
    """Return the module's names of the data sources for the values that AWS provides, and the blocks that it lacks."""
    names, lacking = dict(CURRENT), []
    for kind in dict.fromkeys(OF_AWS[each.name][1] for each in symbols_of(statements) if each.name in OF_AWS):
        found = [re.search(rf'^data\s+"{kind}"\s+"([\w-]+)"', text, re.MULTILINE) for text in file.module.values()]
        named = next((each[1] for each in found if each), "")
        names[kind] = named or names[kind]
        lacking += [] if named else [f'data "{kind}" "{names[kind]}" {{}}']
    return names, lacking


def _at_end(blocks: Sequence[str], file: _Edited) -> Sequence[Insertion]:
    ended = "" if file.text.endswith("\n") else "\n"
    return [Insertion(len(file.text), ended + "".join(f"\n{each}\n" for each in blocks))] if blocks else []


def _refuse_expressions(statements: Sequence[Mapping[str, Any]], address: str, texts: Mapping[str, str]) -> None:
    """Raise Ungrantable for an expression that means nothing in the module of the role."""
    types = frozenset(
        kind for text in texts.values() for kind in re.findall(r'^resource\s+"([\w-]+)"', text, re.MULTILINE)
    )
    module = EnclosingModule(module_of(address), types)
    for symbol in symbols_of(statements):
        if not isinstance(symbol, Expression):
            continue
        try:
            expression_of(symbol, module)
        except Unwritable as error:
            raise Ungrantable(f"{error.what}. {error.remedy}") from error
        if is_elsewhere(symbol, module.address):
            raise Ungrantable(f"{symbol.name} is an expression of another module: pass it with an output or a variable")


def _unlikeness(policy: RolePolicy, statements: Sequence[Mapping[str, Any]]) -> int:
    """Return how different a policy is from the statements: 0 if it has the same call, 1 if the same service."""
    text = str(policy.document)
    actions = [str(action) for each in statements for action in each["Action"]]
    if any(action in text for action in actions):
        return 0
    return 1 if any(f"{action.partition(':')[0]}:" in text for action in actions) else 2
