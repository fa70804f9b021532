"""The parts from which the blocks of one file are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.need import Holder
from cfnroles.options import NO_OPTIONS, LogGroupOptions, RoleOptions
from cfnroles.policies import Policy
from cfnroles.targets.terraform.by_key import among, keys_in
from cfnroles.targets.terraform.names import FileNames
from cfnroles.targets.terraform.values import Values
from cfnroles.targets.terraform.writing import Argument, Entry, Written, only_if
from cfnroles.text import Text

#: Longer expressions get a name.
_LONGEST = 80


class Repeated(Struct, frozen=True):
    """How a task definition is repeated: its meta-argument and the expression of that, both empty if it is not.

    ``keys`` are those of the known instances. ``local`` is the local that holds the expression, if any.
    """

    meta: str = ""
    written: str = ""
    keys: tuple[str, ...] = ()
    local: str = ""

    def named(self, local: str) -> Repeated:
        """Return the same with a name for an expression that is too long to repeat in each resource."""
        return replace(self, local=local) if len(self.written) > _LONGEST else self

    def either(self, conditions: Sequence[str]) -> tuple[str, ...]:
        """Return the shortest form of conditions on the instance of which one must hold; empty if one always does."""
        found = [keys_in(each) for each in conditions]
        if "" in conditions or None in found:
            return () if "" in conditions else tuple(conditions)
        named = {key for each in found for key in each or ()}
        return () if named >= {*self.keys} else (among([key for key in self.keys if key in named], self.meta),)

    @property
    def expression(self) -> str:
        """The expression of the meta-argument."""
        return f"local.{self.local}" if self.local else self.written

    @property
    def instance(self) -> str:
        """The suffix of the name of a resource that is repeated in the same way."""
        return {"count": "[count.index]", "for_each": "[each.key]"}.get(self.meta, "")

    @property
    def arguments(self) -> tuple[Entry, ...]:
        """The meta-argument of such a resource."""
        return (Argument(self.meta, Written(self.expression)),) if self.meta else ()


def _counted(condition: str, expression: str) -> str:
    """Return a count that is also 0 if a condition does not hold."""
    once = re.fullmatch(r"([^?]+) \? 1 : 0", expression)
    if not once:
        return f"{condition} ? ({expression}) : 0" if "?" in expression else f"{condition} ? {expression} : 0"
    predicate = f"({once[1]})" if "||" in once[1] else once[1]
    return f"{predicate} && {f'({condition})' if '||' in condition else condition} ? 1 : 0"


class LogGroups(Struct, frozen=True):
    """The names of log groups that are created, and how."""

    names: tuple[Text, ...] = ()
    options: LogGroupOptions = LogGroupOptions()


class Parts(Struct, frozen=True):
    """The parts from which all blocks of a file are written.

    ``subject`` is the name that people see, ``document`` the file that it is in, and ``family`` the beginning of the
    roles' names. ``provider`` is the provider that the task definition names. ``versions`` are the resources that give
    a secret its value, and ``secret_providers`` the providers of secrets, by the address of the secret.
    ``apart_secrets`` are the addresses of secrets with a Region of their own, and ``own_region`` is the expression of
    that of the task definition. ``key_arns`` are the ARNs of the known keys. ``for_tasks`` says that there are tasks,
    which always have an execution role and a task role.
    """

    subject: str
    document: str
    family: Text
    names: FileNames
    values: Values
    policies: Mapping[Holder, Sequence[Policy]]
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    secret_providers: Mapping[str, str] = field(default_factory=dict)
    apart_secrets: frozenset[str] = frozenset()
    own_region: str = ""
    options: Mapping[Holder, RoleOptions] = field(default_factory=dict)
    repeated: Repeated = Repeated()
    provider: str = ""
    key_arns: tuple[str, ...] = ()
    log_groups: LogGroups = LogGroups()
    for_tasks: bool = True

    def option(self, holder: Holder) -> RoleOptions:
        """Return the options of one of the roles."""
        return self.options.get(holder, NO_OPTIONS)

    @property
    def of_aws(self) -> tuple[Entry, ...]:
        """The first arguments of each AWS resource and data source that is not repeated."""
        return (Argument("provider", Written(self.provider)),) if self.provider else ()

    @property
    def head(self) -> tuple[Entry, ...]:
        """The first arguments of each AWS resource that exists for every instance of the task definition."""
        return (*self.repeated.arguments, *self.of_aws)

    def head_under(self, condition: str) -> tuple[Entry, ...]:
        """Return the first arguments of a resource that exists only under a condition, which may be empty."""
        if not condition:
            return self.head
        match self.repeated:
            case Repeated(meta="count", expression=expression):
                meta = Argument("count", Written(_counted(condition, expression)))
            case Repeated(meta="for_each", expression=expression):
                condition = condition.replace("each.key", "k").replace("each.value", "v")
                meta = Argument("for_each", Written(f"{{ for k, v in {expression} : k => v{only_if(condition)} }}"))
            case _:
                meta = Argument("count", Written(f"{condition} ? 1 : 0"))
        return (meta, *self.of_aws)

    def instance_under(self, condition: str) -> str:
        """Return the suffix of the name of such a resource, for another that exists under the same condition."""
        return "[0]" if condition and not self.repeated.meta else self.repeated.instance
