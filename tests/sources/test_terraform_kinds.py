"""Express Mode services and capacity providers of Terraform: in a directory, a plan and a state, by the same rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cfnroles import Document, Told, build, explain, lint, read
from cfnroles.answers.explanation import Explanation
from cfnroles.answers.verification import Outcome, Verification
from cfnroles.answers.verify_configuration import verify_configuration
from cfnroles.hcl.directory import Files
from cfnroles.need import Holder
from cfnroles.sources.reading import Reading
from cfnroles.sources.terraform_directory import read_files
from cfnroles.targets.terraform.build import files_of
from tests.evaluated import complete

HOME = 'provider "aws" { region = "eu-west-1" }\n'
INFRASTRUCTURE = "arn:aws:iam::123456789012:role/infrastructure"
EXECUTION = "arn:aws:iam::123456789012:role/execution"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
CREDENTIALS = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf"
PROFILE = "arn:aws:iam::123456789012:instance-profile/shop"
WEB, MANAGED = "aws_ecs_express_gateway_service.web", "aws_ecs_capacity_provider.managed"

#: What create-express-gateway-service accepts, and the same in Terraform.
SERVICE: dict[str, Any] = {
    "serviceName": "shop",
    "cluster": "blue",
    "infrastructureRoleArn": INFRASTRUCTURE,
    "executionRoleArn": EXECUTION,
    "networkConfiguration": {"securityGroups": ["sg-1"], "subnets": ["subnet-1", "subnet-2"]},
    "primaryContainer": {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
        "awsLogsConfiguration": {"logGroup": "/shop/app", "logStreamPrefix": "web"},
        "environment": [{"name": "STAGE", "value": "prod"}],
        "secrets": [{"name": "DB", "valueFrom": SECRET}],
        "repositoryCredentials": {"credentialsParameter": CREDENTIALS},
    },
}
EXPRESS = f"""
resource "aws_ecs_express_gateway_service" "web" {{
  service_name            = "shop"
  cluster                 = "blue"
  infrastructure_role_arn = "{INFRASTRUCTURE}"
  execution_role_arn      = "{EXECUTION}"
  network_configuration {{
    subnets         = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]
  }}
  primary_container {{
    image          = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
    container_port = 80
    aws_logs_configuration {{
      log_group         = "/shop/app"
      log_stream_prefix = "web"
    }}
    environment {{
      name  = "STAGE"
      value = "prod"
    }}
    secret {{
      name       = "DB"
      value_from = "{SECRET}"
    }}
    repository_credentials {{
      credentials_parameter = "{CREDENTIALS}"
    }}
  }}
}}
"""
PROVIDER = f"""
resource "aws_ecs_capacity_provider" "managed" {{
  name    = "shop"
  cluster = "blue"
  managed_instances_provider {{
    infrastructure_role_arn = "{INFRASTRUCTURE}"
    instance_launch_template {{
      ec2_instance_profile_arn = PROFILE
      capacity_option_type     = "SPOT"
      network_configuration {{
        subnets         = ["subnet-1"]
        security_groups = ["sg-1"]
      }}
      instance_requirements {{
        memory_mib {{
          min = 1024
        }}
        vcpu_count {{
          min = 1
        }}
      }}
    }}
  }}
}}
"""
TRUST = (
    '{ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "NAME.amazonaws.com" } }] }'
)
INSTANCES = f"""
resource "aws_iam_role" "instances" {{
  name               = "NAME"
  assume_role_policy = jsonencode({TRUST.replace("NAME", "ec2")})
}}
resource "aws_iam_role_policy_attachment" "instances" {{
  role       = aws_iam_role.instances.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonECSInstanceRolePolicyForManagedInstances"
}}
resource "aws_iam_instance_profile" "instances" {{
  name = "shop"
  role = aws_iam_role.instances.name
}}
resource "aws_iam_role" "launch" {{
  name               = "launch"
  assume_role_policy = jsonencode({TRUST.replace("NAME", "ecs")})
}}
resource "aws_iam_role_policy_attachment" "launch" {{
  role       = aws_iam_role.launch.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances"
}}
"""
OWN_PROFILE = PROVIDER.replace("PROFILE", "aws_iam_instance_profile.instances.arn")
WHOLE = OWN_PROFILE.replace(f'"{INFRASTRUCTURE}"', "aws_iam_role.launch.arn") + INSTANCES
PASSED = "iam:PassRole"


def reading(files: str | Mapping[str, str], **told: Any) -> Reading:
    text = HOME + files if isinstance(files, str) else files
    return read_files(complete(text), ".", Told(**{"account": "123456789012", **told}))


def needs(found: Reading) -> set[str]:
    return {
        f"{need.holder}: {need.permission.action} on {need.permission.resource} {need.permission.conditions}"
        for task in found.tasks
        for need in task.discovery.needs
    }


def gaps(found: Reading) -> list[tuple[str, str]]:
    return [(gap.origin.pointer, gap.what) for gap in (*found.gaps, *found.unseen)]


def statements(explained: Explanation) -> set[str]:
    return {
        f"{holder}: {one.sid} {one.actions} {one.resources} {one.conditions}"
        for holder, found in explained.roles
        for one in (each.statement for each in found)
    }


def passed(found: Reading) -> list[str]:
    return [
        str(need.permission.resource)
        for task in found.tasks
        for need in task.discovery.needs
        if need.permission.action == PASSED
    ]


def document(tree: Mapping[str, Any]) -> Reading:
    return read(Document("d.json", json.dumps(tree)), Told(account="123456789012", region="eu-west-1"))


def test_an_express_mode_service_needs_the_same_as_what_its_api_accepts() -> None:
    written, api = reading(EXPRESS), document(SERVICE)
    assert needs(written) == needs(api)
    assert gaps(written) == gaps(api) == []
    assert {str(each.value_from) for each in written.tasks[0].discovery.references} == {SECRET, CREDENTIALS}


def test_a_capacity_provider_needs_the_same_as_in_a_template() -> None:
    template = f"""\
Resources:
  Shop:
    Type: AWS::ECS::CapacityProvider
    Properties:
      ClusterName: blue
      ManagedInstancesProvider:
        InfrastructureRoleArn: {INFRASTRUCTURE}
        InstanceLaunchTemplate:
          Ec2InstanceProfileArn: {PROFILE}
          CapacityOptionType: SPOT
          NetworkConfiguration: {{Subnets: [subnet-1], SecurityGroups: [sg-1]}}
"""
    told = Told(account="123456789012", region="eu-west-1")
    (explained,) = explain(read(Document("t.yaml", template), told))
    (written,) = explain(reading(PROVIDER.replace("PROFILE", f'"{PROFILE}"')))
    assert statements(explained) == statements(written)
    unknown = f"the ARN of the role in the instance profile {PROFILE} is unknown"
    assert [gap.what for gap in explained.gaps] == [gap.what for gap in written.gaps] == [unknown]


def test_what_is_found_is_at_its_place_in_the_file() -> None:
    found = reading(EXPRESS)
    places = {need.origin.pointer: need.origin.line for task in found.tasks for need in task.discovery.needs}
    text = (HOME + EXPRESS).splitlines()
    expected = {
        f"{WEB}.infrastructure_role_arn": "infrastructure_role_arn",
        f"{WEB}.primary_container.image": "image",
        f"{WEB}.primary_container.secret[0].value_from": "value_from",
        f"{WEB}.primary_container.repository_credentials.credentials_parameter": "credentials_parameter",
        f"{WEB}.primary_container.aws_logs_configuration.log_group": "log_group",
    }
    assert {name: text[places[name] - 1].split()[0] for name in expected if name in places} == {
        name: word for name, word in expected.items() if name in places
    }
    assert len(places.keys() & expected.keys()) >= 4


@pytest.mark.parametrize(
    ("source", "noun"), [(EXPRESS, "Express Mode service"), (WHOLE, "capacity provider")], ids=["express", "provider"]
)
def test_each_is_called_what_it_is(source: str, noun: str) -> None:
    assert [each.noun for each in explain(reading(source))] == [noun]
    assert {each.use.noun for each in verify_configuration(reading(source)) if each.use} == {noun}


@pytest.mark.parametrize(
    ("written", "logs"),
    [
        ("", ":log-group:/aws/ecs/blue/shop-????:log-stream:ecs/Main/*"),
        ('aws_logs_configuration = [{ log_group = "/own" }]', ":log-group:/own:log-stream:ecs/Main/*"),
        ('aws_logs_configuration {\n log_group = "/own"\n }', ":log-group:/own:log-stream:ecs/Main/*"),
    ],
    ids=["the group that ECS creates", "as an attribute", "as a block"],
)
def test_its_log_group(written: str, logs: str) -> None:
    start, end = EXPRESS.index("    aws_logs"), EXPRESS.index("    environment")
    found = needs(reading(EXPRESS[:start] + f"    {written}\n" + EXPRESS[end:]))
    (streams,) = [each for each in found if "logs:CreateLogStream" in each]
    assert f"{logs} " in streams


def test_a_secret_of_the_configuration_keeps_the_users_expression() -> None:
    own = 'resource "aws_secretsmanager_secret" "db" { name = "db" }\n'
    text = EXPRESS.replace(f'"{SECRET}"', "aws_secretsmanager_secret.db.arn") + own
    (explained,) = explain(reading(text))
    (secrets,) = [
        each.statement.resources
        for _, found in explained.roles
        for each in found
        if each.statement.sid == "ReadSecrets"
    ]
    assert "${aws_secretsmanager_secret.db.arn}" in secrets


@pytest.mark.parametrize(
    ("text", "pointer", "what"),
    [
        (
            EXPRESS.replace("  primary_container {", '  dynamic "primary_container" {\n  for_each = var.c\n  content {')
            + "}\n",
            f"{WEB}.primary_container",
            "cannot see what var.c puts here",
        ),
        (
            EXPRESS.replace("    secret {", '    dynamic "secret" {\n      for_each = var.c\n      content {').replace(
                "    repository_cred", "    }\n    repository_cred"
            ),
            f"{WEB}.primary_container.secret",
            "cannot see what var.c puts here",
        ),
        (
            OWN_PROFILE.replace('cluster = "blue"', ""),
            f"{MANAGED}.managed_instances_provider.instance_launch_template.ec2_instance_profile_arn",
            "the capacity provider names no cluster",
        ),
        (
            PROVIDER.replace("PROFILE", "var.c"),
            f"{MANAGED}.managed_instances_provider.instance_launch_template.ec2_instance_profile_arn",
            "the ARN of the role in the instance profile ${var.c} is unknown",
        ),
    ],
    ids=["containers", "secrets", "no cluster", "an unknown profile"],
)
def test_what_is_unknown_is_a_gap(text: str, pointer: str, what: str) -> None:
    found = gaps(reading(text + 'variable "c" {}\n'))
    assert any(each[0] == pointer and each[1].startswith(what) for each in found), found


@pytest.mark.parametrize(
    ("profile", "beside", "role"),
    [
        ("aws_iam_instance_profile.instances.arn", INSTANCES, "${aws_iam_role.instances}"),
        ("local.profile", f"{INSTANCES}locals {{ profile = aws_iam_instance_profile.instances.arn }}\n", "instances}"),
        (f'"{PROFILE}"', INSTANCES, "${aws_iam_role.instances}"),
        (
            "aws_iam_instance_profile.instances.arn",
            INSTANCES.replace("role = aws_iam_role.instances.name\n}\nresource", 'role = "NAME"\n}\nresource'),
            "${aws_iam_role.instances}",
        ),
        (
            "data.aws_iam_instance_profile.it.arn",
            'data "aws_iam_instance_profile" "it" { name = "x" }\n',
            "${data.aws_iam_instance_profile.it.role_arn}",
        ),
    ],
    ids=["by reference", "through a local", "by its name", "a role by its name", "a profile that exists"],
)
def test_the_role_in_the_instance_profile_is_passed(profile: str, beside: str, role: str) -> None:
    (found,) = passed(reading(PROVIDER.replace("PROFILE", profile) + beside))
    assert found.endswith(role)


GROUP = 'auto_scaling_group_provider {\n    auto_scaling_group_arn = "x"\n  }'


@pytest.mark.parametrize(
    "body",
    [GROUP, f'dynamic "managed_instances_provider" {{\n for_each = []\n content {{}}\n }}\n {GROUP}'],
    ids=["of a group", "a block that is not there"],
)
def test_a_provider_of_an_auto_scaling_group_has_no_role(body: str) -> None:
    found = reading(f'resource "aws_ecs_capacity_provider" "group" {{\n  name = "a"\n  {body}\n}}\n{EXPRESS}')
    assert [task.address for task in found.tasks] == [WEB]
    assert gaps(found) == []


def test_a_provider_without_instances_is_a_gap() -> None:
    text = OWN_PROFILE.replace("  name ", "  count = var.n\n  name ") + INSTANCES + 'variable "n" { default = 0 }\n'
    assert [each[1] for each in gaps(reading(text))] == ["it has no instance with the known values"]


MODULE = """
variable "create" { default = DEFAULT }
resource "aws_ecs_express_gateway_service" "web" {
  count = var.create ? 1 : 0
  primary_container {
    image = "nginx"
  }
}
"""


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("create = false", []),
        ("create = var.create", ["it has no instance with the known values"]),
    ],
    ids=["by its call", "by a default"],
)
def test_what_a_module_switches_off_needs_nothing(call: str, found: list[str]) -> None:
    root = f'variable "create" {{ default = false }}\nmodule "web" {{\n  source = "./web"\n  {call}\n}}\n'
    inner = MODULE.replace("DEFAULT", "true")
    assert [each[1] for each in gaps(reading({"main.tf": HOME + root, "web/main.tf": inner}))] == found


def test_a_service_without_a_container_says_so_where_it_is_missing() -> None:
    start, end = EXPRESS.index("  primary_container"), EXPRESS.rindex("}")
    assert gaps(reading(EXPRESS[:start] + EXPRESS[end:])) == [
        (f"{WEB}.primary_container", "the service has neither a container nor a task definition")
    ]


def test_what_connects_providers_to_clusters_and_services_needs_nothing() -> None:
    text = f"""{WHOLE}
resource "aws_ecs_cluster_capacity_providers" "it" {{
  cluster_name       = "blue"
  capacity_providers = [aws_ecs_capacity_provider.managed.name]
}}
resource "aws_ecs_service" "web" {{
  name            = "web"
  task_definition = aws_ecs_task_definition.web.arn
  capacity_provider_strategy {{
    capacity_provider = aws_ecs_capacity_provider.managed.name
    weight            = 1
  }}
}}
resource "aws_ecs_task_definition" "web" {{
  family                = "web"
  container_definitions = jsonencode([{{ name = "web", image = "nginx" }}])
}}
"""
    found = reading(text)
    assert gaps(found) == []
    assert {need.holder for task in found.tasks for need in task.discovery.needs} == {
        Holder.MANAGED_INSTANCES,
        Holder.INSTANCE,
    }


def verdicts(found: Reading) -> dict[Holder, Verification]:
    return {each.holder: each for each in verify_configuration(found)}


@pytest.mark.parametrize(
    ("name", "passes"),
    [("ecsInstanceRoleShop", Outcome.ALLOWED), ("shop-instances", Outcome.MISSING)],
    ids=["a name that AWS's policy allows", "another name"],
)
def test_the_managed_policy_passes_roles_by_the_beginning_of_their_name(name: str, passes: Outcome) -> None:
    found = verdicts(reading(WHOLE.replace("NAME", name)))
    outcomes = {each.need.permission.action: each.outcome for each in found[Holder.MANAGED_INSTANCES].judged}
    assert outcomes.pop(PASSED) is passes
    assert {*outcomes.values()} == {Outcome.ALLOWED}
    instance = found[Holder.INSTANCE]
    assert {each.outcome for each in instance.judged} == {Outcome.ALLOWED}
    assert instance.role.name == "aws_iam_role.instances"
    assert instance.excess


def test_a_profile_that_something_else_uses_gives_its_role_another_user() -> None:
    other = 'resource "aws_instance" "it" { iam_instance_profile = aws_iam_instance_profile.instances.name }\n'
    instance = verdicts(reading(WHOLE + other))[Holder.INSTANCE]
    assert instance.use is not None
    assert (instance.excess, instance.use.others) == ((), ("aws_iam_instance_profile.instances",))


def test_a_role_of_another_place_is_not_missing() -> None:
    found = verdicts(reading(PROVIDER.replace("PROFILE", f'"{PROFILE}"')))
    assert {each.outcome for each in found[Holder.INSTANCE].judged} == {Outcome.UNKNOWN}


def test_what_cannot_be_seen_of_a_provider_is_a_matter_of_its_own_roles() -> None:
    start, end = WHOLE.index("      network_configuration {"), WHOLE.index("      instance_requirements")
    unknown = 'dynamic "network_configuration" {\n for_each = var.n\n content {}\n }\n'
    found = verdicts(reading(f'{WHOLE[:start]}{unknown}{WHOLE[end:]}variable "n" {{}}\n'))
    assert {*found} == {Holder.MANAGED_INSTANCES, Holder.INSTANCE}
    assert [each.what.partition(" puts")[0] for each in found[Holder.MANAGED_INSTANCES].gaps] == [
        "cannot see what var.n"
    ]
    assert found[Holder.INSTANCE].gaps == ()


@pytest.mark.parametrize(
    ("left_out", "remedy"),
    [
        (f'infrastructure_role_arn = "{INFRASTRUCTURE}"', f"Add an infrastructure_role_arn to {WEB}."),
        (f'execution_role_arn      = "{EXECUTION}"', f"Add an execution_role_arn to {WEB}."),
    ],
    ids=["infrastructure", "execution"],
)
def test_a_role_that_is_not_named_is_missing(left_out: str, remedy: str) -> None:
    found = verify_configuration(reading(EXPRESS.replace(left_out, "")))
    absent = [each for each in found if each.absence and not each.absence.named]
    assert [each.absence.remedy for each in absent if each.absence] == [remedy]
    assert {one.outcome for each in absent for one in each.judged} == {Outcome.MISSING}


def test_lint_reads_them() -> None:
    plain = EXPRESS.replace('"STAGE"', '"DB_PASSWORD"').replace('"prod"', '"correct horse"')
    assert "plain-text-secret" in [each.check for each in lint(reading(plain)).findings]


# Plans and states.


def resource(address: str, **values: Any) -> dict[str, Any]:
    type_, _, name = address.partition(".")
    return {"address": address, "mode": "managed", "type": type_, "name": name, "values": values}


CONTAINER = {
    "image": "nginx",
    "command": None,
    "container_port": 80,
    "aws_logs_configuration": [{"log_group": "/own", "log_stream_prefix": "ecs"}],
    "environment": [],
    "repository_credentials": [],
    "secret": [{"name": "DB", "value_from": SECRET}],
}
DEPLOYED = {
    "service_name": "shop",
    "cluster": "blue",
    "service_arn": "arn:aws:ecs:eu-west-1:123456789012:service/blue/shop",
    "infrastructure_role_arn": INFRASTRUCTURE,
    "execution_role_arn": EXECUTION,
    "task_role_arn": None,
    "network_configuration": [{"security_groups": ["sg-1"], "subnets": ["subnet-1", "subnet-2"]}],
    "primary_container": [CONTAINER],
}
LAUNCHED = {
    "ec2_instance_profile_arn": PROFILE,
    "capacity_option_type": "ON_DEMAND",
    "network_configuration": [{"subnets": ["subnet-1"], "security_groups": ["sg-1"]}],
}
PROVIDED = {"infrastructure_role_arn": INFRASTRUCTURE, "instance_launch_template": [LAUNCHED]}


def state(*resources: Mapping[str, Any]) -> Reading:
    values = {"root_module": {"resources": resources}}
    tree = {"format_version": "1.0", "terraform_version": "1.11.4", "values": values}
    return read(Document("state.json", json.dumps(tree)))


def plan(*planned: tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]) -> Reading:
    """A plan of resources, each with what is unknown of it, and its expressions."""
    tree = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [each for each, _, _ in planned]}},
        "resource_changes": [{"address": each["address"], "change": {"after_unknown": un}} for each, un, _ in planned],
        "configuration": {
            "root_module": {"resources": [{**each, "expressions": written} for each, _, written in planned]}
        },
    }
    return read(Document("plan.json", json.dumps(tree)))


def test_a_state_knows_everything_of_a_service() -> None:
    found = state(resource(WEB, **DEPLOYED))
    own = {**SERVICE, "primaryContainer": {"image": "nginx", "secrets": SERVICE["primaryContainer"]["secrets"]}}
    own["primaryContainer"]["awsLogsConfiguration"] = {"logGroup": "/own"}
    assert needs(found) == needs(document(own))
    assert gaps(found) == []


def test_a_state_knows_the_role_in_the_instance_profile() -> None:
    role = "arn:aws:iam::123456789012:role/instances"
    found = state(
        resource(MANAGED, name="shop", cluster="blue", managed_instances_provider=[PROVIDED]),
        resource("aws_iam_instance_profile.it", name="shop", arn=PROFILE, role="instances"),
        resource("aws_iam_role.it", name="instances", arn=role, assume_role_policy="{}"),
        resource(
            "aws_ecs_capacity_provider.group",
            name="group",
            managed_instances_provider=[],
            auto_scaling_group_provider=[{"auto_scaling_group_arn": "x"}],
        ),
    )
    assert [task.address for task in found.tasks] == [MANAGED]
    assert (passed(found), gaps(found)) == ([role], [])
    instance = verdicts(found)[Holder.INSTANCE]
    assert instance.role.name == "aws_iam_role.it"
    assert instance.use is not None
    assert instance.use.others == ()


def _written(arn: str) -> dict[str, list[str]]:
    return {"references": [f"{arn}.arn", arn]}


def test_a_plan_follows_roles_and_leaves_out_what_aws_decides() -> None:
    container = {"image": "nginx", "secret": [{"name": "DB", "value_from": SECRET}]}
    values = {"primary_container": [container], "service_name": "shop"}
    unknown = {
        **dict.fromkeys(("cluster", "network_configuration", "service_arn"), True),
        **dict.fromkeys(("execution_role_arn", "infrastructure_role_arn"), True),
        "primary_container": [{"aws_logs_configuration": True, "container_port": True, "secret": [{}]}],
    }
    written = {
        "execution_role_arn": _written("aws_iam_role.execution"),
        "infrastructure_role_arn": _written("aws_iam_role.infrastructure"),
        "primary_container": [{"image": {"constant_value": "nginx"}, "secret": [{}]}],
    }
    roles = [
        (resource(f"aws_iam_role.{name}", name=name, assume_role_policy="{}"), {"arn": True}, {})
        for name in ("execution", "infrastructure")
    ]
    found = plan((resource(WEB, **values), unknown, written), *roles)
    names = {each.holder: each.role.name for each in verify_configuration(found)}
    assert names == {
        Holder.EXECUTION: "aws_iam_role.execution",
        Holder.INFRASTRUCTURE: "aws_iam_role.infrastructure",
    }
    streams = [each for each in needs(found) if "logs:CreateLogStream" in each]
    assert len(streams) == 1
    assert ":log-group:/aws/ecs/default/" in streams[0]


def test_a_plan_that_does_not_know_a_secret_says_so() -> None:
    container = {"image": "nginx", "secret": [{"name": "DB"}]}
    written = {
        "primary_container": [{"secret": [{"value_from": {"references": ["aws_secretsmanager_secret.db.arn"]}}]}],
    }
    unknown = {"primary_container": [{"secret": [{"value_from": True}]}]}
    found = plan((resource(WEB, primary_container=[container], service_name="shop"), unknown, written))
    (gap,) = found.gaps
    assert gap.origin.pointer == f"{WEB}.primary_container.secret[0].value_from"
    assert "terraform show -json" in gap.remedy


def test_a_plan_follows_the_instance_profile_to_its_role() -> None:
    launched = {**LAUNCHED, "ec2_instance_profile_arn": None}
    provided = {"instance_launch_template": [launched]}
    unknown = {
        "managed_instances_provider": [
            {"infrastructure_role_arn": True, "instance_launch_template": [{"ec2_instance_profile_arn": True}]}
        ]
    }
    written = {
        "managed_instances_provider": [
            {
                "infrastructure_role_arn": _written("aws_iam_role.launch"),
                "instance_launch_template": [{"ec2_instance_profile_arn": _written("aws_iam_instance_profile.it")}],
            }
        ]
    }
    found = plan(
        (resource(MANAGED, name="shop", cluster="blue", managed_instances_provider=[provided]), unknown, written),
        (
            resource("aws_iam_instance_profile.it", name="shop"),
            {"arn": True, "role": True},
            {"role": {"references": ["aws_iam_role.instances.name", "aws_iam_role.instances"]}},
        ),
        (resource("aws_iam_role.instances", assume_role_policy="{}"), {"arn": True, "name": True}, {}),
        (resource("aws_iam_role.launch", name="launch", assume_role_policy="{}"), {"arn": True}, {}),
    )
    assert [each.endswith("${aws_iam_role.instances}") for each in passed(found)] == [True]
    assert {each.holder: each.role.name for each in verify_configuration(found)} == {
        Holder.MANAGED_INSTANCES: "aws_iam_role.launch",
        Holder.INSTANCE: "aws_iam_role.instances",
    }


# The roles, written.


def files(text: str) -> Mapping[str, str]:
    own: Files = complete(HOME + text)
    return {each.path: each.text for each in files_of(read_files(own, ".", Told(account="123456789012")), own)}


def test_the_roles_of_a_service_are_written_and_answer_what_it_needs() -> None:
    (text,) = files(EXPRESS).values()
    given = EXPRESS.replace(f'"{INFRASTRUCTURE}"', "local.web_infrastructure_role_arn").replace(
        f'"{EXECUTION}"', "local.web_execution_role_arn\n  task_role_arn = local.web_task_role_arn"
    )
    found = verify_configuration(reading(given + text))
    assert {each.holder for each in found} == {Holder.EXECUTION, Holder.TASK, Holder.INFRASTRUCTURE}
    assert {one.outcome for each in found for one in each.judged} == {Outcome.ALLOWED}
    assert not any(each.excess for each in found)


def test_the_roles_of_a_provider_are_written_with_the_instance_profile() -> None:
    (text,) = files(OWN_PROFILE + INSTANCES).values()
    assert "aws_iam_role_policy.managed_execution" not in text
    given = OWN_PROFILE.replace(f'"{INFRASTRUCTURE}"', "local.managed_managed_instances_role_arn").replace(
        "aws_iam_instance_profile.instances.arn", "local.managed_instance_profile_arn"
    )
    found = verify_configuration(reading(given + text))
    assert {each.holder: each.role.name for each in found} == {
        Holder.MANAGED_INSTANCES: "aws_iam_role.managed_managed_instances",
        Holder.INSTANCE: "aws_iam_role.managed_instance",
    }
    assert {one.outcome for each in found for one in each.judged} == {Outcome.ALLOWED}
    assert not any(each.excess for each in found)


@pytest.mark.parametrize("profile", [f'"{PROFILE}"', "var.profile"], ids=["of another place", "unknown"])
def test_what_is_written_passes_its_own_role_whatever_the_profile_is_now(profile: str) -> None:
    text = PROVIDER.replace("PROFILE", profile) + 'variable "profile" {}\n'
    (written,) = files(text).values()
    assert "Resource  = [aws_iam_role.managed_instance.arn]" in written


def test_resources_of_one_name_have_a_file_each() -> None:
    both = EXPRESS.replace('"web"', '"shop"', 1) + OWN_PROFILE.replace('"managed"', '"shop"', 1) + INSTANCES
    assert sorted(files(both)) == ["shop.cfnroles.tf", "shop_capacity_provider.cfnroles.tf"]


def test_a_provider_is_built_as_a_stack_of_its_two_roles() -> None:
    built = build(reading(OWN_PROFILE + INSTANCES))
    (stack,) = built.stacks
    kinds = sorted(each["Type"] for each in stack.template["Resources"].values())
    assert kinds == ["AWS::IAM::InstanceProfile", "AWS::IAM::Role", "AWS::IAM::Role"]
    assert built.gaps == ()
