"""No task definition is deployed with a secret that nothing checks before the task starts."""

from __future__ import annotations

import json

import pytest
import yaml

from cfnroles.deploy.filled_template import FilledTemplate
from cfnroles.deploy.unchecked_secrets import unchecked_secrets
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.template import read_template

HEAD = """\
Parameters:
  Name: {Type: String, Default: shop/db}
  Optional: {Type: String, Default: ""}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>"}
Conditions:
  HasOptional: !Not [!Equals [!Ref Optional, ""]]
  IsStored: !Equals [!Ref Stored, yes]
Resources:
  SecretsExist:
    Type: Custom::SecretsExist
    Properties: {ServiceToken: token, References: REFERENCES}
  Topic: {Type: AWS::SNS::Topic}
  Task:
    Type: AWS::ECS::TaskDefinition
    DependsOn: DEPENDS_ON
    Properties:
      ContainerDefinitions: [{Name: web, MEMBERS}]
      Volumes: VOLUMES
"""
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db"


def template(members, references="[]", depends_on="SecretsExist", volumes="[]"):
    words = {"MEMBERS": members, "REFERENCES": references, "DEPENDS_ON": depends_on, "VOLUMES": volumes}
    text = HEAD
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def unchecked(*members, **values):
    filled = FilledTemplate(read_template(template(*members), "task.yaml"), Given(values))
    return list(unchecked_secrets(filled))


def secret(value):
    return f"Secrets: [{{Name: DB, ValueFrom: {value}}}]"


def reference(value):
    return f"[{{ValueFrom: {value}, For: web}}]"


DB = ["Task: container web, secret DB"]
CREDENTIALS = ["Task: container web, credentials of the image's registry"]
LOG = "LogConfiguration: {LogDriver: splunk, SecretOptions: [{Name: splunk-token, ValueFrom: %s}]}"
REGISTRY = "RepositoryCredentials: {CredentialsParameter: %s}"
VOLUME = (
    "[{Name: share, FSxWindowsFileServerVolumeConfiguration: "
    "{AuthorizationConfig: {Domain: d, CredentialsParameter: shop/fsx}}}]"
)

WAYS = [
    ("no reference", (secret(ARN),), DB),
    ("a reference", (secret(ARN), reference(ARN)), []),
    ("a reference to another", (secret(ARN), reference(f"{ARN}2")), DB),
    ("one among several dependencies", (secret(ARN), reference(ARN), "[Topic, SecretsExist]"), []),
    ("no dependency", (secret(ARN), reference(ARN), "[]"), DB),
    ("a dependency on something else", (secret(ARN), reference(ARN), "Topic"), DB),
    ("the same in other words", (secret("!Ref Name"), reference("!Sub '${Name}'")), []),
    ("the same with a value", (secret("!Ref Name"), reference("shop/db")), []),
    ("the JSON key of another", (secret(f"'{ARN}:a::'"), reference(f"'{ARN}:b::'")), DB),
    ("an expression of its own", (secret("!GetAtt Database.Secret"), reference("!GetAtt Database.Secret")), []),
    ("a log option", (LOG % ARN,), ["Task: container web, log option splunk-token"]),
    ("a log option that is checked", (LOG % ARN, reference(ARN)), []),
    ("credentials of a registry", (REGISTRY % ARN,), CREDENTIALS),
    ("credentials by name, checked by ARN", (REGISTRY % "shop/db", reference(ARN)), []),
    ("credentials whose name only ends alike", (REGISTRY % "db", reference(ARN)), CREDENTIALS),
    ("a parameter by the name of a secret that is checked", (secret("shop/db"), reference(ARN)), DB),
    ("credentials of a volume", ("Image: i", "[]", "[]", VOLUME), ["Task: credentials of the volume share"]),
    ("credentials of a volume that are checked", ("Image: i", reference("shop/fsx"), "SecretsExist", VOLUME), []),
    (
        "containers that nobody can read",
        ("Image: i}, !If [IsStored, {'Fn::Transform': {Name: M}}, !Ref AWS::NoValue], {Name: x",),
        ["Task: containers that only CloudFormation can resolve"],
    ),
    ("nothing to check", ("Image: i",), []),
]


@pytest.mark.parametrize(("members", "expected"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS])
def test_what_is_unchecked(members, expected):
    assert unchecked(*members) == expected


def test_only_the_gate_checks():
    text = template(secret(ARN), reference(ARN)).replace("Custom::SecretsExist", "Custom::SomethingElse")

    assert list(unchecked_secrets(FilledTemplate(read_template(text, "task.yaml"), NOTHING_GIVEN))) == DB


OPTIONAL = "Secrets: [!If [HasOptional, {Name: DB, ValueFrom: !Ref Optional}, !Ref AWS::NoValue]]"
STORED = "Secrets: [!If [IsStored, {Name: DB, ValueFrom: shop/db}, !Ref AWS::NoValue]]"


def behind(condition, value):
    return f"[!If [{condition}, {{ValueFrom: {value}}}, !Ref AWS::NoValue]]"


CONDITIONS = [
    ("decided: not there", (OPTIONAL,), {}, []),
    ("decided: there", (OPTIONAL,), {"Optional": "shop/db"}, DB),
    ("decided: both there", (OPTIONAL, behind("HasOptional", "!Ref Optional")), {"Optional": "shop/db"}, []),
    ("undecided", (STORED,), {}, DB),
    ("undecided, checked always", (STORED, reference("shop/db")), {}, []),
    ("undecided, checked under the same condition", (STORED, behind("IsStored", "shop/db")), {}, []),
    ("there always, checked under a condition", (secret("shop/db"), behind("IsStored", "shop/db")), {}, DB),
    (
        "checked in one case, another in the other",
        (
            secret("!If [IsStored, shop/a, shop/b]"),
            "[{ValueFrom: !If [IsStored, shop/a, shop/b], For: web}]",
        ),
        {},
        [],
    ),
    (
        "what two conditions contradict is never there",
        (secret("!If [IsStored, shop/a, !If [IsStored, never, shop/b]]"), "[{ValueFrom: shop/a}, {ValueFrom: shop/b}]"),
        {},
        [],
    ),
    ("the cases the wrong way round", (secret("!If [IsStored, a, b]"), reference("!If [IsStored, b, a]")), {}, DB),
]


@pytest.mark.parametrize(
    ("members", "values", "expected"), [row[1:] for row in CONDITIONS], ids=[row[0] for row in CONDITIONS]
)
def test_behind_conditions(members, values, expected):
    assert unchecked(*members, **values) == expected


@pytest.fixture
def directory(tmp_path):
    """Two stacks, of which the second has a task definition with two secrets and a gate for one of them."""
    (tmp_path / "roles.yaml").write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}")
    text = template("Secrets: [{Name: DB, ValueFrom: shop/db}, {Name: API, ValueFrom: shop/api}]", reference("shop/db"))
    (tmp_path / "task.yaml").write_text(text.replace("Stored: {Type:", 'Stored: {Default: "/x", Type:'))
    stacks = [{"name": name, "template": f"{name}.yaml"} for name in ("roles", "task")]
    (tmp_path / "stacks.json").write_text(json.dumps({"schema": 1, "stacks": stacks}))
    return tmp_path


REFUSED = (
    "error: task: 1 secret is not checked before the task starts:\n"
    "  Task: container web, secret API\n"
    "Name them in the References of a Custom::SecretsExist that the task definition depends on, as cfnroles build does,"
    " or deploy them unchecked: --allow-unchecked-secrets\n"
)


@pytest.mark.parametrize("option", ["--yes", "--plan"])
def test_it_is_refused_before_anything_is_created(double, cfnroles, directory, option):
    answer = cfnroles("deploy", directory, option)

    assert (answer.code, answer.err) == (1, REFUSED)
    assert double.calls == []
    assert double.stacks == {}


def test_on_request_it_is_deployed_and_the_plan_says_so(double, cfnroles, directory):
    answer = cfnroles("deploy", directory, "--yes", "--allow-unchecked-secrets")

    assert answer.code == 0
    assert "  ! not checked before the task starts: Task: container web, secret API\n" in answer.err
    assert double.named("task").status == "CREATE_COMPLETE"


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_the_plan_says_so_in_every_form(double, cfnroles, directory, form):
    answer = cfnroles("deploy", directory, "--plan", "--allow-unchecked-secrets", "--format", form)

    if form == "json":
        assert json.loads(answer.out)["stacks"][1]["uncheckedSecrets"] == ["Task: container web, secret API"]
    else:
        assert "  - not checked before the task starts: Task: container web, secret API\n" in answer.out


def test_what_a_build_writes_is_checked(cfnroles, tmp_path):
    definition = {
        "family": "shop",
        "containerDefinitions": [
            {
                "name": "web",
                "image": "registry.example.com/web:1",
                "repositoryCredentials": {"credentialsParameter": "shop/registry"},
                "secrets": [{"name": "DB", "valueFrom": f"{ARN}-AbCdEf:password::"}, {"name": "P", "valueFrom": "/p"}],
                "logConfiguration": {
                    "logDriver": "splunk",
                    "options": {"splunk-url": "https://splunk.example.com"},
                    "secretOptions": [{"name": "splunk-token", "valueFrom": f"{ARN}-AbCdEf"}],
                },
            }
        ],
    }
    (tmp_path / "task.json").write_text(json.dumps(definition))
    assert cfnroles("build", tmp_path / "task.json", "-o", tmp_path / "built").code == 0
    text = (tmp_path / "built" / "shop-task.yaml").read_text()
    assert "CredentialsParameter" in text
    assert "SecretOptions" in text

    assert unchecked_secrets(FilledTemplate(read_template(text, "task.yaml"), NOTHING_GIVEN)) == ()
    without = yaml.safe_dump({**read_template(text, "t").tree, "Resources": _without_gate(text)})
    assert len(unchecked_secrets(FilledTemplate(read_template(without, "task.yaml"), NOTHING_GIVEN))) == 4


def _without_gate(text):
    resources = read_template(text, "t").tree["Resources"]
    return {name: resource for name, resource in resources.items() if resource["Type"] != "Custom::SecretsExist"}
