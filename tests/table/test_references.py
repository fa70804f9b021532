"""What `valueFrom`, `credentialsParameter` and S3 ARNs refer to, what IAM calls it, and what ECS would refuse."""

from __future__ import annotations

import pytest

from cfnroles.facts import Facts, partition_of
from cfnroles.symbols import Import, Opaque, Parameter, Placeholder, Symbol
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.references import (
    OpenReference,
    ParameterReference,
    SecretReference,
    parse_arn,
    s3_bucket,
    s3_object,
    secret_or_name,
    value_from,
)
from cfnroles.text import ACCOUNT, PARTITION, REGION, Arn, Text

HOME = Facts(account="123456789012", region="us-east-1")
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter"


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        (f"{SECRET}:db-AbCdEf", f"{SECRET}:db-AbCdEf"),
        (f"{SECRET}:db-AbCdEf:password::", f"{SECRET}:db-AbCdEf"),
        (f"{SECRET}:db-AbCdEf::AWSPREVIOUS:", f"{SECRET}:db-AbCdEf"),
        (f"{SECRET}:db-AbCdEf:::EXAMPLE1-90ab", f"{SECRET}:db-AbCdEf"),
        (f"{SECRET}:db", f"{SECRET}:db-??????"),
        (f"{SECRET}:team/db:user::", f"{SECRET}:team/db-??????"),
        (f"{SECRET}:rds!cluster-1-AbCdEf", f"{SECRET}:rds!cluster-1-AbCdEf"),
        (
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:db",
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:db-??????",
        ),
        (
            "arn:aws:secretsmanager:eu-west-1:210987654321:secret:db-AbCdEf",
            "arn:aws:secretsmanager:eu-west-1:210987654321:secret:db-AbCdEf",
        ),
    ],
)
def test_a_secret_in_a_policy_is_its_complete_arn_or_its_name_with_six_wildcards(text: str, resource: str) -> None:
    reference = value_from(Text(text), HOME)
    assert isinstance(reference, SecretReference)
    assert reference.policy_resources == (resource,)


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        ("flags", f"{PARAMETER}/flags"),
        ("/shop/flags", f"{PARAMETER}/shop/flags"),
        ("shop/flags", f"{PARAMETER}/shop/flags"),
        (f"{PARAMETER}/shop/flags", f"{PARAMETER}/shop/flags"),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/a", "arn:aws:ssm:eu-west-1:123456789012:parameter/a"),
    ],
)
def test_a_parameter_in_a_policy_has_one_slash_after_the_word_parameter(text: str, arn: str) -> None:
    reference = value_from(Text(text), HOME)
    assert isinstance(reference, ParameterReference)
    assert str(reference.arn) == arn


def test_a_parameter_without_a_known_home_keeps_pseudo_parameters() -> None:
    reference = value_from(Text("/a"), Facts())
    assert str(reference.arn) == "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        pytest.param(f"{SECRET}:db-AbCdEf:password", "ARN:KEY::", id="three-field-arn"),
        pytest.param(f"{SECRET}:db-AbCdEf:password:", "ARN:KEY::", id="four-field-arn"),
        pytest.param(f"{SECRET}:db-AbCdEf:a:b:c:d", "ARN:KEY::", id="too-many-fields"),
        pytest.param(f"{SECRET}:", "secret:NAME", id="no-name"),
        pytest.param(f"{SECRET}:a b", "letters", id="name-with-a-space"),
        pytest.param("shop/db!x", "by its ARN", id="a-name-that-only-a-secret-can-have"),
        pytest.param("/shop/flags:3", "Write /shop/flags", id="version-of-a-parameter"),
        pytest.param("flags:live", "Write the name alone", id="label-of-a-parameter"),
        pytest.param(f"{PARAMETER}/flags:3", "without a version", id="version-in-an-arn"),
        pytest.param("arn:aws:ssm:us-east-1:123456789012:parameter:/flags", "parameter/NAME", id="colon-for-slash"),
        pytest.param(f"{PARAMETER}//flags", f"Write {PARAMETER}/flags", id="two-slashes"),
        pytest.param("arn:aws:ssm:us-east-1:210987654321:parameter/a", "secret", id="parameter-of-another-account"),
        pytest.param("arn:aws:s3:::bucket/key", "Secrets Manager", id="an-arn-of-another-service"),
        pytest.param("arn:aws:secretsmanager", "six parts", id="half-an-arn"),
        pytest.param("", "for a parameter", id="nothing"),
    ],
)
def test_what_ecs_would_refuse_is_told_with_the_way_to_write_it(text: str, remedy: str) -> None:
    with pytest.raises(Malformed) as refused:
        value_from(Text(text), HOME)
    assert remedy in refused.value.remedy


def test_a_parameter_of_a_real_account_may_stand_in_what_an_emulator_made() -> None:
    emulated = Facts(account="000000000000", region="us-east-1")
    assert value_from(Text(f"{PARAMETER}/flags"), emulated) == value_from(Text(f"{PARAMETER}/flags"), HOME)


STAGE = Placeholder("Stage", written="<STAGE>", called="STAGE")
OPEN = {
    "in the name of a secret": (Text(f"{SECRET}:", STAGE, "/db"), (f"{SECRET}:${{Stage}}/db-??????",)),
    "in the name of a secret with its suffix": (
        Text(f"{SECRET}:", STAGE, "/db-AbCdEf:key::"),
        (f"{SECRET}:${{Stage}}/db-AbCdEf",),
    ),
    "at the end of a name, with the suffix or without": (
        Text(f"{SECRET}:db-", STAGE),
        (f"{SECRET}:db-${{Stage}}", f"{SECRET}:db-${{Stage}}-??????"),
    ),
    "account and Region": (
        Text("arn:", PARTITION, ":secretsmanager:", REGION, ":", ACCOUNT, ":secret:db-AbCdEf"),
        ("arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db-AbCdEf",),
    ),
    "an ARN before a JSON key": (Text(STAGE, ":password::"), ("${Stage}",)),
}


@pytest.mark.parametrize(("text", "resources"), OPEN.values(), ids=OPEN)
def test_a_symbol_in_a_reference_stays_in_the_policy(text: Text, resources: tuple[str, ...]) -> None:
    reference = value_from(text, HOME)
    assert isinstance(reference, SecretReference)
    assert reference.policy_resources == resources


def test_a_parameter_in_place_of_the_whole_reference_may_name_either() -> None:
    reference = value_from(Text(STAGE), HOME)
    assert isinstance(reference, OpenReference)
    assert reference.secret.policy_resources == (
        "arn:${AWS::Partition}:secretsmanager:${Stage[region]}:${Stage[account]}:secret:${Stage[name]}",
    )
    assert [str(parameter.arn) for parameter in reference.parameters] == [
        "arn:${AWS::Partition}:ssm:${Stage[region]}:${AWS::AccountId}:${Stage[resource]}"
    ]


@pytest.mark.parametrize("symbol", [Parameter("Given"), Import("Import::given")], ids=["a parameter", "an export"])
def test_what_a_template_is_given_may_be_the_name_of_a_parameter_too(symbol: Symbol) -> None:
    reference = value_from(Text(symbol), Facts())
    assert isinstance(reference, OpenReference)
    assert [str(parameter.arn) for parameter in reference.parameters] == [
        f"arn:${{AWS::Partition}}:ssm:${{{symbol.name}[region]}}:${{AWS::AccountId}}:parameter/${{{symbol.name}[parameter]}}",
        f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:${{parameter/{symbol.name}}}",
    ]


def test_the_object_that_a_parameter_names_has_a_bucket() -> None:
    text = Text(Parameter("File"))
    assert (str(s3_object(text)), str(s3_bucket(text))) == ("${File}", "arn:${AWS::Partition}:s3:::${File[bucket]}")


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        pytest.param(Text(STAGE, "-flags"), "parameter/${Stage}-flags", id="no-hierarchy"),
        pytest.param(Text(STAGE, "/flags"), "parameter${Stage}/flags", id="a-hierarchy-begins-with-a-slash"),
        pytest.param(Text("/", STAGE, "/flags"), "parameter/${Stage}/flags", id="the-slash-is-there"),
    ],
)
def test_the_name_of_a_parameter_may_begin_with_a_symbol(text: Text, resource: str) -> None:
    reference = value_from(text, HOME)
    assert isinstance(reference, ParameterReference)
    assert reference.arn.resource == resource


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(Text("arn:aws:ssm:us-east-1:my_account:parameter/db"), "--set my_account=VALUE", id="an-account"),
        pytest.param(Text(f"arn:aws:secretsmanager:here:{HOME.account}:secret:db"), "Write a Region", id="a-region"),
        pytest.param(Text(Opaque("Fn::Select(0, Arns)")), "by its ARN", id="what-nothing-is-known-of"),
    ],
)
def test_what_is_not_known_is_told_with_what_closes_it(text: Text, told: str) -> None:
    with pytest.raises(Unnamed) as unnamed:
        value_from(text, HOME)
    assert told in unnamed.value.remedy


@pytest.mark.parametrize(
    ("name", "ambiguous"),
    [("shop-secret", True), ("shop-123456", True), ("shop-AbCdEf", False), ("shop-Ab12cd", False), ("shop", False)],
)
def test_a_word_of_six_letters_at_the_end_may_be_a_suffix_or_a_part_of_the_name(name: str, ambiguous: bool) -> None:
    reference = value_from(Text(f"{SECRET}:{name}"), HOME)
    assert isinstance(reference, SecretReference)
    assert reference.ambiguous is ambiguous


def test_a_parameter_may_stand_for_a_secret() -> None:
    reference = value_from(Text("/aws/reference/secretsmanager/shop/db"), HOME)
    assert isinstance(reference, ParameterReference)
    assert str(reference.arn) == f"{PARAMETER}/aws/reference/secretsmanager/shop/db"
    assert reference.secret is not None
    assert reference.secret.policy_resources == (f"{SECRET}:shop/db-??????",)


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("registry", f"{SECRET}:registry-??????"),
        ("registry-secret", f"{SECRET}:registry-secret-??????"),
        (f"{SECRET}:registry-AbCdEf", f"{SECRET}:registry-AbCdEf"),
    ],
)
def test_registry_credentials_may_be_given_by_name(text: str, resource: str) -> None:
    assert secret_or_name(Text(text), HOME).policy_resources == (resource,)


@pytest.mark.parametrize("text", ["a b", f"{SECRET}:registry-AbCdEf:user::", f"{PARAMETER}/registry"])
def test_registry_credentials_are_nothing_but_a_secret(text: str) -> None:
    with pytest.raises(Malformed):
        secret_or_name(Text(text), HOME)


def test_an_object_in_s3_has_a_bucket() -> None:
    assert str(s3_object(Text("arn:aws-cn:s3:::config/a/b.env"))) == "arn:aws-cn:s3:::config/a/b.env"
    assert str(s3_bucket(Text("arn:aws-cn:s3:::config/a/b.env"))) == "arn:aws-cn:s3:::config"


@pytest.mark.parametrize(
    "text",
    [
        "s3://config/web.env",
        "arn:aws:s3:::config",
        "arn:aws:s3:::config/",
        "arn:aws:s3:::config/*",
        "arn:aws:s3:us-east-1:123456789012:config/web.env",
        "config/web.env",
    ],
)
def test_what_is_no_object_in_s3_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        s3_object(Text(text))


def test_an_arn_is_printed_as_it_was_read() -> None:
    text = "arn:aws:logs:us-east-1:123456789012:log-group:a:b:c"
    assert str(parse_arn(Text(text))) == text
    assert parse_arn(Text("arn:", PARTITION, ":s3:::b/k")) == Arn(PARTITION, "s3", Text(), Text(), Text("b/k"))


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("", "${AWS::Partition}"),
    ],
)
def test_the_partition_follows_from_the_region(region: str, partition: str) -> None:
    assert partition_of(region) == partition
