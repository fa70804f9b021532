"""One Terraform file: the roles of one task definition, what they name, and the gate in front of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from cfnroles.counted import by_number
from cfnroles.hcl.directory import joined
from cfnroles.need import Holder
from cfnroles.page import quoted as shell_quoted
from cfnroles.page import visible
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.targets.terraform.command_gate import command_gate_blocks
from cfnroles.targets.terraform.gate import Gate, gate_blocks
from cfnroles.targets.terraform.log_groups import log_group_blocks
from cfnroles.targets.terraform.names import OF_AWS
from cfnroles.targets.terraform.parts import Parts
from cfnroles.targets.terraform.roles import role_blocks, role_local, role_outputs
from cfnroles.targets.terraform.variables import variable_blocks
from cfnroles.targets.terraform.writing import Argument, Blank, Comment, Entry, Written, WrittenBlock, file_text

#: The first line of each file that cfnroles writes.
MARK = "# Written by cfnroles from "
_DIGEST = re.compile(r"^# sha256:([0-9a-f]{64})$", re.MULTILINE)


class Again(Struct, frozen=True):
    """How to rewrite the same file in its place: SOURCE as seen from there, and options, each after a space.

    ``of_root`` are the options that mean nothing to a module of SOURCE.
    """

    source: str = ""
    options: str = ""
    of_root: str = ""

    @property
    def written(self) -> str:
        """The command; empty if no command can name SOURCE again."""
        return f"cfnroles terraform {shell_quoted(self.source)}{self.options}{self.of_root}" if self.source else ""

    def in_module(self, directory: str) -> Again:
        """Return the same for a file of the module in ``directory``, a path relative to SOURCE.

        If SOURCE is ``.``, the file is in ``directory``; otherwise all files are in one place.
        """
        return Again("." if self.source == "." else joined(self.source, directory), self.options)


class Header(Struct, frozen=True):
    """The task definition whose roles a file contains: the document, its place there, and its name.

    ``again`` is the command that rewrites the file, ``explained`` the one that explains it. The file is written for the
    values of the variables in ``taken``.
    """

    document: str
    origin: str
    again: str
    explained: str = ""
    taken: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The comments at the top of the file."""
        edited = f"; `{self.again}` writes it again." if self.again else "."
        told = (f"`{self.explained}` explains why each statement is here.",) if self.explained else ()
        names = ", ".join(f"var.{name}" for name in self.taken)
        values = (f"Made for the values of {names} here: write it again for others.",) if names else ()
        first = f"{MARK.removeprefix('# ')}{self.document}{self.origin}. Do not edit{edited}"
        # After a line break in the name of a file, the rest of it would be Terraform.
        return tuple(map(visible, (first, *told, *values)))


def file_of(header: Header, parts: Parts, gate: Gate) -> tuple[str, tuple[WrittenBlock, ...]]:
    """Return the text of the file, and its blocks."""
    holders = holders_of(parts)
    roles = {holder: list(role_blocks(parts, holder)) for holder in holders}
    gating = [*gate_blocks(parts, gate), *command_gate_blocks(parts, gate.commanded)]
    made: list[WrittenBlock] = []
    for holder in holders:
        made += roles[holder]
    logging = [*log_group_blocks(parts)]
    made += [*logging, *gating]
    made += [each for holder in holders for each in role_outputs(parts, holder)]
    locals_ = _locals(parts, roles, logging, gated=bool(gating))
    body = file_text([*made, locals_])
    body += "".join(parts.values.lists.values())
    blocks = (*variable_blocks(parts), *data_blocks(parts, body), local_values(parts, body, locals_), *made)
    return marked(_comments(header), file_text(blocks)), blocks


def holders_of(parts: Parts) -> tuple[Holder, ...]:
    """Return the roles that are written."""
    always = parts.for_tasks
    return tuple(kind.holder for kind in ROLE_KINDS if (kind.always and always) or parts.policies.get(kind.holder))


def under(header: Header, text: str) -> str:
    """Return the text of a file under another header."""
    return marked(_comments(header), text.partition("\n\n")[2])


def _comments(header: Header) -> str:
    return "\n".join(f"# {line}" for line in header.lines)


def marked(head: str, body: str) -> str:
    """Return the text of a file with its digest, which identifies an edited file."""
    digest = hashlib.sha256(f"{head}\n\n{body}".encode()).hexdigest()
    return f"{head}\n# sha256:{digest}\n\n{body}"


def is_ours(text: str) -> bool:
    """Whether cfnroles wrote a file, even if it was edited later."""
    return text.startswith(MARK)


def is_edited(text: str) -> bool:
    """Whether a file of cfnroles was edited after it was written."""
    head, _, body = text.partition("\n\n")
    digest = _DIGEST.search(head)
    return not digest or marked(_DIGEST.sub("", head).rstrip("\n"), body) != text


def _locals(
    parts: Parts, roles: dict[Holder, list[WrittenBlock]], logging: Sequence[WrittenBlock], *, gated: bool
) -> WrittenBlock:
    groups = by_number(len(logging), "the log group", "the log groups")
    before = ["for the permissions", *([f"for {groups}"] if logging else []), *(["for the gate"] if gated else [])]
    more = ", so that nothing that uses them can be there before" if len(before) > 1 else ""
    entries: list[Entry] = [Comment(f"These wait {' and '.join(before)}{more}.")]
    waited = [f"{'.'.join(block.labels)}.id" for block in logging]
    waited += [f"terraform_data.{parts.names.gate}{parts.repeated.instance}.id"] if gated else []
    for holder, blocks in roles.items():
        entries.append(role_local(parts, holder, blocks, waited if holder is Holder.EXECUTION else ()))
    return WrittenBlock("locals", (), tuple(entries))


def _asked(parts: Parts, body: str) -> Iterator[str]:
    """Yield the values that AWS provides and the file uses."""
    for name in OF_AWS:
        if re.search(rf"\b{re.escape(parts.names.of_aws(name))}\b", body):
            yield name


def data_blocks(parts: Parts, body: str) -> Iterator[WrittenBlock]:
    """Yield the data sources for the values that AWS provides."""
    types = dict.fromkeys(OF_AWS[name][1] for name in _asked(parts, body))
    for type_ in types:
        own = (Argument("region", Written(parts.own_region)),) if parts.own_region and type_ == "aws_region" else ()
        yield WrittenBlock("data", (type_, parts.names.data), (*parts.of_aws, *own))


def local_values(parts: Parts, body: str, locals_: WrittenBlock) -> WrittenBlock:
    """Return the locals, with those for the values that AWS provides before the others."""
    known: list[Entry] = []
    for name in _asked(parts, body):
        _, type_, attribute = OF_AWS[name]
        local = parts.names.of_aws(name).removeprefix("local.")
        known.append(Argument(local, Written(f"data.{type_}.{parts.names.data}.{attribute}")))
    if parts.repeated.local:
        known.append(Argument(parts.repeated.local, Written(parts.repeated.written)))
    if parts.values.lists:
        known += [*([Blank()] if known else []), Comment("What the lists of references name, by service.")]
        known += [Argument(name, Written(each)) for name, each in parts.values.lists.items()]
    return WrittenBlock("locals", (), (*known, *([Blank()] if known else []), *locals_.body))


def declared(blocks: Iterable[WrittenBlock]) -> frozenset[str]:
    """Return the addresses of the declarations of a file, as names in its module."""
    found: set[str] = set()
    for block in blocks:
        if block.type == "locals":
            found |= {f"local.{each.name}" for each in block.body if isinstance(each, Argument)}
        else:
            prefix = {"resource": (), "variable": ("var",), "output": ("output",)}.get(block.type, (block.type,))
            found.add(".".join((*prefix, *block.labels)))
    return frozenset(found)
