"""Whether task definitions may be deployed, given their roles in IAM and their secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.check import CheckedReference, Usable, at_home, check, left_open
from cfnroles.answers.check_template import template_references
from cfnroles.answers.template_tasks import known_of
from cfnroles.answers.verification import THE_INSTANCE, Judged, Outcome, Verification, trust_outcome
from cfnroles.answers.verify_template import Question, verify_template
from cfnroles.aws.secret_validator import Examined
from cfnroles.errors import InvalidInput
from cfnroles.iam.roles import Role
from cfnroles.need import Gap, Reference
from cfnroles.sources.reading import Reading
from cfnroles.sources.role_places import ROLE_PROPERTIES

_BAD = frozenset({Outcome.MISSING, Outcome.DENIED})


class Account(Struct, frozen=True):
    """Access to an account.

    ``role`` returns the role of a name or ARN, ``None`` if it does not exist. ``examine`` checks references, and
    ``keys`` returns their customer managed keys by the string that ECS reads.
    """

    role: Callable[[str], Role | None]
    examine: Callable[[Sequence[Reference]], Sequence[Examined]]
    keys: Callable[[Sequence[str]], Mapping[str, str]]


class Lacking(Struct, frozen=True):
    """What a role certainly lacks: needs, and the trust of ECS. ``absent`` is true if it does not exist."""

    verification: Verification
    needs: tuple[Judged, ...]
    untrusting: bool = False
    absent: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is lacking."""
        return bool(self.needs or self.untrusting or self.absent)

    @property
    def unnamed(self) -> bool:
        """Whether the task definition names no role, which waiting does not fix."""
        absence = self.verification.absence
        return absence is not None and not absence.named


class Admission(Struct, frozen=True):
    """The problems of a deployment.

    ``lacking`` are roles with certain problems, ``doubts`` those with possible ones. ``bad`` are unusable references,
    ``unknown`` those that could not be checked. ``gaps`` are needs without a resource name, and unreadable parts that
    may contain references.
    """

    lacking: tuple[Lacking, ...] = ()
    bad: tuple[CheckedReference, ...] = ()
    doubts: tuple[Lacking, ...] = ()
    unknown: tuple[CheckedReference, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether there is a certain problem."""
        return bool(self.lacking or self.bad)

    @property
    def curable(self) -> bool:
        """Whether all problems are in IAM's answers about roles, which may be outdated."""
        return self.refused and not self.bad and not any(each.unnamed for each in self.lacking)

    @property
    def unjudged(self) -> bool:
        """Whether something could not be determined."""
        return bool(self.doubts or self.unknown or self.gaps)


def admission(reading: Reading, account: Account, resource: str = "", *, resolved: bool = False) -> Admission:
    """Return the problems of a template's task definitions, or of ``resource``.

    With ``resolved``, all values are known: what does not exist now is not created by the same deployment. Excess
    permissions are not a problem. Raise InvalidInput for what ECS would reject, and for a template without task
    definitions. Errors of access to the account propagate.
    """
    template = reading.template
    if template is None:
        raise InvalidInput(f"is {reading.noun}, not a CloudFormation template", where=reading.name)
    found = template_references(reading, template, resource)
    facts, _ = known_of(reading)
    placed = {each: each if each in found.made else at_home(each, facts) for each in found.references}
    asked = [one for each, one in placed.items() if each not in found.made and not left_open(one)]
    checked = check(placed.values(), account.examine(asked), (), {placed[each] for each in found.made})
    # The key of a secret that may not be read is unknown, and is reported as unknown.
    usable = [each.reference.value_from for each in checked.references if each.usable is Usable.YES]
    keys = account.keys(usable)
    told = replace(reading, told=replace(reading.told, kms_key_arns=tuple(dict.fromkeys(keys.values()))))
    absent: set[str] = set()
    question = Question(resource, aws_managed_keys=not keys, read=_reader(account, absent))
    verified = verify_template(told, question)
    own = _keys_by_place(placed.values(), keys)
    judging = _Judging(frozenset(absent), resolved, "Conditions" in template.tree)
    judged = [judging.both(_with_own_keys(each, own)) for each in verified]
    perhaps = {placed[each] for each in found.conditional}
    bad = tuple(each for each in checked.references if each.usable is Usable.NO and each.reference not in perhaps)
    gaps = (gap for each in verified for gap in each.gaps if gap.holder in ROLE_PROPERTIES)
    return Admission(
        tuple(certain for certain, _ in judged if certain),
        bad,
        tuple(doubt for _, doubt in judged if doubt),
        tuple(each for each in checked.references if each.usable in (Usable.NO, Usable.UNKNOWN) and each not in bad),
        tuple(dict.fromkeys((*gaps, *found.unseen))),
    )


def _reader(account: Account, absent: set[str]) -> Callable[[str], Role]:
    """Return a function that reads a role. A role that does not exist allows nothing and is added to ``absent``."""

    def read(named: str) -> Role:
        role = account.role(named)
        if role is None or (named.startswith("arn:") and role.arn != named):
            absent.add(named)
            return Role(named, ())
        return replace(role, name=role.arn)

    return read


_Place = tuple[str, tuple[str | int, ...]]


def _keys_by_place(references: Iterable[Reference], keys: Mapping[str, str]) -> Mapping[_Place, frozenset[str]]:
    """Return the keys of the references, by field."""
    places: dict[_Place, frozenset[str]] = {}
    for each in references:
        place = (each.origin.document, each.origin.path)
        places[place] = places.get(place, frozenset()) | ({keys[each.value_from]} if each.value_from in keys else set())
    return places


def _with_own_keys(each: Verification, keys: Mapping[_Place, frozenset[str]]) -> Verification:
    """Return the verification without needs for keys that encrypt something else than the reference."""

    def real(one: Judged) -> bool:
        permission, origin = one.need.permission, one.need.origin
        place = (origin.document, origin.path)
        return permission.action != "kms:Decrypt" or place not in keys or permission.resource in keys[place]

    return replace(each, judged=tuple(filter(real, each.judged)))


class _Judging(Struct, frozen=True):
    """Separates certain problems of a role from possible ones, by what is unknown."""

    absent: frozenset[str]
    resolved: bool
    conditions: bool

    def both(self, each: Verification) -> tuple[Lacking | None, Lacking | None]:
        """Return the certain and the possible problems."""
        gone = each.role.name in self.absent
        perhaps = bool(each.use and each.use.when) or (gone and not self.resolved)
        trust = Outcome.ALLOWED if each.trust is None else trust_outcome(each.trust)
        untrusting = trust in _BAD and not perhaps and not self.conditions
        bad = tuple(one for one in each.judged if one.outcome in _BAD and not perhaps and not each.when(one))
        # The role of the container instances can only be judged once a task runs on one.
        left = (one for one in each.judged if one.outcome is not Outcome.ALLOWED and one.keys != (THE_INSTANCE,))
        certain = Lacking(each, bad, untrusting, gone and not perhaps)
        doubt = Lacking(
            each, tuple(one for one in left if one not in bad), trust is not Outcome.ALLOWED and not untrusting
        )
        return certain if certain.any else None, doubt if doubt.any else None
