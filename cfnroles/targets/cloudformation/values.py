"""From texts in the spelling of ``Fn::Sub`` to CloudFormation values, and from the home account's names to symbols."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from troposphere import GetAtt, ImportValue, Ref, Sub

from cfnroles.facts import Facts
from cfnroles.table.words.resources import IMPORT
from cfnroles.validator_needs import SWITCHES

_SYMBOL = re.compile(r"\$\{(?!!)([^}]+)\}")
_ARN = re.compile(
    r"\barn:aws[a-z-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*|\$\{AWS::Region\})"
    r":(?P<account>\d{12}|\$\{AWS::AccountId\}|aws|):"
)
_REGISTRY = re.compile(
    r"^(?P<account>\d{12})(?P<kind>\.dkr[.-]ecr(?:-fips)?\.)(?P<region>[a-z0-9-]+)\.(?P<domain>[a-z.]+)(?=/)"
)
_SERVICE_HOST = re.compile(r"^(?P<service>[a-z0-9]+)\.(?P<region>[a-z0-9-]+)\.amazonaws\.com$")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a stack spells names: with pseudo parameters for the home account and region, and with the stack's own
    parameters for the ARNs that differ from one environment to the next.

    ``parameters`` maps an ARN to the name of the parameter that stands for it; ``lists`` are the parameters that hold
    a list, ``switches`` those that are `enabled` or `disabled`.
    """

    facts: Facts
    parameters: Mapping[str, str] = field(default_factory=dict)
    lists: Collection[str] = frozenset({"KmsKeyArns"})
    switches: Collection[str] = SWITCHES

    def text(self, text: str) -> str:
        """``text`` with everything that names the home account, region and partition replaced by a symbol."""
        for arn, parameter in self.parameters.items():
            if text == arn or text.startswith(f"{arn}:"):
                return f"${{{parameter}}}{text[len(arn) :]}"
        text = _ARN.sub(self._arn, text)
        text = _REGISTRY.sub(self._registry, text)
        return _SERVICE_HOST.sub(self._service_host, text)

    def value(self, text: str) -> Any:
        """``text`` as CloudFormation takes it: a plain text, a Ref, a GetAtt, or a Sub."""
        return value(self.text(text))

    def values(self, texts: Iterable[str]) -> Any:
        """Several texts as one list; a parameter that holds a list stands for the list itself."""
        texts = list(texts)
        if len(texts) == 1 and texts[0][2:-1] in self.lists:
            return Ref(texts[0][2:-1])
        return [self.value(text) for text in texts]

    def _home(self, region: str, account: str) -> tuple[str, str]:
        # What belongs to another account stays where it is, also when the service is deployed elsewhere.
        if account and account not in (self.facts.account, "${AWS::AccountId}"):
            return region, account
        here = bool(region) and region == self.facts.region
        return "${AWS::Region}" if here else region, "${AWS::AccountId}" if account else ""

    def _arn(self, match: re.Match[str]) -> str:
        region, account = self._home(match["region"], match["account"])
        return f"arn:${{AWS::Partition}}:{match['service']}:{region}:{account}:"

    def _registry(self, match: re.Match[str]) -> str:
        region, account = self._home(match["region"], match["account"])
        standard = match["domain"] in ("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu")
        domain = "${AWS::URLSuffix}" if standard and region == "${AWS::Region}" else match["domain"]
        return f"{account}{match['kind']}{region}.{domain}"

    def _service_host(self, match: re.Match[str]) -> str:
        region, _ = self._home(match["region"], "")
        return f"{match['service']}.{region}.amazonaws.com"


def value(text: str) -> Any:
    """A text in the spelling of ``Fn::Sub`` as CloudFormation takes it."""
    symbols = _SYMBOL.findall(text)
    if not symbols:
        return text.replace("${!", "${")
    if any(symbol.startswith(IMPORT) for symbol in symbols):
        return _imported(text, symbols)
    if _SYMBOL.fullmatch(text):
        name, dot, attribute = symbols[0].partition(".")
        return GetAtt(name, attribute) if dot else Ref(name)
    return Sub(text)


def imports_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The exports of other stacks that ``texts`` refer to, sorted."""
    symbols = {symbol for text in texts for symbol in _SYMBOL.findall(text)}
    return tuple(sorted(symbol.removeprefix(IMPORT) for symbol in symbols if symbol.startswith(IMPORT)))


def _imported(text: str, symbols: Iterable[str]) -> Any:
    if _SYMBOL.fullmatch(text):
        return ImportValue(text[2 + len(IMPORT) : -1])
    # Fn::Sub itself imports nothing: the value is handed to it under a name of its own.
    variables = {}
    for symbol in symbols:
        if symbol.startswith(IMPORT):
            export = symbol.removeprefix(IMPORT)
            name = "".join(word[:1].upper() + word[1:] for word in re.split(r"[:-]+", export))
            variables[name] = ImportValue(export)
            text = text.replace(f"${{{symbol}}}", f"${{{name}}}")
    return Sub(text, variables)


def literal(text: str) -> str:
    """A text of the user's in the spelling of ``Fn::Sub``, so that nothing in it is taken for a symbol."""
    return text.replace("${", "${!")
