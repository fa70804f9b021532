"""From one task definition with all its needs to the file of its roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.need import Gap, Holder, Need, Reference
from cfnroles.options import RoleOptions
from cfnroles.targets.terraform.command_gate import askable
from cfnroles.targets.terraform.conditions import NeedConditions
from cfnroles.targets.terraform.file import Header, declared, file_of, holders_of
from cfnroles.targets.terraform.gate import Gate, GateForm, Unasked, gate_of
from cfnroles.targets.terraform.names import FileNames, stems
from cfnroles.targets.terraform.parts import LogGroups, Parts, Repeated
from cfnroles.targets.terraform.passed_roles import passing_on
from cfnroles.targets.terraform.permissions import named, packed
from cfnroles.targets.terraform.values import EnclosingModule, Unwritable, Values
from cfnroles.text import Text


class TerraformFile(Struct, frozen=True):
    """A file that is written.

    ``needs`` are the needs that its roles satisfy, ``gaps`` the permissions that they lack, and ``gate`` is what the
    gate checks. ``locals`` are the locals with the ARNs of the roles, as the task definition uses them. ``taken`` are
    the variables whose defaults decide part of the file. ``call`` is the module to which the roles are passed, if any.
    ``label`` is the name of the task definition for people.
    """

    path: str
    text: str
    needs: tuple[Need, ...] = ()
    gaps: tuple[Gap, ...] = ()
    gate: Gate = Gate()
    locals: Mapping[Holder, str] = field(default_factory=dict)
    given: tuple[GivenRole, ...] = ()
    taken: tuple[str, ...] = ()
    call: str = ""
    label: str = ""


class GivenRole(Struct, frozen=True):
    """What a task definition says about one of its roles: the argument, its place, and its expression if it has one."""

    holder: Holder
    argument: str
    place: str
    written: str = ""


class Subject(Struct, frozen=True):
    """A task definition whose roles are written.

    ``name`` begins the names of all blocks, and ``family`` those of the roles. ``label`` is the name for people.
    ``conditions`` are those that needs depend on. ``made`` are references to resources that are created next to it.
    ``region`` is the Region of its tasks, if known. ``for_tasks`` is as for ``Parts``.
    """

    name: str
    label: str
    family: Text
    discovery: Discovery
    facts: Facts
    header: Header
    options: Mapping[Holder, RoleOptions] = field(default_factory=dict)
    conditions: NeedConditions = NeedConditions()
    made: frozenset[Reference] = frozenset()
    repeated: Repeated = Repeated()
    provider: str = ""
    region: str = ""
    module: EnclosingModule = EnclosingModule()
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    secret_providers: Mapping[str, str] = field(default_factory=dict)
    apart_secrets: frozenset[str] = frozenset()
    own_region: str = ""
    given: tuple[GivenRole, ...] = ()
    log_groups: LogGroups = LogGroups()
    for_tasks: bool = True


class Place(Struct, frozen=True):
    """The place of a file: its path, the names declared next to it, and the stem of the file that it replaces."""

    path: str
    taken: frozenset[str] = frozenset()
    earlier: str = ""


def written_file(subject: Subject, place: Place, *, form: GateForm) -> TerraformFile:
    """Return the file of the roles, with names that nothing next to it has.

    Raise InvalidInput if a role would need more policies than IAM allows.
    """
    for stem in stems(subject.name, place.earlier):
        parts, needs, gaps = _parts(subject, FileNames(stem))
        gate = _gate(subject, parts, form)
        text, blocks = file_of(subject.header, parts, gate)
        if not declared(blocks) & place.taken:
            break
    instance = subject.repeated.instance
    locals_ = {holder: f"local.{parts.names.role_arn(holder)}{instance}" for holder in holders_of(parts)}
    gaps = (*subject.discovery.gaps, *gaps)
    return TerraformFile(place.path, text, needs, gaps, gate, locals_, subject.given, label=subject.label)


def _family(subject: Subject, values: Values) -> Text:
    """Return the beginning of the roles' names: the family, as far as an expression can name it."""
    try:
        values.of(subject.family)
    except Unwritable:
        return Text(subject.name)
    return subject.family


def _gate(subject: Subject, parts: Parts, form: GateForm) -> Gate:
    references, conditions = subject.discovery.references, subject.conditions
    match form:
        case GateForm.DATA:
            return gate_of(references, subject.made, subject.facts, conditions, parts.values, parts.repeated)
        case GateForm.CHECK:
            asked = tuple(askable(parts, references, conditions))
            known = {reference for reference, _ in asked}
            others = (each for each in references if each not in known)
            return Gate(commanded=asked, unasked=tuple((each, Unasked.UNNAMED) for each in others))
    return Gate()


def _parts(subject: Subject, names: FileNames) -> tuple[Parts, tuple[Need, ...], tuple[Gap, ...]]:
    values = Values(names, subject.module, subject.region)
    own = subject.conditions.with_images(subject.discovery.needs)
    asked, conditions = passing_on(subject.discovery.needs, own, names, subject.repeated)
    needs, gaps = named(asked, conditions, values)
    parts = Parts(
        subject.label,
        subject.header.document,
        _family(subject, values),
        names,
        values,
        packed(needs),
        versions=subject.versions,
        secret_providers=subject.secret_providers,
        apart_secrets=subject.apart_secrets,
        own_region=subject.own_region,
        options=subject.options,
        repeated=subject.repeated.named(names.under("instances")),
        provider=subject.provider,
        key_arns=subject.facts.kms_key_arns,
        log_groups=subject.log_groups,
        for_tasks=subject.for_tasks,
    )
    return parts, needs, gaps
