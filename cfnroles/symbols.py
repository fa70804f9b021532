"""Symbols: parts of a text whose values are unknown until later."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

#: The spelling of a value that another stack exports: ``${Import::shop-data-OrdersTableArn}``.
IMPORT = "Import::"
#: The maximum length of an expression in a line.
_LONGEST = 160
#: The prefix of the name of a `RandomSuffix`.
SUFFIX = "the six characters after "


class Symbol(Struct, frozen=True, eq=False):
    """A part of a text whose value is unknown until later. ``name`` is the content of its ``${...}``.

    ``written`` is its spelling in the document, if that differs. Symbols of one kind and name are equal.
    """

    name: str
    written: str = ""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.name == other.name

    def __ne__(self, other: object) -> bool:
        return not self == other  # a struct's own hash does not follow from __eq__

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    @property
    def spelled(self) -> str:
        """The symbol in ``Fn::Sub``."""
        return f"${{{self.name}}}"


class PseudoParameter(Symbol, frozen=True):
    """A pseudo parameter of CloudFormation, such as ``AWS::Region``.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """


class Parameter(Symbol, frozen=True):
    """A parameter of the template."""


class Placeholder(Parameter, frozen=True, kw_only=True):
    """A placeholder without a value: a parameter of every stack whose text contains it. ``called`` is its own name."""

    called: str


class Attribute(Symbol, frozen=True):
    """The value of ``Ref`` or ``Fn::GetAtt`` for a resource of the template; ``type`` is that of the resource."""

    type: str = ""


class RandomSuffix(Symbol, frozen=True):
    """The six characters that Secrets Manager appends to the name of a secret.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
    """


class Import(Symbol, frozen=True):
    """The value of another stack's export. ``name`` begins with ``Import::``."""

    @property
    def export(self) -> str:
        """The name of the export. Unknown parts are spelled as in ``Fn::Sub``."""
        return self.name.removeprefix(IMPORT).replace("$(", "${").replace(")", "}")


class PolicyVariable(Symbol, frozen=True):
    """A variable that IAM replaces when it evaluates a policy, such as ``aws:username``.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    @property
    def spelled(self) -> str:
        """The variable in the spelling that ``Fn::Sub`` does not replace."""
        return f"${{!{self.name}}}"


class Opaque(Symbol, frozen=True):
    """An expression about which nothing is known, spelled as ``Fn::Select(0, Keys)``."""


class Apart(StrEnum):
    """How far from a task definition the provider of another resource may create it."""

    NOT = ""
    REGION = "another Region"
    ACCOUNT = "another account"


class Expression(Symbol, frozen=True, kw_only=True):
    """An expression whose value only Terraform knows.

    ``name`` is the user's own expression, with the address of the module if that is not the root, and with the element
    of its loop. ``address`` and ``type`` are those of the resource or data source of the ``attribute``; all three are
    empty for any other expression. ``apart`` is how far from the task definition its provider may be.
    ``reason`` is why the value is unknown, and ``remedy`` how to find it.

    A symbol for the name in an ARN has ``forms``: the text before the name in the value of an attribute, and the
    expression of that value. ``secret`` says that the value itself is secret.
    """

    reason: str
    remedy: str = ""
    address: str = ""
    type: str = ""
    attribute: str = ""
    apart: Apart = Apart.NOT
    forms: tuple[tuple[str, Expression], ...] = ()
    secret: bool = False

    @property
    def called(self) -> str:
        """The name in messages: the beginning of the user's own expression."""
        own = self.written[2:-1] or self.name
        return own if len(own) <= _LONGEST else f"{own[:_LONGEST]}..."


class EachOf(Expression, frozen=True, kw_only=True):
    """Each of the references in a list of objects that only Terraform knows: a list of texts.

    ``of`` is the list, and ``member`` the member of its objects that refers to something. With a ``kind``, it is those
    of the references that name one kind of resource, as a policy names it.
    """

    of: Expression
    member: str
    kind: str = ""


class Wildcard(Symbol, frozen=True):
    """The wildcards ``*`` and ``?`` with their meaning in policies."""

    @property
    def spelled(self) -> str:
        """The wildcards themselves."""
        return self.name


class Cut(Symbol, frozen=True, kw_only=True):
    """A part cut from the value of another symbol."""

    of: Symbol


class Field(Cut, frozen=True, kw_only=True):
    """A field of the ARN of a symbol, between colons; an empty field after the last.

    ``before`` is a character at which the field ends.
    """

    number: int
    before: str = ""


class ParameterPath(Cut, frozen=True, kw_only=True):
    """``parameter/NAME`` for the name of a symbol, with or without a leading slash.

    Only ``parameter/`` if the symbol is an ARN.
    """


class InImage(Symbol, frozen=True, kw_only=True):
    """A part of an image whose registry is known at deployment: its ``account``, ``region`` or ``repository``.

    ``image`` is the image, a text. The whole image is the part ``elsewhere`` if it is in no private registry of Amazon
    ECR. ``domains`` are the possible domains of the registry.
    """

    image: str
    part: str
    domains: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InImage) and (self.name, self.domains) == (other.name, other.domains)

    def __hash__(self) -> int:
        return hash((InImage, self.name, self.domains))


class AfterParameter(Cut, frozen=True, kw_only=True):
    """The text after ``:parameter/`` in the ARN of a symbol; empty if it is not such an ARN."""
