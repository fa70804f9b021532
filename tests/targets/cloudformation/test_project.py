"""Several services in one project: their stacks, one validator, exports that are unique and of use."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from troposphere import BaseAWSObject

from cfnroles import Discovery, Reading, Task, build
from cfnroles.answers.template_lint import template_problems
from cfnroles.errors import InvalidInput
from cfnroles.need import Need
from cfnroles.sources.source import read
from cfnroles.targets.cloudformation.alarms import AlarmOptions
from cfnroles.targets.cloudformation.other_accounts import other_accounts
from cfnroles.targets.cloudformation.other_side import other_side_files
from cfnroles.targets.cloudformation.output_files import Output
from cfnroles.targets.cloudformation.parameters import PROJECT_NAME
from cfnroles.targets.cloudformation.project import check_exports, project_stacks
from cfnroles.targets.cloudformation.service import Stack

TASK = '{"family": "web", "containerDefinitions": [{"name": "web", "image": "public.ecr.aws/x/y:1"%s}]}'
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:%s-AbCdEf"
SECRET = f', "secrets": [{{"name": "S", "valueFrom": "{ARN}"}}]'


def build_project(reading: Reading, environment: str = "") -> tuple[Stack, ...]:
    return build(reading, environment=environment).stacks


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., Reading]:
    """`spec(text, web=SECRET % "a")`: a spec beside one task definition for each keyword."""

    def write(text: str, **containers: str) -> Reading:
        for name, members in containers.items():
            (tmp_path / f"{name}.json").write_text(TASK % members)
        path = tmp_path / "cfnroles.yaml"
        path.write_text(text)
        return read(path)

    return write


@pytest.fixture(scope="module")
def shop(examples: Path) -> Reading:
    return read(examples / "shop-project" / "cfnroles.yaml")


def named(stacks: Sequence[Stack], name: str) -> Stack:
    return next(stack for stack in stacks if stack.name == name)


def test_the_example_has_at_most_sixty_lines(shop: Reading) -> None:
    assert len(shop.documents[0].text.splitlines()) <= 60
    assert len(shop.tasks) == 3


def test_the_example_reads_as_reviewed(shop: Reading, golden: Callable[[str, str], None]) -> None:
    files = dict(build(shop).files)
    assert set(files) >= {"web-roles.yaml", "worker-roles.yaml", "report-roles.yaml", "alarms.yaml", "stacks.json"}
    for name, text in files.items():
        if name != "secret-validator.yaml":
            golden(f"shop-project/{name}", text)


def test_the_other_side_of_the_example_reads_as_reviewed(shop: Reading, golden: Callable[[str, str], None]) -> None:
    assert other_accounts(shop.tasks) == ("210987654321",)
    for name, text in other_side_files(shop, "210987654321", "yaml").items():
        golden(f"shop-project/for-210987654321/{name}", text)


def test_the_templates_are_clean(shop: Reading) -> None:
    files = dict(build(shop).files)
    files |= other_side_files(shop, "210987654321", "yaml")
    problems = {name: template_problems(text) for name, text in files.items() if name.endswith(".yaml")}
    assert problems == dict.fromkeys(problems, ())


def test_one_validator_may_ask_about_exactly_the_secrets_of_all(spec: Callable[..., Reading]) -> None:
    text = "project: p\nservices:\n  a: {task-definition: a.json}\n  b: {task-definition: b.json}\n"
    stacks = build_project(spec(text, a=SECRET % "one", b=SECRET % "two"))
    validators = [stack for stack in stacks if "secret-validator" in stack.name]
    assert [stack.name for stack in validators] == ["p-secret-validator"]
    assert sorted(name for name in validators[0].parameters if name.endswith("SecretArn")) == [
        "OneSecretArn",
        "TwoSecretArn",
    ]
    for name in ("p-a-task", "p-b-task"):
        assert "p-SecretValidatorArn" in named(stacks, name).imports
        assert "p-secret-validator" in named(stacks, name).depends_on


def test_the_validator_knows_the_keys_of_all(spec: Callable[..., Reading]) -> None:
    keys = [f"arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-12345678900{number}" for number in "12"]
    text = "project: p\nservices:\n" + "".join(
        f"  {name}: {{task-definition: {name}.json, kms-keys: {{secrets: '{key}'}}}}\n"
        for name, key in zip("ab", keys, strict=True)
    )
    stacks = build_project(spec(text, a=SECRET % "one", b=SECRET % "two"))
    parameters = named(stacks, "p-secret-validator").template["Parameters"]
    assert parameters["KmsKeyArns"]["Default"] == ",".join(keys)


def test_without_secrets_there_is_no_validator(spec: Callable[..., Reading]) -> None:
    stacks = build_project(spec("project: p\nservices: {a: {task-definition: a.json}}\n", a=""))
    assert [stack.name for stack in stacks] == ["p-a-roles", "p-a-task"]


def test_there_are_more_validators_where_one_role_could_not_hold_all(spec: Callable[..., Reading]) -> None:
    count = 200
    secrets = ",".join(
        f'{{"name": "S{n}", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:%s/{n}-AbCdEf"}}'
        for n in range(count)
    )
    names = ("a", "b", "c", "d")
    text = "project: p\nservices:\n" + "".join(f"  {name}: {{task-definition: {name}.json}}\n" for name in names)
    source = spec(text, **{n: f', "secrets": [{secrets}]'.replace("%s", f"team-{n}/some-long-path") for n in names})
    stacks = build_project(source)
    validators = {stack.exports[0]: stack.name for stack in stacks if "secret-validator" in stack.name}
    assert len(validators) > 1
    assert "p-2-SecretValidatorArn" in validators
    for name in names:
        task = named(stacks, f"p-{name}-task")
        (used,) = set(task.imports) & set(validators)
        assert validators[used] in task.depends_on


def test_stacks_come_after_those_that_they_depend_on(shop: Reading) -> None:
    seen: set[str] = set()
    for stack in build_project(shop):
        assert set(stack.depends_on) <= seen
        seen.add(stack.name)


def test_exports_carry_the_services_name(shop: Reading) -> None:
    stacks = build_project(shop)
    exports = [export for stack in stacks for export in stack.exports]
    assert len(set(exports)) == len(exports)
    assert "shop-web-ECSTaskExecutionRoleArn" in exports
    assert "shop-data-OrdersTableArn" in named(stacks, "shop-worker-roles").imports


def test_a_duplicated_or_unused_export_is_refused(shop: Reading) -> None:
    stacks = list(build_project(shop))
    with pytest.raises(InvalidInput, match=r"nothing would import the export forgotten"):
        check_exports([*stacks, replace(stacks[0], name="x", exports=("forgotten",))])
    roles = named(stacks, "shop-web-roles")
    with pytest.raises(InvalidInput, match=r"made more than once, by shop-web-roles, x"):
        check_exports([*stacks, replace(roles, name="x")])


def test_an_environment_has_the_same_templates_and_other_parameters(shop: Reading) -> None:
    here, there = build_project(shop), build_project(shop, "staging")
    assert [stack.template for stack in there] == [stack.template for stack in here]
    assert {stack.parameters["ProjectName"] for stack in there} == {"shop-staging"}
    roles = named(there, "shop-staging-web-roles")
    assert roles.parameters["PermissionsBoundaryArn"].endswith("policy/staging-boundary")
    assert roles.exports[0] == "shop-staging-web-ECSTaskExecutionRoleArn"
    assert named(there, "shop-staging-web-task").depends_on[-1] == "shop-staging-web-roles"


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ("{parameters: {RolePaht: /x/}}", "cfnroles.yaml:3:36: no stack has the parameter 'RolePaht'"),
        ("{parameters: {RolePath: x}}", "It must be a path that begins and ends with a slash."),
        ("{parameters: {TrustConditions: 'on'}}", "It is one of enabled, disabled."),
        ("{services: {a: {parameters: {ProjectNam: x}}}}", "Did you mean 'ProjectName'?"),
    ],
)
def test_an_environments_parameters_are_those_of_the_templates(
    parameters: str, says: str, spec: Callable[..., Reading]
) -> None:
    text = f"project: p\nservices: {{a: {{task-definition: a.json}}}}\nenvironments: {{prod: {parameters}}}\n"
    with pytest.raises(InvalidInput) as refused:
        build_project(spec(text, a=""), "prod")
    assert says in str(refused.value)


def test_an_environment_that_is_not_there_is_named(shop: Reading) -> None:
    with pytest.raises(InvalidInput, match="Did you mean 'staging'"):
        build_project(shop, "stagging")


def test_roles_differ_in_path_and_boundary_where_the_spec_says_so(spec: Callable[..., Reading]) -> None:
    text = (
        "project: p\nservices:\n  a:\n    task-definition: a.json\n"
        "    task-role: {path: /app/, name: app, max-session-duration: 7200, tags: {team: x},"
        " managed-policies: [AmazonECSTaskExecutionRolePolicy]}\n"
    )
    template = named(build_project(spec(text, a="")), "p-a-roles").template
    assert template["Parameters"]["TaskRolePath"]["Default"] == "/app/"
    assert "ExecutionRolePath" not in template["Parameters"]
    assert template["Resources"]["ExecutionRole"]["Properties"]["Path"] == "/"
    assert template["Parameters"]["TaskRoleName"]["Default"] == "app"
    role = template["Resources"]["TaskRole"]["Properties"]
    assert role["MaxSessionDuration"] == 7200
    assert {"Key": "team", "Value": "x"} in role["Tags"]
    assert role["ManagedPolicyArns"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"}
    ]


def test_a_log_group_that_two_services_share_is_made_once(spec: Callable[..., Reading]) -> None:
    logs = (
        ', "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/p/all",'
        ' "awslogs-region": "us-east-1"}}'
    )
    text = (
        "project: p\ndefaults: {log-groups: true}\n"
        "services: {a: {task-definition: a.json}, b: {task-definition: b.json}}\n"
    )
    stacks = build_project(spec(text, a=logs, b=logs))
    made = [stack for stack in stacks if stack.name.endswith("log-groups")]
    assert [stack.name for stack in made] == ["p-a-log-groups"]
    group = made[0].template["Resources"]["PAllLogGroup"]
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"
    assert group["Condition"] == "HasCreatePAllLogGroup"
    assert "p-a-log-groups" in named(stacks, "p-a-task").depends_on


def test_log_groups_that_exist_or_are_elsewhere_are_left_alone(spec: Callable[..., Reading]) -> None:
    logs = (
        ', "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/p/all", "awslogs-region": "%s"}}'
    )
    existing = (
        "project: p\nregion: us-east-1\nservices: {a: {task-definition: a.json, log-groups: {existing: /p/all}}}\n"
    )
    elsewhere = "project: p\nregion: us-east-1\nservices: {a: {task-definition: a.json, log-groups: true}}\n"
    for text, region in ((existing, "us-east-1"), (elsewhere, "eu-west-1")):
        assert all("log-groups" not in stack.name for stack in build_project(spec(text, a=logs % region)))


def written(number: int, *services: str) -> str:
    """A project of so many services like `a`, and then of those that have a task definition of their own."""
    named = [(f"s{each}", "a") for each in range(number)] + [(each, each) for each in services]
    return "project: p\nservices:\n" + "".join(f"  {name}: {{task-definition: {file}.json}}\n" for name, file in named)


def test_nothing_is_kept_of_services_that_went_by_but_what_the_end_needs(
    spec: Callable[..., Reading], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec(written(12), a=SECRET % "one")
    reading, put, seen = read(tmp_path / "cfnroles.yaml", passing=True), Output.put, []

    def spy(output: Output, stack: Stack) -> None:
        seen.append(len(alive()) if stack.name in ("p-s1-task", "p-s11-task") else 0)
        put(output, stack)

    def alive() -> list[object]:
        return [each for each in gc.get_objects() if isinstance(each, Task | Discovery | Need | BaseAWSObject)]

    monkeypatch.setattr(Output, "put", spy)
    built = build(reading, keep=False)
    second, last = filter(None, seen)
    assert (len(built.stacks), second) == (25, last)
    assert built.files == build(read(tmp_path / "cfnroles.yaml")).files
    assert all(not stack.template for stack in built.stacks)


def test_a_later_service_may_give_the_secrets_of_an_earlier_one_another_name(
    spec: Callable[..., Reading], tmp_path: Path
) -> None:
    spec(written(0, "a", "b"), a=SECRET % "shop-db", b=SECRET % "shop/db")
    spec(written(0, "b", "a"))
    files = build(read(tmp_path / "cfnroles.yaml", passing=True), keep=False).files
    assert [re.findall(r"ShopDbSecretArn\d?(?=:)", files[f"{name}-task.yaml"]) for name in "ab"] == [
        ["ShopDbSecretArn"],
        ["ShopDbSecretArn2"],
    ]
    assert re.findall(r"ShopDbSecretArn\d?(?=:)", files["secret-validator.yaml"]) == [
        "ShopDbSecretArn",
        "ShopDbSecretArn2",
    ]


#: What IAM takes in no policy.
LARGE = f"""
    task-role:
      statements:
        - {{reason: It reads what it wrote., actions: s3:GetObject, resources: 'arn:aws:s3:::shop/{"x" * 11_000}'}}
"""


@pytest.mark.parametrize(
    ("services", "told"),
    [
        pytest.param({"a": (LARGE, ""), "b": ("", "!")}, "in 1 place", id="what ECS refuses, of any service"),
        pytest.param(
            {"a": (LARGE, ""), "b": ("", "/<A_B>/a"), "c": ("", "/<a-b>/a")}, "same parameter", id="placeholders"
        ),
        pytest.param({"a": ("", "/x"), "b": (LARGE, ""), "c": (LARGE, "")}, "a managed policy", id="the first service"),
    ],
)
def test_of_what_is_wrong_the_same_is_told_as_where_all_services_are_known(
    services: dict[str, tuple[str, str]], told: str, spec: Callable[..., Reading], tmp_path: Path
) -> None:
    text = "".join(f"  {name}:\n    task-definition: {name}.json\n{more}" for name, (more, _) in services.items())
    own = {name: SECRET.replace(ARN, value) if value else "" for name, (_, value) in services.items()}
    spec(f"project: p\nservices:\n{text}", **own)
    for passing in (False, True):
        with pytest.raises(InvalidInput) as refused:
            build(read(tmp_path / "cfnroles.yaml", passing=passing))
        assert told in str(refused.value)


def test_alarms_of_more_services_than_a_log_group_takes_are_refused(shop: Reading) -> None:
    (service, *_) = shop.tasks
    many = [replace(service, name=f"s{number}", log_groups=None) for number in range(51)]
    with pytest.raises(InvalidInput, match="102 metric filters"):
        project_stacks(many, "p", AlarmOptions("trail"))


def test_filters_of_the_alarms_fit_and_name_the_called_service(shop: Reading) -> None:
    template = named(build_project(shop), "shop-alarms").template
    arn = "arn:aws:iam::123456789012:role/teams/shop/" + 64 * "r"
    patterns = [
        resource["Properties"]["FilterPattern"]["Fn::Sub"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Logs::MetricFilter"
    ]
    assert len(patterns) == 6
    for pattern, roles in patterns:
        assert {"ExecutionRole", "TaskRole"} == set(roles)
        text = re.sub(r"\$\{\w+\}", arn, pattern)
        # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
        assert len(text) <= 1024
        assert "ecs-tasks.amazonaws.com" not in text
    assert any(
        '$.eventSource = "sts.amazonaws.com" && $.eventName = "AssumeRole"' in pattern for pattern, _ in patterns
    )


def test_keys_and_secrets_of_another_account_have_their_own_side(spec: Callable[..., Reading]) -> None:
    secret = SECRET.replace("123456789012", "210987654321") % "theirs"
    text = (
        'project: p\naccount: "123456789012"\nregion: us-east-1\nsharing: {by: account}\n'
        "services:\n  a:\n    task-definition: a.json\n"
        "    kms-keys: {secrets: arn:aws:kms:us-east-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab}\n"
    )
    source = spec(text, a=secret)
    files = other_side_files(source, "210987654321", "yaml")
    assert set(files) == {"secret-policy.yaml", "statements.json", "README.md", "stacks.json"}
    assert '"arn:aws:iam::123456789012:root"' in files["statements.json"]
    assert "kms:EncryptionContext:SecretARN" in files["statements.json"]
    assert "secretsmanager:GetSecretValue" in files["secret-policy.yaml"]
    assert template_problems(files["secret-policy.yaml"]) == ()


def test_a_role_without_a_name_cannot_be_named_elsewhere(spec: Callable[..., Reading]) -> None:
    secret = SECRET.replace("123456789012", "210987654321") % "theirs"
    source = spec('project: p\naccount: "123456789012"\nservices: {a: {task-definition: a.json}}\n', a=secret)
    with pytest.raises(InvalidInput, match="the execution role of a has no name"):
        other_side_files(source, "210987654321", "yaml")


def test_an_account_that_nothing_is_used_of_is_refused(shop: Reading) -> None:
    with pytest.raises(InvalidInput, match="no image, key or secret of the account 999999999999"):
        other_side_files(shop, "999999999999", "yaml")


def test_the_readers_project_name_is_the_templates() -> None:
    from cfnroles.sources.service_spec.forms import PROJECT

    assert PROJECT.pattern == PROJECT_NAME


def test_many_services_take_time_in_proportion(tmp_path: Path) -> None:
    """Counted in calls, which no other load on the machine changes: twice the services, twice the work."""
    import cProfile
    import pstats

    from benchmarks.spec import write_project

    def calls(services: int) -> int:
        directory = tmp_path / str(services)
        directory.mkdir()
        path = write_project(directory, services)
        profile = cProfile.Profile()
        profile.runcall(lambda: build_project(read(path)))
        return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]

    calls(2)
    ten, twenty = calls(10), calls(20)
    assert twenty < 2.2 * ten


def test_a_further_role_may_have_an_export_name_of_its_own(spec: Callable[..., Reading]) -> None:
    reading = spec(
        "project: shop\nservices:\n  web:\n    task-definition: web.json\n"
        "    service-connect-tls: {authority: 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1-2'}\n"
        "    infrastructure-role: {export: tls-of-web}\n",
        web="",
    )
    assert "tls-of-web" in named(build_project(reading), "shop-web-roles").exports


def test_a_pattern_watches_no_more_roles_than_it_has_room_for(spec: Callable[..., Reading]) -> None:
    reading = spec(
        "project: shop\nalarms: {trail-log-group: trail}\nservices:\n  web:\n    task-definition: web.json\n"
        "    run-by: [scheduler, event-rule, state-machine]\n",
        web="",
    )
    resources = named(build_project(reading), "shop-alarms").template["Resources"].values()
    found = [each["Properties"] for each in resources if each["Type"] == "AWS::Logs::MetricFilter"]
    # The longest ARN of a role without a path.
    longest = "arn:aws-us-gov:iam::123456789012:role/" + 64 * "r"
    watched: set[str] = set()
    for each in found:
        pattern, roles = each["FilterPattern"]["Fn::Sub"]
        watched |= roles.keys()
        for name in roles:
            pattern = pattern.replace(f"${{{name}}}", longest)
        assert len(pattern) <= 1024
    assert watched == {"ExecutionRole", "TaskRole", "SchedulerRole", "EventRuleRole", "StateMachineRole"}
    metrics = {each["MetricTransformations"][0]["MetricName"] for each in found}
    assert metrics == {"AccessDenied-web", "AssumeRoleFailed-web"}
