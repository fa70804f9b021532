"""The permissions that a role gives away, who may assume it, and the parts that cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cfnroles.need import Finding

Find = Callable[[str], list[Finding]]

TASKS = "{Service: ecs-tasks.amazonaws.com}"
ROLES = "arn:aws:iam::123456789012:role"


def role(*statements: str, trusted: str = TASKS, name: str = "Role", more: str = "") -> str:
    """A role whose one policy has these statements."""
    policies = f"[{{PolicyName: p, PolicyDocument: {{Version: '2012-10-17', Statement: [{', '.join(statements)}]}}}}]"
    trust = f"{{Statement: {{Effect: Allow, Action: sts:AssumeRole, Principal: {trusted}}}}}"
    return f"""
  {name}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {trust}
      Policies: {policies if statements else "[]"}
      {more}
"""


def statement(actions: str, resource: str = '"*"', more: str = "") -> str:
    return f"{{Effect: Allow, Action: [{actions}], Resource: {resource}{more}}}"


def template(*resources: str) -> str:
    parameters = "Parameters:\n  Given: {Type: String}\n  Mode: {Type: String}\n"
    return parameters + "Conditions: {Wide: !Equals [!Ref Mode, wide]}\nResources:" + "".join(resources)


def checks(text: str, faults: Find) -> list[str]:
    return [finding.check for finding in faults(text)]


RUN = '"iam:PassRole", "ecs:RunTask"'
READ = '"secretsmanager:GetSecretValue"'
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbC1eF"
WHOLE = [
    ("everything", [statement('"*"')], ["wildcard-actions"]),
    ("everything but", ["{Effect: Allow, NotAction: ['iam:*'], Resource: '*'}"], ["wildcard-actions"]),
    ("everything on all but", ["{Effect: Allow, Action: '*', NotResource: 'arn:aws:s3:::a'}"], ["wildcard-actions"]),
    ("a service", [statement('"dynamodb:*"')], ["wildcard-actions"]),
    ("two services", [statement('"sqs:*", "sns:*"')], ["wildcard-actions"]),
    ("every secret, as a whole", [statement('"secretsmanager:*"')], ["wildcard-actions"]),
    ("every secret", [statement('"secretsmanager:Get*"')], ["reads-every-secret"]),
    ("every parameter, below a path", [statement('"ssm:GetParametersByPath"')], ["reads-every-secret"]),
    ("every parameter's history", [statement('"ssm:GetParameterHistory"')], ["reads-every-secret"]),
    ("every secret, by an incomplete ARN", [statement(READ, "'arn:aws:secretsmanager:*'")], ["reads-every-secret"]),
    (
        "every secret, by its length",
        [statement(READ, "'arn:aws:secretsmanager:*:*:secret:?*'")],
        ["reads-every-secret"],
    ),
    ("every secret but one", [f"{{Effect: Allow, Action: {READ}, NotResource: '{SECRET}'}}"], ["reads-every-secret"]),
    ("all but every secret", [f"{{Effect: Allow, Action: {READ}, NotResource: '*'}}"], []),
    ("one secret", [statement(READ, f"'{SECRET}'")], []),
    ("a service on one resource", [statement('"s3:*"', "arn:aws:s3:::shop/*")], []),
    ("ECS Exec", [statement('"ssmmessages:*"')], []),
    ("by a condition", [statement('"*"', more=", Condition: {StringEquals: {aws:RequestedRegion: a}}")], []),
    ("passing any role", [statement(RUN)], ["privilege-escalation"]),
    ("passing one role", [statement('"iam:PassRole"', f"{ROLES}/a"), statement('"ecs:RunTask"')], []),
    ("assuming any role", [statement('"sts:AssumeRole"')], ["privilege-escalation"]),
    ("assuming one role", [statement('"sts:AssumeRole"', f"{ROLES}/a")], []),
    ("what a wildcard gives is told once", [statement('"iam:*"')], ["wildcard-actions"]),
    ("denied", [statement('"*"'), "{Effect: Deny, Action: '*', Resource: '*'}"], []),
    ("logs", [statement('"logs:CreateLogStream", "logs:PutLogEvents"')], ["writes-every-log-group"]),
    ("logs of one group", [statement('"logs:PutLogEvents"', '"arn:aws:logs:*:*:log-group:/ecs/shop:*"')], []),
    ("unknown", [statement('"secretsmanager:GetSecretValues"', "arn:aws:x:y:z:1:s")], ["unknown-action"]),
]


@pytest.mark.parametrize(("statements", "expected"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_what_a_role_of_ecs_gives_away(statements: list[str], expected: list[str], faults: Find) -> None:
    assert checks(template(role(*statements)), faults) == expected


def test_a_policy_on_its_own_is_judged_like_a_role(faults: Find) -> None:
    (finding,) = faults("Version: '2012-10-17'\nStatement:\n  - {Effect: Allow, NotAction: 'iam:*', Resource: '*'}\n")
    assert (finding.check, finding.origin.pointer) == ("wildcard-actions", "Statement[0]")
    assert finding.what == "the policy may do everything but iam:*, on everything"


@pytest.mark.parametrize(
    ("trusted", "judged"),
    [
        pytest.param("{Service: ecs-tasks.amazonaws.com}", True, id="tasks"),
        pytest.param("{Service: ecs.amazonaws.com}", True, id="ECS itself"),
        pytest.param("{Service: !Sub 'ecs-tasks.${AWS::URLSuffix}'}", True, id="tasks, by the partition's suffix"),
        pytest.param("{Service: [lambda.amazonaws.com, ecs-tasks.amazonaws.com]}", True, id="tasks among others"),
        pytest.param("{Service: lambda.amazonaws.com}", False, id="another service"),
        pytest.param("{AWS: '123456789012'}", False, id="an account"),
    ],
)
def test_roles_that_no_task_names_are_judged_if_ecs_may_assume_them(trusted: str, judged: bool, faults: Find) -> None:
    assert checks(template(role(statement('"*"'), trusted=trusted)), faults) == ["wildcard-actions"] * judged


def test_policies_that_are_attached_from_elsewhere_belong_to_the_role(faults: Find) -> None:
    policy = f"""
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref Role]
      PolicyDocument: {{Statement: [{statement('"ecs:RunTask"')}]}}
"""
    (finding,) = faults(template(role(statement('"iam:PassRole"')), policy))
    assert (finding.check, finding.origin.pointer.split(".")[1]) == ("privilege-escalation", "Role")
    assert finding.what == (
        "Role may run code with any role that the service may assume, by iam:PassRole with ecs:RunTask"
    )


@pytest.mark.parametrize(
    ("names", "told"), [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A and 2 more roles")]
)
def test_a_policy_of_several_roles_is_told_once(names: list[str], told: str, faults: Find) -> None:
    policy = f"""
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [{", ".join(f"!Ref {name}" for name in names)}]
      PolicyDocument: {{Statement: [{statement('"s3:*"')}]}}
"""
    (finding,) = faults(template(*(role(name=name) for name in names), policy))
    assert finding.what == f"{told} may do everything that s3 has, on everything"


def test_a_boundary_takes_the_danger_away_and_one_that_is_elsewhere_leaves_nothing_to_say(faults: Find) -> None:
    boundary = f"""
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties: {{PolicyDocument: {{Statement: [{statement('"s3:GetObject"', "arn:aws:s3:::a/b")}]}}}}
"""
    wide = statement('"*"')
    assert checks(template(role(wide, more="PermissionsBoundary: !Ref Boundary"), boundary), faults) == []
    assert checks(template(role(wide, more="PermissionsBoundary: !Ref Given")), faults) == []


def test_a_danger_says_where_it_is_one(faults: Find) -> None:
    other = statement("'s3:GetObject'", "arn:aws:s3:::a/b")
    (finding,) = faults(template(role(f"!If [Wide, {statement(RUN)}, {other}]")))
    assert finding.check == "privilege-escalation"
    assert finding.origin.pointer.endswith("Statement[0].Fn::If[1]")


def test_many_ways_are_told_in_few_words(faults: Find) -> None:
    (finding,) = faults(template(role(statement('"iam:Create*", "iam:Put*", "iam:Attach*"'))))
    assert finding.what == (
        "Role may give itself any permission, by iam:CreatePolicyVersion, or by iam:PutRolePolicy, or by"
        " iam:AttachRolePolicy, and in 8 more ways"
    )


def test_an_action_that_does_not_exist_comes_with_the_one_that_does(faults: Find) -> None:
    (finding,) = faults(template(role(statement('"secretsmanager:GetSecretValues"', "arn:aws:x:y:z:1:s"))))
    assert finding.what == "secretsmanager:GetSecretValues: this action is unknown"
    assert finding.remedy == "Write secretsmanager:GetSecretValue, if that is meant."


@pytest.mark.parametrize(
    ("trusted", "open_"),
    [
        pytest.param("'*'", True, id="anybody"),
        pytest.param("{AWS: '*'}", True, id="any account"),
        pytest.param("{AWS: ['123456789012', '*']}", True, id="any account beside one"),
        pytest.param("{AWS: '123456789012'}", False, id="an account"),
        pytest.param("{AWS: !Ref Given}", False, id="an account that is unknown"),
        pytest.param("{AWS: '*'}, Condition: {StringEquals: {aws:PrincipalOrgID: o-1}}", False, id="an organization"),
        pytest.param("{AWS: '*'}, Condition: {StringLike: {aws:PrincipalOrgID: '*'}}", True, id="any organization"),
    ],
)
def test_a_role_that_anybody_may_assume(trusted: str, open_: bool, faults: Find) -> None:
    found = faults(template(role(trusted=trusted)))
    assert [finding.check for finding in found] == ["open-trust"] * open_
    assert all(f.origin.pointer == "Resources.Role.Properties.AssumeRolePolicyDocument.Statement" for f in found)


SUBSTITUTED = [
    ("a resource", role(statement('"s3:GetObject"', '"arn:${AWS::Partition}:s3:::a/b"')), "Resource"),
    ("a parameter", role(statement('"s3:GetObject"', '"arn:aws:s3:::${Given}/b"')), "Resource"),
    ("a principal", role(trusted="{AWS: 'arn:${AWS::Partition}:iam::1:root'}"), "AWS"),
    ("a managed policy", role(more="ManagedPolicyArns: ['arn:${AWS::Partition}:iam::aws:policy/A']"), "Arns[0]"),
    ("a boundary", role(more="PermissionsBoundary: 'arn:${AWS::Partition}:iam::aws:policy/A'"), "Boundary"),
]


@pytest.mark.parametrize(("text", "place"), [case[1:] for case in SUBSTITUTED], ids=[case[0] for case in SUBSTITUTED])
def test_a_reference_outside_of_sub(text: str, place: str, faults: Find) -> None:
    (finding,) = (found for found in faults(template(text)) if found.check == "unsubstituted-reference")
    assert finding.origin.pointer.endswith(place)


def test_a_reference_in_a_policy_outside_of_templates(faults: Find) -> None:
    policy = (
        "Statement:\n  - {Effect: Allow, Action: s3:GetObject, Resource: 'arn:${AWS::Partition}:s3:::${aws:username}'}"
    )
    (finding,) = faults(policy)
    assert (finding.check, finding.origin.pointer) == ("unsubstituted-reference", "Statement[0].Resource")
    assert finding.remedy == "Write the value itself."


@pytest.mark.parametrize("text", ["${aws:username}", "${*}", "${another_tools}", "$Given"])
def test_what_is_no_reference_of_cloudformation_is_left_alone(text: str, faults: Find) -> None:
    assert checks(template(role(statement('"s3:GetObject"', f'"arn:aws:s3:::a/{text}"'))), faults) == []


def task(*members: str, container: str = "") -> str:
    lines = "".join(f"      {member}\n" for member in members)
    # The values of variables are for the container to read.
    first = (
        "Name: web, Image: public.ecr.aws/docker/library/nginx:1.27, Environment: [{Name: A, Value: '${AWS::Region}'}]"
    )
    return f"""
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
{lines}      ContainerDefinitions: [{{{first}{container}}}]
"""


@pytest.mark.parametrize(
    "text",
    [
        task("ExecutionRoleArn: 'arn:${AWS::Partition}:iam::123456789012:role/a'"),
        task("TaskRoleArn: 'arn:aws:iam::${AWS::AccountId}:role/a'"),
        task(container=", Secrets: [{Name: A, ValueFrom: 'arn:${AWS::Partition}:ssm:eu-west-1:1:parameter/a'}]"),
        task(container=", EnvironmentFiles: [{Type: s3, Value: 'arn:${AWS::Partition}:s3:::a/b.env'}]"),
    ],
    ids=["execution role", "task role", "secret", "environment file"],
)
def test_a_reference_outside_of_sub_in_a_task_definition(text: str, faults: Find) -> None:
    assert checks(template(text), faults).count("unsubstituted-reference") == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("!GetAtt Role.Arn", [], id="ARN"),
        pytest.param("!Sub '${Role.Arn}'", [], id="ARN in a text"),
        pytest.param("!Ref Role", ["role-by-name"], id="Ref"),
        pytest.param("!Sub '${Role}'", ["role-by-name"], id="Ref in a text"),
        pytest.param("ecsTaskExecutionRole", ["unjudged-role", "role-by-name"], id="a name"),
        pytest.param("EXECUTION_ROLE_ARN", ["unjudged-role"], id="a name to be filled in"),
        pytest.param("!Ref Given", ["unjudged-role"], id="a parameter"),
    ],
)
def test_an_execution_role_by_its_name(given: str, expected: list[str], faults: Find) -> None:
    found = checks(template(role(), task(f"ExecutionRoleArn: {given}")), faults)
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("!GetAtt Role.Arn", [], id="ARN"),
        pytest.param("!Ref Role", ["role-by-name"], id="Ref"),
        pytest.param("!If [Wide, !Ref Role, !Ref Given]", ["role-by-name"], id="Ref under a condition"),
        pytest.param("!Ref Given", [], id="a parameter"),
    ],
)
def test_an_infrastructure_role_by_its_name(given: str, expected: list[str], faults: Find) -> None:
    service = f"""
  Service:
    Type: AWS::ECS::Service
    Properties:
      VolumeConfigurations: [{{Name: data, ManagedEBSVolume: {{RoleArn: {given}}}}}]
      Role: !Ref Role
"""
    found = faults(template(role(trusted="{Service: ecs.amazonaws.com}"), service))
    assert [finding.check for finding in found] == expected
    assert all(finding.origin.pointer.endswith("ManagedEBSVolume.RoleArn") for finding in found)


def test_a_task_role_may_be_given_by_its_name(faults: Find) -> None:
    assert checks(template(role(), task("TaskRoleArn: !Ref Role")), faults) == []


VOLUME = """Volumes:
        - Name: data
          EFSVolumeConfiguration: {FilesystemId: %s, TransitEncryption: ENABLED, AuthorizationConfig: {IAM: %s}}"""
MOUNT = '"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"'


@pytest.mark.parametrize(
    ("iam", "actions", "expected"),
    [
        pytest.param("ENABLED", MOUNT, [], id="allowed"),
        pytest.param("ENABLED", '"elasticfilesystem:ClientMount"', ["mount-not-allowed"], id="read only"),
        pytest.param("ENABLED", '"s3:GetObject"', ["mount-not-allowed"], id="not allowed"),
        pytest.param("DISABLED", '"s3:GetObject"', [], id="without IAM"),
    ],
)
def test_a_mount_by_iam(iam: str, actions: str, expected: list[str], faults: Find) -> None:
    text = template(role(statement(actions)), task("TaskRoleArn: !GetAtt Role.Arn", VOLUME % ("fs-01234567", iam)))
    assert checks(text, faults) == expected


def test_a_file_system_with_a_policy_of_its_own_may_allow_the_mount(faults: Find) -> None:
    files = "\n  Files: {Type: AWS::EFS::FileSystem, Properties: {%s}}\n"
    mounted = task("TaskRoleArn: !GetAtt Role.Arn", VOLUME % ("!Ref Files", "ENABLED"))
    own = "FileSystemPolicy: {Statement: []}"
    assert checks(template(role(), mounted, files % own), faults) == []
    assert checks(template(role(), mounted, files % "Encrypted: true"), faults) == ["mount-not-allowed"]


def test_a_mount_by_iam_without_a_task_role(faults: Find) -> None:
    assert checks(template(task(VOLUME % ("fs-01234567", "ENABLED"))), faults) == ["missing-task-role"]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ("!ImportValue a", "another stack exports it"),
        ("!Ref Given", "it depends on Given"),
        ("arn:aws:iam::123456789012:role/a", "it is defined elsewhere"),
        ("!Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/a", "it is defined elsewhere"),
    ],
)
def test_a_role_that_is_not_there_is_told(given: str, where: str, faults: Find) -> None:
    (finding,) = faults(template(task(f"TaskRoleArn: {given}")))
    assert (finding.check, finding.what) == ("unjudged-role", f"the task role of Task is not judged: {where}")


def test_a_statement_that_hangs_on_a_parameter_is_told_with_the_parameter(faults: Find) -> None:
    empty = "  Empty: {Type: String, Default: ''}\nConditions"
    reading = role(statement('"s3:GetObject"', "!Ref Empty"))
    text = template(reading, task("TaskRoleArn: !GetAtt Role.Arn")).replace("Conditions", empty, 1)
    (finding,) = faults(text)
    assert finding.check == "unjudged-role"
    assert finding.remedy == "Pass --parameter Empty=VALUE."


def test_a_policy_that_is_not_there_is_told(faults: Find) -> None:
    arn = "arn:aws:iam::123456789012:policy/own"
    (finding,) = faults(template(role(more=f"ManagedPolicyArns: [{arn}]"), task("TaskRoleArn: !GetAtt Role.Arn")))
    assert (finding.check, finding.origin.pointer) == ("unjudged-role", "Resources.Role")
    assert finding.what.startswith(
        "Role is judged in part, because the policy own could not be read: its document is not in"
    )
    assert finding.remedy == "`cfnroles verify` judges it, from the template that has it or with --live."


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        pytest.param("Fn::ForEach::R: [I, [a], {'R${I}': {Type: AWS::IAM::Role}}]", "Fn::ForEach::R", id="a loop"),
        pytest.param("Fn::Transform: {Name: AWS::Include}", "Fn::Transform", id="an include"),
    ],
)
def test_roles_that_are_made_out_of_sight_are_told(entry: str, told: str, faults: Find) -> None:
    (finding,) = faults(template(f"\n  {entry}"))
    assert (finding.check, finding.origin.pointer) == ("unjudged-role", f"Resources.{told}")
    assert told in finding.what


def test_a_loop_that_makes_no_role_is_no_news(faults: Find) -> None:
    assert not faults(template("\n  Fn::ForEach::T: [I, [a], {'T${I}': {Type: AWS::SNS::Topic}}]"))


def test_an_unreadable_statement_is_reported_with_its_fix(faults: Find) -> None:
    text = template(role("{Effect: allow, Action: 's3:GetObject', Resource: '*'}"), task("TaskRoleArn: !Ref Role"))
    found = [finding for finding in faults(text) if finding.check == "unjudged-role"]
    assert [finding.remedy for finding in found] == ["Use Allow or Deny."]


@pytest.mark.parametrize(
    ("mode", "expected"), [("bridge", ["unjudged-role"]), ("awsvpc", ["refused-value"])], ids=["taken", "refused"]
)
def test_the_role_that_a_service_gives_for_its_load_balancer(mode: str, expected: list[str], faults: Find) -> None:
    service = """
  Web:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Task, Role: ecsServiceRole, LoadBalancers: [{LoadBalancerName: shop}]}
"""
    assert checks(template(task(f"NetworkMode: {mode}"), service), faults) == expected


def test_a_module_may_make_roles(faults: Find) -> None:
    assert checks(template(task(), "\n  Part: {Type: My::Org::Part::MODULE}\n"), faults) == ["unjudged-role"]


@pytest.mark.parametrize(
    ("stack", "seen"),
    [
        pytest.param("TemplateURL: 'https://bucket.s3.amazonaws.com/part.yaml'", False, id="an address"),
        pytest.param("TemplateURL: !Sub '${AWS::Region}/part.yaml'", False, id="an expression"),
        pytest.param("TemplateURL: part.yaml", True, id="a file beside it"),
    ],
)
def test_an_unreadable_nested_stack_may_create_roles(stack: str, seen: bool, faults: Find) -> None:
    nested = f"\n  Part: {{Type: AWS::CloudFormation::Stack, Properties: {{{stack}}}}}\n"
    assert checks(template(task(), nested), faults) == ([] if seen else ["unjudged-role"])
