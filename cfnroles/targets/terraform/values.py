"""From texts to Terraform expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from cfnroles.ecr_images import HOST, IN_ECR, PARTS
from cfnroles.errors import InvalidInput
from cfnroles.facts import partition_of
from cfnroles.hcl.parser import parse_expression
from cfnroles.hcl.syntax import For, Node, Source, Variable
from cfnroles.hcl.tidied import is_quoted, tidied
from cfnroles.listed import Kind, references_in, those_of
from cfnroles.need import Gap, Need
from cfnroles.symbols import (
    AfterParameter,
    Attribute,
    Cut,
    EachOf,
    Expression,
    Field,
    Import,
    InImage,
    Opaque,
    Parameter,
    PolicyVariable,
    PseudoParameter,
    Symbol,
    Wildcard,
)
from cfnroles.targets.terraform.by_key import ByKey
from cfnroles.targets.terraform.names import KEYS, OF_AWS, SECRETS, FileNames
from cfnroles.targets.terraform.writing import Argument, Items, Lookup, Members, Written, WrittenCall, line_of, literal
from cfnroles.template.worlds import Literal
from cfnroles.text import ACCOUNT, PARTITION, REGION, Part, Text, from_spelling, text_of
from cfnroles.written import as_written

#: The names of the locals with references, by the member that holds a reference.
_REFERENCES = {"valueFrom": "references", "value": "files"}
#: The expression for whether a list has any reference of a kind.
_LATER = re.compile(r"length\((?:local\.\w+_arns(?:_\d+)?|distinct\(.*)\) > 0")
#: A list that exists if anything does.
_NEVER_FAILS = re.compile(r"(?:var|local)\.[\w-]+")
#: An output of a module that this one calls, or the name of a parameter in one.
_CALLED = re.compile(r"(?:trimprefix\()?(module\.[\w-]+(?:\[[^]]*])?\.)")
_OF_INSTANCE = re.compile(r"\b(?:each|count)\.")
_NAME_IT = "Use a local instead"
_HAND_OVER = "Pass it with an output of that module, or with a variable of this one"
#: The first parts of names that mean the same everywhere in a module.
_ANYWHERE = frozenset({"var", "local", "module", "data", "path", "terraform", "each", "count"})


class Unwritable(Exception):
    """A part of a text has no Terraform expression in the place that needs it; ``remedy`` is what helps."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy

    def gap(self, need: Need) -> Gap:
        """Return the need as a gap, because it cannot be named."""
        return Gap(need.holder, need.reason.feature, need.origin, self.what, self.remedy, (need.permission.action,))


class EnclosingModule(Struct, frozen=True):
    """The module whose names an expression may use: its address, and the types of the resources that it declares."""

    address: str = ""
    types: frozenset[str] = frozenset()


class Values(Struct, frozen=True):
    """How one file writes texts, with its own names for the values that AWS provides.

    ``region`` is the Region of the tasks, if known. ``variables`` are those that were named so far, and ``lists`` the
    locals with lists of references.
    """

    names: FileNames
    module: EnclosingModule
    region: str = ""
    variables: dict[str, Symbol] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)

    def of(self, text: str) -> Written:
        """Return a text as an expression; raise Unwritable if a part of it cannot be written."""
        parts = as_written(text_of(text)).parts
        whole = parts[0] if len(parts) == 1 else None
        if isinstance(whole, Symbol) and not isinstance(whole, (Wildcard, PolicyVariable)):
            return Written(self._symbol(whole))
        return Written(f'"{"".join(self._pieces(parts))}"')

    def several(self, texts: Iterable[str]) -> Written | Items | WrittenCall:
        """Return several texts as a list; a symbol for a list becomes the list itself."""
        texts = tuple(texts)
        whole = text_of(texts[0]).whole if len(texts) == 1 else None
        if whole in (KEYS, SECRETS):
            return self.of(texts[0])
        lists = tuple(Written(self.listed(each)) for text in texts if (each := _whole_list(text)) is not None)
        others = tuple(self._one(text) for text in texts if _whole_list(text) is None)
        if len(lists) + bool(others) == 1:
            return lists[0] if lists else Items(others)
        return WrittenCall("concat", (*([Items(others)] if others else []), *lists))

    def listed(self, symbol: EachOf) -> str:
        """Return the expression for the references of a list that name one kind of resource, or for all of them.

        Raise Unwritable if the list has no expression that is valid outside its own place.
        """
        own = expression_of(symbol.of, self.module)
        # A condition that prevents the evaluation may leave null.
        listed = own if _NEVER_FAILS.fullmatch(own) else f"try({own}, [])"
        references = self._local(_REFERENCES[symbol.member], references_in(listed, symbol.member))
        if not symbol.kind:
            return references
        kind = Kind(symbol.kind)
        partition, region, account = (self.of(each).text for each in (PARTITION, REGION, ACCOUNT))
        return self._local(f"{kind}_arns", those_of(kind, references, (partition, region, account)))

    def _local(self, called: str, expression: str) -> str:
        """Return the name of a local for an expression, or the expression if it belongs to one instance."""
        if _OF_INSTANCE.search(expression):
            return expression
        own = self.names.under(called)
        numbered = (f"{own}_{number}" for number in range(2, len(self.lists) + 3))
        name = next(name for name in (own, *numbered) if self.lists.get(name, expression) == expression)
        self.lists[name] = expression
        return f"local.{name}"

    def _one(self, text: str) -> Written | Lookup:
        """Return a text as an element of a list, in which a table of values may take several lines."""
        whole = text_of(text).whole
        return self._by_key(whole) if isinstance(whole, ByKey) else self.of(text)

    def _by_key(self, symbol: ByKey) -> Lookup:
        cases = Members(tuple(Argument(key, self.of(text)) for key, text in symbol.cases), apart=True)
        return Lookup(cases, "count.index" if symbol.meta == "count" else "each.key")

    def at_home(self, text: Text) -> Text:
        """Return the text with the Region that it is for, and the partition of that Region."""
        known = {REGION: Text(self.region), PARTITION: partition_of(self.region)} if self.region else {}
        return text.replaced(lambda symbol: known.get(Text(symbol), Text(symbol)))

    def condition(self, literal: Literal) -> str:
        """Return the expression for a condition of a template: a variable, or for an image the image itself."""
        if literal.condition.endswith(IN_ECR):
            return self.in_ecr(from_spelling(literal.condition.removesuffix(IN_ECR), policy=False), literal.holds)
        name = f"var.{self.variable(Opaque(literal.condition))}"
        return name if literal.holds else f"!{name}"

    def in_ecr(self, image: Text, holds: bool) -> str:
        """Return whether an image is in a private registry of Amazon ECR, or whether it is not, as an expression."""
        asked = f'can(regex("{HOST}", {self.of(image).text}))'
        return asked if holds else f"!{asked}"

    def variable(self, symbol: Symbol) -> str:
        """Return the variable for a parameter, or for a value of another resource or stack."""
        own = self.names.variable(symbol)
        numbered = (f"{own}_{number}" for number in range(2, len(self.variables) + 3))
        free = (name for name in (own, *numbered) if self.variables.get(name, symbol) == symbol)
        name = next(free)
        self.variables[name] = symbol
        return name

    def _pieces(self, parts: tuple[Part, ...]) -> Iterator[str]:
        plain = ""
        for part in parts:
            if isinstance(part, (str, Wildcard)):
                plain += part if isinstance(part, str) else part.spelled
            elif isinstance(part, PolicyVariable):
                plain += f"${{{part.name}}}"
            else:
                # Terraform would read a dollar sign before an interpolation as the first half of an escape.
                yield f'{literal(plain[:-1])}${{"$"}}' if plain.endswith("$") else literal(plain)
                yield _inside(self._symbol(part), before=plain)
                plain = ""
        yield literal(plain)

    def _symbol(self, symbol: Symbol) -> str:
        if isinstance(symbol, PseudoParameter) and symbol.name in OF_AWS:
            return self.names.of_aws(symbol.name)
        if isinstance(symbol, ByKey):
            return line_of(self._by_key(symbol))
        if isinstance(symbol, Cut):
            return piece(symbol, self._symbol(symbol.of))
        if isinstance(symbol, EachOf):
            return self.listed(symbol)
        if isinstance(symbol, InImage):
            image = symbol.image if isinstance(symbol.image, Text) else from_spelling(symbol.image, policy=False)
            return _in_image(symbol, self.of(image).text)
        if isinstance(symbol, Parameter | Attribute | Import):
            return f"var.{self.variable(symbol)}"
        if isinstance(symbol, Expression) and not symbol.forms:
            return expression_of(symbol, self.module)
        raise Unwritable(
            f"{symbol.written or symbol.spelled} has no equivalent in Terraform", "Write the value instead"
        )


def is_known_later(condition: str) -> bool:
    """Whether a condition may depend on a value that only the run creates, such as a caller's image."""
    return HOST in condition or _LATER.search(condition) is not None


def _whole_list(text: str) -> EachOf | None:
    whole = text_of(text).whole
    return whole if isinstance(whole, EachOf) else None


def _inside(expression: str, *, before: str) -> str:
    """Return an expression as a part of a quoted string; a template needs no interpolation of its own."""
    if is_quoted(expression) and not before.endswith(("$", "%")):
        return expression[1:-1]
    return f"${{{expression}}}"


def piece(symbol: Cut, whole: str) -> str:
    """Return a part of a value as an expression; empty if the value has no such part."""
    match symbol:
        case Field(number=number, before=before):
            field = f'split(":", {whole})[{number}]'
            return f'try(split("{before}", {field})[0], "")' if before else f'try({field}, "")'
        case AfterParameter():
            return f'try(split(":parameter/", {whole})[1], "")'
    return f'"parameter/${{startswith({whole}, "arn:") ? "" : trimprefix({whole}, "/")}}"'


def _in_image(symbol: InImage, image: str) -> str:
    """Return a part of an image in Amazon ECR, whichever of ECR's hosts the image names."""
    return f'regex("{PARTS[symbol.part]}", {image})[0]' if symbol.part in PARTS else image


def interpolated(place: str, module: EnclosingModule) -> str:
    """Return the name of a place, between quotes, with the user's own expressions evaluated."""

    def part(text: str) -> str:
        return f"${{{text[2:-1]}}}" if text.startswith("${") and _means_the_same(text[2:-1], module) else literal(text)

    return "".join(map(part, re.split(r"(\$\{[^{}\"]+\})", place)))


def _means_the_same(written: str, module: EnclosingModule) -> bool:
    """Whether an expression means the same everywhere in its module."""
    try:
        return not local_names(parse_expression(Source("", written)), module)
    except InvalidInput:
        return False


def expression_of(symbol: Expression, module: EnclosingModule) -> str:
    """Return the user's own expression; raise Unwritable if it is not valid outside its own place."""
    written = symbol.written.removeprefix("${").removesuffix("}")
    if not symbol.reason:
        return tidied(written)  # it was given for this place
    if _is_of_another_module(symbol.name.removeprefix(module.address), written):
        raise Unwritable(f"{symbol.name} is an expression of another module", _HAND_OVER)
    try:
        node = parse_expression(Source("", written))
    except InvalidInput:
        raise Unwritable(f"{written} takes several lines", _NAME_IT) from None
    if bound := sorted(set(local_names(node, module)) - {symbol.type}):
        raise Unwritable(f"{written} contains {bound[0]}, which is known only in its loop", _NAME_IT)
    return tidied(written)


def _is_of_another_module(name: str, written: str) -> bool:
    """Whether an expression is in a module that this one calls, by its name here and in its own place."""
    if not name.startswith("module."):
        return False
    called = _CALLED.match(written)
    return called is None or not name.startswith(called[1]) or name.startswith(f"{called[1]}module.")


def local_names(node: Node, module: EnclosingModule) -> frozenset[str]:
    """Return the names in an expression that only a loop around it defines."""
    return frozenset(_free(node)) - _ANYWHERE - module.types


def _free(node: object) -> Iterator[str]:
    """Yield the names that an expression uses and does not define."""
    if isinstance(node, Variable):
        yield node.name
    elif isinstance(node, For):
        yield from _free(node.collection)
        inner = (each for part in (node.member, node.result, node.condition) for each in _free(part))
        yield from (name for name in inner if name not in (node.key, node.value))
    elif isinstance(node, tuple):
        for each in node:
            yield from _free(each)
    elif isinstance(node, Node):
        for name in node.__struct_fields__:
            if name != "source":
                yield from _free(getattr(node, name))
