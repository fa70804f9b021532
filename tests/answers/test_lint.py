"""What lint finds in whole documents, and what it lets pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cfnroles import Told, build, read
from cfnroles.errors import CfnrolesError, InvalidInput
from cfnroles.need import Finding, Severity
from tests.linted import lint

HERE = Path(__file__).parent / "lint"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

#: Faults of the nine-fault template, and the lines on which it says so itself.
NINE = [
    ("missing-permission", "Resources.ExecutionRole"),
    ("missing-permission", "Resources.ExecutionRole"),
    ("secret-with-json-key", "Statement[0]"),
    ("decrypt-on-secret", "Statement[1]"),
    ("read-of-other-service", "Statement[2]"),
    ("log-group-without-streams", "Statement[3]"),
    ("custom-resource-without-token", "Resources.SecretsExist"),
    ("missing-execution-role", "Resources.TaskDefinition.Properties"),
    ("malformed-reference", "Secrets[0].ValueFrom"),
]


def found_in(path: Path) -> tuple[Finding, ...]:
    return lint(path.read_text(encoding="utf-8"), path.name).findings


def test_nine_faults_are_nine_findings() -> None:
    found = found_in(HERE / "nine-faults.yaml")
    assert [finding.check for finding in found] == [check for check, _ in NINE]
    for finding, (_, place) in zip(found, NINE, strict=True):
        assert finding.origin.pointer.endswith(place)
        assert finding.severity is Severity.ERROR
    pull, file = found[:2]
    assert "repository/shop" in pull.what
    assert "s3:GetObject on arn:${AWS::Partition}:s3:::shop-config/web.env" in file.what


def test_a_custom_resource_that_waits_an_hour_is_the_other_ninth() -> None:
    text = (HERE / "nine-faults.yaml").read_text(encoding="utf-8")
    text = text.replace("ServiceTimeout: 120", "ServiceToken: arn:aws:lambda:us-east-1:123456789012:function:validator")
    checks = [finding.check for finding in lint(text, "nine-faults.yaml").findings]
    assert len(checks) == 9
    assert "custom-resource-without-timeout" in checks


def test_the_repaired_template_has_none() -> None:
    assert found_in(HERE / "nine-faults-repaired.yaml") == ()


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ("{ContainerDefinitions: !Ref Containers}", ".ContainerDefinitions"),
        ("{Fn::Transform: {Name: Macro}}", ".Fn::Transform"),
    ],
    ids=["containers from another place", "a macro"],
)
def test_a_task_definition_that_cannot_be_seen_is_said_to_be(properties: str, place: str) -> None:
    head = "Parameters: {Containers: {Type: CommaDelimitedList}}\n"
    text = f"{head}Resources: {{Task: {{Type: AWS::ECS::TaskDefinition, Properties: {properties}}}}}"
    (found,) = lint(text, "odd.yaml").findings
    assert (found.check, found.origin.pointer) == ("gap", f"Resources.Task.Properties{place}")


def test_an_unknown_property_is_reported_at_its_place() -> None:
    text = (HERE / "nine-faults-repaired.yaml").read_text(encoding="utf-8")
    unknown = text.replace("      ContainerDefinitions:\n", "      Mesh: {RoleArn: x}\n      ContainerDefinitions:\n")
    assert {(finding.check, finding.origin.pointer) for finding in lint(unknown, "t.yaml").findings} == {
        ("likely-to-fail", "Resources.TaskDefinition.Properties.Mesh"),
    }


def faults(found: tuple[Finding, ...]) -> list[Finding]:
    """The findings without the one about roles in another template."""
    return [finding for finding in found if finding.check != "unjudged-role"]


def test_the_templates_of_this_repository_have_none(repository: Path) -> None:
    found = {path.name: faults(found_in(path)) for path in (repository / "templates").glob("*.yaml")}
    assert len(found) >= 4
    assert not any(found.values())


def test_what_build_writes_from_the_example_has_none(examples: Path) -> None:
    files = build(read(examples / "shop.json")).files
    found = {name: faults(lint(text, name).findings) for name, text in files.items() if name.endswith(".yaml")}
    assert len(found) == 3
    assert not any(found.values())


def corpus(kind: str) -> list[Path]:
    return sorted((CORPUS / kind).glob("*"))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real documents is not here")
class TestRealDocuments:
    @pytest.mark.long
    @pytest.mark.parametrize("kind", ["templates", "taskdefs"])
    def test_none_is_refused_and_every_finding_can_be_read(self, kind: str) -> None:
        assert corpus(kind)
        for path in corpus(kind):
            for finding in found_in(path):
                # No account or Region is made up to look at a document.
                told = f"{finding.what} {finding.remedy}"
                named = re.findall(r"(?<![0-9])[0-9]{12}(?![0-9])|:(?:[a-z]{2,}-)+[0-9]:", told)
                assert [name for name in named if name not in path.read_text()] == [], finding

    def test_what_build_writes_has_no_fault_that_its_source_has_not(self) -> None:
        built = 0
        for name, source, files in self.builds():
            built += 1
            # What a person wrote stays as it is: an image by its tag, a password among the variables.
            own = {(finding.check, finding.origin.item) for finding in source}
            for file, text in files.items():
                new = [f for f in faults(lint(text, file).findings) if (f.check, f.origin.item) not in own]
                assert new == [], (name, file)
        assert built > 50

    @staticmethod
    def builds() -> Iterator[tuple[str, tuple[Finding, ...], dict[str, str]]]:
        for path in corpus("taskdefs"):
            try:
                files = build(read(path, Told(family="family"))).files
            except CfnrolesError:
                continue
            yield path.name, found_in(path), {n: t for n, t in files.items() if n.endswith(".yaml")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("services:\n  web: {image: nginx}\n", "is not a task definition", id="another document"),
        pytest.param("[1, 2]", "is a list of 2 elements", id="a list"),
        pytest.param("", "is empty", id="an empty file"),
        pytest.param("{", "is not valid JSON", id="broken JSON"),
        pytest.param("a: [", "is not valid YAML", id="broken YAML"),
    ],
)
def test_what_cannot_be_linted_is_an_error(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        lint(text, "file.yaml")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Resources: {}", id="no resources"),
        pytest.param("Resources: {Task: {Type: AWS::ECS::TaskDefinition}}", id="no properties"),
        pytest.param("Resources: {Task: {Type: AWS::ECS::TaskDefinition, Properties: []}}", id="a list of properties"),
        pytest.param("Resources: {Role: {Type: AWS::IAM::Role}}", id="a role without anything"),
        pytest.param(
            "Resources: {Role: {Type: AWS::IAM::Role, Properties: {Policies: text}}}", id="policies as a text"
        ),
        pytest.param(
            "Resources: {Policy: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: {}}}}", id="no statement"
        ),
        pytest.param(
            "Resources: {c: {'Fn::Transform': 3}, d: {Type: A, Properties: 1}}\nParameters: []",
            id="nonsense",
        ),
        pytest.param("Statement: text", id="a policy of a text"),
        pytest.param("Statement: [text, 1, {Effect: Allow}]", id="a policy of nonsense"),
        pytest.param("containerDefinitions: [{name: web, image: nginx:1.27}]", id="no family"),
        pytest.param(
            "family: <FAMILY>\ncontainerDefinitions: [{name: web, image: nginx:1.27}]", id="a family to fill in"
        ),
        pytest.param(
            "taskDefinition: {family: a, containerDefinitions: [{name: web, image: nginx:1}]}", id="as answered"
        ),
    ],
)
def test_odd_documents_are_linted_all_the_same(text: str) -> None:
    assert lint(text, "odd.yaml").findings == ()


NAMED_BY_PARAMETERS = """
Parameters:
  Secret: {Type: String, Default: ''}
  File: {Type: String, Default: ''}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx:1.27
          Secrets: [{Name: A, ValueFrom: !Ref Secret}]
          EnvironmentFiles: [{Type: s3, Value: !Ref File}]
"""


def test_a_name_with_an_empty_default_is_a_name() -> None:
    assert [each for each in lint(NAMED_BY_PARAMETERS, "t.yaml").findings if "has no v" in each.what] == []


def test_parameters_replace_the_defaults() -> None:
    text = """
Parameters:
  Name: {Type: String, Default: web-??????}
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          Effect: Allow
          Action: secretsmanager:GetSecretValue
          Resource: !Sub arn:aws:secretsmanager:us-east-1:123456789012:secret:${Name}
"""
    assert lint(text, "t.yaml").findings == ()
    assert [finding.check for finding in lint(text, "t.yaml", {"Name": "web"}).findings] == ["secret-without-suffix"]
