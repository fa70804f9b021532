"""CloudFormation's intrinsic functions: evaluated as far as possible, otherwise spelled as symbols.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from cfnroles.document import inside
from cfnroles.facts import partition_of
from cfnroles.symbols import IMPORT, Import, Parameter
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.text import Text, bucket_of, field_of, from_spelling, whole_number
from cfnroles.workload import Path

#: The value of `AWS::NoValue`: its member or element is left out.
NO_VALUE = object()

_SYMBOL = re.compile(r"\$\{(?!!)([^{}]+)\}")
_SUBSTITUTION = re.compile(r"\$\{(!?)([^{}]+)\}")
#: The last field of the ARN of a symbol.
_RESOURCE = re.compile(r"\$\{([^{}]+)\[resource\]\}")
_DYNAMIC = re.compile(r"\{\{(resolve:(?:[^{}]|\$\{[^{}]*\})+)\}\}")

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_URL_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-us-gov": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
}

_HOME = "${AWS::Region}:${AWS::AccountId}"
_TASK_DEFINITION = "AWS::ECS::TaskDefinition"
#: The ARN of a resource without a given name, of which templates and the CDK cut out parts: type -> the text, where
#: `{}` is the value of the named attribute, or of Ref.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_ARNS = {
    "AWS::DynamoDB::Table": (f"arn:${{AWS::Partition}}:dynamodb:{_HOME}:table/{{}}", ""),
    "AWS::ECR::Repository": (f"arn:${{AWS::Partition}}:ecr:{_HOME}:repository/{{}}", ""),
    "AWS::ECS::Cluster": (f"arn:${{AWS::Partition}}:ecs:{_HOME}:cluster/{{}}", ""),
    "AWS::EFS::FileSystem": (f"arn:${{AWS::Partition}}:elasticfilesystem:{_HOME}:file-system/{{}}", ""),
    "AWS::KMS::Key": (f"arn:${{AWS::Partition}}:kms:{_HOME}:key/{{}}", ""),
    "AWS::IAM::Role": ("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/{}", ""),
    "AWS::Kinesis::Stream": (f"arn:${{AWS::Partition}}:kinesis:{_HOME}:stream/{{}}", ""),
    "AWS::Lambda::Function": (f"arn:${{AWS::Partition}}:lambda:{_HOME}:function:{{}}", ""),
    "AWS::Logs::LogGroup": (f"arn:${{AWS::Partition}}:logs:{_HOME}:log-group:{{}}:*", ""),
    "AWS::S3::Bucket": ("arn:${AWS::Partition}:s3:::{}", ""),
    "AWS::SQS::Queue": (f"arn:${{AWS::Partition}}:sqs:{_HOME}:{{}}", ".QueueName"),
}
#: Their names may contain a slash. No name contains a colon.
_WITH_SLASHES = frozenset({"AWS::ECR::Repository", "AWS::Logs::LogGroup"})
#: The pseudo parameters that contain no delimiter of an ARN.
_PLAIN = frozenset({"AWS::Partition", "AWS::Region", "AWS::AccountId", "AWS::URLSuffix", "AWS::StackName"})
#: The value of Ref and GetAtt for a resource with a name in the template: (type, attribute) -> (property, text). An
#: empty attribute is Ref.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
_NAMED: dict[tuple[str, str], tuple[str, str]] = {
    ("AWS::Logs::LogGroup", ""): ("LogGroupName", "{}"),
    ("AWS::Logs::LogGroup", "Arn"): (
        "LogGroupName",
        f"arn:${{AWS::Partition}}:logs:{_HOME}:log-group:{{}}:*",
    ),
    ("AWS::ECR::PullThroughCacheRule", ""): ("EcrRepositoryPrefix", "{}"),
    ("AWS::ECR::Repository", ""): ("RepositoryName", "{}"),
    ("AWS::ECR::Repository", "Arn"): ("RepositoryName", f"arn:${{AWS::Partition}}:ecr:{_HOME}:repository/{{}}"),
    ("AWS::ECR::Repository", "RepositoryUri"): (
        "RepositoryName",
        "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/{}",
    ),
    ("AWS::IAM::Role", ""): ("RoleName", "{}"),
    ("AWS::S3::Bucket", ""): ("BucketName", "{}"),
    ("AWS::S3::Bucket", "Arn"): ("BucketName", "arn:${AWS::Partition}:s3:::{}"),
    ("AWS::SQS::Queue", "Arn"): ("QueueName", f"arn:${{AWS::Partition}}:sqs:{_HOME}:{{}}"),
    ("AWS::Kinesis::Stream", ""): ("Name", "{}"),
    ("AWS::Kinesis::Stream", "Arn"): ("Name", f"arn:${{AWS::Partition}}:kinesis:{_HOME}:stream/{{}}"),
    ("AWS::KinesisFirehose::DeliveryStream", ""): ("DeliveryStreamName", "{}"),
    ("AWS::KinesisFirehose::DeliveryStream", "Arn"): (
        "DeliveryStreamName",
        f"arn:${{AWS::Partition}}:firehose:{_HOME}:deliverystream/{{}}",
    ),
    ("AWS::SSM::Parameter", ""): ("Name", "{}"),
    **{
        (f"AWS::{service}::Domain", attribute): (
            "DomainName",
            f"arn:${{AWS::Partition}}:es:{_HOME}:domain/{{}}" if attribute else "{}",
        )
        for service in ("OpenSearchService", "Elasticsearch")
        for attribute in ("", "Arn", "DomainArn")
    },
    ("AWS::DynamoDB::Table", ""): ("TableName", "{}"),
    ("AWS::DynamoDB::Table", "Arn"): ("TableName", f"arn:${{AWS::Partition}}:dynamodb:{_HOME}:table/{{}}"),
}
#: Their types.
NAMED_BY_PROPERTY = tuple(dict.fromkeys(kind for kind, _ in _NAMED))


def literal(text: str) -> str:
    """Return a literal text in the spelling of ``Fn::Sub``: only dynamic references in it are symbols."""
    return _without_dynamic(text.replace("${", "${!")) if "{" in text else text


def plain(text: str) -> str:
    """Return the text of a resolved text without symbols: the opposite of ``literal``."""
    return text.replace("${!", "${")


def symbols(text: str) -> tuple[str, ...]:
    """Return the names of the symbols in a resolved text: the unknowns."""
    return tuple(_SYMBOL.findall(text))


def undecided(value: Any) -> tuple[str, Any, Any] | None:
    """Return the condition and both outcomes of a value that depends on an undecided condition; otherwise ``None``.

    Only ``Resolution`` creates this form; anything similar is in a document that is not a template.
    """
    match value:
        case {"Fn::If": [str(name), yes, no]} if len(value) == 1:
            return name, yes, no
    return None


#: A lookup of a ``parameter``, a ``key`` or a ``condition``, with its name.
Look = tuple[str, str]


class Resolution(Struct):
    """One pass over a template with the known values. ``sources`` are the places of resolved parts.

    ``forced`` decides conditions by name, before everything else. ``looks`` are the lookups of values and conditions,
    with their results: equal inputs with equal results give equal outputs.
    """

    tree: Mapping[str, Any]
    given: Given = NOTHING_GIVEN
    forced: Mapping[str, bool | None] = field(default_factory=dict)
    sources: dict[Path, Path] = field(default_factory=dict)
    looks: dict[Look, object] = field(default_factory=dict)
    _decided: dict[str, bool | None] = field(default_factory=dict)
    _found: dict[Look, object] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def apart(self) -> Resolution:
        """Return the same resolution with its own places and lookups."""
        return Resolution(self.tree, self.given, self.forced, dict(self.sources), {}, self._decided, self._found)

    def look(self, look: Look) -> object:
        """Return the result of one lookup, and record it."""
        answer = self.looks[look] = self._condition(look[1]) if look[0] == "condition" else self._value_of(look)
        return answer

    def _value_of(self, look: Look) -> object:
        if look not in self._found:
            what, name = look
            if what == "key":
                self._found[look] = self.given.keys.get(name), self.given.not_keys.get(name)
            else:
                default = _member(_member(self.tree, "Parameters"), name).get("Default")
                given = self.given.parameters.get(name, default)
                self._found[look] = type(given), str(given)
        return self._found[look]

    def condition(self, name: str) -> bool | None:
        """Return whether the template's condition holds; ``None`` if it depends on an unknown."""
        truth: Any = self.look(("condition", name))
        decided: bool | None = truth
        return decided

    def _condition(self, name: str) -> bool | None:
        if name in self.forced:
            return self.forced[name]
        if name not in self._decided:
            self._decided[name] = None  # a condition that refers to itself stays undecided
            self._decided[name] = self.truth(_member(self.tree, "Conditions").get(name))
        return self._decided[name]

    def value(self, given: Any, source: Path = (), path: Path | None = None) -> Any:
        """Return the value with its functions evaluated: texts, lists, mappings, or ``NO_VALUE``.

        ``source`` is the place of ``given`` in the document. If parts are left out before ``path`` in the result,
        ``sources`` records it.
        """
        if isinstance(given, str):
            return literal(given)
        if isinstance(given, list):
            return self._list(given, source, path)
        if not isinstance(given, (dict, Mapping)):
            return given
        if len(given) == 1:
            name, argument = next(iter(given.items()))
            if name == "Fn::If":
                return self._if(argument, (*source, name), path)
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument)
        resolved = {}
        for key, member in given.items():
            inner = None if path is None else (*path, key)
            # Output of a loop has another place than what is around it.
            place = (*source, key) if inner is None else self.sources.get(inner, (*source, key))
            value = self.value(member, place, inner)
            if value is not NO_VALUE:
                resolved[key] = value
        return resolved

    def text(self, given: Any) -> str:
        """Return the value as one text; anything but a text becomes a symbol."""
        return _as_text(self.value(given))

    def _list(self, given: Sequence[Any], source: Path, path: Path | None) -> list[Any]:
        resolved: list[Any] = []
        for index, element in enumerate(given):
            inner = None if path is None else (*path, len(resolved))
            if inner is not None and index != len(resolved):
                self.sources[inner] = (*source, index)
            value = self.value(element, (*source, index), inner)
            if value is not NO_VALUE:
                resolved.append(value)
        return resolved

    def _if(self, argument: Any, source: Path, path: Path | None) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            return _symbol("Fn::If", argument)
        name = str(argument[0])
        truth = self.condition(name)
        if truth is None:
            branches = [self.value(branch) for branch in argument[1:]]
            return {"Fn::If": [name, *({"Ref": "AWS::NoValue"} if b is NO_VALUE else b for b in branches)]}
        chosen = 1 if truth else 2
        if path is not None:
            self.sources[path] = (*source, chosen)
        return self.value(argument[chosen], (*source, chosen), path)

    def _function(self, name: str, argument: Any) -> Any:
        known = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": self._import_value,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json_string,
        }
        work: Callable[[Any], Any] | None = known.get(name)
        result = work(argument) if work else None
        return _symbol(name, self.value(argument)) if result is None else result

    def _ref(self, name: Any) -> Any:
        # With AWS::LanguageExtensions, a function may compute a reference:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
        name = self._name(name)
        if name is None:
            return None
        if name == "AWS::NoValue":
            return NO_VALUE
        if name.startswith("AWS::"):
            return self._pseudo_parameter(name)
        parameter = _member(self.tree, "Parameters").get(name)
        if isinstance(parameter, Mapping):
            return self._parameter(name, parameter)
        return self._attribute(name, "")

    def _pseudo_parameter(self, name: str) -> str:
        partition = partition_of(self.given.region)
        values = {
            "AWS::AccountId": self.given.account,
            "AWS::Region": self.given.region,
            "AWS::Partition": "" if partition.startswith("$") else partition,
            "AWS::URLSuffix": _URL_SUFFIXES.get(partition, ""),
        }
        return values.get(name) or f"${{{name}}}"

    def _parameter(self, name: str, definition: Mapping[str, Any]) -> Any:
        self.look(("parameter", name))
        kind = str(definition.get("Type", ""))
        given = self.given.parameters.get(name, definition.get("Default"))
        # The value of an SSM parameter type is the name of the parameter, and Ref returns its content.
        if given is None or kind.startswith("AWS::SSM::Parameter::Value"):
            return f"${{{name}}}"
        text = literal(_as_text(given))
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [element.strip() for element in text.split(",")]
        return text

    def _get_att(self, argument: Any) -> Any:
        whole = self._name(argument) if not isinstance(argument, list) else None
        parts = argument if whole is None else whole.split(".", 1)
        if not isinstance(parts, list) or len(parts) < len(("name", "attribute")):
            return None
        name = self._name(parts[0])
        return None if name is None else self._attribute(name, ".".join(self.text(part) for part in parts[1:]))

    def _name(self, given: Any) -> str | None:
        """Return a logical ID or parameter name; ``None`` if a function computes it from an unknown."""
        if isinstance(given, str):
            return given
        name = self.value(given) if isinstance(given, Mapping) else None
        return name if isinstance(name, str) and not symbols(name) else None

    def _attribute(self, resource: str, attribute: str) -> str:
        definition = _member(self.tree, "Resources").get(resource)
        symbol = f"${{{resource}.{attribute}}}" if attribute else f"${{{resource}}}"
        if not isinstance(definition, Mapping) or resource in self._open:
            return symbol
        property_, text = _NAMED.get((str(definition.get("Type")), attribute), ("", ""))
        given = _member(definition, "Properties").get(property_)
        if given is None:
            return symbol
        self._open.add(resource)
        name = self.value(given)
        self._open.discard(resource)
        if not isinstance(name, str):
            return symbol
        return self._substituted(text, {}).replace("{}", name)

    def _sub(self, argument: Any) -> Any:
        text, variables = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], Mapping):
            text, variables = argument
        return self._substituted(text, variables) if isinstance(text, str) else None

    def _substituted(self, text: str, variables: Mapping[str, Any]) -> str:
        def substitute(match: re.Match[str]) -> str:
            name = match[2].strip()
            if match[1]:
                return match[0]
            if name in variables:
                return self.text(variables[name])
            resource, dot, attribute = name.partition(".")
            return _as_text(self._attribute(resource, attribute) if dot else self._ref(name))

        parts, position = [], 0
        for match in _SUBSTITUTION.finditer(text):
            parts += [text[position : match.start()], substitute(match)]
            position = match.end()
        return _without_dynamic("".join([*parts, text[position:]]))

    def _join(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return None
        elements = self.value(argument[1])
        if not isinstance(elements, list):
            return None
        return _without_dynamic(self.text(argument[0]).join(_as_text(element) for element in elements))

    def _select(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return None
        index, elements = whole_number(self.text(argument[0])), self.value(argument[1])
        if piece := self._piece_of_arn(index, argument[1]):
            return str(piece)
        if isinstance(elements, list) and 0 <= index < len(elements):
            return elements[index]
        return None

    def _piece_of_arn(self, index: int, split: Any) -> Text | None:
        """Return a part of the ARN of a parameter or an export, if nothing else is known about it.

        Colons after it do not change the fields before it.
        """
        match split:
            case {"Fn::Split": [":", cut]} if 0 <= index <= 6:
                whole = from_spelling(self.text(cut).rstrip(":"), policy=False).whole
                if whole is not None and (piece := self._piece_of_task_definition(index, whole.name)):
                    return from_spelling(piece)
                return field_of(whole, index) if isinstance(whole, Parameter | Import) else None
            case {"Fn::Split": ["/", cut]} if index == 0 and (name := _RESOURCE.fullmatch(self.text(cut))):
                whole = from_spelling(f"${{{name[1]}}}", policy=False).whole
                return bucket_of(whole) if isinstance(whole, Parameter | Import) else None
        return None

    def _piece_of_task_definition(self, index: int, name: str) -> str:
        """Return a part of the ARN of the template's task definition; empty for its revision.

        The CDK names families like that. CloudFormation generates an unknown family.
        """
        logical_id, _, attribute = name.partition(".")
        definition = _member(_member(self.tree, "Resources"), logical_id)
        if definition.get("Type") != _TASK_DEFINITION or attribute not in ("", "TaskDefinitionArn"):
            return ""
        family = self.value(_member(definition, "Properties").get("Family"))
        resource = f"task-definition/{family}" if isinstance(family, str) and family else ""
        pieces = ("arn", "${AWS::Partition}", "ecs", "${AWS::Region}", "${AWS::AccountId}", resource)
        return self._substituted(pieces[index], {}) if index < 5 else resource if index == 5 else ""

    def _cut(self, text: str, delimiter: str) -> list[str] | None:
        """Return the parts of a text with symbols; ``None`` if the value of one may contain the delimiter."""
        whole = _SYMBOL.fullmatch(text)
        logical_id, _, attribute = whole[1].partition(".") if whole else ("", "", "")
        if (arn := _ARNS.get(self._type(logical_id))) and attribute == "Arn" and not self._has_path(logical_id):
            own = self._attribute(logical_id, arn[1].removeprefix("."))
            text = self._substituted(arn[0], {}).replace("{}", own)
        if not all(self._lacks(delimiter, name) for name in symbols(text)):
            return None
        parts, position = [""], 0
        for symbol in _SYMBOL.finditer(text):
            first, *others = text[position : symbol.start()].split(delimiter)
            parts = [*parts[:-1], parts[-1] + first, *others]
            parts[-1] += symbol[0]
            position = symbol.end()
        first, *others = text[position:].split(delimiter)
        return [*parts[:-1], parts[-1] + first, *others]

    def _lacks(self, delimiter: str, name: str) -> bool:
        """Return whether the value of a symbol cannot contain a delimiter of ARNs."""
        logical_id, dot, attribute = name.partition(".")
        kind = self._type(logical_id)
        own = kind in _ARNS and f"{dot}{attribute}" == _ARNS[kind][1]
        return delimiter in (":", "/") and (
            name in _PLAIN or (own and not (delimiter == "/" and kind in _WITH_SLASHES))
        )

    def _has_path(self, logical_id: str) -> bool:
        """Return whether the ARN of a role may have a path before its name."""
        properties = _member(_member(_member(self.tree, "Resources"), logical_id), "Properties")
        return bool(properties.get("Path", "/") != "/")

    def _type(self, logical_id: str) -> str:
        return str(_member(_member(self.tree, "Resources"), logical_id).get("Type"))

    def _split(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return None
        delimiter, text = self.text(argument[0]), self.value(argument[1])
        if not isinstance(text, str) or not delimiter or symbols(delimiter):
            return None
        return self._cut(text, delimiter) if symbols(text) else text.split(delimiter)

    def _find_in_map(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) < 3:
            return None
        value: Any = _member(self.tree, "Mappings")
        known = [self.text(key) for key in argument[:3]]
        for number, asked in enumerate(known):
            known[number] = key = self._key(asked, value, known[number + 1 :])
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is None and not any(map(symbols, known)) and isinstance(argument[-1], Mapping):
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap-enhancements.html
            value = argument[-1].get("DefaultValue")
        return None if value is None else self.value(value)

    def _key(self, asked: str, keys: Any, inner: Sequence[str]) -> str:
        """Return the key for a map lookup, which must have these keys below it; empty if it has none."""
        look: Any = self.look(("key", asked))
        told, excluded = look
        if told is None and excluded is not None and isinstance(keys, Mapping):
            held = (key for key, each in keys.items() if not inner or (isinstance(each, Mapping) and inner[0] in each))
            told = "" if all(str(key) in excluded for key in held) else None
        return asked if told is None else str(told)

    def _import_value(self, argument: Any) -> str:
        name = self.text(argument)
        if name in self.given.imports:
            return literal(self.given.imports[name])
        nested = _SYMBOL.sub(r"$(\1)", name)
        return f"${{{IMPORT}{nested}}}"

    def _length(self, argument: Any) -> int | None:
        elements = self.value(argument)
        return len(elements) if isinstance(elements, list) and not any(map(undecided, elements)) else None

    def _to_json_string(self, argument: Any) -> str | None:
        value = self.value(argument)
        if not isinstance(value, Mapping | list) or _hangs(value):
            return None
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)

    def truth(self, given: Any) -> bool | None:
        """Return whether a condition's expression holds; ``None`` if it depends on an unknown."""
        if not isinstance(given, Mapping) or len(given) != 1:
            return None
        name, argument = next(iter(given.items()))
        operands = argument if isinstance(argument, list) else [argument]
        match name:
            case "Condition":
                return self.condition(str(argument))
            case "Fn::Not":
                truth = self.truth(operands[0]) if operands else None
                return None if truth is None else not truth
            case "Fn::And" | "Fn::Or":
                decisive = name == "Fn::Or"
                truths = [self.truth(operand) for operand in operands]
                return decisive if decisive in truths else None if None in truths else not decisive
            case "Fn::Equals":
                return self._equal(operands)
        return None

    def _equal(self, operands: Sequence[Any]) -> bool | None:
        if len(operands) != 2:
            return None
        left, right = (self.text(operand) for operand in operands)
        if left == right:
            return True
        return None if symbols(left) or symbols(right) else False


def _without_dynamic(text: str) -> str:
    """Return the text with dynamic references as symbols: their values are known at deployment."""
    return _DYNAMIC.sub(lambda match: f"${{{re.sub(r'[${}]', '', match[1])}}}", text)


def _symbol(name: str, argument: Any) -> str:
    """Return a function that cannot be evaluated as a symbol: equal functions of equal arguments are equal symbols."""
    elements = argument if isinstance(argument, list) else [argument]
    texts = [element if isinstance(element, str) else json.dumps(element, default=str) for element in elements]
    inside = re.sub(r"\$\{|[{}]", "", ", ".join(texts))
    return f"${{{name}({inside})}}"


def _hangs(value: Any) -> bool:
    """Return whether a resolved value has a part that depends on an undecided condition."""
    return undecided(value) is not None or any(map(_hangs, inside(value)))


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping) and "Fn::If" in value:
        return _symbol("Fn::If", value["Fn::If"])
    return "" if value is NO_VALUE or value is None else _symbol("Fn::ToJsonString", value)


def _member(tree: Any, name: str) -> Mapping[str, Any]:
    member = tree.get(name) if isinstance(tree, Mapping) else None
    return member if isinstance(member, Mapping) else {}
