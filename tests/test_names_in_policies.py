"""A name never means more in a policy than it says: no wildcard, no variable, nothing that CloudFormation fills."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pytest

from cfnroles import Document, Reading, Told, build, read
from cfnroles.errors import InvalidInput
from cfnroles.need import Condition, Need, Permission, Severity
from cfnroles.placeholders import as_symbols
from cfnroles.signs import Misread
from cfnroles.sources.from_service_spec import read as read_spec
from cfnroles.sources.task_definition_checks import discover
from cfnroles.symbols import PolicyVariable, PseudoParameter, Wildcard
from cfnroles.table.ecs import FEATURES
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.targets.cloudformation.generic import generic_files
from cfnroles.targets.cloudformation.other_side import other_side_files
from cfnroles.template.template import read_template
from cfnroles.text import ACCOUNT, ANYTHING, PSEUDO_PARAMETERS, Text, of_policy
from cfnroles.validator_needs import validator_needs
from cfnroles.workload import Workload
from tests.hostile_values import (
    SETTINGS,
    SIGNS,
    Planted,
    everywhere,
    grants,
    string_fields,
    task_definitions,
)

#: The other signs are for terminals; here each of them is refused as one of these is.
NAMES = ("star", "question mark", "policy variable", "pseudo parameter", "dynamic reference", "newline", "escape")
each_sign = pytest.mark.parametrize("sign", [*NAMES, "bidi override"])

FORBIDDEN = re.compile(r"[*?]|\$\{|\{\{|[^ -~]")
SETTING_DOCUMENTS = {name: f"{name}.json" for name in SETTINGS}


def test_each_string_of_a_task_definition_is_planted() -> None:
    planted = {each.field for each in task_definitions(["*"])}
    for field in string_fields():
        assert field in planted or (field.endswith(".*") and any(each.startswith(field[:-1]) for each in planted))
    assert str(everywhere("*")).count("x*") == len(string_fields()) >= 90


@each_sign
def test_no_string_of_a_task_definition_means_more_in_a_policy(sign: str) -> None:
    for planted in task_definitions([SIGNS[sign]]):
        workload = Workload("task.json", as_symbols(planted.tree), SETTING_DOCUMENTS)
        found = discover(workload, FACTS)
        errors = any(finding.severity is Severity.ERROR for finding in found.findings)
        asked = () if errors else validator_needs(found.references, FACTS)
        says_no_more(planted, (*found.needs, *asked))


@each_sign
def test_no_word_of_a_spec_means_more_in_a_policy(sign: str) -> None:
    for planted in grants([SIGNS[sign]]):
        reading = of_spec(grants=[planted.tree])
        refused = reading.wrong or reading.findings
        # `*` for all indexes of a table is a word of its own.
        assert refused or (planted.path, planted.value) == (("indexes",), "*"), planted
        says_no_more(planted, (need for task in reading.tasks for need in task.discovery.needs))


def says_no_more(planted: Planted, needs: Iterable[Need]) -> None:
    """The needs name nothing with a sign in it, and have wildcards where the tables put them only."""
    for need in needs:
        for text in need.permission.texts:
            literal = [part for part in text.parts if isinstance(part, str)]
            assert not any(FORBIDDEN.search(part) for part in literal), f"{planted}: {need}"
            assert not any(isinstance(symbol, PolicyVariable) for symbol in text.symbols), f"{planted}: {need}"
            for symbol in text.symbols:
                assert not isinstance(symbol, PseudoParameter) or symbol.name in PSEUDO_PARAMETERS, f"{planted}: {need}"
        if planted.tree.get("containerDefinitions"):
            assert wildcards(need) <= wildcards_of_the_table(), f"{planted}: {need}"


def wildcards(need: Need) -> set[tuple[str, ...]]:
    """The action, with the wildcards of each text that has any."""
    found = [[symbol.name for symbol in text.symbols if isinstance(symbol, Wildcard)] for text in need.permission.texts]
    return {(need.permission.action, *each) for each in found if each}


@cache
def wildcards_of_the_table() -> set[tuple[str, ...]]:
    workloads = [Workload("", example_workload(feature).tree, SETTING_DOCUMENTS) for feature in FEATURES]
    discoveries = [discover(workload, FACTS) for workload in workloads]
    needs = [need for found in discoveries for need in (*found.needs, *validator_needs(found.references, FACTS))]
    return {shape for need in needs for shape in wildcards(need)}


CONTAINER = {"name": "web", "image": "nginx", "memory": 128}


def of(**members: Any) -> dict[str, Any]:
    return {"family": "shop", "containerDefinitions": [{**CONTAINER, **members}]}


def routed(**options: str) -> dict[str, Any]:
    return of(logConfiguration={"logDriver": "awsfirelens", "options": {"region": "us-east-1", **options}})


def logged(name: str = "web", prefix: str = "p", group: str = "g") -> dict[str, Any]:
    options = {"awslogs-group": group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": prefix}
    return of(name=name, logConfiguration={"logDriver": "awslogs", "options": options})


def mounted(system: str, point: str = "fsap-0123456789abcdef0") -> dict[str, Any]:
    authorization = {"iam": "ENABLED", "accessPointId": point}
    configuration = {"fileSystemId": system, "transitEncryption": "ENABLED", "authorizationConfig": authorization}
    return {**of(), "volumes": [{"name": "data", "efsVolumeConfiguration": configuration}]}


def meshed(node: str) -> dict[str, Any]:
    proxy = {"type": "APPMESH", "containerName": "web"}
    return {**of(environment=[{"name": "APPMESH_RESOURCE_ARN", "value": node}]), "proxyConfiguration": proxy}


def read_from(reference: str) -> dict[str, Any]:
    return of(secrets=[{"name": "DB", "valueFrom": reference}])


SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf"
OPTIONS = "containerDefinitions[0].logConfiguration.options"
EFS = "volumes[0].efsVolumeConfiguration"
FROM = "containerDefinitions[0].secrets[0].valueFrom"
#: A task definition, the position of its only error, and the message.
REFUSED = {
    "bucket": (routed(Name="s3", bucket="*"), f"{OPTIONS}.bucket", "* contains *,"),
    "beginning of a key": (routed(Name="s3", bucket="b", s3_key_format="/a*b/$TAG"), OPTIONS, "/a*b/* contains *,"),
    "Firehose stream": (routed(Name="firehose", delivery_stream="*"), f"{OPTIONS}.delivery_stream", "* contains *"),
    "Kinesis stream": (routed(Name="kinesis", stream="a?b"), f"{OPTIONS}.stream", "a?b contains ?,"),
    "role": (
        routed(Name="s3", bucket="b", role_arn="arn:aws:iam::123456789012:role/*"),
        f"{OPTIONS}.role_arn",
        "role/* contains *,",
    ),
    "domain": (
        routed(Name="es", AWS_Auth="On", Host=f"search-*-{'a' * 26}.us-east-1.es.amazonaws.com"),
        OPTIONS,
        "domain/*/* contains *,",
    ),
    "file system": (mounted("fs-*"), f"{EFS}.fileSystemId", "fs-* contains *,"),
    "access point": (mounted("fs-0", "*"), f"{EFS}.authorizationConfig.accessPointId", "* contains *,"),
    "dynamic reference": (
        meshed("mesh/{{x}}"),
        "containerDefinitions[0].environment[0].value",
        "mesh/{{x}} contains {{, which begins a reference",
    ),
    "virtual node": (meshed("mesh/*"), "containerDefinitions[0].environment[0].value", "mesh/* contains *,"),
    "variable of a virtual node": (
        meshed("mesh/${aws:username}"),
        "containerDefinitions[0].environment[0].value",
        "contains ${, which begins a variable in a policy",
    ),
    "container": (logged(name="*"), "containerDefinitions[0].name", "'*' cannot be a container's name"),
    "volume": (
        {**of(), "volumes": [{"name": "a*", "host": {}}]},
        "volumes[0].name",
        "'a*' cannot be a volume's name",
    ),
    "log stream": (
        logged(prefix="a\x1b[2K"),
        f"{OPTIONS}.awslogs-stream-prefix",
        r"'a\x1b[2K' contains the character U+001B",
    ),
    "soft hyphen": (logged(prefix="a\xadb"), f"{OPTIONS}.awslogs-stream-prefix", "is invisible in a policy"),
    "letters of another script": (
        logged(prefix="ветер"),
        f"{OPTIONS}.awslogs-stream-prefix",
        "which IAM does not accept in a",
    ),
    "partition": (read_from(SECRET.replace("aws", "*", 1)), FROM, "arn:*:secretsmanager"),
    "account": (read_from(SECRET.replace("123456789012", "*")), FROM, "* was found where the 12 digits"),
    "region": (read_from(SECRET.replace("us-east-1", "*")), FROM, "* was found where a Region belongs"),
    "pseudo parameter": (read_from("/shop/${AWS::AcountId}"), FROM, "Did you mean ${AWS::AccountId}?"),
    "name of the stack": (read_from("/shop/${AWS::StackName}"), FROM, "which differs in each stack"),
}


@pytest.mark.parametrize(("definition", "place", "says"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_once_where_it_stands(definition: dict[str, Any], place: str, says: str) -> None:
    reading = read(Document("task.json", json.dumps(definition, indent=1)), Told())
    (finding,) = [finding for finding in reading.findings if finding.severity is Severity.ERROR]
    assert finding.origin.pointer == place
    assert says in str(finding)
    with pytest.raises(InvalidInput, match=r"task\.json:\d+"):
        build(reading)


def test_what_stands_in_the_place_of_a_name_is_a_gap_with_a_hint_that_works() -> None:
    definition = routed(Name="kinesis", stream="s", region="${LOG_REGION}")
    (gap,) = read(Document("task.json", json.dumps(definition)), Told()).gaps
    assert gap.remedy == "Fill it with --set LOG_REGION=VALUE"
    assert read(Document("task.json", json.dumps(definition)), Told(values={"LOG_REGION": "us-east-1"})).gaps == ()


def test_a_placeholder_in_an_endpoint_names_no_domain() -> None:
    definition = routed(Name="es", AWS_Auth="On", Host=f"search-<DOMAIN>-{'a' * 26}.us-east-1.es.amazonaws.com")
    (gap,) = read(Document("task.json", json.dumps(definition)), Told()).gaps
    assert "does not say its OpenSearch domain" in gap.what


def of_spec(**role: Any) -> Reading:
    task = json.dumps({"family": "web", "containerDefinitions": [{"name": "web", "image": "public.ecr.aws/x/y:1"}]})
    return with_task(task, **{"task-role": role})


def with_task(task: str, **service: Any) -> Reading:
    spec = {
        "project": "shop",
        "account": "123456789012",
        "region": "us-east-1",
        "services": {"web": {"task-definition": "web.json", **service}},
        "sharing": {"by": "organization", "organization": "o-a1b2c3d4e5"},
    }
    return read_spec(Document("cfnroles.yaml", json.dumps(spec), lambda path: Document("web.json", task)), Told())


def stated(resource: str, **conditions: dict[str, str]) -> dict[str, Any]:
    statement = {"reason": "sends receipts to customers", "actions": "ses:SendEmail", "resources": resource}
    return {"statements": [{**statement, **({"conditions": conditions} if conditions else {})}]}


BUCKET = "arn:aws:s3:::home/"
UNSAYABLE = {
    "escape": (stated(f"{BUCKET}\x1b"), "statements[0]", "U+001B"),
    "bidi": (stated(f"{BUCKET}\u202ea"), "statements[0]", "U+202E"),
    "half a variable": (stated(f"{BUCKET}${{aws"), "statements[0]", "${"),
    "pseudo parameter": (stated(f"{BUCKET}${{AWS::Region}}"), "statements[0]", "contains ${AWS::"),
    "dynamic reference": (stated(f"{BUCKET}{{{{resolve:ssm:x}}}}"), "statements[0]", "CloudFormation resolves"),
    "condition": (stated("*", StringLike={"aws:SourceVpc": "a\u2066"}), "statements[0]", "U+2066"),
    "key of a condition": (stated("*", StringLike={"aws:ResourceTag/\u202e": "a"}), "statements[0]", "U+202E"),
    "prefix": (
        {"grants": [{"s3-read": "shop-assets", "prefix": ["images/", "${aws:username}/"]}]},
        "grants[0].prefix[1]",
        "begins a variable",
    ),
    "namespace": ({"grants": [{"cloudwatch-metrics": "Sh?op"}]}, "grants[0].cloudwatch-metrics", "Sh?op contains ?,"),
}


@pytest.mark.parametrize(("role", "place", "says"), UNSAYABLE.values(), ids=UNSAYABLE)
def test_a_spec_is_refused_where_it_stands(role: dict[str, Any], place: str, says: str) -> None:
    (finding,) = of_spec(**role).findings
    assert finding.origin.pointer == f"services.web.task-role.{place}"
    assert says in finding.what


def test_what_a_person_writes_for_a_policy_keeps_its_wildcards_and_variables() -> None:
    role = stated(f"{BUCKET}${{aws:PrincipalTag/team}}/*", StringLike={"s3:prefix": "a?*"})
    reading = of_spec(**role, grants=[{"dynamodb-read": "orders", "indexes": "*"}])
    assert reading.findings == ()
    (roles,) = [text for name, text in build(reading).files.items() if name.endswith("-roles.yaml")]
    assert "home/${!aws:PrincipalTag/team}/*" in roles
    assert "a?*" in roles
    assert "table/orders/index/*" in roles


@pytest.mark.parametrize("path", ["/*/", "/a?/", "/${aws:username}/"])
def test_a_path_that_policies_would_misread_is_no_path(path: str) -> None:
    (wrong,) = of_spec(path=path).wrong
    assert wrong.origin.pointer == "services.web.task-role.path"


def test_other_accounts_are_not_asked_to_fill_in_what_nobody_told() -> None:
    image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/shop/<REPOSITORY>:1"
    task = json.dumps({"family": "web", "containerDefinitions": [{"name": "web", "image": image}]})
    with pytest.raises(InvalidInput, match="contains <REPOSITORY>, which is unknown in another account"):
        other_side_files(with_task(task), "210987654321", "yaml")


def test_a_bucket_on_the_command_line_is_a_buckets_name() -> None:
    with pytest.raises(InvalidInput, match=r"--s3-files-bucket \* is not a bucket name"):
        read(Document("task.json", json.dumps(of())), Told(s3_files_buckets=("*",)))


PERMISSIONS = {
    "literal star": (Text("arn:aws:s3:::*"), "x"),
    "a string that is no text": ("arn:aws:s3:::*", "x"),
    "literal variable": (Text("arn:aws:s3:::${aws:username}"), "x"),
    "symbol that lost its meaning": (Text(f"arn:aws:s3:::{ACCOUNT}"), "x"),
    "value of a condition": (ANYTHING, "a*"),
}


@pytest.mark.parametrize(("resource", "value"), PERMISSIONS.values(), ids=PERMISSIONS)
def test_no_permission_holds_it(resource: Any, value: str) -> None:
    with pytest.raises(Misread):
        Permission("s3:GetObject", resource, (Condition("StringEquals", "aws:SourceVpc", (Text(value),)),))


def test_a_permission_holds_what_is_meant() -> None:
    assert str(Permission("s3:GetObject", Text("arn:aws:s3:::a b+ü/", ANYTHING)).resource) == "arn:aws:s3:::a b+ü/*"
    assert Permission("s3:GetObject", of_policy("arn:aws:s3:::${aws:username}/?")).resource.symbols


def test_each_parameter_in_a_policy_refuses_each_sign() -> None:
    asked = {}
    for text in templates():
        template = read_template(text, "t.yaml").tree
        for name in named_in([policies(template)]) - set(template.get("Resources", {})):
            if not name.startswith("AWS::"):
                asked[name] = template["Parameters"][name]
    assert {"KmsKeyArns", "SecretArns", "LogGroupName", "StoreId", "ShopDbSecretArn", "Database"} <= set(asked)
    for name, parameter in asked.items():
        pattern = parameter["AllowedPattern"]
        assert not [
            sign for sign in SIGNS.values() if re.fullmatch(pattern, f"a{sign}") or re.fullmatch(pattern, sign)
        ], name
        if default := parameter.get("Default"):
            assert not [sign for sign in SIGNS.values() if re.fullmatch(pattern, default + sign)], name


@pytest.mark.parametrize("sign", SIGNS.values(), ids=SIGNS)
def test_the_generic_templates_take_the_suffix_of_a_secret_for_a_wildcard_and_nothing_else(sign: str) -> None:
    pattern = read_template(generic_files()["execution-role.yaml"], "t").tree["Parameters"]["SecretArns"][
        "AllowedPattern"
    ]
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"
    assert all(re.fullmatch(pattern, each) for each in (arn, f"{arn}-??????", f"{arn}-AbCdEf"))
    assert not any(
        re.fullmatch(pattern, each) for each in (f"{arn}{sign}", f"{arn}{sign}-??????", f"{arn}-??????{sign}")
    )


def templates() -> Iterator[str]:
    """The generic templates, and those of a task definition with placeholders, a secret and a key."""
    yield from generic_files().values()
    definition = {
        **mounted("<STORE_ID>"),
        "containerDefinitions": [
            {
                **CONTAINER,
                "secrets": [
                    {"name": "A", "valueFrom": SECRET},
                    {"name": "B", "valueFrom": "<DATABASE>"},
                    {"name": "C", "valueFrom": "<DB_ARN>:key::"},
                    {"name": "D", "valueFrom": "/shop/<STAGE>/x"},
                    {"name": "E", "valueFrom": "<PATH>/x"},
                ],
            }
        ],
    }
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    built = build(read(Document("task.json", json.dumps(definition)), Told(kms_key_arns=(key,))))
    yield from (text for name, text in built.files.items() if name.endswith(".yaml") and "-task" not in name)


def policies(value: Any) -> Iterator[Any]:
    """The resources and conditions of each statement in a template."""
    if isinstance(value, dict):
        if "Effect" in value and "Resource" in value:
            yield from (value.get("Resource"), value.get("Condition"))
        for member in value.values():
            yield from policies(member)
    elif isinstance(value, list):
        for element in value:
            yield from policies(element)


def named_in(values: Iterable[Any]) -> set[str]:
    """What `Ref` and `Fn::Sub` name in CloudFormation values."""
    names = set(re.findall(r"'Ref': '([^']+)'", found := str([list(each) for each in values])))
    return names | set(re.findall(r"\$\{([A-Za-z0-9:]+)\}", found))
