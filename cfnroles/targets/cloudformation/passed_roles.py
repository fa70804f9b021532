"""Roles that stay, run tasks, and must pass roles that are new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from cfnroles.need import Gap, Holder, Need
from cfnroles.sources.reading import Reading
from cfnroles.sources.role_places import TARGETS, RolePlace, is_for
from cfnroles.sources.template_targets import RUNNERS, RUNNING
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.table.ecs.run_by import OF_THE_TASK
from cfnroles.targets.cloudformation.template_roles import Added

#: The runners whose roles are created if none is named.
_MADE = frozenset(RUNNERS[kind].holder for kind in TARGETS)


def gaps_of_passing(
    tasks: Iterable[TaskInWorlds], places: Iterable[RolePlace], added: Added, after: Callable[[], Reading]
) -> Iterator[Gap]:
    """Yield a gap for each role that stays and may not be able to pass the roles that a task definition gets.

    ``places`` are all places of these tasks, and ``after`` is the reading of the template with the additions.
    EventBridge does not run a task whose roles it may not pass, and reports no error to the caller:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
    """
    new = [place for place in places if place.path in added.roles]
    given = {place.task for place in new if place.is_own}
    asked = [task.logical_id for task in tasks if task.logical_id in given and _is_run_by_others(task, new)]
    if not asked:
        return
    reading = after()
    for task in asked:
        for (resource, holder), need in _not_passed(task, reading).items():
            what = f"the {holder} of {resource} stays, and must be able to pass the roles that {task} gets"
            another = ", or remove its RoleArn to get another role" if holder in _MADE else ""
            how = f"Grant it iam:PassRole on them{another}"
            yield Gap(holder, "hidden-resource", need.origin, what, how)


def _is_run_by_others(task: TaskInWorlds, new: Iterable[RolePlace]) -> bool:
    """Whether a role runs a task definition that is not among the new ones."""
    places, tree = tuple(new), task.worlds.template.tree
    passing = (need for need in task.needs if need.holder in RUNNING)
    return any(not any(is_for(place, need, tree) for place in places) for need in passing)


def _not_passed(task: str, after: Reading) -> Mapping[tuple[str, Holder], Need]:
    """Return the roles that may not be able to pass a role of a task definition, with the first need of that role."""
    from cfnroles.answers.verification import Outcome
    from cfnroles.answers.verify_template import Question, verify_template

    found: dict[tuple[str, Holder], Need] = {}
    for each in verify_template(after, Question(resource=task)):
        # A runner without a role is reported separately.
        for judged in each.judged if each.absence is None or each.absence.named else ():
            if judged.need.sid == OF_THE_TASK and judged.outcome is not Outcome.ALLOWED:
                found.setdefault((str(judged.need.origin.path[1]), each.holder), judged.need)
    return found
