"""Cases of a fuzz run: a seed says which document is mutated how, and which command is asked about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct

from cfnroles import Document, Told, build, read
from cfnroles.document import parse
from cfnroles.errors import CfnrolesError
from cfnroles.role_kinds import ROLE_KINDS
from tests.fuzz.mutations import TEXTS, mutated

REPOSITORY = Path(__file__).parents[2]
CORPUS = REPOSITORY.parent / "shared" / "corpus"

ROLE_OPTIONS = tuple(kind.option_name for kind in ROLE_KINDS)
#: Nothing listens there, and a connection is refused at once.
NOWHERE = "http://127.0.0.1:1"
HOME = ("--account", "123456789012", "--region", "us-east-1")
POLICIES = ("execution", "task", "infrastructure", "trust", "repository")

#: A mutated document is as interesting when it is small, and a thousand are read in the time of one large one.
_MOST_BYTES = 40_000

Files = Mapping[str, bytes]


class Case(Struct, frozen=True):
    """A command line, and the files of the directory in which it runs."""

    seed: int
    arguments: tuple[str, ...]
    files: Files


def case(seed: int, corpus: Path = CORPUS) -> Case:
    """The case with this number, always the same where the documents are the same."""
    random = Random(seed)
    kinds = (
        "task",
        "task",
        "task",
        "spec",
        "spec",
        "template",
        "template",
        "policy",
        "account",
        "stacks",
        "service",
        "express",
    )
    kind = random.choice(kinds)
    arguments, files = _KINDS[kind](Maker(random, _documents(corpus)))
    if random.random() < 0.03:
        at = random.randint(1, len(arguments))
        arguments = (*arguments[:at], spoken(random.choice(TEXTS)), *arguments[at:])
    return Case(seed, arguments, files)


def spoken(text: str) -> str:
    """The text as a command line can have it."""
    # Nothing of this machine is meant.
    return text.replace("\0", "").replace("\ud800", "") if text.strip("./~") else ""


class Maker(Struct, frozen=True):
    """What makes files and command lines of one case."""

    random: Random
    documents: Mapping[str, tuple[str, ...]]

    def original(self, kind: str) -> str:
        """A document as it was."""
        return self.random.choice(self.documents[kind])

    def broken(self, kind: str, text: str = "") -> bytes:
        """A mutated document of the kind, or a mutation of a text."""
        donors = [_tree(self.original(self.random.choice(list(self.documents)))) for _ in range(2)]
        return mutated(text or self.original(kind), donors, self.random)

    def maybe(self, *arguments: str) -> tuple[str, ...]:
        """The arguments, or none."""
        return arguments if self.random.random() < 0.3 else ()

    def format(self, *others: str) -> tuple[str, ...]:
        """How the answer is written."""
        return self.maybe("--format", self.random.choice(("human", "json", "markdown", *others)))


Made = tuple[tuple[str, ...], Files]


def _task(make: Maker) -> Made:
    name = make.random.choice(("task.json", "task.yaml"))
    files = {name: make.broken("task"), "role.yaml": make.original("template").encode()}
    return _asked(make, name, *_told(make)), files


def _told(make: Maker) -> tuple[str, ...]:
    return (
        *(make.maybe() or ("--family", "shop")),
        *make.maybe("--region", make.random.choice(("us-east-1", "us-east-1", "cn-north-1", "nowhere"))),
        *make.maybe("--account", "123456789012"),
        *(("--set", f"X={spoken(make.random.choice(TEXTS))}") if make.random.random() < 0.05 else ()),
    )


def _asked(make: Maker, name: str, *told: str) -> tuple[str, ...]:
    return make.random.choice(
        (
            ("explain", name, *told, *make.format()),
            ("lint", name, *make.format("sarif", "junit")),
            ("build", name, *told, "-o", "out", *make.maybe("--strict"), *make.maybe("--template-format", "json")),
            ("build", name, *told, "-o", "out", *make.maybe("--project", "shop")),
            ("verify", name, *told, "--role", "role.yaml", *make.format(), *make.maybe("--prove")),
            ("verify", name, *told, "--task-role", "role.yaml", *make.format()),
            ("diff", name, name, *told, *make.format()),
            ("init", name, "-o", "first.yaml"),
            ("check", name, *told, "--endpoint-url", NOWHERE, *make.format()),
            ("deploy", name, "--plan", "--region", "us-east-1", "--endpoint-url", NOWHERE),
            ("deploy-policy", name, *HOME, *make.format("cloudformation")),
            ("policy", name, *told, "--role", make.random.choice(POLICIES), *make.maybe("--trust")),
            ("terraform", name, *told, "-o", "out", *make.maybe("--gate", "check"), *make.maybe("--module")),
        )
    )


def _spec(make: Maker) -> Made:
    files = {"cfnroles.yaml": make.broken("spec"), "role.yaml": make.original("template").encode()}
    for name in ("web", "worker", "report", "secrets", "logging", "volume", "shared-image"):
        text = make.original("task")
        files[f"{name}.json"] = make.broken("task") if make.random.random() < 0.1 else text.encode()
    return _asked(make, "cfnroles.yaml"), files


def _template(make: Maker) -> Made:
    with_lint = make.random.random() < 0.4
    text = make.original("template" if with_lint else "task template")
    files = {"template.yaml": make.broken("template", text), "old.yaml": text.encode()}
    files["task.json"] = make.original("task").encode()
    role = f"template.yaml:{_role_in(text)}"
    if with_lint:
        return ("lint", "template.yaml", *make.format("sarif", "junit"), *make.maybe("--parameter", "A=b")), files
    arguments = make.random.choice(
        (
            ("diff", "old.yaml", "template.yaml", *make.format()),
            ("explain", "template.yaml", *make.format()),
            ("policy", "template.yaml", *HOME, "--role", make.random.choice(POLICIES)),
            ("verify", "task.json", "--role", role, *make.format()),
            ("verify", "template.yaml", "--role", role),
            ("verify", "template.yaml", *make.format(), *make.maybe("--prove")),
            ("check", "template.yaml", "--endpoint-url", NOWHERE, *make.format()),
            ("inject", "template.yaml", *make.maybe("--replace-roles"), *make.maybe("--remove")),
            ("inject", "template.yaml", "--in-place", *make.maybe("--replace-roles")),
            ("init", "template.yaml", "-o", "first.yaml"),
            ("build", "template.yaml", "-o", "out"),
            ("terraform", "template.yaml", "-o", "out", *make.maybe("--gate", "check")),
        )
    )
    return arguments, files


def _policy(make: Maker) -> Made:
    files = {"policy.json": make.broken("policy"), "task.json": make.original("task").encode()}
    arguments = make.random.choice(
        (
            ("lint", "policy.json", *make.format("sarif", "junit")),
            ("verify", "task.json", "--role", "policy.json", *make.format(), *make.maybe("--fail-on", "excess")),
            ("verify", "task.json", "--task-role", "policy.json", *make.maybe("--prove")),
            ("init", "task.json", "--from-role", "policy.json", "-o", "first.yaml"),
            ("verify", "task.json", make.random.choice(ROLE_OPTIONS), "policy.json"),
        )
    )
    return arguments, files


def _account(make: Maker) -> Made:
    files = {"account.json": make.broken("account"), "task.json": make.original("task").encode()}
    option = make.random.choice(ROLE_OPTIONS)
    name = make.random.choice(("account.json", "account.json:shop"))
    return ("verify", "task.json", option, name, *make.format(), *make.maybe("--prove")), files


def _stacks(make: Maker) -> Made:
    built = json.loads(make.original("stacks"))
    files = {f"out/{name}": text.encode() for name, text in built.items()}
    name = make.random.choice(("stacks.json", "stacks.json", *built))
    files[f"out/{name}"] = make.broken("stacks", built[name])
    # Without the option, hardly anything is read but digests.
    edits = () if make.random.random() < 0.2 else ("--allow-edits",)
    where = ("out", *edits, "--region", "us-east-1", "--endpoint-url", NOWHERE)
    if make.random.random() < 0.2:
        files["parameters.yaml"] = make.broken("spec", "ImageTag: latest\nKmsKeyArns: ''\n")
        return ("deploy", *where, "--plan", "--parameter-file", "parameters.yaml"), files
    arguments = make.random.choice(
        (
            ("deploy", *where, "--plan", *make.format(), *make.maybe("--stack-prefix", "a-")),
            ("deploy", *where, "--yes", *make.maybe("--only", "shop")),
            ("deploy-policy", "out", *edits, *HOME, *make.maybe("--service-role"), *make.format("cloudformation")),
            ("status", *where),
            ("outputs", *where, *make.maybe("--format", "env")),
            ("delete", *where, "--yes"),
            ("build", "task.json", "-o", "out", *make.maybe("--force")),
            ("lint", "out"),
        )
    )
    return arguments, {**files, "task.json": make.original("task").encode()}


def _service(make: Maker) -> Made:
    files = {"service.json": make.broken("service"), "task.json": make.original("task").encode()}
    command = make.random.choice(("explain", "build", "verify"))
    return (
        command,
        "task.json",
        "--service-file",
        "service.json",
        *(("-o", "out") if command == "build" else ()),
    ), files


def _express(make: Maker) -> Made:
    files = {"web.json": make.broken("express"), "role.yaml": make.original("template").encode()}
    return _asked(make, "web.json", *_told(make)), files


_KINDS: Mapping[str, Callable[[Maker], Made]] = {
    "task": _task,
    "spec": _spec,
    "template": _template,
    "policy": _policy,
    "account": _account,
    "stacks": _stacks,
    "service": _service,
    "express": _express,
}

_SERVICE = {
    "services": [
        {
            "taskDefinition": "shop:1",
            "serviceName": "shop",
            "launchType": "FARGATE",
            "enableExecuteCommand": True,
            "loadBalancers": [
                {
                    "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/12345678",
                    "advancedConfiguration": {
                        "roleArn": "arn:aws:iam::123456789012:role/x",
                        "alternateTargetGroupArn": "a",
                    },
                }
            ],
            "serviceConnectConfiguration": {
                "enabled": True,
                "namespace": "shop",
                "services": [
                    {"portName": "web", "tls": {"issuerCertificateAuthority": {"awsPcaAuthorityArn": "arn:x"}}}
                ],
                "logConfiguration": {"logDriver": "awslogs", "secretOptions": [{"name": "a", "valueFrom": "/a"}]},
            },
            "volumeConfigurations": [{"name": "data", "managedEBSVolume": {"kmsKeyId": "alias/x", "roleArn": "x"}}],
        }
    ]
}


_EXPRESS = {
    "serviceName": "shop",
    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/x",
    "executionRoleArn": "arn:aws:iam::123456789012:role/x",
    "cpu": "1024",
    "memory": "2048",
    "networkConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
    "tags": [{"key": "a", "value": "b"}],
    "primaryContainer": {
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1",
        "containerPort": 80,
        "awsLogsConfiguration": {"logGroup": "/shop", "logStreamPrefix": "web"},
        "repositoryCredentials": {"credentialsParameter": "a"},
        "secrets": [{"name": "DB", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf"}],
        "environment": [{"name": "STAGE", "value": "test"}],
        "command": ["serve"],
    },
}
_EXPRESS_ANSWER = {
    "service": {
        "serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/blue/shop",
        "infrastructureRoleArn": "arn:aws:iam::123456789012:role/x",
        "activeConfigurations": [{"cpu": "256", "primaryContainer": _EXPRESS["primaryContainer"]}],
    }
}


@cache
def _role_in(text: str) -> str:
    resources = _tree(text).get("Resources", {}) if isinstance(_tree(text), dict) else {}
    names = (
        name for name, each in resources.items() if isinstance(each, dict) and each.get("Type") == "AWS::IAM::Role"
    )
    return next(names, "Role")


@cache
def _tree(text: str) -> Any:
    try:
        return parse(text, "donor")
    except CfnrolesError:
        return {}


@cache
def _documents(corpus: Path) -> Mapping[str, tuple[str, ...]]:
    examples = REPOSITORY / "examples"
    golden = REPOSITORY / "tests" / "golden"
    policies = [
        json.loads(path.read_text(encoding="utf-8"))["document"]
        for path in sorted((REPOSITORY / "cfnroles/iam/managed_policies").glob("*.json"))
    ]
    specs = [*examples.glob("recipes/*.yaml"), examples / "shop-project/cfnroles.yaml"]
    templates = _texts([*corpus.glob("templates/*"), *golden.rglob("*.yaml"), *(REPOSITORY / "templates").glob("*")])
    return {
        "task": _texts([*corpus.glob("taskdefs/*"), *examples.rglob("*.json")]),
        "spec": _texts(specs),
        "template": templates,
        "task template": tuple(text for text in templates if "AWS::ECS::TaskDefinition" in text),
        "policy": tuple(json.dumps(policy) for policy in policies),
        "account": tuple(json.dumps(_account_of(policy)) for policy in policies),
        "express": (json.dumps(_EXPRESS), json.dumps(_EXPRESS_ANSWER)),
        "service": (json.dumps(_SERVICE), json.dumps(_SERVICE["services"][0])),
        "stacks": tuple(_built(path) for path in (examples / "shop.json", examples / "shop-project/cfnroles.yaml")),
    }


def _texts(paths: list[Path]) -> tuple[str, ...]:
    texts = (path.read_text(encoding="utf-8") for path in sorted(paths) if path.stat().st_size <= _MOST_BYTES)
    return tuple(text for text in texts if text)


def _built(source: Path) -> str:
    return json.dumps(
        dict(build(read(Document(str(source), source.read_text("utf-8"), _beside(source)), Told())).files)
    )


def _beside(source: Path) -> Callable[[str], Document]:
    return lambda name: Document(name, (source.parent / name).read_text("utf-8"))


def _account_of(policy: Any) -> Any:
    trust = {"Principal": {"Service": ["ecs-tasks.amazonaws.com"]}, "Effect": "Allow", "Action": "sts:AssumeRole"}
    role = {
        "RoleName": "shop",
        "Arn": "arn:aws:iam::123456789012:role/shop",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": policy}],
        "AttachedManagedPolicies": [{"PolicyName": "a", "PolicyArn": "arn:aws:iam::123456789012:policy/a"}],
        "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/a"},
    }
    version = {"Document": policy, "IsDefaultVersion": True, "VersionId": "v1"}
    managed = {"Arn": "arn:aws:iam::123456789012:policy/a", "PolicyName": "a", "PolicyVersionList": [version]}
    return {"RoleDetailList": [role], "Policies": [managed]}
