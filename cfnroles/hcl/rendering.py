"""Templates with their parts evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cfnroles.hcl.asked_references import with_paths
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.syntax import Chunk, ForDirective, IfDirective, Interpolation, Node, Place, Template
from cfnroles.hcl.values import LONGEST, MOST, Encoded, Failed, Lazy, Value, chunks_of, elements, is_known, plain
from cfnroles.symbols import Expression
from cfnroles.text import Part, Text

Evaluate = Callable[[Node, Scope], Value]
Decide = Callable[[Node, Scope], bool]


class _Open(Exception):
    """The contents of a template depend on a collection that is unknown."""

    def __init__(self, on: Expression, collection: Node) -> None:
        super().__init__(on.name)
        self.on, self.collection = on, collection


def rendered(template: Template, scope: Scope, evaluate: Evaluate, decide: Decide) -> Value:
    """Return the value of a template: a string, or the value of its only part as it is."""
    match template.parts:
        case (Interpolation(inner=inner),):
            return evaluate(inner, scope)
        case (Chunk(text=text),):
            return Value(text, template.place, ((text, template.parts[0].place),))
        case ():
            return Value("", template.place)
    try:
        chunks = with_paths(_chunks(template.parts, scope, evaluate, decide))
    except _Open as open_:
        # A template file is no expression, so its unknown collection identifies it.
        return scope.hanging(open_.collection if scope.alone else template, open_.on)
    if sum(len(part) if isinstance(part, str) else 1 for part, _ in chunks) > LONGEST:
        raise Failed(f"the string has more than {LONGEST:,} characters", template.place)
    made = Text(*(part for part, _ in chunks))
    return Value(made if made.symbols else made.plain, template.place, chunks)


def _chunks(parts: tuple[Node, ...], scope: Scope, evaluate: Evaluate, decide: Decide) -> Iterator[tuple[Part, Place]]:
    for part in parts:
        scope.session.budget.spend(part)
        match part:
            case Chunk(text=text):
                yield text, part.place
            case Interpolation(inner=inner):
                yield from _interpolated(part, evaluate(inner, scope))
            case IfDirective(predicate=predicate, yes=yes, no=no):
                yield from _chunks(yes if decide(predicate, scope) else no, scope, evaluate, decide)
            case ForDirective():
                yield from _turns(part, scope, evaluate, decide)


def _interpolated(part: Interpolation, value: Value) -> Iterator[tuple[Part, Place]]:
    if value.data is None:
        raise Failed(f"{part.inner.written} is null in a string", part.place, value.place)
    # A value made of parts keeps their positions. Any other has the position of its interpolation.
    apart = bool(value.chunks) or isinstance(value.data, Encoded)
    yield from ((piece, place if apart else part.place) for piece, place in chunks_of(value))


def _turns(loop: ForDirective, scope: Scope, evaluate: Evaluate, decide: Decide) -> Iterator[tuple[Part, Place]]:
    collection = evaluate(loop.collection, scope)
    if isinstance(collection.data, Lazy):
        collection = collection.data.all(loop.place)
    if collection.unknown:
        raise _Open(collection.unknown, loop.collection)
    pairs = elements(collection)
    if len(pairs) > MOST:
        raise Failed(f"the loop has more than {MOST:,} iterations", loop.place)
    for key, value in pairs:
        bound = {**({loop.key: key} if loop.key else {}), loop.value: value}
        called = plain(key) if is_known(key) and isinstance(key.data, str | int) else "..."
        turn = scope.binding(f"{loop.key or loop.value} = {called}", bound)
        yield from _chunks(loop.inner, turn, evaluate, decide)
