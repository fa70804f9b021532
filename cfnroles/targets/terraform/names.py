"""The names of the blocks of one file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from msgspec import Struct

from cfnroles.need import Holder
from cfnroles.role_kinds import kind_of
from cfnroles.sources.terraform_kinds import KINDS
from cfnroles.symbols import Import, Parameter, Symbol
from cfnroles.written import ASKED_OF_AWS

#: The parameter that holds the keys of the secrets and parameters.
KEYS = Parameter("KmsKeyArns")
#: The inputs of the reusable module.
SERVICE_NAME, SECRETS = Parameter("ServiceName"), Parameter("SecretsArns")
#: The names of the locals for the values that AWS provides, with the expression of each.
OF_AWS = {
    name: (local, *ASKED_OF_AWS[name])
    for name, local in (
        ("AWS::AccountId", "account"),
        ("AWS::Partition", "partition"),
        ("AWS::Region", "region"),
        ("AWS::URLSuffix", "dns_suffix"),
    )
}


class FileNames(Struct, frozen=True):
    """The names of one file. All of them begin with its ``stem``, so they differ from those of every other file.

    A module of its own has no stem.
    """

    stem: str

    def role(self, holder: Holder) -> str:
        """Return the name of a role's resources."""
        return self.under(identifier(holder.removesuffix(" role")))

    def role_arn(self, holder: Holder) -> str:
        """Return the local with a role's ARN, or that of its instance profile, once the role is complete."""
        return f"{self.role(holder)}_{'profile' if kind_of(holder).profile else 'role'}_arn"

    def of_aws(self, name: str) -> str:
        """Return the expression for a pseudo parameter of CloudFormation."""
        return f"local.{self.under(OF_AWS[name][0])}"

    @property
    def gate(self) -> str:
        """The name of the gate's resource."""
        return self.under("secrets_exist")

    def variable(self, symbol: Symbol) -> str:
        """Return the variable for a parameter, or for a value of another resource or stack."""
        named = symbol.export if isinstance(symbol, Import) else symbol.name
        return self.under(in_words(re.sub(r"\$\{[^}]*\}", "_", named)))

    def under(self, name: str) -> str:
        """Return the file's own name for something else."""
        return f"{self.stem}_{name}" if self.stem else name

    @property
    def data(self) -> str:
        """The name of the data sources for the values that AWS provides."""
        return self.stem or "this"


def stems(name: str, earlier: str = "") -> Iterator[str]:
    """Yield the stems that a task definition of this name may have, the best one first.

    ``earlier`` is the stem of the file that is rewritten: roles with other names would be other roles.
    """
    own = identifier(name)
    yield from dict.fromkeys(each for each in (earlier, own, f"{own}_cfnroles") if each)
    for number in itertools.count(2):
        yield f"{own}_cfnroles_{number}"


def without_type(address: str) -> str:
    """Return an address without the type of the resource, or a name that is not an address unchanged."""
    return re.sub(rf"\b(?:{'|'.join(KINDS)})\.", "", address) or address


def in_words(name: str) -> str:
    """Return a name in capitals in Terraform's spelling: ``task_definition`` for ``TaskDefinition``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub("_+", "_", identifier(words)).lower()


def identifier(name: str) -> str:
    """Return a string as an identifier of Terraform's language.

    https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers
    """
    found = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return found if re.match(r"[A-Za-z]", found) else f"task_{found}".rstrip("_")
