"""From bytes to events, a few hundred at a time, in constant memory.

A file of CloudTrail is one JSON document of any length. It is split between events, at the name of their first member;
if that fails, it is scanned exactly.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from cfnroles.trail.record import Record

_CHUNK = 1 << 20
#: No event is longer: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
_LONGEST = 64 << 20
_ARRAY = re.compile(rb'\s*\{\s*"(?:Records|Events)"\s*:\s*\[|\s*\[')
_FIRST = re.compile(rb'\s*\{\s*"([A-Za-z]{1,64})"\s*:')
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_MORE = re.compile(rb'"NextToken"\s*:\s*"')
_GZIP = b"\x1f\x8b"
_TRIES = 8

#: The maximum size of one event that is not CloudTrail's, and of a text that is not JSON.
_MALFORMED = (msgspec.ValidationError, RecursionError, UnicodeDecodeError)
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)

_LIST = msgspec.json.Decoder(list[Record])
_ONE = msgspec.json.Decoder(Record)


class Broken(Exception):
    """The text is truncated, or is not JSON; the message says which."""


class OtherDocument(Exception):
    """A well-formed text without events: not from CloudTrail."""


class Batch(Struct, gc=False):
    """Some events. ``malformed`` counts events without CloudTrail's format, ``more`` says that pages are missing."""

    records: list[Record]
    malformed: int = 0
    more: bool = False


def batches(chunks: Iterable[bytes]) -> Iterator[Batch]:
    """Yield the events in a text, compressed or not.

    Raise Broken after the last readable event, and OtherDocument if there are none.
    """
    stream = _decompressed(iter(chunks))
    head = _head(stream)
    if not head.strip():
        raise OtherDocument("it is empty")
    if found := _ARRAY.match(head):
        yield from _of_array(head[found.end() :], stream, b"}" if b"{" in found[0] else b"")
    elif head.lstrip()[:1] != b"{":
        raise OtherDocument("it is not JSON")
    elif _is_object(head.lstrip().partition(b"\n")[0]):
        yield from _of_lines(head, stream)
    else:
        yield _of_whole(head, stream)


def unwrapped(records: Iterable[Record]) -> Iterator[Record | None]:
    """Yield the events in their wrappers; ``None`` for anything else."""
    for record in records:
        if record.eventName and record.eventSource:
            yield record
        elif text := record.CloudTrailEvent or record.eventJson:
            try:
                yield from unwrapped([_ONE.decode(text)])
            except _UNREADABLE:
                yield None
        elif record.detail is not None:
            yield from unwrapped([record.detail])
        elif (several := record.Records if record.Records is not None else record.Events) is not None:
            yield from unwrapped(several)
        else:
            yield None


def _decompressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    if not first.startswith(_GZIP):
        yield first
        yield from chunks
        return
    unzip = zlib.decompressobj(wbits=31)
    pending = first
    try:
        while True:
            data = unzip.decompress(pending, _CHUNK)
            if data:
                yield data
            pending = unzip.unconsumed_tail
            if unzip.eof:
                pending = unzip.unused_data or next(chunks, b"")
                if not pending.startswith(_GZIP):
                    return
                unzip = zlib.decompressobj(wbits=31)
            elif not pending and not data:
                pending = next(chunks, b"")
                if not pending:
                    raise Broken("its compressed data ends in the middle")
    except zlib.error as error:
        raise Broken(f"its compressed data is damaged ({error})") from error


def _head(stream: Iterator[bytes]) -> bytes:
    """Return enough of the beginning to recognize the format."""
    head = b""
    for chunk in stream:
        head += chunk
        if len(head.strip()) >= _CHUNK // 2:
            break
    return head.removeprefix(b"\xef\xbb\xbf")


def _of_array(buffer: bytes, stream: Iterator[bytes], closing: bytes) -> Iterator[Batch]:
    found = _FIRST.match(buffer)
    name = b'"' + found[1] + b'"' if found else b""
    for chunk in stream:
        buffer += chunk
        batch, buffer = _cut(buffer, name)
        if batch is not None:
            yield batch
        if len(buffer) > _LONGEST:
            raise Broken("one of its events is longer than any CloudTrail event")
    last, tail = _last(buffer)
    yield last
    if not tail.startswith(b"]"):
        raise Broken("it ends in the middle of an event" if tail else "its list of events has no end")
    if not tail.rstrip().endswith(closing or b"]"):
        raise Broken("it ends before the end of its document")
    if _MORE.search(tail):
        yield Batch([], more=True)


def _last(buffer: bytes) -> tuple[Batch, bytes]:
    """Return the last events of a list, and the rest of the text."""
    at = buffer.rfind(b"]")
    try:
        return Batch(_LIST.decode(b"[" + buffer[:at] + b"]")), buffer[at:]
    except _UNREADABLE:
        ends, rest = _exactly(buffer)
        return _decoded(buffer, ends), buffer[rest:].lstrip()


def _cut(buffer: bytes, name: bytes) -> tuple[Batch | None, bytes]:
    """Return the complete events, and the rest of the text."""
    at = len(buffer)
    for _ in range(_TRIES if name else 0):
        at = buffer.rfind(name, 0, at)
        if at <= 0:
            break
        before = buffer[max(0, at - 256) : at].rstrip()
        comma = before[:-1].rstrip() if before.endswith(b"{") else b""
        if not comma.endswith(b",") or not comma[:-1].rstrip().endswith(b"}"):
            continue
        begins = buffer.rfind(b"{", 0, at)
        ends = buffer.rfind(b",", 0, begins)
        try:
            return Batch(_LIST.decode(b"[" + buffer[:ends] + b"]")), buffer[begins:]
        except _MALFORMED:
            break
        except _UNREADABLE:
            continue
    ends_of, rest = _exactly(buffer)
    return (_decoded(buffer, ends_of), buffer[rest:]) if ends_of else (None, buffer)


def _exactly(buffer: bytes) -> tuple[list[tuple[int, int]], int]:
    """Return the positions of the complete objects of a list, and of the rest."""
    found: list[tuple[int, int]] = []
    depth = begins = rest = 0
    for token in _TOKEN.finditer(buffer):
        sign = token[0]
        if sign in (b"{", b"["):
            if depth == 0:
                begins = token.start()
            depth += 1
        elif sign in (b"}", b"]"):
            if depth == 0:
                return found, token.start()
            depth -= 1
            if depth == 0:
                found.append((begins, token.end()))
                rest = token.end()
    left = buffer[rest:].lstrip(b" \t\r\n,")
    return found, len(buffer) - len(left)


def _decoded(buffer: bytes, places: list[tuple[int, int]]) -> Batch:
    records: list[Record] = []
    malformed = 0
    for begins, ends in places:
        if (event := _event(buffer[begins:ends], "it")) is None:
            malformed += 1
        else:
            records.append(event)
    return Batch(records, malformed)


def _of_lines(buffer: bytes, stream: Iterator[bytes]) -> Iterator[Batch]:
    for chunk in stream:
        yield _lines(buffer[: buffer.rfind(b"\n") + 1])
        buffer = buffer[buffer.rfind(b"\n") + 1 :] + chunk
        if len(buffer) > _LONGEST:
            raise Broken("one of its lines is longer than any CloudTrail event")
    yield _lines(buffer)


def _lines(text: bytes) -> Batch:
    try:
        return Batch(_ONE.decode_lines(text))
    except _UNREADABLE:
        pass
    records: list[Record] = []
    malformed = 0
    for line in filter(bytes.strip, text.split(b"\n")):
        if (event := _event(line, "one of its lines")) is None:
            malformed += 1
        else:
            records.append(event)
    return Batch(records, malformed)


def _event(text: bytes, what: str) -> Record | None:
    """Return the event in a text, or ``None`` if it has another form. Raise Broken if the text is not JSON."""
    try:
        return _ONE.decode(text)
    except _MALFORMED:
        return None
    except msgspec.DecodeError as error:
        # msgspec 0.23 raises it for text that is not UTF-8, too.
        try:
            text.decode()
        except UnicodeDecodeError:
            return None
        raise Broken(f"{what} is not JSON ({error})") from error


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except _UNREADABLE:
        return False


def _of_whole(buffer: bytes, stream: Iterator[bytes]) -> Batch:
    """Return the events of one document of another form, possibly after other members."""
    for chunk in stream:
        buffer += chunk
        if len(buffer) > _LONGEST:
            raise OtherDocument("it does not begin like a CloudTrail file")
    try:
        return Batch([_ONE.decode(buffer)], more=bool(_MORE.search(buffer)))
    except msgspec.ValidationError as error:
        raise OtherDocument("it is not a CloudTrail file") from error
    except _UNREADABLE as error:
        raise Broken(f"it is not JSON ({error})") from error
