"""Statements that allow nothing, and their neighbours that do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from cfnroles.need import Finding

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
REPOSITORY = "arn:aws:ecr:us-east-1:123456789012:repository/shop"
READ, DECRYPT, WRITE = "secretsmanager:GetSecretValue", "kms:Decrypt", "logs:PutLogEvents"
TOKEN = "ecr:GetAuthorizationToken"

Find = Callable[[str], list[Finding]]


def policy(actions: Sequence[str], resources: Sequence[str], effect: str = "Allow") -> str:
    statement = f"{{Effect: {effect}, Action: {list(actions)}, Resource: {list(resources)}}}"
    return f"Statement:\n  - {statement}\n"


@pytest.mark.parametrize(
    ("actions", "resources", "check"),
    [
        pytest.param([READ], [f"{SECRET}db-AbC1eF:password::"], "secret-with-json-key", id="json key"),
        pytest.param([READ], [f"{SECRET}db-AbC1eF:password"], "secret-with-json-key", id="json key, colons forgotten"),
        pytest.param([READ], [f"{SECRET}db-??????:password::"], "secret-with-json-key", id="json key after wildcards"),
        pytest.param(["*"], [f"{SECRET}db-AbC1eF::AWSCURRENT:"], "secret-with-json-key", id="stage, every action"),
        pytest.param([READ], [f"{SECRET}db"], "secret-without-suffix", id="bare name"),
        pytest.param(["secretsmanager:*"], [f"{SECRET}prod/db"], "secret-without-suffix", id="bare name, every action"),
        pytest.param(
            [READ], [SECRET.replace("secret:", "/prod/db")], "secret-without-suffix", id="no secret: in the ARN"
        ),
        pytest.param([READ], [f"{SECRET}*/db"], "secret-without-suffix", id="wildcard before a whole name"),
        pytest.param([READ], [f"{SECRET}db-abcdef"], "hyphen-and-six", id="a word for a suffix"),
        pytest.param([DECRYPT], [f"{SECRET}db-AbC1eF"], "decrypt-on-secret", id="key action on a secret"),
        pytest.param(["kms:*"], [f"{PARAMETER}/a"], "decrypt-on-secret", id="every key action on a parameter"),
        pytest.param(["ssm:GetParameters"], [f"{SECRET}db-AbC1eF"], "read-of-other-service", id="parameter of SM"),
        pytest.param([READ], [f"{PARAMETER}/shop/a"], "read-of-other-service", id="secret of SSM"),
        pytest.param([WRITE], [f"{GROUP}/ecs/shop"], "log-group-without-streams", id="bare group"),
        pytest.param(
            ["logs:CreateLogGroup", WRITE],
            [f"{GROUP}a", f"{GROUP}b"],
            "log-group-without-streams",
            id="two bare groups",
        ),
        pytest.param([TOKEN], [REPOSITORY], "token-on-repository", id="token of a repository"),
        pytest.param(["ssm:GetParameters"], [f"{PARAMETER}//shop/a"], "parameter-with-two-slashes", id="two slashes"),
    ],
)
def test_a_statement_that_allows_nothing(actions: list[str], resources: list[str], check: str, faults: Find) -> None:
    assert [finding.check for finding in faults(policy(actions, resources))] == [check]


@pytest.mark.parametrize(
    ("actions", "resources"),
    [
        pytest.param([READ], [f"{SECRET}db-AbC1eF"], id="complete ARN"),
        pytest.param([READ], [f"{SECRET}db-??????"], id="six wildcards"),
        pytest.param([READ], [f"{SECRET}db-*"], id="wildcard after the hyphen"),
        pytest.param([READ], [f"{SECRET}*"], id="every secret"),
        pytest.param([READ], [SECRET.replace("secret:", "*")], id="everything in Secrets Manager"),
        pytest.param([READ], [f"{SECRET}db", f"{SECRET}db-??????"], id="bare name beside the wildcards"),
        pytest.param([READ], [f"{SECRET}db-????aB"], id="wildcards within the suffix"),
        pytest.param(["secretsmanager:CreateSecret"], [f"{SECRET}db"], id="not a reading action"),
        pytest.param([READ, DECRYPT], [f"{SECRET}db-AbC1eF", KEY], id="two services and a resource of each"),
        pytest.param([DECRYPT], ["*"], id="decrypt on everything"),
        pytest.param([READ, "ssm:GetParameters"], [f"{SECRET}db-AbC1eF", f"{PARAMETER}/a"], id="secret and parameter"),
        pytest.param([WRITE], [f"{GROUP}/ecs/shop:*"], id="all streams"),
        pytest.param([WRITE], [f"{GROUP}/ecs/*"], id="groups by a wildcard that takes the streams in"),
        pytest.param([WRITE], [f"{GROUP}/ecs/shop:log-stream:web/*"], id="some streams"),
        pytest.param([WRITE], [f"{GROUP}a", f"{GROUP}a:*"], id="group and streams"),
        pytest.param(["logs:CreateLogGroup"], [f"{GROUP}/ecs/shop"], id="an action on the group itself"),
        pytest.param([TOKEN], ["*"], id="token of the registry"),
        pytest.param(["ecr:*"], [REPOSITORY], id="every action on a repository"),
        pytest.param(
            [READ], ["arn:aws:secretsmanager:us-east-1:123456789012:secret:${aws:PrincipalTag/s}"], id="variable"
        ),
    ],
)
def test_a_statement_that_allows_something(actions: list[str], resources: list[str], faults: Find) -> None:
    assert faults(policy(actions, resources)) == []


def test_a_denial_is_no_grant_in_vain(faults: Find) -> None:
    assert faults(policy([READ], [f"{SECRET}db"], effect="Deny")) == []


def test_a_statement_behind_a_parameter_with_an_empty_default_is_looked_at(faults: Find) -> None:
    template = """
        Parameters:
          KeyArn: {Type: String, Default: ""}
        Conditions:
          HasKey: !Not [!Equals [!Ref KeyArn, ""]]
        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Statement:
                  - !If
                    - HasKey
                    - {Effect: Allow, Action: kms:Decrypt, Resource: !Sub "arn:aws:ssm:eu-west-1:1:parameter/a"}
                    - !Ref AWS::NoValue
    """
    assert [finding.check for finding in faults(template)] == ["decrypt-on-secret"]


@pytest.mark.parametrize(
    ("resource", "checks"),
    [
        pytest.param("!Ref Secret", ["decrypt-on-secret"], id="Ref of a secret is its ARN"),
        pytest.param(
            '!Sub "${Secret}:key::"', ["secret-with-json-key", "decrypt-on-secret"], id="with a key behind it"
        ),
        pytest.param("!Ref Given", [], id="what a parameter will be, nobody knows"),
        pytest.param(
            '!Sub "arn:aws:secretsmanager:eu-west-1:1:secret:${Given}"', ["decrypt-on-secret"], id="half known"
        ),
        pytest.param('!ImportValue "Secret"', [], id="an export"),
        pytest.param("!GetAtt Group.Arn", [], id="another service"),
    ],
)
def test_resources_are_worked_out_as_far_as_they_are_known(resource: str, checks: list[str], faults: Find) -> None:
    template = f"""
        Parameters:
          Given: {{Type: String}}
        Resources:
          Secret: {{Type: AWS::SecretsManager::Secret}}
          Group: {{Type: AWS::Logs::LogGroup}}
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Statement: {{Effect: Allow, Action: kms:Decrypt, Resource: {resource}}}
    """
    assert [finding.check for finding in faults(template)] == checks


def test_a_finding_names_resources_as_the_template_does(faults: Find) -> None:
    template = """
        Resources:
          Secret: {Type: AWS::SecretsManager::Secret}
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Statement:
                  - {Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Sub "${Secret}:key::"}
    """
    (finding,) = faults(template)
    assert finding.what == "secret:${Secret} is followed by fields that are not part of a secret's ARN"
    assert finding.origin.pointer == "Resources.Policy.Properties.PolicyDocument.Statement[0]"
