"""The table of messages as a page: ``python -m cfnroles.formats.messages_page docs/messages.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from cfnroles.messages.understanding import refusal_name
from cfnroles.table.message import PolicyKind, Refusal, Stage, Symptom
from cfnroles.table.messages import REFUSALS, STAGES, SYMPTOMS

_HEAD = """\
# Error messages of Amazon ECS

<!-- Written by `python -m cfnroles.formats.messages_page docs/messages.md` from cfnroles/table/messages. -->

What the messages of stopped tasks, service events, agents and IAM mean, how to confirm the cause, and what to do.
`cfnroles diagnose` reads a message as you have it: cut, wrapped, escaped, or inside the output of `aws ecs
describe-tasks`. Names, accounts and ids in the examples are made up. Words in capitals in a command are placeholders:
`cfnroles diagnose` replaces those that the message and `--source` name.

A statement in the role's own policy fixes one kind of denied call only. If a message has several causes, the most
likely comes first, each with the check that confirms it.
"""


def messages_page() -> str:
    """Return the page: denied calls by kind, then every message, then the stages before a cause."""
    lines = [_HEAD, "## Denied calls", ""]
    lines += [line for row in REFUSALS for line in _refusal(row)]
    lines += ["## Messages", ""]
    lines += [line for row in SYMPTOMS for line in _symptom(row)]
    lines += ["## What Amazon ECS was doing", "", "The first part of a message, which shows who made the call.", ""]
    lines += [line for row in STAGES for line in _stage(row)]
    return "\n".join(lines).rstrip() + "\n"


def _heading(example: str) -> str:
    return f"### `{example.replace('`', chr(39))}`"


def _check(check: str) -> str:
    return f"`{check}`" if check.startswith(("aws ", "cfnroles ", "docker ")) else check


def _refusal(row: Refusal) -> Iterator[str]:
    yield from (_heading(row.example), "")
    yield f"`{refusal_name(row.kind)}`: {row.what}. With an explicit deny: {row.explicit}."
    yield from ("", f"- Confirm: {_check(row.sure)}", f"- Fix: {_check(row.remedy)}.{_help(row)}")
    yield from (f"- [AWS]({row.source})", "")


def _help(row: Refusal) -> str:
    """Return when a statement in the role helps, where the fix does not say it."""
    only = row.kind is PolicyKind.UNSTATED
    return " A statement in the role helps only if no policy of the role allows the call." if only else ""


def _symptom(row: Symptom) -> Iterator[str]:
    yield from (_heading(row.example), "")
    yield f"`{row.name}`, {row.category}: {row.what}."
    yield ""
    for number, cause in enumerate(row.causes, 1):
        yield f"{number}. {cause.what}. Confirm: {_check(cause.check)}. Fix: {_check(cause.remedy)}."
    if row.causes:
        yield ""
    else:
        yield from (f"- Confirm: {_check(row.sure)}", f"- Fix: {_check(row.remedy)}.")
    if row.fields:
        yield f"- Fields: {', '.join(f'`{field}`' for field in row.fields)}"
    yield from (f"- [AWS]({row.source})", "")


def _stage(row: Stage) -> Iterator[str]:
    yield from (_heading(row.example), "")
    call = f", by `{row.action}`" if row.action else ""
    yield f"`{row.name}`: Amazon ECS was {row.doing}{call}. Caller: {row.caller}."
    yield ""
    if row.fields:
        yield f"- Fields: {', '.join(f'`{field}`' for field in row.fields)}"
    yield from (f"- [AWS]({row.source})", "")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(messages_page(), encoding="utf-8")
