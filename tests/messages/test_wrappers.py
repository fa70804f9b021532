"""Tools, consoles and people put things around a message, and none of them changes what it says."""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cfnroles.messages.collecting import collected

#: A word alone is a code in a response of AWS, and JSON already is a response: nothing wraps these.
ROWS = [
    row[3].replace("\\n", "\n")
    for line in (Path(__file__).parent / "shapes.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    if not re.fullmatch(r"(?:TaskFailedToStart: )?[A-Z]+|\{.*", (row := line.split(" | ", 3))[3])
]


def _json(text: str) -> str:
    return json.dumps({"tasks": [{"lastStatus": "STOPPED", "stoppedReason": text}]}, indent=4)


def _broken(text: str, width: int, margin: str = "") -> str:
    return "\n".join(f"{margin}{text[at : at + width]}" for at in range(0, len(text), width))


def _words(text: str, width: int, margin: str = "") -> str:
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False, subsequent_indent=margin)
    return "\n".join(lines)


def _each_line(before: str) -> Callable[[str], str]:
    return lambda text: "\n".join(f"{before}{line}" for line in text.split("\n"))


WRAPPERS: Mapping[str, Callable[[str], str]] = {
    "a box of Terraform": lambda text: (
        f"╷\n{_each_line('│ ')(f'Error: {text}')}\n│ \n│   with aws_ecs_service.shop,\n│   on main.tf line 3\n╵"
    ),
    "an old Terraform": lambda text: f"Error applying plan:\n\n1 error(s) occurred:\n\n* aws_ecs_service.shop: {text}",
    "CloudFormation": lambda text: (
        f'Resource handler returned message: "{text}" (RequestToken: 1111-2222, HandlerErrorCode: Unknown)'
    ),
    "an event of the CDK": lambda text: f"3:45:01 PM | CREATE_FAILED        | AWS::ECS::Service | Shop9571FDD8\n{text}",
    "the end of the CDK": lambda text: (
        f"❌  Shop failed: Error: The stack named Shop: UPDATE_ROLLBACK_COMPLETE: {text}"
    ),
    "Copilot": lambda text: text if "\n" in text else _broken(text, 70, "    "),
    "Pulumi": lambda text: (
        f"error: 1 error occurred:\n    \t* creating urn:pulumi:dev::shop: 1 error occurred:\n\t* {text}"
    ),
    "GitHub Actions": lambda text: f"2026-01-15T10:00:00.1234567Z ##[error]{text}",
    "a failed build": lambda text: f"Error: {text}\nError: Process completed with exit code 1.",
    "make": lambda text: f"{text}\nmake: *** [deploy] Error 1",
    "an answer as JSON": _json,
    "a line of JSON": lambda text: f'            "stoppedReason": {json.dumps(text)},',
    "JSON in JSON": lambda text: json.dumps({"message": json.dumps({"detail": {"stoppedReason": text}})}),
    "a log of the agent": lambda text: f"2026-01-15T10:00:00Z [ERROR] Task engine: {text}",
    "logfmt": lambda text: f'level=error time=2026-01-15T10:00:00Z msg="Error" error="{json.dumps(text)[1:-1]}"',
    "syslog": lambda text: f"Jan 15 10:00:00 ip-10-0-0-1 dockerd[1869]: {text}",
    "Docker Compose": _each_line("web-1  | "),
    "colours": lambda text: " ".join(f"\x1b[1;31m{word}\x1b[0m" for word in text.split(" ")),
    "a fence": lambda text: f"```shell\n$ aws ecs describe-tasks\n{text}\n```",
    "a quotation": _each_line("> "),
    "bold": lambda text: f"**{text}**",
    "code": lambda text: f"`{text}`",
    "typographic quotes": lambda text: text.replace("'", "’").replace('"', "”"),
    "HTML": html.escape,
    "a terminal": lambda text: text if "\n" in text else _broken(text, 80),
    "an editor": lambda text: _words(text, 60, "   "),
    "the console": lambda text: f"Stopped reason\t{text}",
    "a question": lambda text: f"Hi all, since yesterday my task does not start, it says: {text}\nAny idea?",
    "Python": lambda text: (
        f'Traceback (most recent call last):\n  File "/app/deploy.py", line 8, in main\nError: {text}'
    ),
    "Java": lambda text: f"java.lang.IllegalStateException: {text}\n\tat com.example.Deploy.run(Deploy.java:125)",
    "Windows": lambda text: text.replace("\n", "\r\n") + "\r\n",
    "another event": lambda text: f"{text}\n\nservice shop has reached a steady state.",
}
#: Each wrapper is put around every so many messages, another one each: the run stays short.
_EVERY = 8


def _told(text: str) -> tuple[object, ...]:
    first = next((each.understood for each in collected(text).heard), None)
    return (first.category, first.action, first.patchable, first.denials) if first else ()


@pytest.mark.parametrize(("at", "wrapper"), list(enumerate(WRAPPERS.values())), ids=WRAPPERS)
def test_what_stands_around_a_message_changes_nothing(at: int, wrapper: Callable[[str], str]) -> None:
    for text in ROWS[at % _EVERY :: _EVERY]:
        assert _told(wrapper(text)) == _told(text), text


#: A text that is cut off, and one that is complete.
CUT = "ResourceInitializationError: unable to pull secrets or registry auth: service call has been retried 1 time..."
WHOLE = "CannotStartContainerError: OCI runtime create failed: unable to apply cgroup configuration"


@pytest.mark.parametrize("around", ['"{}"', '"{}",', "`{}`", '("{}")', '{{"reason": "{}"}}', "(error {})."])
def test_what_closes_a_quotation_neither_hides_a_cut_nor_is_one(around: str) -> None:
    for text in (CUT, WHOLE):
        (heard,) = collected(around.format(text)).heard
        assert heard.understood.cut == (text == CUT)
        assert heard.understood.name == ("cut" if text == CUT else "container-not-started")
