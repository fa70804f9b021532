"""The roles that `build` writes allow what is needed, and nothing else: under every combination of their conditions."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfnroles import Reading, Told, build, read
from cfnroles.answers.verification import Ground, Outcome, Verdict, Verification
from cfnroles.answers.verify import verify
from cfnroles.errors import InvalidInput
from cfnroles.iam.evaluator import Decision
from cfnroles.iam.roles import template_role
from cfnroles.need import Holder
from cfnroles.template.given import Given
from cfnroles.template.template import Template, read_template

ROLES = {Holder.EXECUTION: "ExecutionRole", Holder.TASK: "TaskRole"}
KEYS = tuple(f"arn:aws:kms:us-east-1:123456789012:key/{number}" for number in range(2))


def written(source: Reading, *, parameterized: bool = False) -> Template:
    """The template of the roles that `build` writes."""
    files = build(source, parameterized=parameterized).files
    (name,) = [name for name in files if name.endswith("-roles.yaml")]
    return read_template(files[name], name)


def judged(
    source: Reading, template: Template, parameters: dict[str, str], *, prove: bool = False
) -> Iterator[tuple[Holder, Verification]]:
    for holder, logical_id in ROLES.items():
        facts = source.task().facts
        role = template_role(template, logical_id, Given(parameters, facts.account, facts.region))
        yield holder, verify(source, role, holder, prove=prove)


def complete_and_minimal(found: Verification) -> None:
    assert {judged.outcome for judged in found.judged} <= {Outcome.ALLOWED}
    assert found.role.unread == ()
    assert found.excess == ()
    assert found.application == ()
    told = {Ground.GAPS: bool(found.gaps), Ground.UNKNOWN_TRUST: found.trust is not None and bool(found.trust.keys)}
    assert found.grounds == tuple(ground for ground in Ground if told.get(ground))
    assert found.verdict is (Verdict.NOT_JUDGED if any(told.values()) else Verdict.PASS)
    assert [str(removal) for removal in found.removals or () if not removal.fails] == []


def parameters_of(template: Template) -> Iterator[dict[str, str]]:
    """Every combination of what the conditions of the template depend on."""
    choices = {
        "KmsKeyArns": ["", ",".join(KEYS)],
        "PermissionsBoundaryArn": ["", "arn:aws:iam::aws:policy/AdministratorAccess"],
        "ExecutionRoleName": ["", "execution"],
        "TaskRoleName": ["", "task"],
        "TrustConditions": ["enabled", "disabled"],
        "ExecutionRoleSourceArn": ["enabled", "disabled"],
    }
    present = {name: values for name, values in choices.items() if name in template.parameters}
    for values in itertools.product(*present.values()):
        yield dict(zip(present, values, strict=True))


@pytest.mark.parametrize("home", [("123456789012", "us-east-1"), ("", "")], ids=["home told", "home untold"])
def test_every_combination_of_the_conditions(home: tuple[str, str], examples: Path, tmp_path: Path) -> None:
    text = (examples / "shop.json").read_text()
    if not all(home):
        definition = json.loads(text)
        del definition["executionRoleArn"]
        definition["containerDefinitions"][0]["logConfiguration"]["options"].pop("awslogs-region")
        text = json.dumps(definition)
    path = tmp_path / "shop.json"
    path.write_text(text)
    sources = {keys: read(path, Told(account=home[0], region=home[1], kms_key_arns=keys)) for keys in ((), KEYS)}
    template = written(sources[()], parameterized=True)
    seen = set()
    for parameters in parameters_of(template):
        source = sources[KEYS if parameters["KmsKeyArns"] else ()]
        facts = source.task().facts
        stack = template.resolve(Given(parameters, facts.account, facts.region))
        seen.add(tuple(stack.conditions.values()))
        asks_for_source_arn = stack.conditions["HasExecutionRoleSourceArn"]
        for holder, found in judged(source, template, parameters, prove=True):
            complete_and_minimal(found)
            assert found.trust is not None
            assert found.trust.open is not stack.conditions["HasTrustConditions"]
            if holder is Holder.EXECUTION and asks_for_source_arn:
                # AWS does not say whether ECS sends it for this role, which is why the template leaves it out.
                assert (found.trust.decision, found.trust.keys) == (Decision.UNKNOWN, ("aws:SourceArn",))
            else:
                assert found.trust.decision is Decision.ALLOWED
    assert None not in {value for values in seen for value in values}
    # HasExecutionRoleSourceArn holds only together with HasTrustConditions.
    assert len(seen) == 2 ** (len(template.conditions) - 2) * 3


def test_without_its_key_a_role_lacks_exactly_the_decryption(examples: Path) -> None:
    source = read(examples / "shop.json", Told(kms_key_arns=KEYS[:1]))

    (_, execution), _ = judged(source, written(source), {"KmsKeyArns": ""})
    assert {str(statement.sid) for statement in execution.missing} == {"DecryptParameters", "DecryptSecrets"}
    assert execution.excess == ()


def test_roles_with_managed_policies(tmp_path: Path) -> None:
    base = "arn:aws:secretsmanager:us-east-1:123456789012:secret"
    secrets = [{"name": f"S{number}", "valueFrom": f"{base}:{'long-name/' * 12}{number}"} for number in range(60)]
    path = tmp_path / "t.json"
    path.write_text(definition([{"name": "web", "image": "nginx", "secrets": secrets}]))
    source = read(path, Told(kms_key_arns=KEYS[:1]))
    template = written(source)

    (_, execution), _ = judged(source, template, {"KmsKeyArns": KEYS[0]})
    assert len(template.resolve().of_type("AWS::IAM::ManagedPolicy")) > 1
    complete_and_minimal(execution)


def test_task_definitions_of_a_corpus(repository: Path) -> None:
    for path in sorted((repository.parent / "shared" / "corpus" / "taskdefs").glob("*")):
        for keys in ((), KEYS):
            try:
                source = read(path, Told(family="corpus", kms_key_arns=keys))
                template = written(source)
            except InvalidInput:
                break  # the tests of `build` cover documents that are no task definitions
            for _, found in judged(source, template, {}, prove=True):
                complete_and_minimal(found)


# -- generated task definitions

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(/[a-z]{1,4})?", fullmatch=True)
ACCOUNTS = st.sampled_from(["123456789012", "999988887777"])
REGIONS = st.sampled_from(["us-east-1", "eu-west-1"])


def arns(service: str, resource: str) -> st.SearchStrategy[str]:
    def spelled(region: str, account: str, name: str) -> str:
        return f"arn:aws:{service}:{region}:{account}:{resource}{name}"

    return st.builds(spelled, REGIONS, ACCOUNTS, NAMES)


SECRETS = st.one_of(
    arns("secretsmanager", "secret:"),
    # Of another name than those without suffix: a secret that is named in both ways is granted in both.
    arns("secretsmanager", "secret:whole-").map(lambda arn: f"{arn}-AbCdEf"),
    arns("secretsmanager", "secret:").map(lambda arn: f"{arn}:key::"),
    NAMES.map(lambda name: f"/{name}"),
)
IMAGES = st.one_of(
    st.just("public.ecr.aws/docker/library/nginx:stable"),
    st.builds(lambda a, r, n: f"{a}.dkr.ecr.{r}.amazonaws.com/{n}:1", ACCOUNTS, st.just("eu-west-1"), NAMES),
)
LOGS = st.builds(
    lambda group, region, prefix, create: {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": f"/ecs/{group}",
            **({"awslogs-region": region} if region else {}),
            **({"awslogs-stream-prefix": prefix} if prefix else {}),
            **({"awslogs-create-group": "true"} if create else {}),
        },
    },
    NAMES, st.one_of(st.just(""), REGIONS), st.one_of(st.just(""), NAMES), st.booleans(),
)  # fmt: skip
CONTAINERS = st.builds(
    lambda image, secrets, files, logs: {
        "image": image,
        "secrets": [{"name": f"S{number}", "valueFrom": value} for number, value in enumerate(secrets)],
        "environmentFiles": [{"type": "s3", "value": f"arn:aws:s3:::bucket-{name}/x.env"} for name in files],
        **({"logConfiguration": logs} if logs else {}),
    },
    IMAGES,
    st.lists(SECRETS, max_size=4),
    st.lists(st.from_regex(r"[a-z]{3,6}", fullmatch=True), max_size=2),
    st.one_of(st.none(), LOGS),
)


def definition(containers: Sequence[dict[str, Any]]) -> str:
    named = [{"name": f"c{number}", **container} for number, container in enumerate(containers)]
    return json.dumps({"family": "generated", "containerDefinitions": named})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    containers=st.lists(CONTAINERS, min_size=1, max_size=3),
    account=st.sampled_from(["", "123456789012"]),
    region=st.sampled_from(["", "eu-west-1"]),
    keys=st.sampled_from([(), KEYS[:1], KEYS]),
    china=st.booleans(),
)
def test_generated_task_definitions(
    tmp_path: Path, containers: list[dict[str, Any]], account: str, region: str, keys: tuple[str, ...], china: bool
) -> None:
    path = tmp_path / "t.json"
    text = definition(containers)
    if china:  # a task definition names things of one partition only
        text, region = _in_china(text), _in_china(region)
        keys = tuple(map(_in_china, keys))
    path.write_text(text)
    try:
        source = read(path, Told(account=account, region=region, kms_key_arns=keys))
        source.accepted()
    except InvalidInput:
        return  # such as a parameter of another account
    for _, found in judged(source, written(source), {}, prove=True):
        complete_and_minimal(found)


def _in_china(text: str) -> str:
    for here, there in (("us-east-1", "cn-north-1"), ("eu-west-1", "cn-northwest-1"), ("arn:aws:", "arn:aws-cn:")):
        text = text.replace(here, there)
    return text.replace("amazonaws.com", "amazonaws.com.cn")
