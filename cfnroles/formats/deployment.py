"""Events, results and failures of a deployment as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cfnroles.aws.stack import Event, StackDescription
from cfnroles.counted import counted
from cfnroles.deploy.deleting import Deletion
from cfnroles.deploy.failures import Failure
from cfnroles.deploy.plan import GATE, Note
from cfnroles.deploy.result import Result, StackOutcome
from cfnroles.deploy.statuses import MISSING, status_of
from cfnroles.formats.deployment_plan import SCHEMA
from cfnroles.layout import aligned
from cfnroles.page import Page, json_page, page, quoted, verbatim


def event_line(told: Event | Note) -> str:
    """Return one line for an event or a note, for output that is not a terminal."""
    if isinstance(told, Note):
        return f"{told.stack}: {told.text}"
    clock = f"{told.time:%H:%M:%S}  " if told.time else ""
    reason = f"  {first_line(told.reason)}" if told.reason and told.failed else ""
    return f"{clock}{told.stack}  {told.status}  {told.resource} ({told.type}){reason}"


def first_line(reason: str) -> str:
    """Return the beginning of a reason; all of it is printed at the end."""
    lines = reason.strip().splitlines() or [""]
    return lines[0] + (" ..." if len(lines) > 1 else "")


def result_text(result: Result) -> Page:
    """Return what was done, one line for each stack. ``failure_text`` has the failures."""
    rows, kept = [], []
    for stack in result.stacks:
        outcome = stack.outcome.value
        if stack.secrets and stack.outcome is StackOutcome.CHECKED:
            outcome = f"{counted(stack.secrets, 'reference')} checked again"
        elif stack.secrets:
            outcome += f", {counted(stack.secrets, 'reference')} checked"
        elif stack.secrets is None:
            outcome += "; what its gate checked is unknown: the template has no output of the attribute Checked"
        took = f" in {stack.seconds:.1f} s" if stack.seconds >= 0.05 else ""
        timeless = {StackOutcome.FAILED, StackOutcome.NOT_REACHED, StackOutcome.UNCHANGED}
        detail = "" if stack.outcome in timeless else took
        rows.append((stack.stack, f"{outcome}{detail}"))
        kept.append([f"  kept: {resource}" for resource in stack.retained])
    return page(line for row, also in zip(aligned(rows), kept, strict=True) for line in (row, *also))


def failure_text(failures: Iterable[Failure], deployed: Sequence[str] = ()) -> Page:
    """Return the failures, the cause first, then the state of the stacks and the remedy."""
    lines: list[str] = []
    for failure in failures:
        lines += failure.lines
        lines += [f"also: {other}" for other in failure.others]
        lines.append("")
        lines.append(_stands(failure))
        if failure.remedy:
            lines.append(failure.remedy)
    if deployed:
        lines.append(f"Still deployed: {', '.join(deployed)}.")
    return page(lines)


def _stands(failure: Failure) -> str:
    resource = f" at {failure.resource} ({failure.type})" if failure.resource else ""
    stood = f"; the stack is {failure.status}" if failure.status else ""
    meaning = status_of(failure.status).meaning if failure.status else ""
    what = "was refused by the gate" if failure.type == GATE else "failed"
    return f"{failure.stack} {what}{resource}{stood}{f' ({meaning})' if meaning else ''}."


def outputs_text(outputs: Sequence[tuple[str, tuple[tuple[str, str], ...]]]) -> Page:
    """Return the outputs of stacks as text."""
    return page(f"{stack}.{name} = {value}" for stack, pairs in outputs for name, value in pairs)


def outputs_json(outputs: Sequence[tuple[str, tuple[tuple[str, str], ...]]]) -> Page:
    """Return the outputs of stacks as JSON."""
    return json_page({"schema": SCHEMA, "stacks": {stack: dict(pairs) for stack, pairs in outputs}})


def statuses_text(stacks: Sequence[tuple[str, StackDescription | None]]) -> Page:
    """Return the status of stacks, one line each, with the full reason below."""
    rows = aligned((name, f"{status}: {status_of(status).meaning}") for name, status in map(_status, stacks))
    return page(
        line
        for row, (_, stack) in zip(rows, stacks, strict=True)
        for line in (
            row,
            *(f"    {reason}" for reason in (stack.reason if stack else "").splitlines() if reason.strip()),
        )
    )


def _status(named: tuple[str, StackDescription | None]) -> tuple[str, str]:
    name, stack = named
    return name, stack.status if stack else MISSING


def deletion_text(deletion: Deletion) -> Page:
    """Return what will be deleted, in order, and what is retained."""
    lines = []
    for step in deletion.stacks:
        if step.stack is None:
            lines.append(f"{step.source.name}  does not exist")
            continue
        notes = f"; {', '.join(step.notes)}" if step.notes else ""
        lines.append(f"{step.source.name}  delete ({step.stack.status}{notes})")
        lines += [f"  keeps {resource}" for resource in step.retained]
    return page(lines)


def outputs_env(outputs: Sequence[tuple[str, tuple[tuple[str, str], ...]]]) -> Page:
    """Return the outputs of stacks as lines for a shell: ``SHOP_ROLES_EXECUTION_ROLE_ARN=...``."""
    lines = (
        f"{_variable(stack)}_{_variable(name)}={quoted(value)}" for stack, pairs in outputs for name, value in pairs
    )
    return verbatim(page(lines))


def _variable(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper()


def statuses_json(stacks: Sequence[tuple[str, StackDescription | None]]) -> Page:
    """Return the status of stacks as JSON."""
    return json_page(
        {
            "schema": SCHEMA,
            "stacks": [
                {
                    "name": name,
                    "status": stack.status if stack else MISSING,
                    "meaning": status_of(stack.status if stack else MISSING).meaning,
                    "reason": stack.reason if stack else "",
                    "updated": stack.updated.isoformat() if stack and stack.updated else None,
                    "terminationProtection": bool(stack and stack.termination_protection),
                }
                for name, stack in stacks
            ],
        }
    )
