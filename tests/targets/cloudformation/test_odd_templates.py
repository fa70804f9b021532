"""Templates of shapes that few people write: roles are injected, nothing else changes, and all can be taken out."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from typing import Any

import pytest

from cfnroles import Document, InvalidInput, Verdict, inject, read
from cfnroles.answers.verify_template import verify_template
from cfnroles.document import parse
from cfnroles.targets.cloudformation.inject import removed

HEAD = "Parameters:\n  Stage:\n    Type: String\n    Default: dev\n"
RESOURCES = """\
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
        - Name: web
          Image: nginx
          Secrets:
            - Name: A
              ValueFrom: /a
"""
USUAL = HEAD + RESOURCES
TREE = parse(USUAL, "t.yaml")
EMPTY = {**TREE, "Parameters": {}, "Conditions": {}, "Metadata": {}}
SECRETS = "          Secrets"
TYPE = "    Type: AWS::ECS::TaskDefinition\n"
TAKEN = ("WebExecutionRole", "WebTaskRole", "WebSecretsExist", "KmsKeyArns", "ProjectName", "HasKmsKeyArns")
QUEUE = "  {}: {{Type: AWS::SQS::Queue}}\n"
ROLE = "      TaskRoleArn: arn:aws:iam::123456789012:role/x"


def lines(text: str, line: str) -> str:
    """The text with each of its lines in another form."""
    return "".join(line.format(each, " " * (len(each) - len(each.lstrip()))) for each in text.splitlines())


def waiting(for_what: str) -> str:
    return USUAL.replace(TYPE, f"{TYPE}    DependsOn:{for_what}\n") + QUEUE.format("Q") + QUEUE.format("R")


#: Each with the lines that are removed, or none if a line only gets longer.
SHAPES: dict[str, tuple[str, list[str] | None]] = {
    "line ends of two kinds": (USUAL.replace("\n", "\r\n", 4), []),
    "no line end at the end": (USUAL.rstrip(), []),
    "white space behind everything": (lines(USUAL, "{}  \t\n"), []),
    "empty lines between all": (lines(USUAL, "{}\n    \n\n"), []),
    "a comment behind each line": (lines(USUAL, "{}   # {{why}}\n"), []),
    "a comment above each line": (lines(USUAL, "{1}# why\n{0}\n"), []),
    "comments at the margin": (lines(USUAL, "# why\n{}\n"), []),
    "a comment at the end, without a line end": (f"{USUAL}# bye", []),
    "a directive": (f"%YAML 1.1\n--- # one\n{USUAL}...\n# bye\n", []),
    "indented as a whole": (lines(USUAL, "  {}\n"), []),
    "elements far from their hyphens": (USUAL.replace("        - Name: web", "        -   Name: web", 1)
        .replace("          Image", "            Image").replace(SECRETS, "            Secrets"), []),
    "a block scalar that ends in empty lines": (f"{USUAL}          Command:\n          - |+\n            a\n\n\n", []),
    "block scalars with indentation": (f"Description: >2\n    a\n  # no comment\n{USUAL}", []),
    "a plain text over several lines": (f"Description: a\n  b\n  c\n{USUAL}", []),
    "a type over several lines": (USUAL.replace("Type: AWS::ECS", "Type: >-\n      AWS::ECS"), []),
    "a type with a tag": (USUAL.replace("Type: AWS::ECS", "Type: !!str AWS::ECS"), []),
    "the type behind the properties": (
        USUAL.replace(TYPE, "").rstrip() + f"\n{TYPE}".rstrip(), ["    Type: AWS::ECS::TaskDefinition"]),
    "keys in quotes": (USUAL.replace("Resources:", "'Resources' :").replace("Web:", '"Web":'), []),
    "not of ASCII": (f"# ünï \U0001f600\n{USUAL.replace('Family: web', 'Family: web # größe')}", []),
    "anchors": (USUAL.replace("Resources:", "Resources: &r").replace("Web:", "Web: &w"), []),
    "an alias of a container": (
        USUAL.replace("- Name: web", "- &c\n          Name: web") + "  Q: {Type: AWS::SQS::Queue, Metadata: *c}\n", []),
    "a merged container": (f"Metadata:\n  s: &s {{Image: nginx}}\n{USUAL.replace('Image: nginx', '<<: *s')}", []),
    "resources first": (RESOURCES + HEAD, []),
    "an empty section at the end": (f"{RESOURCES}Parameters:\n", []),
    "an empty section at the end, without a line end": (f"{RESOURCES}Parameters:", ["Parameters:"]),
    "nothing in braces at the end": (f"{RESOURCES}Parameters: {{}}", ["Parameters: {}"]),
    "an empty section with a comment": (f"Conditions:\n  # none\n{USUAL}", []),
    "sections that are nothing": (
        f"Metadata: null # x\nConditions: ~\n{USUAL}", ["Metadata: null # x\n", "Conditions: ~\n"]),
    "the metadata of others at the end": (f"{USUAL}Metadata:\n  A: b", []),
    "names that are taken": (
        USUAL.replace("Parameters:\n", "Parameters:\n  DeploymentId: {Type: String, Default: x}\n")
        + "".join(map(QUEUE.format, TAKEN)), []),
    "parameters of the same names": (
        USUAL.replace("Parameters:\n", "Parameters:\n  KmsKeyArns: {Type: String, Default: x}\n"), []),
    "waits for a list with comments": (waiting(" # why\n      # a\n      - Q # b\n      # c\n      - R"), []),
    "waits for a list at its column": (waiting("\n    - Q"), []),
    "waits for a list in brackets, over several lines": (waiting(" [\n      Q,\n      R\n    ]"), []),
    "waits with an anchor": (waiting(" &d [Q]"), ["    DependsOn: &d [Q]\n"]),
    "waits for a text over several lines": (waiting(" >-\n      Q"), ["    DependsOn: >-\n", "      Q\n"]),
    "a role that is nothing": (f"{USUAL}      TaskRoleArn:", ["      TaskRoleArn:"]),
    "a role at the end, without a line end": (f"{USUAL}{ROLE}", [ROLE]),
    "JSON with Allman's braces": (json.dumps(TREE, indent=2).replace('": {', '":\n{'), []),
    "JSON with commas in front": (json.dumps(TREE, indent=2).replace(",\n", "\n,"), None),
    "JSON with escaped slashes": (json.dumps(TREE, indent=2).replace("/a", "\\/a"), []),
    "JSON with tabs and line ends of Windows": (json.dumps(TREE, indent="\t").replace("\n", "\r\n"), []),
    "JSON without white space": (json.dumps(TREE, separators=(",", ":")), None),
    "JSON with empty sections": (json.dumps(EMPTY, indent=2).replace("{}", "{\n  }"), None),
    "JSON in YAML's clothes": ("{ # all\nResources: # these\n  {Web: # one\n  {Type: 'AWS::ECS::TaskDefinition', # a\n"
        "Properties: {ContainerDefinitions: [{Name: a, Image: nginx}]}}}}\n", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "lost"), SHAPES.values(), ids=SHAPES)
def test_roles_are_injected_whatever_the_shape(text: str, lost: list[str] | None) -> None:
    new = inject(read(Document("t.yaml", text)), replace_roles=True).text
    again = read(Document("t.yaml", new))
    assert inject(again).text == new
    assert removed(again) == text
    assert lost is None or _gone(text, new) == lost
    assert {each.verdict for each in verify_template(again)} == {Verdict.PASS}
    assert _without_roles(parse(new, "t.yaml")) == _without_roles(parse(text, "t.yaml"))


def _gone(old: str, new: str) -> list[str]:
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    changes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [line for kind, start, end, *_ in changes if kind != "equal" for line in before[start:end]]


def _without_roles(tree: Any) -> Any:
    properties = dict(tree["Resources"]["Web"]["Properties"])
    for name in ("ExecutionRoleArn", "TaskRoleArn"):
        properties.pop(name, None)
    return properties


OF_SERVICE = (
    USUAL
    + """\
  Function: {Type: AWS::Lambda::Function}
  O: {Type: AWS::Lambda::Function}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Web
      DeploymentConfiguration:
        LifecycleHooks:
"""
)
ON = "HookTargetArn: !GetAtt Function.Arn"
HOOKS = {
    "comments at a hyphen": (f"        # a\n        - # b\n          {ON} # c\n          # d\n          A: b\n", []),
    "no line end at the end": (f"        - {ON}", [f"        - {ON}"]),
    "several lines before": (f"        - A:\n          - b\n          HookTargetArn:\n            {ON[15:]}\n", []),
    "a role first": (f"        - RoleArn: a # old\n          {ON}\n", ["        - RoleArn: a # old\n"]),
    "a role over several lines": (
        f"        - RoleArn:\n            Ref: O\n          {ON}\n", ["        - RoleArn:\n", "            Ref: O\n"]),
    "an anchor": (f"        - &h\n          {ON}\n", []),
    "one in braces": (f"        - {{{ON}, RoleArn: a}}\n        - {{ {ON} }}\n", None),
}  # fmt: skip


@pytest.mark.parametrize(("hooks", "lost"), HOOKS.values(), ids=HOOKS)
def test_roles_are_injected_into_elements_of_lists(hooks: str, lost: list[str] | None) -> None:
    new = inject(read(Document("t.yaml", OF_SERVICE + hooks)), replace_roles=True).text
    again = read(Document("t.yaml", new))
    assert inject(again).text == new
    assert removed(again) == OF_SERVICE + hooks
    assert lost is None or _gone(OF_SERVICE + hooks, new) == lost
    found = parse(new, "t.yaml")["Resources"]["Service"]["Properties"]["DeploymentConfiguration"]["LifecycleHooks"]
    assert {str(each["RoleArn"]) for each in found} == {"{'Fn::GetAtt': ['WebLifecycleHookRole', 'Arn']}"}


def test_a_template_that_has_too_much_already_is_no_matter_of_the_roles() -> None:
    text = USUAL + "".join(QUEUE.format(f"Q{each}") for each in range(500))
    assert inject(read(Document("t.yaml", text))).tasks == ("Web",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            USUAL.replace("  Web:\n", "  ? Web\n  :\n"),
            ["t.yaml:6:1: has a format that cfnroles cannot edit", "as `Name: value`, without `?`"],
            id="a key with a question mark",
        ),
        pytest.param(
            USUAL.replace("\n", "\r"), ["Save it with the line ends of Unix or of Windows."], id="line ends of old"
        ),
        pytest.param(
            f"{OF_SERVICE}        - &h\n          {ON}\n        - *h\n",
            ["t.yaml:26:11: ", "is behind an alias", "Write its members there."],
            id="an element that is an alias",
        ),
        pytest.param(f"{USUAL}---\na: b\n", ["t.yaml:16:1: has several YAML documents"], id="two documents"),
        pytest.param(
            USUAL + "".join(QUEUE.format(f"Q{each}") for each in range(497)),
            [
                "has no room for the roles: it would have 501 resources; CloudFormation accepts 500",
                "`cfnroles build`",
            ],
            id="too many resources",
        ),
        pytest.param(
            f"Transform: AWS::LanguageExtensions\n{USUAL}  Fn::ForEach::Queues:\n  - Name\n"
            f"  - [{', '.join(f'Q{each}' for each in range(497))}]\n  - 'In${{Name}}': {{Type: AWS::SQS::Queue}}\n",
            ["has no room for the roles: it would have 501 resources; CloudFormation accepts 500"],
            id="too many resources with what a loop makes",
        ),
        pytest.param(
            USUAL.replace("  Stage:", "".join(f"  P{each}: {{Type: String}}\n" for each in range(197)) + "  Stage:"),
            ["has no room for the roles: it would have 201 parameters; CloudFormation accepts 200"],
            id="too many parameters",
        ),
    ],
)
def test_what_cannot_be_edited_is_refused_with_what_to_do(text: str, told: list[str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        inject(read(Document("t.yaml", text)))
    assert [each for each in told if each not in str(refusal.value)] == []
