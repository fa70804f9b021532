"""From one task definition with all that it needs to the file of its roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.need import Gap, Holder, Need, Reference
from cfnroles.options import RoleOptions
from cfnroles.targets.terraform.file import Header, declared, file_of
from cfnroles.targets.terraform.gate import Gate, gate_of
from cfnroles.targets.terraform.names import Names, stems
from cfnroles.targets.terraform.parts import Parts, Repeated
from cfnroles.targets.terraform.permissions import When, named, packed
from cfnroles.targets.terraform.values import Module, Values
from cfnroles.text import Text


class TerraformFile(Struct, frozen=True):
    """A file that is written.

    ``needs`` are those that its roles answer, ``gaps`` the permissions that they do not have, and ``gate`` is what that
    asks for.
    """

    path: str
    text: str
    needs: tuple[Need, ...] = ()
    gaps: tuple[Gap, ...] = ()
    gate: Gate = Gate()


class Subject(Struct, frozen=True):
    """A task definition whose roles are written.

    ``name`` begins the names of all blocks, and ``family`` those of the roles. ``label`` is what people call it.
    ``when`` has the conditions that needs hang on. ``made`` are references to what is made beside it. ``region`` is
    that of its provider, where this is known.
    """

    name: str
    label: str
    family: Text
    discovery: Discovery
    facts: Facts
    header: Header
    options: Mapping[Holder, RoleOptions] = field(default_factory=dict)
    when: When = field(default_factory=dict)
    made: frozenset[Reference] = frozenset()
    repeated: Repeated = Repeated()
    provider: str = ""
    region: str = ""
    module: Module = Module()
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Place(Struct, frozen=True):
    """Where a file goes: its path, what is declared beside it, and the stem of the file that it takes the place of."""

    path: str
    taken: frozenset[str] = frozenset()
    earlier: str = ""


def written_file(subject: Subject, place: Place, *, gated: bool) -> TerraformFile:
    """The file of the roles, with names that nothing beside it has.

    Raises InvalidInput where a role would need more policies than IAM allows.
    """
    gate = gate_of(subject.discovery.references, subject.made, subject.facts) if gated else Gate()
    for stem in stems(subject.name, place.earlier):
        parts, needs, gaps = _parts(subject, Names(stem))
        text, blocks = file_of(subject.header, parts, gate)
        if not declared(blocks) & place.taken:
            break
    return TerraformFile(place.path, text, needs, (*subject.discovery.gaps, *gaps), gate)


def _parts(subject: Subject, names: Names) -> tuple[Parts, tuple[Need, ...], tuple[Gap, ...]]:
    values = Values(names, subject.module, subject.region)
    needs, gaps = named(subject.discovery.needs, subject.when, values)
    parts = Parts(
        subject.label,
        subject.header.document,
        subject.family,
        names,
        values,
        packed(needs),
        versions=subject.versions,
        options=subject.options,
        repeated=subject.repeated,
        provider=subject.provider,
        key_arns=subject.facts.kms_key_arns,
    )
    return parts, needs, gaps
