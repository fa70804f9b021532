"""Write a file as the one comment of cfnroles on a pull request, or replace the last one.

action.yml runs it isolated, with only Python's own library. A failure here is printed and does not fail the job.

https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MARKER = "<!-- cfnroles: permissions -->"
#: What GitHub takes in one comment: https://github.com/orgs/community/discussions/27190
MOST = 65_536
CUT = "\n\nThe rest does not fit in a comment. The job summary has all of it."
SECONDS = 30


class _Refused(Exception):
    """GitHub's answer is none of success; its only argument is the status."""


def main() -> None:
    """Comment, or say why that was not possible."""
    body = comment_of(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        write(body, changed=sys.argv[2] == "changed")
    except _Refused as error:
        remedy = "The job needs `permissions: pull-requests: write`, which a pull request from a fork cannot have."
        warn(f"GitHub answers {error}. {remedy if error.args[0] in (401, 403, 404) else ''}".strip())
    except (OSError, ValueError, http.client.HTTPException) as error:
        warn(f"{type(error).__name__}.")


def comment_of(text: str) -> str:
    """The comment with this text, cut at the end of a line where it is too long."""
    whole = f"{MARKER}\n{text}"
    if len(whole) <= MOST:
        return whole
    return whole[: MOST - len(CUT)].rpartition("\n")[0] + CUT


def write(body: str, *, changed: bool) -> None:
    """Replace our comment, or add one where there is something to say."""
    about = f"repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    ours = next((each for each in _comments(f"{about}/{os.environ['NUMBER']}/comments") if is_ours(each)), None)
    if ours is not None:
        _ask("PATCH", f"{about}/comments/{int(ours['id'])}", {"body": body})
    elif changed:
        _ask("POST", f"{about}/{os.environ['NUMBER']}/comments", {"body": body})


def is_ours(comment: dict[str, Any]) -> bool:
    """Whether a program wrote it with our marker: what a person writes is never overwritten."""
    return str(comment["body"] or "").startswith(MARKER) and comment["user"]["type"] == "Bot"


def warn(why: str) -> None:
    """A warning in the log of the job, in words of our own alone."""
    sys.stdout.write(f"::warning title=cfnroles::Cannot write the comment: {why}\n")


def _comments(path: str) -> Iterator[dict[str, Any]]:
    for number in range(1, 101):
        found = _ask("GET", f"{path}?per_page=100&page={number}")
        yield from found
        if len(found) < 100:
            return


def _ask(method: str, path: str, body: object = None) -> Any:
    # No redirection is followed: a token goes to the host that it is for, and to no other that this one names.
    home = urlsplit(os.environ["GITHUB_API_URL"])
    kind = http.client.HTTPConnection if home.scheme == "http" else http.client.HTTPSConnection
    connection = kind(home.netloc, timeout=SECONDS)
    try:
        connection.request(
            method,
            f"{home.path}/{path}",
            body=None if body is None else json.dumps(body),
            headers={
                "Authorization": f"Bearer {os.environ['TOKEN']}",
                "Accept": "application/vnd.github+json",
                "User-Agent": "cfnroles",
            },
        )
        answer = connection.getresponse()
        if not 200 <= answer.status < 300:
            raise _Refused(answer.status)
        return json.load(answer)
    finally:
        connection.close()


if __name__ == "__main__":
    main()
