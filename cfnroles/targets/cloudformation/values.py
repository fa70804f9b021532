"""From texts to CloudFormation values, and from the names of the home account to symbols."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct, field
from troposphere import GenericHelperFn, Ref

from cfnroles.facts import Facts
from cfnroles.symbols import Import, Parameter
from cfnroles.table.images import ecr_registry
from cfnroles.template.expressions import expression
from cfnroles.text import ACCOUNT, PARTITION, REGION, URL_SUFFIX, Part, Text, is_account, literal, text_of
from cfnroles.validator_needs import SWITCHES

_STANDARD_DOMAINS = frozenset({"amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"})


class Spelling(Struct, frozen=True):
    """How a stack spells names: pseudo parameters for the home account and Region, and parameters for ARNs.

    The parameters are for ARNs that differ from one environment to the next. ``parameters`` maps an ARN to the name of
    its parameter. ``lists`` are the parameters that hold a list, ``switches`` those that are `enabled` or `disabled`.
    """

    facts: Facts
    parameters: Mapping[str, str] = field(default_factory=dict)
    lists: Collection[str] = frozenset({"KmsKeyArns"})
    switches: Collection[str] = SWITCHES

    def text(self, text: str) -> Text:
        """Return ``text`` with a symbol for everything that names the home account, Region and partition."""
        text = text_of(text)
        for arn, parameter in self.parameters.items():
            if text == arn or text.startswith(f"{arn}:"):
                return Text(Parameter(parameter), text.removeprefix(arn))
        plain = text.plain
        return _at_home(plain, self.facts.account, self.facts.region) if plain else self._at_home(text)

    def value(self, text: str) -> Any:
        """Return ``text`` as a CloudFormation value: a string, a Ref, a GetAtt, or a Sub."""
        return value(self.text(text))

    def values(self, texts: Iterable[str]) -> Any:
        """Return several texts as one list; a parameter that holds a list becomes the list itself."""
        texts = list(texts)
        whole = text_of(texts[0]).whole if len(texts) == 1 else None
        if isinstance(whole, Parameter) and whole.name in self.lists:
            return Ref(whole.name)
        return [self.value(text) for text in texts]

    def _at_home(self, text: Text) -> Text:
        return self._registry(self._service_host(self._arns(text)))

    def _home(self, region: Text, account: Text) -> tuple[Text, Text]:
        # A resource of another account keeps its account, even if the service is deployed elsewhere.
        if account and account not in (self.facts.account, ACCOUNT):
            return region, account
        here = bool(region) and region == self.facts.region
        return REGION if here else region, ACCOUNT if account else account

    def _arns(self, text: Text) -> Text:
        """Return the text with the home's symbols in each ARN that it contains."""
        if "arn:" not in text:
            return text
        fields = text.cut(":")
        for at in range(len(fields) - 5):
            scheme, partition, _, region, account = fields[at : at + 5]
            known = partition.unknown or re.fullmatch(r"aws[a-z-]*", partition)
            if re.search(r"\barn$", scheme.shape(".")) and known and (not account or is_account(account)):
                fields[at + 1] = PARTITION
                fields[at + 3], fields[at + 4] = self._home(region, account)
        parts: list[Part] = [fields[0]]
        for each in fields[1:]:
            parts += [":", each]
        return Text(*parts)

    def _registry(self, text: Text) -> Text:
        if "dkr" not in text:
            return text
        host, slash, repository = text.partition("/")
        registry = ecr_registry(host) if slash else None
        if registry is None:
            return text
        region, account = self._home(registry.region, registry.account)
        standard = registry.domain in _STANDARD_DOMAINS and region == REGION
        domain = URL_SUFFIX if standard else registry.domain
        return Text(account, registry.kind, region, ".", domain, "/", repository)

    def _service_host(self, text: Text) -> Text:
        if ".amazonaws.com" not in text:
            return text
        service, *rest = text.cut(".")
        if len(rest) != 3 or rest[1:] != ["amazonaws", "com"] or rest[0] != self.facts.region or not rest[0]:
            return text
        return Text(service, ".", REGION, ".amazonaws.com")


@lru_cache(maxsize=1024)  # the roles, the gate and the task of a service name the same things
def _at_home(plain: str, account: str, region: str) -> Text:
    return Spelling(Facts(account=account, region=region))._at_home(literal(plain))


def value(text: str) -> Any:
    """Return a text as a CloudFormation value."""
    whole = text.whole if isinstance(text, Text) else None
    if type(whole) is Parameter:
        return _reference(whole.name)
    given = expression(text)
    return given if isinstance(given, str) else GenericHelperFn(given)


@lru_cache(maxsize=1024)  # several statements have each secret of a service
def _reference(parameter: str) -> GenericHelperFn:
    return GenericHelperFn(expression(Text(Parameter(parameter))))


def exports_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the exports of other stacks that ``texts`` refer to, sorted."""
    symbols = {symbol for text in texts for symbol in text_of(text).symbols}
    return tuple(sorted(symbol.export for symbol in symbols if isinstance(symbol, Import)))
