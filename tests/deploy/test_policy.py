"""The policy of a deploying principal: from stacks and options to permissions, what reaches further, and gaps."""

from __future__ import annotations

import json

import pytest

from cfnroles.deploy.policy import DeployOptions, deploy_policy
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.errors import InvalidInput
from cfnroles.policies import MANAGED_POLICY, size

ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLE = "arn:aws:iam::111122223333:role"
HOME = f"{REGION}:{ACCOUNT}"


def stack(resources, name="shop", parameters=None, declared=(), conditions=None, outputs=None):
    """A stack of these resources; `declared` are parameters without a default, or with one where they are a mapping."""
    defaults = declared if isinstance(declared, dict) else {}
    template = {
        "Parameters": {
            each: {"Type": "String", **({"Default": defaults[each]} if each in defaults else {})} for each in declared
        },
        "Conditions": conditions or {},
        "Resources": {
            logical_id: {"Type": f"AWS::{kind}", "Properties": properties}
            for logical_id, (kind, properties) in resources.items()
        },
        "Outputs": outputs or {},
    }
    return StackSource(name, f"{name}.json", json.dumps(template), tuple(sorted((parameters or {}).items())))


def made(*stacks, **options):
    return deploy_policy(stacks, DeployOptions(**{"account": ACCOUNT, "region": REGION, "check": False} | options))


def permissions(*stacks, **options):
    """Each permission for the resources of the stacks, as a line."""
    statements = made(*stacks, **({"service_role": True} | options)).statements
    return {str(each) for statement in statements for each in statement.permissions()}


def on(action, *stacks, **options):
    """What an action is allowed on, with its conditions."""
    return {
        line.removeprefix(f"{action} on ") for line in permissions(*stacks, **options) if line.startswith(f"{action} ")
    }


def role(**properties):
    return stack({"TaskRole": ("IAM::Role", properties)})


# What resources are called.


@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param({}, "/shop-TaskRole-*", id="made by CloudFormation"),
        pytest.param({"RoleName": "web"}, "/web", id="named"),
        pytest.param({"RoleName": {"Fn::Sub": "${AWS::StackName}-web"}}, "/shop-web", id="named after the stack"),
        pytest.param({"Path": "/ecs/web/"}, "/ecs/web/shop-TaskRole-*", id="with a path"),
        pytest.param({"RoleName": {"Fn::Sub": "web-${AWS::Region}"}}, "/web-eu-west-1", id="with the Region in it"),
    ],
)
def test_a_role(given, name):
    assert on("iam:CreateRole", role(**given)) == {f"{ROLE}{name}"}


def test_a_name_that_a_parameter_gives():
    def named(**values):
        declared = {"Name": "", "Path": "/"}
        has_name = {"HasName": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]}}
        name = {"Fn::If": ["HasName", {"Ref": "Name"}, {"Ref": "AWS::NoValue"}]}
        properties = {"RoleName": name, "Path": {"Ref": "Path"}}
        return stack({"TaskRole": ("IAM::Role", properties)}, "shop", values, declared, has_name)

    assert on("iam:CreateRole", named()) == {f"{ROLE}/shop-TaskRole-*"}
    assert on("iam:CreateRole", named(Name="web", Path="/ecs/")) == {f"{ROLE}/ecs/web"}


def test_a_name_that_cloudformation_must_shorten_is_wide_and_told():
    long = stack({"TaskRole": ("IAM::Role", {})}, "a-very-long-name-of-a-project-and-a-service-too")
    fits = stack({"TaskRole": ("IAM::Role", {})}, "a" * 41)
    assert on("iam:CreateRole", long) == {f"{ROLE}/a-very-long-name*"}
    assert any("shortens the name that it makes for TaskRole" in wide.why for wide in made(long).wide)
    assert on("iam:CreateRole", fits) == {f"{ROLE}/{'a' * 41}-TaskRole-*"}


@pytest.mark.parametrize(
    ("action", "kind", "properties", "resources"),
    [
        ("logs:CreateLogGroup", "Logs::LogGroup", {"LogGroupName": "/a"}, [":log-group:/a", ":log-group:/a:*"]),
        ("logs:PutMetricFilter", "Logs::MetricFilter", {"LogGroupName": "/a"}, [":log-group:/a", ":log-group:/a:*"]),
        ("ecs:RegisterTaskDefinition", "ECS::TaskDefinition", {"Family": "web"}, [":task-definition/web:*"]),
        ("lambda:CreateFunction", "Lambda::Function", {}, [":function:shop-It-*"]),
        ("lambda:CreateFunction", "Lambda::Function", {"FunctionName": "f"}, [":function:f", ":function:f:*"]),
        ("cloudwatch:PutMetricAlarm", "CloudWatch::Alarm", {}, [":alarm:shop-It-*"]),
        ("sns:CreateTopic", "SNS::Topic", {}, [":shop-It-*"]),
        ("ecr:CreateRepository", "ECR::Repository", {"RepositoryName": "a/b"}, [":repository/a/b"]),
    ],
)
def test_the_arn_of(action, kind, properties, resources):
    service = action.partition(":")[0]
    wanted = {f"arn:aws:{service}:{HOME}{resource}" for resource in resources}
    assert on(action, stack({"It": (kind, properties)})) == wanted


def test_global_resources_have_no_region_and_other_partitions_are_known():
    dashboard = stack({"It": ("CloudWatch::Dashboard", {"DashboardName": "d"})})
    assert on("cloudwatch:PutDashboard", dashboard) == {f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/d"}
    assert on("iam:CreateRole", role(), region="cn-north-1") == {f"arn:aws-cn:iam::{ACCOUNT}:role/shop-TaskRole-*"}


# What is passed to whom, and under which conditions.


def test_roles_are_passed_to_the_one_service_that_uses_them():
    roles = stack(
        {"TaskRole": ("IAM::Role", {})},
        "shop-roles",
        outputs={"Arn": {"Value": {"Fn::GetAtt": ["TaskRole", "Arn"]}, "Export": {"Name": "shop-TaskRoleArn"}}},
    )
    task = stack(
        {
            "Task": (
                "ECS::TaskDefinition",
                {
                    "Family": "shop",
                    "TaskRoleArn": {"Fn::ImportValue": "shop-TaskRoleArn"},
                    "ExecutionRoleArn": f"{ROLE}/theirs",
                },
            )
        },
        "shop-task",
    )
    to_tasks = ", iam:PassedToService StringEquals ecs-tasks.amazonaws.com"
    passed = on("iam:PassRole", roles, task)
    assert passed == {f"{ROLE}/shop-roles-TaskRole-*{to_tasks}", f"{ROLE}/theirs{to_tasks}"}


def test_a_function_and_what_invokes_it():
    function = stack(
        {
            "Role": ("IAM::Role", {}),
            "Function": ("Lambda::Function", {"Role": {"Fn::GetAtt": "Role.Arn"}}),
            "Invocation": ("Lambda::EventInvokeConfig", {"FunctionName": {"Ref": "Function"}}),
            "Gate": ("CloudFormation::CustomResource", {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}),
        }
    )
    arn = f"arn:aws:lambda:{HOME}:function:shop-Function-*"
    to_lambda = ", iam:PassedToService StringEquals lambda.amazonaws.com"
    assert on("iam:PassRole", function) == {f"{ROLE}/shop-Role-*{to_lambda}"}
    assert on("lambda:PutFunctionEventInvokeConfig", function) == {arn}
    assert on("lambda:InvokeFunction", function) == {arn}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "/shop-Role-*"),
        ({"Path": "/ecs/"}, "/ecs/shop-Role-*"),
        ({"Path": "/ecs/", "RoleName": "web"}, "/ecs/web"),
    ],
)
def test_a_role_of_an_instance_profile_is_passed_with_its_path(given, name):
    instances = stack({"Role": ("IAM::Role", given), "Profile": ("IAM::InstanceProfile", {"Roles": [{"Ref": "Role"}]})})
    assert on("iam:PassRole", instances) == {f"{ROLE}{name}, iam:PassedToService StringLike ec2.*"}
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/shop-Profile-*"
    assert on("iam:AddRoleToInstanceProfile", instances) == {profile}


BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
BOUND = f", iam:PermissionsBoundary StringEquals {BOUNDARY}"


def test_a_boundary_is_a_condition_of_all_that_gives_permissions():
    bounded = role(PermissionsBoundary=BOUNDARY, Policies=[{"PolicyName": "p"}])
    for action in (
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePermissionsBoundary",
    ):
        assert on(action, bounded) == {f"{ROLE}/shop-TaskRole-*{BOUND}"}
    assert on("iam:DeleteRolePermissionsBoundary", bounded) == set()
    assert not any("permissions boundary" in wide.why for wide in made(bounded).wide)


def test_without_a_boundary_it_is_told_what_that_means():
    unbounded = role(Policies=[{"PolicyName": "p"}])
    assert on("iam:PutRolePolicy", unbounded) == {f"{ROLE}/shop-TaskRole-*"}
    (told,) = [wide for wide in made(unbounded).wide if "permissions boundary" in wide.why]
    assert (told.actions, told.resources) == (("iam:PutRolePolicy",), (f"{ROLE}/shop-TaskRole-*",))


def test_an_unknown_boundary_gives_no_permission():
    made_here = stack(
        {"Made": ("S3::Bucket", {}), "TaskRole": ("IAM::Role", {"PermissionsBoundary": {"Fn::GetAtt": "Made.Arn"}})}
    )
    assert on("iam:CreateRole", made_here) == set()
    assert any("${Made.Arn}" in gap.what for gap in made(made_here).gaps)


def test_only_the_managed_policies_of_the_template_can_be_attached():
    policies = stack(
        {
            "More": ("IAM::ManagedPolicy", {}),
            "TaskRole": (
                "IAM::Role",
                {"ManagedPolicyArns": [{"Ref": "More"}, "arn:aws:iam::aws:policy/ReadOnlyAccess"]},
            ),
        }
    )
    attached = {f"arn:aws:iam::{ACCOUNT}:policy/shop-More-*", "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    assert on("iam:AttachRolePolicy", policies) == {
        f"{ROLE}/shop-TaskRole-*, iam:PolicyARN ArnLike {arn}" for arn in attached
    }
    assert on("iam:AttachRolePolicy", role()) == set()
    assert on("iam:CreatePolicy", policies) == {f"arn:aws:iam::{ACCOUNT}:policy/shop-More-*"}


# What depends on what is not known.


def test_what_hangs_on_a_condition_is_allowed_where_it_holds():
    maybe = {"Made": {"Fn::Equals": [{"Ref": "Make"}, "yes"]}}
    template = json.loads(stack({"TaskRole": ("IAM::Role", {})}, declared={"Make": "no"}, conditions=maybe).body)
    template["Resources"]["TaskRole"]["Condition"] = "Made"
    body = json.dumps(template)
    assert on("iam:CreateRole", StackSource("shop", "shop.json", body)) == set()
    assert on("iam:CreateRole", StackSource("shop", "shop.json", body, (("Make", "yes"),))) != set()


def test_parameters_without_a_value_that_names_hang_on_are_one_error():
    group = stack(
        {"Group": ("Logs::LogGroup", {"LogGroupName": {"Fn::Sub": "/${Stage}/${Team}"}})}, declared=["Stage", "Team"]
    )
    with pytest.raises(InvalidInput) as refused:
        made(group)
    assert "parameters have no value, and names of resources depend on them: Stage, Team" in str(refused.value)
    assert "Pass --parameter Stage=VALUE --parameter Team=VALUE" in refused.value.remedy


def test_what_parameter_store_holds_is_a_gap_and_no_missing_value():
    named = stack({"TaskRole": ("IAM::Role", {"RoleName": {"Ref": "Name"}})}, declared=["Name"])
    body = named.body.replace('"String"', '"AWS::SSM::Parameter::Value<String>"')
    (gap,) = made(StackSource("shop", "shop.json", body, (("Name", "/shop/role"),))).gaps
    assert "only CloudFormation knows the value of arn:aws:iam::111122223333:role/${Name}" in gap.what


def test_parameters_that_no_name_hangs_on_need_no_value():
    tagged = stack({"TaskRole": ("IAM::Role", {"Description": {"Ref": "Team"}})}, declared=["Team"])
    assert on("iam:CreateRole", tagged) == {f"{ROLE}/shop-TaskRole-*"}


@pytest.mark.parametrize(
    ("resource", "what"),
    [
        pytest.param(
            ("S3::Bucket", {}),
            "cfnroles does not know which calls CloudFormation makes for AWS::S3::Bucket",
            id="another type",
        ),
        pytest.param(
            ("Lambda::Function", {"VpcConfig": {"SubnetIds": []}, "Role": f"{ROLE}/r"}),
            "with VpcConfig, CloudFormation also calls ec2:DescribeNetworkInterfaces",
            id="a property that costs more",
        ),
        pytest.param(
            ("Lambda::Function", {"Code": {"S3Bucket": "b"}, "Role": f"{ROLE}/r"}),
            "with Code.S3Bucket, CloudFormation also calls s3:GetObject",
            id="a member of a property that costs more",
        ),
        pytest.param(("ECR::Repository", {}), "its name is unknown", id="a name in small letters"),
        pytest.param(
            ("Logs::MetricFilter", {"LogGroupName": {"Fn::ImportValue": "theirs"}}),
            "only CloudFormation knows",
            id="what another stack exports",
        ),
    ],
)
def test_what_cannot_be_named_is_a_gap_and_no_star(resource, what):
    of_it = stack({"It": resource})
    (gap,) = made(of_it).gaps
    assert what in gap.what
    assert str(gap.origin).startswith("shop.json: Resources.It")
    assert not [line for line in permissions(of_it) if line.endswith(" on *")]


@pytest.mark.parametrize("name", ["web-*", "we?", "web${aws:username}"])
def test_a_name_never_becomes_a_pattern(name):
    given = stack({"TaskRole": ("IAM::Role", {"RoleName": {"Ref": "Name"}})}, "shop", {"Name": name}, ["Name"])
    with pytest.raises(InvalidInput):
        made(given)


# What cfnroles calls itself.

STACK = f"arn:aws:cloudformation:{HOME}:stack/shop/*"


def own(**options):
    return own_of(role(), **({"role_arn": f"{ROLE}/cloudformation"} | options))


def own_of(*stacks, **options):
    statements = made(*stacks, **options).statements
    return {str(each) for statement in statements for each in statement.permissions()}


def test_cloudformation_is_called_on_exactly_these_stacks():
    on_stacks = {line for line in own() if line.startswith("cloudformation:") and not line.endswith(" on *")}
    assert {line.partition(" on ")[2] for line in on_stacks} == {
        STACK,
        f"arn:aws:cloudformation:{HOME}:changeSet/cfnroles-*/*",
    }
    assert {line for line in own() if line.endswith(" on *")} == {
        "cloudformation:ListExports on *",
        "cloudformation:ListImports on *",
        "cloudformation:ValidateTemplate on *",
    }


@pytest.mark.parametrize(
    ("option", "added"),
    [
        ({"continue_rollback": True}, {f"cloudformation:ContinueUpdateRollback on {STACK}"}),
        ({"termination_protection": True}, {f"cloudformation:UpdateTerminationProtection on {STACK}"}),
        (
            {"bucket": "templates"},
            {"s3:GetObject on arn:aws:s3:::templates/cfnroles/*", "s3:PutObject on arn:aws:s3:::templates/cfnroles/*"},
        ),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_an_option_of_deploy_adds(option, added):
    assert own(**option) - own() == added


def test_a_service_role_is_passed_and_has_the_other_policy():
    assert (
        f"iam:PassRole on {ROLE}/cloudformation, iam:PassedToService StringEquals cloudformation.amazonaws.com" in own()
    )
    assert not [line for line in own() if line.startswith("iam:CreateRole")]
    assert not [line for line in permissions(role()) if line.startswith("cloudformation:")]
    both = made(role()).statements
    lines = {str(each) for statement in both for each in statement.permissions()}
    passing = {line for line in own() if line.startswith("iam:PassRole")}
    assert lines == (own() - passing) | permissions(role())


GATED = {
    "SecretsExist": (
        "CloudFormation::CustomResource",
        {
            "ServiceToken": f"arn:aws:lambda:{HOME}:function:gate",
            "References": [
                {"ValueFrom": f"arn:aws:secretsmanager:{HOME}:secret:db:key::", "For": "web"},
                {"ValueFrom": f"arn:aws:secretsmanager:{HOME}:secret:key:::0123", "For": "web"},
                {"ValueFrom": {"Fn::Sub": "/shop/${AWS::Region}"}, "For": "web"},
            ],
        },
    )
}


def test_what_looking_for_secrets_asks_is_allowed_unless_nobody_looks():
    body = stack(GATED).body.replace("AWS::CloudFormation::CustomResource", "Custom::SecretsExist")
    gated = StackSource("shop", "shop.json", body)
    unlooked, looked = made(gated), made(gated, check=True)
    asked = {each for statement in looked.statements for each in statement.permissions()} - {
        each for statement in unlooked.statements for each in statement.permissions()
    }
    secret = f"arn:aws:secretsmanager:{HOME}:secret"
    assert {str(each) for each in asked} == {
        *(
            f"secretsmanager:DescribeSecret on {secret}:{name}{end}"
            for name in ("db", "key")
            for end in ("", "-??????")
        ),
        *(f"secretsmanager:ListSecretVersionIds on {secret}:key{end}" for end in ("", "-??????")),
        f"ssm:GetParameters on arn:aws:ssm:{HOME}:parameter/shop/eu-west-1",
    }


def test_stack_sets_are_named_and_their_stacks_made_by_their_own_roles():
    admin = f"{ROLE}/administration"
    task = stack({"Task": ("ECS::TaskDefinition", {"Family": "shop"})}, "shop-task")
    importing = StackSource(task.name, task.template, task.body, imports=("shop-TaskRoleArn",))
    lines = own_of(role(), importing, stack_set=True, administration_role_arn=admin)
    stack_set = f"arn:aws:cloudformation:{HOME}:stackset/shop:*"
    others = "arn:aws:cloudformation:*:*"
    assert {line for line in lines if "CreateStackInstances" in line} == {
        f"cloudformation:CreateStackInstances on {resource}"
        for resource in (stack_set, f"{others}:stackset-target/shop:*", f"{others}:type/resource/AWS-IAM-Role")
    }
    assert f"cloudformation:TagResource on {stack_set}" in lines
    assert f"cloudformation:DeleteStackSet on {stack_set}" in lines
    assert f"iam:PassRole on {admin}, iam:PassedToService StringEquals cloudformation.amazonaws.com" in lines
    assert [line for line in lines if line.endswith(" on *")] == ["cloudformation:CreateStackSet on *"]
    assert not [line for line in lines if "iam:CreateRole" in line or "shop-task" in line]
    assert any("disagree" in wide.why for wide in made(role(), stack_set=True).wide)
    with pytest.raises(InvalidInput, match="none of the stacks can be a stack set"):
        made(importing, stack_set=True)


# Where, and how much.


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"account": "", "region": ""}, "Pass --account ID --region REGION."),
        ({"region": ""}, "Pass --region REGION."),
        ({"account": ""}, "Pass --account ID."),
        ({"account": "1111*"}, "'1111*' cannot be the account"),
        ({"region": "mars"}, "'mars' cannot be the Region"),
        ({"bucket": "a*"}, "'a*' cannot be the bucket"),
        ({"role_arn": f"{ROLE}/*"}, "cannot be the service role"),
        ({"administration_role_arn": "admin"}, "cannot be the administration role"),
    ],
)
def test_what_no_arn_can_hold_is_refused(options, what):
    with pytest.raises(InvalidInput) as refused:
        made(role(), **options)
    assert what in str(refused.value)


def test_what_one_policy_cannot_hold_is_in_several():
    many = [stack({"TaskRole": ("IAM::Role", {})}, f"project-with-a-long-name-{number:03}") for number in range(40)]
    policies = made(*many).policies
    assert len(policies) > 1
    assert all(policy.managed and size(policy.statements) <= MANAGED_POLICY for policy in policies)
    together = {each for policy in policies for statement in policy.statements for each in statement.permissions()}
    assert together == {each for statement in made(*many).statements for each in statement.permissions()}


def test_what_no_role_can_have_is_refused_with_a_way_out():
    names = [f"a-project-whose-name-is-{'long' * 20}-{number:03}" for number in range(350)]
    with pytest.raises(InvalidInput, match=r"one role would need \d+ managed policies\n") as refused:
        made(*(stack({"Task": ("ECS::TaskDefinition", {"Family": name})}, name) for name in names))
    assert "Divide the project" in refused.value.remedy


def test_where_a_service_may_fail_what_tells_why_is_allowed_and_told_as_wide():
    service = stack({"Web": ("ECS::ExpressGatewayService", {"ServiceName": "web"})})
    asked = {
        "ecs:DescribeTasks": f"arn:aws:ecs:{HOME}:task/*",
        "ecs:ListTasks": f"arn:aws:ecs:{HOME}:container-instance/*",
    }
    for action, resource in asked.items():
        assert on(action, service, service_role=False) == {resource}
        assert any(action in wide.actions and wide.why.startswith("which tasks fail") for wide in made(service).wide)
        assert on(action, service) == set()  # a service role asks for nothing
        assert on(action, role(), service_role=False) == set()
