"""The requests that ECS makes for the needs of a role, and the homes in which it may make them.

A home is one account, Region and partition. If they are known, there is one. Otherwise, what holds for one value that
no document names and for each value that one does, holds for all: the documents cannot distinguish any others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, product
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.facts import Facts, partition_of
from cfnroles.iam.evaluator import Context, Principal, Request, some
from cfnroles.need import Need, Permission
from cfnroles.statements import single_valued
from cfnroles.symbols import SUFFIX, Cut, RandomSuffix, Symbol, Wildcard
from cfnroles.template.intrinsics import plain, symbols
from cfnroles.text import PSEUDO_PARAMETERS, Text, arn_of, of_policy, text_of

#: Not the name of any Region.
_SOME_REGION = "xx-unknown-0"
#: The number of words for the six characters after the name of a secret.
_SUFFIXES = 100_000
#: Above this, only accounts and Regions that occur in one ARN are combined.
_MOST_PAIRS = 16

_REGION_NAME = r"[a-z]{2,}(?:-[a-z]+)+-\d+"
_ANYTHING = r"\$\{[^}]*\}|[^:\s']*"
_LITERALS = re.compile(
    rf"arn:(?P<partition>aws[a-z-]*):[^:\s']*:(?:(?P<region>{_REGION_NAME})|{_ANYTHING}):(?:(?P<account>\d{{12}})|{_ANYTHING}):"
    rf"|(?<![\w-])(?P<host_region>{_REGION_NAME})\.(?:amazonaws|api)"
)

#: The groups of these in the order of `Said.literals`.
_PARTS = ("partition", "region", "account", "host_region")
_DIGITS = re.compile("[0-9]{12,}")
_VARIABLE = re.compile(r"\$\{!([^{}]+)\}")

#: The fact with the value of a template parameter.
_TOLD_BY = {"KmsKeyArns": "kms_key_arns"}


class Home(Struct, frozen=True):
    """One account, Region and partition that the documents may refer to."""

    account: str
    region: str
    partition: str
    others: tuple[tuple[str, str], ...] = ()

    @property
    def symbols(self) -> Mapping[str, str]:
        """The values of the pseudo parameters, and a text for each other symbol and policy variable of the needs.

        Any unique text works for those, if it is the same on both sides.
        """
        suffixes = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
        return {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": suffixes.get(self.partition, "amazonaws.com"),
            **dict(self.others),
        }

    def text(self, text: str) -> Text:
        """Return ``text`` with the values of the symbols."""
        for name, value in self.symbols.items():
            text = text.replace(f"${{{name}}}", value)
        return of_policy(plain(text))


class Asked(Struct, frozen=True):
    """One need with one value in each condition, and the request that ECS then makes.

    ``permission`` has the spelling of the documents, ``told`` the values of the home.
    """

    need: Need
    permission: Permission
    told: Permission
    request: Request


class Said(Struct, frozen=True):
    """What texts say that distinguishes homes: ARNs with an account, a Region or a partition, and symbols.

    ``numbers`` are runs of digits that may contain an account, ``first`` symbols that begin a text.
    """

    literals: frozenset[tuple[str | None, ...]] = frozenset()
    numbers: frozenset[str] = frozenset()
    symbols: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()


def said_in(texts: Iterable[str]) -> Said:
    """Return what some texts say about homes."""
    texts = tuple(texts)
    return Said(
        frozenset(match.group(*_PARTS) for text in texts for match in _LITERALS.finditer(text)),
        frozenset(run for text in texts for run in _DIGITS.findall(text)),
        frozenset(name for text in texts for name in symbols(text)),
        frozenset(name for text in texts for name in symbols(text)[:1] if text.startswith(f"${{{name}}}")),
        frozenset(name for text in texts for name in _VARIABLE.findall(text)),
    )


def said_by(need: Need) -> Said:
    """Return what a need says about homes."""
    return said_in(_texts(need.permission))


def homes(
    facts: Facts,
    needs: Iterable[Said],
    role: Said,
    context: Mapping[str, str] | None = None,
    apart: Sequence[str] = (),
) -> tuple[Home, ...]:
    """Return the homes that the role and the needs distinguish, the least particular one first.

    ``context`` are known values of condition keys, and so of policy variables. ``apart`` are names of symbols of the
    role that differ from every other symbol.
    """
    needs = tuple(needs)
    found = role.literals.union(*(each.literals for each in needs))
    digits = role.numbers.union(*(each.numbers for each in needs))
    nobody = next(account for account in map("{:012}".format, count()) if not any(account in run for run in digits))
    accounts = _alternatives(facts.account, nobody, (account for _, _, account, _ in found))
    regions = _alternatives(facts.region, _SOME_REGION, (region or host for _, region, _, host in found))
    pairs = list(product(regions, accounts))
    if len(pairs) > _MOST_PAIRS:
        together = {(region, account) for _, region, account, _ in found}
        pairs = [pair for pair in pairs if pair[0] == regions[0] or pair[1] == accounts[0] or pair in together]
    # A policy names only resources of its own partition.
    partitions = sorted({partition for partition, *_ in found if partition}) or ["aws"]
    others = _others(needs, apart, context or {})
    return tuple(
        Home(account, region, partition, others)
        for region, account in pairs
        for partition in (partitions if region == _SOME_REGION else [partition_of(region)])
    )


def told_symbols(permission: Permission) -> tuple[str, ...]:
    """Return the unknown parts of a permission: its symbols, except pseudo parameters."""
    found = {name for text in _texts(permission) for name in symbols(text)}
    return tuple(sorted(found.difference(PSEUDO_PARAMETERS)))


def opened(need: Need, kind: type[Symbol] = Symbol) -> Need:
    """Return the need with every unknown part of a kind open."""

    untold = told_symbols(need.permission)

    def wild(symbol: Symbol) -> Symbol:
        if symbol.name not in untold or not isinstance(symbol, kind):
            return symbol
        return Wildcard("??????" if isinstance(symbol, RandomSuffix) else "*")

    def opened_text(text: Text) -> Text:
        return text.replaced(wild)

    permission = need.permission
    resource = opened_text(permission.resource)
    if resource != permission.resource and not resource.startswith("arn:"):
        resource = Text("arn:", resource)
    conditions = tuple(
        condition if told == condition.values else replace(condition, operator="StringLike", values=told)
        for condition in permission.conditions
        for told in (tuple(map(opened_text, condition.values)),)
    )
    return replace(need, permission=replace(permission, resource=resource, conditions=conditions))


def parameter_values(name: str, facts: Facts) -> tuple[str, ...]:
    """Return the known values of a template parameter; none if there are none."""
    values: tuple[str, ...] = getattr(facts, _TOLD_BY[name]) if name in _TOLD_BY else ()
    return values


def told_by_role(facts: Facts, values: Mapping[str, str]) -> Facts:
    """Return the facts with the role template's values for otherwise unknown parameters."""
    for name, fact in _TOLD_BY.items():
        if not getattr(facts, fact) and values.get(name):
            facts = replace(facts, **{fact: tuple(each.strip() for each in values[name].split(","))})
    return facts


def deciding_values(values: Mapping[str, str], needs: Iterable[Need]) -> Mapping[str, str]:
    """Return the values of a role template's parameters that matter for the needs."""
    names = {*_TOLD_BY, *(name for need in needs for name in need.permission.when)}
    return {name: value for name, value in values.items() if name in names}


def definite(needs: Iterable[Need], facts: Facts) -> tuple[tuple[Need, ...], tuple[Need, ...]]:
    """Return the needs that certainly exist, and those that depend on a parameter with an unknown value.

    A need on a parameter with values becomes one need for each value. Both are in the order of their places.
    """
    certain: list[Need] = []
    hanging: list[Need] = []
    for need in needs:
        permission = need.permission
        values = [parameter_values(name, facts) for name in permission.when]
        if not all(values):
            hanging.append(need)
            continue
        lists = [
            (name, found)
            for name, found in zip(permission.when, values, strict=True)
            if _has(permission.resource, name)
        ]
        resources = [permission.resource]
        for name, found in lists:
            resources = [_given(text, name, value) for text in resources for value in found]
        certain += [replace(need, permission=replace(permission, resource=text, when=())) for text in resources]
    for each in (certain, hanging):
        each.sort(key=lambda need: need.place_key)
    return tuple(certain), tuple(hanging)


def asked(need: Need, home: Home, role_arn: str = "", context: Mapping[str, str] | None = None) -> tuple[Asked, ...]:
    """Return the requests for one need, one for each combination of its condition values.

    A part of a resource that the need leaves open (the six characters of a secret, the ID of a task) stays open in the
    request: a statement that covers only some of the possible values makes the result unknown.
    """
    permission = need.permission
    asked = []
    for conditions in single_valued(permission.conditions):
        single = replace(permission, conditions=conditions)
        told = replace(
            single,
            resource=home.text(single.resource),
            conditions=tuple(replace(c, values=tuple(map(home.text, c.values))) for c in conditions),
        )
        asked.append(Asked(need, single, told, _request(single, told, home, role_arn, context or {})))
    return tuple(asked)


#: Actions on a task whose ARN contains the cluster, which is also sent.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
_IN_CLUSTER = frozenset({"ecs:DescribeTasks", "ecs:StopTask"})
_CLUSTER_OF = re.compile(r"(arn:[^:]*:ecs:[^:]*:[^:]*):task/([^/*]+)/")


def _cut(resource: Text) -> Iterator[str]:
    """Yield the condition keys that determine an extracted value, and so are unknown."""
    arn = arn_of(text_of(resource))
    if arn is not None:
        for key, part in (("aws:ResourceAccount", arn.account), ("aws:RequestedRegion", arn.region)):
            if any(isinstance(symbol, Cut | Wildcard) for symbol in part.symbols):
                yield key


def _request(asked: Permission, told: Permission, home: Home, role_arn: str, context: Mapping[str, str]) -> Request:
    arn = told.resource.split(":", 5)
    region = arn[3] if len(arn) == 6 and arn[3] else home.region
    via = next((c.values[0] for c in told.conditions if c.key == "kms:ViaService"), "")
    values: dict[str, tuple[str, ...]] = {
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        "aws:RequestedRegion": (region,),
        "aws:SecureTransport": ("true",),
        "aws:ViaAWSService": ("true" if via else "false",),
        "aws:CalledVia": (".".join([via.split(".")[0], "amazonaws.com"]),) if via else (),
    }
    if len(arn) == 6 and arn[4]:
        values["aws:ResourceAccount"] = (arn[4],)
    for condition in told.conditions:
        values[condition.key] = tuple(_open(condition.operator, value) for value in condition.values)
    if told.action in _IN_CLUSTER and (cluster := _CLUSTER_OF.match(told.resource)):
        values.setdefault("ecs:cluster", (f"{cluster[1]}:cluster/{cluster[2]}",))
    if told.action.startswith("elasticfilesystem:Client"):
        # A file system is mounted through the mount target in the task's Availability Zone.
        # https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
        values["elasticfilesystem:AccessedViaMountTarget"] = ("true",)
    for key in _cut(asked.resource):
        values.pop(key, None)
    values |= {key: (value,) for key, value in context.items()}
    resource = told.resource if told.resource == "*" else some(told.resource)
    principal = Principal(role_arn or some(f"arn:{home.partition}:iam::{home.account}:role/*"))
    return Request(principal, told.action, resource, Context.of(values))


def _open(operator: str, value: str) -> str:
    return some(value) if operator in ("StringLike", "ArnLike", "ArnEquals") else value


def _given(text: Text, name: str, value: str) -> Text:
    return text.replaced(lambda symbol: value if symbol.name == name else symbol)


def _has(text: str, name: str) -> bool:
    return f"${{{name}}}" in text


def _others(said: Sequence[Said], apart: Sequence[str], context: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    told = {key.lower(): value for key, value in context.items()}
    # Symbols of the stack itself mean the same on both sides: no home has values for them.
    needed = frozenset[str]().union(*(each.symbols for each in said)).difference(PSEUDO_PARAMETERS)
    first = frozenset[str]().union(*(each.first for each in said))
    values: dict[str, str] = {}
    for name, word in _words(needed.union(apart)).items():
        whole = name not in needed or name in first
        values[name] = word if name.startswith(SUFFIX) else f"arn:aws:untold:::{word}" if whole else f"untold-{word}"
    for number, name in enumerate(sorted(frozenset[str]().union(*(each.variables for each in said)))):
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        key = name.partition(",")[0].strip().lower()
        values[f"!{name}"] = told.get(key, f"variable-{number}-{re.sub(r'[^A-Za-z0-9]+', '-', name)}")
    return tuple(sorted(values.items()))


def _words(names: Iterable[str]) -> Mapping[str, str]:
    """Return a word for each name that no other has: where possible the same one next to any others, so that what is
    known about a request is known about the next.
    """
    alike: Counter[str] = Counter()
    suffixes: dict[int, str] = {}
    words: dict[str, str] = {}
    for name in sorted(names):
        if name.startswith(SUFFIX):
            number = crc32(name.encode()) % _SUFFIXES
            while number in suffixes:
                number = (number + 1) % _SUFFIXES
            suffixes[number] = name
            # No policy can contain these: Secrets Manager uses letters and digits.
            words[name] = f"~{number:05}"
            continue
        word = re.sub(r"[^A-Za-z0-9]+", "-", name)
        # The number distinguishes names that differ only in special characters.
        words[name] = f"{alike[word]}-{word}"
        alike[word] += 1
    return words


def _texts(permission: Permission) -> tuple[str, ...]:
    return (permission.resource, *(value for c in permission.conditions for value in c.values))


def _alternatives(known: str, unknown: str, named: Iterable[str | None]) -> tuple[str, ...]:
    return (known,) if known else (unknown, *sorted({name for name in named if name}))
