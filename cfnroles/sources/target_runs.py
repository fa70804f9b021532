"""The task definitions of a template with each target that runs them: a run of the task, with its role.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.need import Gap, Holder
from cfnroles.placeholders import as_symbols, unresolved
from cfnroles.sources.pipe_sources import encrypted, encrypted_queue, read_by
from cfnroles.sources.template_members import Turned
from cfnroles.sources.template_shapes import shaped
from cfnroles.sources.template_targets import RUNNERS, Target, names_task, targets_of
from cfnroles.sources.template_task_definitions import TemplateTask
from cfnroles.sources.template_task_types import names_of
from cfnroles.sources.unknown_members import members_beside
from cfnroles.symbols import Attribute
from cfnroles.table.ecs.run_task import OVERRIDABLE
from cfnroles.template.template import ResolvedStack
from cfnroles.text import Text, arn_of
from cfnroles.workload import Workload

_ROLE = "AWS::IAM::Role"
#: How to find what a run overrides, by runner.
_HOW_TO_SEE = {
    Holder.STATE_MACHINE: "Write the value in the state, or check yourself that it names no role and no file",
    Holder.PIPE: "Write the value in the target, or check yourself that it names no role and no file",
}
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
_KEY = "Allow the role kms:Decrypt on the key, and to send to a queue or topic also kms:GenerateDataKey"
_IN_INPUT = "Write the overrides as a JSON string in `{}`, or check yourself that they name no role and no file"


def beside_targets(task: TemplateTask, stack: ResolvedStack) -> tuple[TemplateTask, ...]:
    """Return the task definition with each target of the stack that runs it."""
    return tuple(_beside(task, each, stack) for each in _read(stack) if names_task(each, task.resource))


def _read(stack: ResolvedStack) -> tuple[Target, ...]:
    """Return the readable targets of a stack, for all of its task definitions."""
    if _read not in stack.known:
        found = (target for each in stack.of_type(*RUNNERS) for target in targets_of(each) if target.is_read)
        stack.known[_read] = tuple(found)
    targets: tuple[Target, ...] = stack.known[_read]
    return targets


def hidden_gaps(workload: Workload, input_: str = "Input") -> Iterator[Gap]:
    """Yield gaps for unreadable parts of a run. ``input_`` is the name of the target's input."""
    run = workload.tree.get("runBy")
    for member, said in run.items() if isinstance(run, Mapping) else ():
        holder = next(runner.holder for runner in RUNNERS.values() if runner.member == member)
        for name in said.get("hidden", ()):
            what = f"cannot see what {name} overrides in the task definition"
            how = _HOW_TO_SEE.get(holder, _IN_INPUT.format(input_))
            yield Gap(holder, "hidden-overrides", workload.origin(("runTask", "overrides")), what, how)
        for name in said.get("encrypted", ()):
            what = f"a key of AWS KMS encrypts {name}, so the {holder} also needs permissions on that key"
            yield Gap(holder, "key-of-runner", workload.origin(("runBy", member)), what, _KEY)


def _beside(task: TemplateTask, target: Target, stack: ResolvedStack) -> TemplateTask:
    resource, member = target.resource, target.runner.member
    sources, unseen = dict(task.sources), list(task.unseen)
    turned = Turned(resource, stack, sources, unseen)
    run = turned.structure(target.given, members_beside("runTask"), ("runTask",), target.steps)
    overrides = _texts(target.overrides, stack)
    sources[("runTask",)] = resource.source(*target.steps)
    sources[("runTask", "overrides")] = resource.source(*target.overriding)
    sources[("runBy", member)] = resource.source(*target.named)
    if overrides:
        run["overrides"] = overrides
    by = {
        "taskDefinition": shaped(names_of(task.resource.logical_id)[0], stack),
        **_cluster(target, stack),
        "tags": has_tags(target, run),
        "roles": _roles(task.workload.tree, stack),
        "rolesInstead": _roles(overrides, stack),
        "hidden": target.hidden,
        "sync": target.waits,
        **_dead_letters(target, stack),
        **(read_by(resource, stack) if target.runner.holder is Holder.PIPE else {}),
        "encrypted": _encrypted(target, stack),
    }
    tree = _with_run(task, run)
    document = task.workload.document
    settings = {**task.workload.settings, "runTask": document, "runBy": document}
    workload = replace(task.workload, tree={**tree, "runBy": {member: by}}, settings=settings)
    return TemplateTask(task.resource, workload, sources, tuple(unseen))


def _with_run(task: TemplateTask, run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the tree of a task with a run of it, with placeholders as symbols. Without any, they are independent."""
    if task.settled is None or unresolved({"runTask": run}):
        return as_symbols({**task.workload.tree, "runTask": run})
    return {**task.settled, **as_symbols({"runTask": run})}


def _cluster(target: Target, stack: ResolvedStack) -> Mapping[str, Text]:
    """Return the cluster by ARN; a state machine may have its name.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    """
    cluster = shaped(target.cluster, stack)
    symbol = cluster.whole
    by_name = target.runner.holder is Holder.STATE_MACHINE and arn_of(cluster) is None
    called = symbol is not None and symbol.name.lower().endswith("arn")
    return {"cluster" if by_name and not called else "clusterArn": cluster}


def _texts(value: Any, stack: ResolvedStack) -> Any:
    if isinstance(value, dict):
        return {name: _texts(each, stack) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_texts(each, stack) for each in value]
    if isinstance(value, str) and "${" in value:
        text = shaped(value, stack)
        return text if text.symbols else text.plain
    return value


def has_tags(target: Target, run: Mapping[str, Any]) -> bool:
    """Return whether the task gets tags when it is run.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
    """
    propagated = run.get("propagateTags", "NONE") != "NONE"
    return bool(target.tags) or propagated or run.get("enableECSManagedTags") not in (None, False, "false")


def _roles(tree: Mapping[str, Any], stack: ResolvedStack) -> list[Text]:
    """Return the roles of a task definition, or those with which a target overrides them."""
    given = (tree.get(member) for member in OVERRIDABLE.values())
    roles = (_arn(text, stack) for text in given if isinstance(text, str) and text)
    return list(dict.fromkeys(roles))


def _arn(role: str, stack: ResolvedStack) -> Text:
    text = role if isinstance(role, Text) else Text(role)
    own = stack.resources.get(text.whole.name) if text.whole is not None else None
    if "/" not in text and own is None:
        # CloudFormation's reference to a role may be its name in the template.
        own = next((each for each in stack.of_type(_ROLE) if each.properties.get("RoleName") == text), None)
    return Text(Attribute(f"{own.logical_id}.Arn", type=_ROLE)) if own is not None and own.type == _ROLE else text


def _encrypted(target: Target, stack: ResolvedStack) -> tuple[str, ...]:
    """Return the logical IDs of what the role of a target reads or sends to, if a key encrypts it."""
    if target.runner.holder is Holder.PIPE:
        return encrypted(target.resource, stack)
    name = encrypted_queue(target.queue, stack) if target.runner.holder is Holder.SCHEDULER else ""
    return (name,) if name else ()


def _dead_letters(target: Target, stack: ResolvedStack) -> Mapping[str, Text]:
    """Return the dead-letter queue of a schedule's role. For a rule, EventBridge uses the queue's policy.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    is_schedule = target.runner.holder is Holder.SCHEDULER
    return {"deadLetterQueue": shaped(target.queue, stack)} if is_schedule and isinstance(target.queue, str) else {}
