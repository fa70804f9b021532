"""The verdicts on a template's roles, compared with those on another version.

A change can leave all roles unchanged and still deprive a task definition of what it needs: by another secret, another
image, or another role in place of the one with the permissions.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.verification import Ground, Outcome, Verdict, Verification
from cfnroles.errors import InvalidInput
from cfnroles.need import Holder, Origin
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_types import TASKS
from cfnroles.sources.template_tasks import defined


class Lack(Struct, frozen=True, order=True):
    """One permission that a task definition needs and its role does not allow, with its conditions."""

    action: str
    resource: str
    when: str = ""


class Standing(Struct, frozen=True):
    """The verdict on one role of one task definition, as in `verify`, and what it lacks."""

    verdict: Verdict
    grounds: tuple[Ground, ...]
    lacks: frozenset[Lack] = frozenset()


#: A task definition by logical ID, and one of its roles.
Who = tuple[str, Holder]


class Standings(Struct, frozen=True):
    """The verdicts of one version. ``unjudged`` says why there are none although there are tasks.

    ``elsewhere`` are the roles that the template names and does not contain.
    """

    document: str = ""
    found: Mapping[Who, Standing] = {}
    unjudged: str = ""
    elsewhere: frozenset[Who] = frozenset()


NO_STANDINGS = Standings()


class VerdictChange(Struct, frozen=True):
    """A role of a task definition whose verdict changed; ``None`` if there is no such task definition."""

    task: str
    holder: Holder
    origin: Origin
    before: Standing | None
    after: Standing | None

    @property
    def now_lacks(self) -> tuple[Lack, ...]:
        """What it lacks and did not lack before."""
        return _more(self.before, self.after)

    @property
    def no_longer_lacks(self) -> tuple[Lack, ...]:
        """What it lacked, and now has or no longer needs."""
        return _more(self.after, self.before) if self.after else ()


def standings(reading: Reading) -> Standings:
    """Return the verdicts of `verify` on a template's task definitions; empty if there are none."""
    template = reading.template
    if template is None or not defined(template, TASKS):
        return NO_STANDINGS
    # Comparisons of deployed roles import this module without judging.
    from cfnroles.answers.verify_template import verify_template

    # A version may lack parameters of the other: both get all of them.
    values = {name: value for name, value in reading.told.parameters.items() if name in template.settable}
    try:
        verifications = verify_template(replace(reading, told=replace(reading.told, parameters=values)))
    except InvalidInput as error:
        return Standings(reading.name, unjudged=error.what)
    found: dict[Who, Standing] = {}
    elsewhere: set[Who] = set()
    for each in verifications:
        for task in each.use.tasks if each.use else ():
            if each.absence and each.absence.named:
                elsewhere.add((task, each.holder))
            # A task definition may have different roles in different worlds.
            found[task, each.holder] = _together(found.get((task, each.holder)), _standing(each))
    return Standings(reading.name, found, elsewhere=frozenset(elsewhere))


def verdict_changes(old: Standings, new: Standings) -> tuple[VerdictChange, ...]:
    """Return every role of a task definition whose verdict changed, in the order of the new version.

    Empty if one of the versions was not judged.
    """
    if old.unjudged or new.unjudged:
        return ()
    return tuple(
        VerdictChange(task, holder, Origin(side.document, ("Resources", task)), before, after)
        for task, holder in dict.fromkeys((*new.found, *old.found))
        for before, after in [(old.found.get((task, holder)), new.found.get((task, holder)))]
        for side in [new if after else old]
        if before != after
    )


def _standing(found: Verification) -> Standing:
    with_role = found.use.when if found.use else ""
    lacks = (
        Lack(
            each.need.permission.action,
            str(each.need.permission.resource),
            " and ".join(filter(None, (with_role, found.when(each)))),
        )
        for each in found.judged
        if each.outcome in (Outcome.MISSING, Outcome.DENIED)
    )
    return Standing(found.verdict, found.grounds, frozenset(lacks))


def _together(one: Standing | None, other: Standing) -> Standing:
    if one is None:
        return other
    grounds = {*one.grounds, *other.grounds}
    worst = max(one.verdict, other.verdict, key=(Verdict.PASS, Verdict.NOT_JUDGED, Verdict.FAIL).index)
    return Standing(worst, tuple(each for each in Ground if each in grounds), one.lacks | other.lacks)


def _more(one: Standing | None, other: Standing | None) -> tuple[Lack, ...]:
    before, after = (each.lacks if each else frozenset[Lack]() for each in (one, other))
    return tuple(sorted(after - before))
