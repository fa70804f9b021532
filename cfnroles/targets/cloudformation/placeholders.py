"""The open values of a task definition: each placeholder and each missing image is a parameter without a default."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct
from troposphere import Parameter

from cfnroles.discovery import Discovery
from cfnroles.errors import InvalidInput
from cfnroles.placeholders import parameter_name, placeholders_in, texts_in
from cfnroles.symbols import Field, Placeholder
from cfnroles.text import Text
from cfnroles.workload import Workload

_ARN = "arn:aws[a-z-]*"
_SECRET = rf"{_ARN}:secretsmanager:[a-z0-9-]+:\d{{12}}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{{6}}"
_JSON_KEY = r"(:[^:*?$]*:[^:*?$]*:[^:*?$]*)?"
_PARAMETER = rf"{_ARN}:ssm:[a-z0-9-]+:\d{{12}}:parameter/[A-Za-z0-9_.\-/]+"


class _Form(Struct, frozen=True):
    """The required form of a value, as a pattern and in words."""

    pattern: str
    words: str


#: Characters that widen nothing in a policy.
ANY_NAME = _Form(
    r"^[A-Za-z0-9!#%&'()+,./;=@_~-]+$", "a name with letters, digits and ! # % & ' ( ) + , . / ; = @ _ ~ - only"
)
ANY_ARN = _Form(rf"^{_ARN}:[a-z0-9-]+:[a-z0-9-]*:(\d{{12}})?:[^*?$]+$", "an ARN without * and ?")
_SECRET_ARN = _Form(f"^{_SECRET}$", "the complete ARN of a secret, with the six characters at its end")
#: The beginning of the name of a parameter with a hierarchy, which begins with a slash.
_PATH = _Form(r"^(/[A-Za-z0-9_.-]+)+$", "the beginning of a parameter's name, with a slash before each part")
_WORD = _Form(r"^[A-Za-z0-9_.-]+$", "the beginning of a parameter's name, which has no slash")
_OBJECT = _Form(
    rf"^{_ARN}:s3:::[a-z0-9][a-z0-9.-]{{1,61}}[a-z0-9]/[^*?$]+$",
    "the ARN of an object in S3, as in arn:aws:s3:::BUCKET/KEY",
)
_REFERENCE = _Form(
    f"^({_SECRET}{_JSON_KEY}|{_PARAMETER})$",
    "the complete ARN of a secret, with :json-key:version-stage:version-id or without, or the ARN of a parameter",
)


def placeholder_parameters(services: Iterable[tuple[Workload, Discovery]]) -> dict[str, Parameter]:
    """Return the parameter of each placeholder, by name: the same in every stack whose text contains it.

    They have no default, so CloudFormation prompts for them. Raise InvalidInput if placeholders of two services with
    different meanings would be one parameter.
    """
    placeholders = Placeholders()
    for workload, discovery in services:
        placeholders.add(said_by(workload, discovery))
    return placeholders.parameters()


class Said(Struct, frozen=True):
    """The placeholders of one service: each with its place, and the required form of its value."""

    document: str
    places: tuple[tuple[Placeholder, str], ...]
    forms: Mapping[str, _Form]

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameter of each placeholder, by name. Raises as ``placeholder_parameters`` does."""
        placeholders = Placeholders()
        placeholders.add(self)
        return placeholders.parameters()


def said_by(workload: Workload, discovery: Discovery) -> Said:
    """Return the placeholders of a service."""
    places = [
        (symbol, workload.origin(path).pointer)
        for path, text in texts_in(workload.tree)
        if isinstance(text, Text)
        for symbol in placeholders_in([text]).values()
    ]
    return Said(workload.document, tuple(places), dict(_forms(discovery)))


class Placeholders:
    """The placeholders of services that are added one by one."""

    def __init__(self) -> None:
        self._found: dict[str, Placeholder] = {}
        self._where: dict[str, list[str]] = {}
        self._forms: dict[str, _Form] = {}

    def add(self, said: Said) -> None:
        """Add those of one more service; raise as ``placeholder_parameters`` does."""
        for symbol, pointer in said.places:
            found = self._found.setdefault(symbol.name, symbol)
            if found.called != symbol.called:
                raise _one_for_two(found, symbol, said.document)
            self._where.setdefault(symbol.name, []).append(pointer)
        self._forms |= said.forms

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameter of each placeholder, by name."""
        return {
            name: _parameter(symbol, self._where[name], self._forms.get(name)) for name, symbol in self._found.items()
        }


def image_parameters(workload: Workload, taken: Collection[str]) -> dict[int, Parameter]:
    """Return the parameter of each container without an image, by the container's index."""
    images: dict[int, Parameter] = {}
    names = set(taken)
    for index, container in enumerate(workload.tree["containerDefinitions"]):
        if str(container.get("image", "")).strip():
            continue
        base = f"{parameter_name(str(container.get('name', '')))}Image"
        name = next(each for each in (base, *(f"{base}{n}" for n in range(2, len(names) + 3))) if each not in names)
        names.add(name)
        description = f"Image of the container {container.get('name', index + 1)}."
        images[index] = Parameter(name, Type="String", Description=description)
    return images


def used_placeholders(parameters: Mapping[str, Parameter], texts: Iterable[str]) -> tuple[Parameter, ...]:
    """Return the parameters whose placeholders are in ``texts``."""
    return tuple(parameters[name] for name in placeholders_in(texts))


def _parameter(symbol: Placeholder, pointers: list[str], form: _Form | None) -> Parameter:
    told = symbol.called if symbol.written.startswith("${") else symbol.written
    checked = {"AllowedPattern": form.pattern, "ConstraintDescription": form.words} if form else {}
    description = f"Value of the placeholder {told} in {_listed(pointers)}."
    return Parameter(symbol.name, Type="String", Description=description, **checked)


def _forms(discovery: Discovery) -> Iterator[tuple[str, _Form]]:
    """Yield the required form of each placeholder that a role or the validator depends on; the narrowest form last."""
    texts: list[Text] = [text for need in discovery.needs for text in need.permission.texts]
    references = [reference.value_from for reference in discovery.references]
    for name in placeholders_in([*texts, *references]):
        yield name, ANY_NAME
    for text in (*texts, *references):
        for symbol in text.symbols:
            if isinstance(symbol, Field):
                yield symbol.of.name, _OBJECT if symbol.before else _REFERENCE
    for text in references:
        first, *rest = text.parts
        if isinstance(first, Placeholder) and rest:
            behind = Text(*rest).shape()
            yield first.name, _SECRET_ARN if behind.startswith(":") else _PATH if "/" in behind else _WORD


def _one_for_two(one: Placeholder, other: Placeholder, document: str) -> InvalidInput:
    return InvalidInput(
        f"the placeholders {one.written} and {other.written} would be the same parameter {one.name}",
        where=document,
        remedy="Rename one of them, or fill it.",
    )


def _listed(pointers: Iterable[str]) -> str:
    unique = list(dict.fromkeys(pointers))
    told = ", ".join(unique[:3])
    return told if len(unique) <= 3 else f"{told} and {len(unique) - 3} more"
