"""`cfnroles diff`: two files, two revisions, or a revision and the working tree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

OLD = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1",
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/web.env"}],
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:key"}],
        }
    ],
}
NEW = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1",
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/new.env"}],
            "secrets": [
                {"name": "KEY", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:key-AbCdEf"}
            ],
        },
        {"name": "proxy", "image": "444455556666.dkr.ecr.eu-west-1.amazonaws.com/proxy:1"},
    ],
}
FEWER: dict[str, Any] = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "web"}]}

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: ecs-tasks.amazonaws.com}}
      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess]
      Policies:
        - PolicyName: app
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Sid: Files
                Effect: Allow
                Action: [s3:GetObject, s3:PutObject]
                Resource: arn:aws:s3:::shop/files/*
              - Sid: Keys
                Effect: Allow
                Action: kms:Decrypt
                Resource: "*"
"""
WIDER_TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: prod}
Conditions:
  IsProd: !Equals [!Ref Stage, live]
Resources:
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: ecs-tasks.amazonaws.com}}
          - {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}}
      Policies:
        - PolicyName: app
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Sid: Files
                Effect: Allow
                Action: [s3:GetObject, s3:PutObject]
                Resource: arn:aws:s3:::shop/*
              - Sid: Keys
                Effect: Allow
                Action: kms:Decrypt
                Resource: "*"
                Condition: {StringEquals: {kms:ViaService: !Sub "s3.${AWS::Region}.amazonaws.com"}}
              - Sid: NoSecrets
                Effect: Deny
                Action: s3:*
                Resource: arn:aws:s3:::shop/secret`|/*
        - !If
          - IsProd
          - PolicyName: prod
            PolicyDocument:
              Version: "2012-10-17"
              Statement: {Effect: Allow, NotAction: "iam:*", Resource: "*"}
          - !Ref AWS::NoValue
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with each of the documents above."""
    monkeypatch.chdir(tmp_path)
    for name, tree in {"old": OLD, "new": NEW, "fewer": FEWER}.items():
        Path(f"{name}.json").write_text(json.dumps(tree, indent=2))
    Path("old.yaml").write_text(TEMPLATE)
    Path("new.yaml").write_text(WIDER_TEMPLATE)
    return tmp_path


@pytest.fixture
def repository_of_shop(git: Callable[..., str]) -> Callable[..., str]:
    """A repository with three revisions of ecs/shop.json: v1 is OLD, v2 is FEWER, and the working tree has NEW."""
    Path("ecs").mkdir()
    shop = Path("ecs/shop.json")
    for tag, tree in {"v1": OLD, "v2": FEWER}.items():
        shop.write_text(json.dumps(tree, indent=2))
        git("add", ".")
        git("commit", "-m", tag)
        git("tag", tag)
    shop.write_text(json.dumps(NEW, indent=2))
    return git


@pytest.mark.parametrize("format_", ["human", "json", "markdown"])
@pytest.mark.parametrize(
    ("kind", "old", "new"), [("needs", "old.json", "new.json"), ("template", "old.yaml", "new.yaml")]
)
def test_answers(
    cfnroles: Callable[..., Any],
    files: Path,
    golden: Callable[[str, str], None],
    kind: str,
    old: str,
    new: str,
    format_: str,
) -> None:
    result = cfnroles("diff", old, new, "--format", format_)
    assert (result.code, result.err) == (0, "")
    suffix = {"human": "txt", "json": "json", "markdown": "md"}[format_]
    golden(f"diff/{kind}.{suffix}", result.out)


@pytest.mark.parametrize(
    ("old", "new", "fail_on", "code"),
    [
        ("old.json", "new.json", "widen", 1),
        ("old.json", "fewer.json", "widen", 0),
        ("old.json", "fewer.json", "change", 1),
        ("old.json", "old.json", "change", 0),
        ("old.yaml", "new.yaml", "widen", 1),
    ],
)
def test_what_fails(cfnroles: Callable[..., Any], files: Path, old: str, new: str, fail_on: str, code: int) -> None:
    assert cfnroles("diff", old, new, "--fail-on", fail_on).code == code


def test_no_change_is_said(cfnroles: Callable[..., Any], files: Path) -> None:
    assert cfnroles("diff", "old.json", "old.json").out == "old.json -> old.json\n\nNo permission changes.\n"


def test_one_side_can_be_standard_input(cfnroles: Callable[..., Any], files: Path) -> None:
    result = cfnroles("diff", "-", "fewer.json", stdin=json.dumps(OLD))
    assert result.out.startswith("standard input -> fewer.json\n")
    assert "- s3:GetObject" in result.out


def test_options_hold_for_both_sides(cfnroles: Callable[..., Any], files: Path) -> None:
    arn = "arn:aws:kms:eu-west-1:111122223333:key/k"
    assert arn in cfnroles("diff", "old.json", "new.json", "--file-key-arn", arn).out
    result = cfnroles("diff", "old.yaml", "new.yaml", "--account", "111122223333", "--region", "eu-west-1")
    assert "by AWS arn:aws:iam::111122223333:root" in result.out
    assert "s3.eu-west-1.amazonaws.com" in result.out


def test_a_gap_that_opens_is_told(cfnroles: Callable[..., Any], files: Path) -> None:
    text = Path("old.json").read_text().replace("arn:aws:s3:::config/web.env", "${BUCKET_ARN}/web.env")
    Path("gap.json").write_text(text)
    result = cfnroles("diff", "old.json", "gap.json", "--fail-on", "change")
    assert "! gap opened: " in result.out
    assert "(gap.json:10: container web, environment file #1)" in result.out
    assert "Gap closed: " in cfnroles("diff", "gap.json", "old.json", "--format", "markdown").out
    assert json.loads(cfnroles("diff", "old.json", "gap.json", "--format", "json").out)["documents"][0]["gapsOpened"]


REVISIONS = [
    (("v1", "ecs/shop.json"), "v1:ecs/shop.json -> ecs/shop.json", "new.env"),
    (("v1:ecs/shop.json",), "v1:ecs/shop.json -> ecs/shop.json", "new.env"),
    (("v1:ecs/shop.json", "ecs/shop.json"), "v1:ecs/shop.json -> ecs/shop.json", "new.env"),
    (("v1:ecs/shop.json", "v2:ecs/shop.json"), "v1:ecs/shop.json -> v2:ecs/shop.json", "web.env"),
    (("HEAD~1:./ecs/shop.json", "HEAD:ecs/shop.json"), "HEAD~1:./ecs/shop.json -> HEAD:ecs/shop.json", "web.env"),
    (("v1:ecs/shop.json", ":ecs/shop.json"), "v1:ecs/shop.json -> :ecs/shop.json", "web.env"),
    (("v1",), "v1:ecs/shop.json -> ecs/shop.json", "new.env"),
]


@pytest.mark.parametrize(("arguments", "title", "told"), REVISIONS, ids=[" ".join(row[0]) for row in REVISIONS])
def test_revisions(
    cfnroles: Callable[..., Any],
    repository_of_shop: Callable[..., str],
    arguments: tuple[str, ...],
    title: str,
    told: str,
) -> None:
    before = repository_of_shop("status", "--porcelain")
    result = cfnroles("diff", *arguments)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == title
    assert told in result.out
    assert repository_of_shop("status", "--porcelain") == before == " M ecs/shop.json\n"


def test_paths_from_elsewhere(
    cfnroles: Callable[..., Any],
    repository_of_shop: Callable[..., str],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir("ecs")
    for arguments in [("v1", "shop.json"), ("v1:./shop.json",), ("v1:ecs/shop.json",), ("v1", "../ecs/shop.json")]:
        assert "+ s3:GetObject" in cfnroles("diff", *arguments).out
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert "+ s3:GetObject" in cfnroles("diff", "v1", tmp_path / "ecs" / "shop.json").out


def test_every_changed_document_below_the_current_directory(
    cfnroles: Callable[..., Any], git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("app").mkdir()
    Path(".gitignore").write_text("ignored.json\n")
    documents = {"changed.json": OLD, "gone.json": OLD, "same.json": OLD, "other.json": {"Resources": 1}}
    for name, tree in documents.items():
        Path("app", name).write_text(json.dumps(tree))
    Path("app/roles.yaml").write_text(TEMPLATE)
    Path("outside.json").write_text(json.dumps(OLD))
    git("add", ".")
    git("commit", "-m", "first")
    Path("app/changed.json").write_text(json.dumps(FEWER))
    Path("app/gone.json").unlink()
    for name in ("new.json", "ignored.json"):
        Path("app", name).write_text(json.dumps(OLD))
    Path("app/other.json").write_text(json.dumps({"Resources": 2}))
    Path("app/page.yaml").write_text("{% no YAML %}")
    Path("app/queue.yaml").write_text("Resources: {Queue: {Type: AWS::SQS::Queue}}")
    Path("app/roles.yaml").write_text(WIDER_TEMPLATE)
    Path("outside.json").write_text(json.dumps(FEWER))
    monkeypatch.chdir("app")
    documents_ = json.loads(cfnroles("diff", "HEAD", "--format", "json").out)["documents"]
    assert [(each["old"], each["new"], each["widens"]) for each in documents_] == [
        ("HEAD:changed.json", "changed.json", False),
        ("HEAD:gone.json", None, False),
        (None, "new.json", True),
        ("HEAD:roles.yaml", "roles.yaml", True),
    ]
    human = cfnroles("diff", "HEAD", "--fail-on", "widen")
    assert human.code == 1
    assert "HEAD:gone.json, which is gone" in human.out
    assert "new.json, which is new" in human.out


def test_no_changed_document(cfnroles: Callable[..., Any], repository_of_shop: Callable[..., str]) -> None:
    repository_of_shop("commit", "-a", "-m", "v3")
    assert cfnroles("diff", "HEAD", "--fail-on", "change").out == "No permission changes.\n"
    assert cfnroles("diff", "HEAD", "--format", "markdown").out == "### Permissions\n\nNo permission changes.\n"
    assert json.loads(cfnroles("diff", "HEAD", "--format", "json").out)["documents"] == []


QUESTIONS = [
    (("old.json", "old.yaml"), "old.json is a task definition and old.yaml is a Cloud"),
    (("old.json", "absent.json"), "absent.json: cannot be read: No such file or directory"),
    (("absent.json", "old.json"), "no file is named 'absent.json', and this is not a Git repository"),
    (("HEAD", "old.json"), "no file is named 'HEAD', and this is not a Git repository"),
    (("HEAD:old.json",), "and this is not a Git repository"),
    (("HEAD",), "and this is not a Git repository"),
    (("old.json",), "old.json has nothing to compare with"),
    (("-", "-"), "only one of the two can be standard input"),
    (("text.json", "old.json"), "text.json: is not a task definition, Express Mode service, service spec"),
    (
        ("old.yaml", "new.yaml", "--family", "x"),
        "--family requires a task definition, but old.yaml is a CloudFormation template",
    ),
    (("old.json", "bad.json"), "bad.json"),
]


@pytest.mark.parametrize(("arguments", "told"), QUESTIONS, ids=[" ".join(row[0]) for row in QUESTIONS])
def test_wrong_questions(
    cfnroles: Callable[..., Any], files: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(files.parent))
    Path("text.json").write_text('{"name": "package"}')
    Path("bad.json").write_text(Path("old.json").read_text().replace("secret:key", "secret:key:a:b:c:d:e"))
    result = cfnroles("diff", *arguments)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert result.err.startswith("error: ")


WRONG_REVISIONS = [
    (("v9", "ecs/shop.json"), "no file or Git revision is named 'v9'"),
    (("--", "--output=stolen", "ecs/shop.json"), "no file or Git revision is named '--output=stolen'"),
    (("v1:shop.json",), "v1:shop.json: is not in that revision"),
    (("v1:ecs/absent.json", "ecs/shop.json"), "v1:ecs/absent.json: is not in that revision"),
    (("v1:ecs", "ecs/shop.json"), "v1:ecs: is a directory"),
    (("v1", "v2"), "v2: is a Git revision, without a file\nWrite v2:PATH."),
    (("v1:ecs/shop.json", "v2"), "v2: is a Git revision, without a file\nWrite v2:ecs/shop.json."),
    (("v1", "v2:ecs/shop.json"), "v1: is a Git revision, without a file\nWrite v1:ecs/shop.json."),
    (
        ("ecs/shop.json", "v1"),
        "v1: is a Git revision, without a file\nThe old version comes first: `cfnroles diff v1 ecs/shop.json`."
        " As the new version, write v1:./ecs/shop.json.",
    ),
    (("v1..v2",), "v1..v2 is a range of Git revisions\nPass a file in each: v1:PATH v2:PATH"),
    (("v1", "ecs"), "ecs: is a directory without .tf files"),
    (("v1", ""), "NEW is empty"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG_REVISIONS, ids=[" ".join(row[0]) for row in WRONG_REVISIONS])
def test_wrong_revisions(
    cfnroles: Callable[..., Any], repository_of_shop: Callable[..., str], arguments: tuple[str, ...], told: str
) -> None:
    result = cfnroles("diff", *arguments)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert not Path("stolen").exists()


def test_without_git(cfnroles: Callable[..., Any], files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(files))
    result = cfnroles("diff", "HEAD", "old.json")
    assert result.code == 3
    assert "cannot run git" in result.err
    assert cfnroles("diff", "old.json", "new.json").code == 0
