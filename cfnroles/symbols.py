"""The parts of a text whose values are known later."""

from __future__ import annotations

from msgspec import Struct

#: How a value that another stack exports is spelled: ``${Import::shop-data-OrdersTableArn}``.
IMPORT = "Import::"
#: More of an expression is not shown in a line.
_LONGEST = 160
#: What the name of a `RandomSuffix` begins with.
SUFFIX = "the six characters behind "


class Symbol(Struct, frozen=True, eq=False):
    """A part of a text whose value is known later. ``name`` is what stands in its ``${...}``.

    ``written`` is how the document writes it, where that is another spelling. Symbols of one kind and name are equal.
    """

    name: str
    written: str = ""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.name == other.name

    def __ne__(self, other: object) -> bool:
        return not self == other  # a struct brings one of its own, which does not follow from __eq__

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    @property
    def spelled(self) -> str:
        """The symbol in ``Fn::Sub``."""
        return f"${{{self.name}}}"


class PseudoParameter(Symbol, frozen=True):
    """What CloudFormation tells about the stack itself, such as ``AWS::Region``.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """


class Parameter(Symbol, frozen=True):
    """A parameter of the template."""


class Placeholder(Parameter, frozen=True, kw_only=True):
    """A placeholder that nobody filled: a parameter of every stack whose text holds it. ``called`` is its own name."""

    called: str


class Attribute(Symbol, frozen=True):
    """What ``Ref`` or ``Fn::GetAtt`` gives of a resource of the template; ``type`` is the resource's."""

    type: str = ""


class RandomSuffix(Symbol, frozen=True):
    """The six characters that Secrets Manager puts behind the name of a secret.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
    """


class Import(Symbol, frozen=True):
    """The value that another stack exports. ``name`` begins with ``Import::``."""

    @property
    def export(self) -> str:
        """The export's name; a part that is known later is spelled as in ``Fn::Sub``."""
        return self.name.removeprefix(IMPORT).replace("$(", "${").replace(")", "}")


class PolicyVariable(Symbol, frozen=True):
    """A variable that IAM fills when it evaluates a policy, such as ``aws:username``.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    @property
    def spelled(self) -> str:
        """The variable as ``Fn::Sub`` leaves it alone."""
        return f"${{!{self.name}}}"


class Opaque(Symbol, frozen=True):
    """An expression that nothing is known about, spelled as ``Fn::Select(0, Keys)``."""


class Expression(Symbol, frozen=True, kw_only=True):
    """An expression of Terraform whose value only Terraform tells.

    ``name`` is the user's own expression, with the address of the module around it where that is not the root, and with
    the element of the loop that it stands in. ``address`` and ``type`` are those of the resource or data source whose
    ``attribute`` it is; all three are empty for any other expression. ``provider`` is the provider that makes it, where
    that is not the usual one. ``reason`` is why nobody knows the value, and ``remedy`` what tells it.

    One that stands for the name in an ARN has ``forms``: what comes before it in the value of an attribute of the
    resource, and the expression that gives that value. ``secret`` says that the value itself is one.
    """

    reason: str
    remedy: str = ""
    address: str = ""
    type: str = ""
    attribute: str = ""
    provider: str = ""
    forms: tuple[tuple[str, Expression], ...] = ()
    secret: bool = False

    @property
    def called(self) -> str:
        """What people call it by: the beginning of the user's own expression."""
        own = self.written[2:-1] or self.name
        return own if len(own) <= _LONGEST else f"{own[:_LONGEST]}..."


class Wildcard(Symbol, frozen=True):
    """The signs ``*`` and ``?`` with the meaning that they have in policies."""

    @property
    def spelled(self) -> str:
        """The signs themselves."""
        return self.name


class Cut(Symbol, frozen=True, kw_only=True):
    """What is cut out of the value that another symbol stands for."""

    of: Symbol


class Field(Cut, frozen=True, kw_only=True):
    """One of the fields into which colons cut the ARN that a symbol stands for; an empty one behind the last.

    ``before`` is a sign at which the field ends, for what stands before it.
    """

    number: int
    before: str = ""


class ParameterPath(Cut, frozen=True, kw_only=True):
    """``parameter/NAME`` for the name that a symbol stands for, be there a slash before it or not.

    ``parameter/`` alone where the symbol stands for an ARN.
    """


class InImage(Symbol, frozen=True, kw_only=True):
    """A part of an image whose registry is told by the deployment: its ``account``, ``region`` or ``repository``.

    ``image`` is the image, a text. All of it is the part ``elsewhere`` where it is known to be in no private registry
    of Amazon ECR. ``domains`` are those that the registry may have.
    """

    image: str
    part: str
    domains: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InImage) and (self.name, self.domains) == (other.name, other.domains)

    def __hash__(self) -> int:
        return hash((InImage, self.name, self.domains))


class AfterParameter(Cut, frozen=True, kw_only=True):
    """What stands behind ``:parameter/`` in the ARN that a symbol stands for; nothing where it is no such ARN."""
