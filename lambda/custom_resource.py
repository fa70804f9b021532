"""The protocol of CloudFormation custom resources: one answer to every request, in time, and true.

It knows nothing of what is checked. The rules are those of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html. The address of the answer is
pre-signed, thus a credential: neither it, nor the event, nor the text of an exception that may quote it is logged.
"""

import hashlib
import json
import random
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

RESPONSE_BYTES = 4096
PUT_ATTEMPTS = 6
PUT_SECONDS = 5.0

T = TypeVar("T")


class Deadline:
    """A moment so many seconds from now; all that hurries for it reads the time and waits by its clock."""

    def __init__(self, seconds: float, clock: Any = time) -> None:
        self.clock = clock
        self.end: float = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then, never negative."""
        left: float = self.end - self.clock.monotonic()
        return max(0.0, left)


@dataclass(frozen=True, slots=True)
class Request:
    """What the work may know of a Create or Update: not the address of the answer."""

    properties: dict[str, Any]
    previous: dict[str, Any]
    deadline: Deadline
    function_arn: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A success with attributes for Fn::GetAtt, or a failure with its reason and details."""

    success: bool
    reason: str = ""
    details: tuple[str, ...] = ()
    data: dict[str, str] = field(default_factory=dict)


def log(level: str, message: str, **fields: object) -> None:
    """Write one line of JSON to the function's log."""
    sys.stdout.write(json.dumps({"level": level, "message": message, **fields}) + "\n")
    sys.stdout.flush()


def handle(event: Any, context: Any, work: Callable[[Request], Answer], clock: Any = time) -> None:
    """Answer Delete with success at once, Create and Update with what work says, all else with a failure.

    Raises ValueError if there is no address to answer to, and RuntimeError if it does not accept the answer, so
    that Lambda's asynchronous retry tries again.
    """
    url = event.get("ResponseURL") if isinstance(event, dict) else None
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise ValueError("the event has no ResponseURL: only CloudFormation can invoke this function")
    try:
        seconds = max(0.1, context.get_remaining_time_in_millis() / 1000)
    except (AttributeError, TypeError):  # not invoked by Lambda
        seconds = 30.0
    # The answer must be out before Lambda ends the process, and the work early enough to be told of.
    deadline = Deadline(seconds - min(0.5, seconds * 0.1), clock)
    ids = {name: str(event.get(name) or "")[:512] for name in ("StackId", "RequestId", "LogicalResourceId")}
    kind = str(event.get("RequestType"))[:80]
    log("INFO", "request", RequestType=kind, **ids)
    if kind == "Delete":
        # Nothing to undo; and a check that blocks a deletion strands the stack in DELETE_FAILED.
        answer = Answer(True)
    elif kind in ("Create", "Update"):
        answer = _worked(event, context, work, Deadline(seconds - min(10.0, seconds * 0.4), clock))
    else:
        answer = Answer(False, f"Unknown RequestType {kind!r}: expected Create, Update or Delete.")
    group, stream = (getattr(context, f"log_{name}_name", "") for name in ("group", "stream"))
    place = f"Log: {group} {stream}" if group else ""
    body = _render({"PhysicalResourceId": _physical_id(event, ids), **ids}, answer, place)
    _deliver(url, body, deadline)
    log("INFO", "answered", Status="SUCCESS" if answer.success else "FAILED", RequestId=ids["RequestId"])


def _worked(event: dict[str, Any], context: Any, work: Callable[[Request], Answer], end: Deadline) -> Answer:
    new, old = event.get("ResourceProperties"), event.get("OldResourceProperties")
    if not isinstance(new, dict):
        return Answer(False, "The request has no ResourceProperties, so nothing is checked.")
    arn = str(getattr(context, "invoked_function_arn", ""))
    request = Request(new, old if isinstance(old, dict) else {}, end, arn)
    seconds = end.left()
    answer = _within(seconds + min(2.0, seconds * 0.2), lambda: work(request))
    if isinstance(answer, Exception):
        # Its type and place, but not its text, which may hold anything.
        frame = traceback.extract_tb(answer.__traceback__)[-1]
        bug = f"Internal error of the custom resource: {type(answer).__name__} in {frame.name}:{frame.lineno}."
        log("ERROR", bug)
        return Answer(False, bug)
    late = f"The check did not finish within {seconds:.1f} s: deploy again, or raise the function's timeout."
    return answer or Answer(False, late)


def _within(seconds: float, work: Callable[[], T]) -> T | Exception | None:
    # In a thread, because no timeout within the work is certain: the resolution of names, for one, has none.
    results: list[T | Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - CloudFormation waits for an answer, whatever went wrong
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return results[0] if results else None


def _physical_id(event: dict[str, Any], ids: dict[str, str]) -> str:
    # It must never change: CloudFormation takes a changed id for a replacement and deletes the old resource.
    given, logical = event.get("PhysicalResourceId"), ids["LogicalResourceId"]
    digest = hashlib.sha256(f"{ids['StackId']}/{logical}".encode(errors="replace")).hexdigest()
    return given if isinstance(given, str) and given else f"{logical[:255] or 'resource'}-{digest[:16]}"


def _render(ids: dict[str, str], answer: Answer, place: str) -> bytes:
    body: dict[str, Any] = {"Status": "SUCCESS" if answer.success else "FAILED", **ids}
    if answer.success:
        body["Data"] = {}
        room = RESPONSE_BYTES - _size(body)
        for name, value in answer.data.items():
            room -= _size({name: value})
            if room < 0:
                break
            body["Data"][name] = value
    else:
        body["Reason"] = _fit(answer, place, RESPONSE_BYTES - _size({**body, "Reason": ""}))
    return json.dumps(body).encode("ascii")


def _fit(answer: Answer, place: str, room: int) -> str:
    def text(count: int) -> str:
        rest = len(answer.details) - count
        more = f"... and {rest} more: see the log for all." if rest else ""
        return "\n".join(filter(None, [answer.reason, *answer.details[:count], more, place]))

    count = min(len(answer.details), 100)
    while count > 1 and _size(text(count)) > room:
        count -= 1
    return clip(text(count), room)


def seen(text: str) -> str:
    """The text in one line, with an escape for what nobody would see: what a document says makes no line of its own."""
    return repr(text)[1:-1]


def clip(value: str, room: int) -> str:
    """The text, or as much of its beginning as has room in the response, marked where it is cut."""
    cut = value
    while cut and (excess := _size(cut) - room + 3 * (cut != value)) > 0:
        cut = cut[: -(excess // 6 + 1)]  # one character takes up to six bytes, or twelve
    return value if cut == value else f"{cut}..."


def _size(value: object) -> int:
    # The response is ASCII: what is not gets escaped, as AWS's own cfnresponse does it.
    return len(json.dumps(value))


def _deliver(url: str, body: bytes, deadline: Deadline) -> None:
    for attempt in range(1, PUT_ATTEMPTS + 1):
        failure = _within(max(0.1, min(PUT_SECONDS, deadline.left())), lambda: _put(url, body))
        if failure == "":
            return
        log("ERROR", "answer not accepted", attempt=attempt, failure=str(failure or "timeout"))
        pause = random.uniform(0.5, 1.0) * min(4.0, 0.2 * 2**attempt)  # noqa: S311 - jitter
        if deadline.left() <= pause:
            break
        deadline.clock.sleep(pause)
    raise RuntimeError(f"No answer reached CloudFormation in {attempt} attempts: {failure or 'timeout'}")


def _put(url: str, body: bytes) -> str:
    # Why it failed, or "", in words that cannot hold the address. A redirect is a failure: the address is signed
    # for its host, so that no other can accept the answer.
    try:
        # An empty Content-Type is part of the signature; urllib would set another. handle() checked the scheme.
        request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310
        urllib.request.urlopen(request, timeout=PUT_SECONDS).close()  # noqa: S310
        return ""
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP status {error.code}"
    except Exception as error:  # noqa: BLE001 - some of http.client quote the address
        return type(getattr(error, "reason", error)).__name__
