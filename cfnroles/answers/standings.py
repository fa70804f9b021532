"""What the roles of a template's task definitions come to, beside what they came to in another version of it.

A change can touch no role and still leave a task definition without what it needs: another secret, another image,
another role in the place of the one that had the permissions.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.verification import Ground, Outcome, Verdict, Verification
from cfnroles.errors import InvalidInput
from cfnroles.need import Holder, Origin
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_definitions import TASKS
from cfnroles.sources.template_tasks import defined


class Lack(Struct, frozen=True, order=True):
    """One permission that a task definition needs and its role does not allow, and on which conditions it needs it."""

    action: str
    resource: str
    when: str = ""


class Standing(Struct, frozen=True):
    """What one role of one task definition comes to: as `verify` judges it, and what is lacking."""

    verdict: Verdict
    grounds: tuple[Ground, ...]
    lacks: frozenset[Lack] = frozenset()


#: A task definition by its logical id, and which of its roles.
Who = tuple[str, Holder]


class Standings(Struct, frozen=True):
    """Those of all task definitions of one version; ``unjudged`` is why there are none although there are tasks.

    ``elsewhere`` are the roles that the template names and does not have.
    """

    document: str = ""
    found: Mapping[Who, Standing] = {}
    unjudged: str = ""
    elsewhere: frozenset[Who] = frozenset()


NO_STANDINGS = Standings()


class VerdictChange(Struct, frozen=True):
    """A role of a task definition that comes to something else; ``None`` where there is no such task definition."""

    task: str
    holder: Holder
    origin: Origin
    before: Standing | None
    after: Standing | None

    @property
    def now_lacks(self) -> tuple[Lack, ...]:
        """What is lacking and was not before."""
        return _more(self.before, self.after)

    @property
    def no_longer_lacks(self) -> tuple[Lack, ...]:
        """What was lacking, and is allowed or not needed any more."""
        return _more(self.after, self.before) if self.after else ()


def standings(reading: Reading) -> Standings:
    """What `verify` says of each task definition of a template; nothing of what is not a template or has none."""
    template = reading.template
    if template is None or not defined(template, TASKS):
        return NO_STANDINGS
    # What compares deployed roles loads this module, and judges nothing.
    from cfnroles.answers.verify_template import verify_template

    # A version may have parameters that the other does not: both are told of all.
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
            # A task definition has one role in some worlds and another one in the rest.
            found[task, each.holder] = _together(found.get((task, each.holder)), _standing(each))
    return Standings(reading.name, found, elsewhere=frozenset(elsewhere))


def verdict_changes(old: Standings, new: Standings) -> tuple[VerdictChange, ...]:
    """Every role of a task definition that comes to something else, in the order of the new version.

    Nothing is said where one of the two was not judged.
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
