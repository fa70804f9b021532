"""The protocol of CloudFormation custom resources: one answer to every request, in time, and true.

It knows nothing of what is checked, and needs the standard library only. The rules are those of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html. The address of the
answer is pre-signed, thus a credential: neither it, nor the event that holds it, nor the text of an exception
that may quote either is ever logged.
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
PUT_TIMEOUT = 5.0

T = TypeVar("T")


class Deadline:
    """A moment so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then, never negative."""
        return max(0.0, self.end - time.monotonic())


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


def handle(event: Any, context: Any, work: Callable[[Request], Answer]) -> None:
    """Answer Delete with success at once, Create and Update with what work says, anything else with a failure.

    Raises ValueError if there is no address to answer to, RuntimeError if it does not accept the answer: then
    Lambda's asynchronous retry invokes the function again.
    """
    url = event.get("ResponseURL") if isinstance(event, dict) else None
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise ValueError("the event has no ResponseURL: only CloudFormation can use this function")
    seconds = seconds_left(context)
    # The answer must be out before Lambda ends the process, and the work early enough to be told of.
    deadline = Deadline(seconds - min(0.5, seconds * 0.1))
    ids = {name: text(event.get(name))[:512] for name in ("StackId", "RequestId", "LogicalResourceId")}
    kind = text(event.get("RequestType"))[:80]
    log("INFO", "request", RequestType=kind, **ids)
    if kind == "Delete":
        # Nothing to undo; and a check that blocks a deletion strands the stack in DELETE_FAILED.
        answer = Answer(True)
    elif kind in ("Create", "Update"):
        answer = worked(event, context, work, Deadline(seconds - min(10.0, seconds * 0.4)))
    else:
        answer = Answer(False, f"Unknown RequestType {kind!r}: expected Create, Update or Delete.")
    body = render({"PhysicalResourceId": physical_id(event), **ids}, answer, log_place(context))
    deliver(url, body, deadline)
    log("INFO", "answered", Status="SUCCESS" if answer.success else "FAILED", RequestId=ids["RequestId"])


def worked(event: dict[str, Any], context: Any, work: Callable[[Request], Answer], end: Deadline) -> Answer:
    """What work answers, or that it did not in time, or that it raised an exception."""
    new, old = event.get("ResourceProperties"), event.get("OldResourceProperties")
    if not isinstance(new, dict):
        return Answer(False, "The request has no ResourceProperties, so that nothing can be checked.")
    arn = text(getattr(context, "invoked_function_arn", ""))
    request = Request(new, old if isinstance(old, dict) else {}, end, arn)
    seconds = end.left()
    late = f"The check did not end within {seconds:.1f} s: deploy again, or give the function more time."
    try:
        return within(seconds * 1.2, lambda: work(request)) or Answer(False, late)
    except Exception as error:  # noqa: BLE001 - CloudFormation waits for an answer, whatever went wrong
        # Type and place, but not the text of the exception, which may hold anything.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        bug = f"Internal error of the custom resource: {type(error).__name__} in {frame.name}, line {frame.lineno}."
        log("ERROR", bug)
        return Answer(False, bug)


def within(seconds: float, work: Callable[[], T]) -> T | None:
    """What work returns or raises, or None if it takes longer.

    In a thread, because no timeout within the work is certain: the resolution of names, for one, has none.
    """
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    return results[0] if results else None


def physical_id(event: dict[str, Any]) -> str:
    """The id that CloudFormation knows already, or one that follows from the resource's place in its stack.

    It never changes, as CloudFormation takes a changed id for a replacement and deletes the old resource.
    """
    given, logical = event.get("PhysicalResourceId"), text(event.get("LogicalResourceId"))
    if isinstance(given, str) and given:
        return given
    digest = hashlib.sha256(f"{text(event.get('StackId'))}/{logical}".encode(errors="replace")).hexdigest()
    return f"{logical[:255] or 'resource'}-{digest[:16]}"


def render(ids: dict[str, str], answer: Answer, place: str) -> bytes:
    """The body of the response. What is too much for it is left out at the end."""
    body: dict[str, Any] = {"Status": "SUCCESS" if answer.success else "FAILED", **ids}
    if answer.success:
        body["Data"] = {}
        room = RESPONSE_BYTES - size(body)
        for name, value in answer.data.items():
            room -= size({name: value})
            if room < 0:
                break
            body["Data"][name] = value
    else:
        body["Reason"] = fit(answer, place, RESPONSE_BYTES - size({**body, "Reason": ""}))
    return json.dumps(body).encode("ascii")


def fit(answer: Answer, place: str, room: int) -> str:
    """The reason with as many details as have room in the response, and the number of the others."""
    lines = [answer.reason, *answer.details]
    whole = "\n".join([*lines, place]).rstrip()
    if size(whole) <= room:
        return whole
    room -= size(f"\n... and {len(lines)} more: see the log for all.\n{place}")
    kept: list[str] = []
    for line in lines:
        kept.append(clip(line, room - size("\n".join([*kept, ""]))))
        if kept[-1] != line:
            break
    # Of the first detail a part is better than nothing, of the others it is not.
    kept = kept[:-1] if len(kept) > 2 else kept
    rest = len(lines) - len(kept)
    return "\n".join([*kept, f"... and {rest} more: see the log for all." if rest else "...", place]).rstrip()


def clip(value: str, room: int) -> str:
    """The text, or as much of its beginning as has room in the response, marked where it is cut."""
    if size(value) <= room:
        return value
    low, high = 0, len(value)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(value[:middle]) + 3 <= room else (low, middle - 1)
    return f"{value[:low]}..."


def size(value: object) -> int:
    """Bytes of the value in the response, which is ASCII: what is not gets escaped, as cfnresponse does it."""
    return len(json.dumps(value))


def text(value: object) -> str:
    """The value if it is text, otherwise its JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str) if value is not None else ""


def log_place(context: Any) -> str:
    """Where this invocation logs, for the reader of a failure."""
    group, stream = (text(getattr(context, f"log_{name}_name", "")) for name in ("group", "stream"))
    return f"Log: {group} {stream}" if group else ""


def seconds_left(context: Any) -> float:
    """Seconds until Lambda ends this invocation, or 30 where nobody knows."""
    try:
        return max(0.1, float(context.get_remaining_time_in_millis()) / 1000)
    except (AttributeError, TypeError, ValueError):
        return 30.0


def deliver(url: str, body: bytes, deadline: Deadline) -> None:
    """PUT the answer until it is accepted; raises RuntimeError when the attempts or the time are used up."""
    for attempt in range(1, PUT_ATTEMPTS + 1):
        seconds = max(0.1, min(PUT_TIMEOUT, deadline.left()))
        failure = within(seconds, lambda: put(url, body, PUT_TIMEOUT))
        if failure == "":
            return
        log("ERROR", "answer not accepted", attempt=attempt, failure=failure or "timeout")
        pause = random.uniform(0.5, 1.0) * min(4.0, 0.2 * 2**attempt)  # noqa: S311 - jitter
        if deadline.left() <= pause:
            break
        time.sleep(pause)
    raise RuntimeError(f"CloudFormation could not be told in {attempt} attempts: {failure or 'timeout'}")


def put(url: str, body: bytes, seconds: float) -> str:
    """Why one attempt failed, or "", in words that cannot hold the address.

    A redirect is a failure: the address is signed for its host, so that no other can accept the answer.
    """
    # An empty Content-Type is part of the signature; urllib would set another.
    headers = {"Content-Type": ""}
    request = urllib.request.Request(url, data=body, method="PUT", headers=headers)  # noqa: S310 - checked
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310 - checked
            return "" if response.status < 300 else f"HTTP status {response.status}"
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP status {error.code}"
    except Exception as error:  # noqa: BLE001 - some of http.client quote the address
        return type(getattr(error, "reason", error)).__name__
