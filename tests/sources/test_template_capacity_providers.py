"""Capacity providers of templates: two roles of Managed Instances, and none of an Auto Scaling group."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles import Document, Told, build, diff, explain, lint, read
from cfnroles.answers.verification import Outcome, Verification
from cfnroles.answers.verify_template import verify_template as verify
from cfnroles.need import Holder
from cfnroles.sources.reading import Reading
from cfnroles.targets.cloudformation.inject import Injection, inject, removed

HEAD = """\
Parameters:
  Given: {Type: String}
Conditions:
  IsManaged: !Equals [!Ref Given, managed]
Resources:
  Cluster: {Type: AWS::ECS::Cluster}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-0123456789abcdef0, CidrBlock: 10.0.0.0/24}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: instances}}
"""
PROVIDER = """\
  Managed:
    Type: AWS::ECS::CapacityProvider
    Properties:
      ClusterName: !Ref Cluster
      ManagedInstancesProvider:
        InfrastructureRoleArn: !GetAtt Infra.Arn
        InstanceLaunchTemplate:
          Ec2InstanceProfileArn: !GetAtt Profile.Arn
          NetworkConfiguration: {Subnets: [!Ref Subnet], SecurityGroups: [!Ref Group]}
"""
ROLES = """\
  Infra:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ecs.amazonaws.com}}]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances"]
  Instance:
    Type: AWS::IAM::Role
    Properties:
      RoleName: NAME
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}}]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/AmazonECSInstanceRolePolicyForManagedInstances"]
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Instance]}}
"""
WHOLE = HEAD + PROVIDER + ROLES.replace("NAME", "ecsInstanceRoleShop")
BARE = HEAD + PROVIDER.replace("        InfrastructureRoleArn: !GetAtt Infra.Arn\n", "").replace(
    "          Ec2InstanceProfileArn: !GetAtt Profile.Arn\n", ""
)
LAUNCHED = "Resources.Managed.Properties.ManagedInstancesProvider.InstanceLaunchTemplate"
ELSEWHERE = "arn:aws:iam::123456789012:instance-profile/elsewhere"


def reading(text: str, **told: Any) -> Reading:
    return read(Document("t.yaml", text), Told(**told))


def passed(text: str) -> list[tuple[str, str]]:
    """What the role that launches instances may pass to them: the role, and the condition of the template."""
    return [
        (resource, each.when)
        for explanation in explain(reading(text))
        for _, statements in explanation.roles
        for each in statements
        if each.statement.sid == "PassInstanceRole"
        for resource in each.statement.resources
    ]


def verdicts(text: str) -> dict[Holder, Verification]:
    return {each.holder: each for each in verify(reading(text))}


def test_both_roles_are_explained_at_their_places() -> None:
    (managed,) = explain(reading(WHOLE))
    assert (managed.resource, managed.noun, managed.gaps) == ("Managed", "capacity provider", ())
    assert {holder for holder, _ in managed.roles} == {Holder.MANAGED_INSTANCES, Holder.INSTANCE}
    told = {
        each.statement.sid: (origin.pointer, each.statement.resources)
        for _, statements in managed.roles
        for each in statements
        for reason in each.reasons
        for origin in reason.origins
    }
    assert told["TellCluster"] == (f"{LAUNCHED}.Ec2InstanceProfileArn", ("${Cluster.Arn}",))
    assert told["PassInstanceRole"] == (f"{LAUNCHED}.Ec2InstanceProfileArn", ("${Instance.Arn}",))
    assert [each.rpartition(":")[2] for each in told["LaunchInNetwork"][1]] == [
        "security-group/${Group}",
        "subnet/${Subnet}",
    ]


@pytest.mark.parametrize(
    "named",
    ["!GetAtt Profile.Arn", "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:instance-profile/${Profile}'"],
    ids=["by GetAtt", "by its name in an ARN"],
)
def test_the_role_in_the_instance_profile_is_passed(named: str) -> None:
    assert passed(WHOLE.replace("!GetAtt Profile.Arn", named)) == [("${Instance.Arn}", "")]


def test_a_role_in_the_profile_by_its_name_is_that_role() -> None:
    assert passed(WHOLE.replace("[!Ref Instance]", "[ecsInstanceRoleShop]")) == [("${Instance.Arn}", "")]


def test_a_profile_with_another_role_under_a_condition_passes_either() -> None:
    other = "  Other: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}\n"
    text = WHOLE.replace("[!Ref Instance]", "[!If [IsManaged, !Ref Instance, !Ref Other]]") + other
    assert sorted(passed(text)) == [
        ("${Instance.Arn}", "IsManaged holds"),
        ("${Other.Arn}", "IsManaged does not hold"),
    ]


@pytest.mark.parametrize(
    ("changed", "field", "what"),
    [
        pytest.param(
            ("!GetAtt Profile.Arn", ELSEWHERE),
            f"{LAUNCHED}.Ec2InstanceProfileArn",
            f"the ARN of the role in the instance profile {ELSEWHERE} is unknown",
            id="a profile of another place",
        ),
        pytest.param(
            ("[!Ref Instance]", "[another]"),
            f"{LAUNCHED}.Ec2InstanceProfileArn",
            "the ARN of the role in the instance profile ${Profile.Arn} is unknown",
            id="a role that may have a path",
        ),
        pytest.param(
            ("      ClusterName: !Ref Cluster\n", ""),
            f"{LAUNCHED}.Ec2InstanceProfileArn",
            "the capacity provider names no cluster",
            id="no cluster",
        ),
        pytest.param(
            ("{Subnets: [!Ref Subnet], SecurityGroups: [!Ref Group]}", "!Ref Given"),
            f"{LAUNCHED}.NetworkConfiguration",
            "cannot see what CloudFormation puts here, or which permissions it needs",
            id="a network that only the deployment knows",
        ),
        pytest.param(
            ("          NetworkConfiguration", "          Novel: x\n          NetworkConfiguration"),
            f"{LAUNCHED}.Novel",
            "cfnroles does not know the member novel, or which permissions it needs",
            id="a member that no row knows",
        ),
    ],
)
def test_what_is_unknown_is_a_gap_of_its_roles(changed: tuple[str, str], field: str, what: str) -> None:
    (managed,) = explain(reading(WHOLE.replace(*changed)))
    assert (field, what) in [(gap.origin.pointer, gap.what) for gap in managed.gaps]
    assert {gap.holder for gap in managed.gaps} <= {Holder.MANAGED_INSTANCES, Holder.INSTANCE}


GROUP = "Type: AWS::ECS::CapacityProvider, Properties: {AutoScalingGroupProvider: {AutoScalingGroupArn: x}}"


def test_ecs_scales_a_group_with_its_own_role() -> None:
    both = reading(f"{WHOLE}  Group2: {{{GROUP}}}\n")
    assert [each.resource for each in explain(both)] == ["Managed"]
    assert [each.use.tasks for each in verify(both) if each.use] == [("Managed",), ("Managed",)]
    assert [each.check for each in lint(both).findings] == []


def test_a_provider_that_is_managed_under_a_condition_has_roles_there_alone() -> None:
    start, launched = PROVIDER.split("ManagedInstancesProvider:\n")
    arms = f"!If\n        - IsManaged\n        - {launched.strip()}\n"
    text = (
        f"{HEAD}{start}ManagedInstancesProvider: {arms}        - !Ref AWS::NoValue\n".replace(
            "\n        InstanceLaunch", "\n          InstanceLaunch"
        )
        .replace("\n          Ec2", "\n            Ec2")
        .replace("\n          Network", "\n            Network")
    )
    (explained,) = explain(reading(text + ROLES))
    assert (explained.resource, explained.when) == ("Managed", "IsManaged holds")


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("ecsInstanceRoleShop", Outcome.ALLOWED),
        ("shop-instances", Outcome.MISSING),
        ("!Ref AWS::NoValue", Outcome.UNKNOWN),
    ],
    ids=["a name that AWS's policy allows", "another name", "a name that CloudFormation makes up"],
)
def test_the_managed_policy_passes_roles_by_the_beginning_of_their_name(name: str, passes: Outcome) -> None:
    found = verdicts(HEAD + PROVIDER + ROLES.replace("NAME", name))
    outcomes = {each.need.permission.action: each.outcome for each in found[Holder.MANAGED_INSTANCES].judged}
    assert outcomes.pop("iam:PassRole") is passes
    assert {*outcomes.values()} == {Outcome.ALLOWED}
    assert {each.outcome for each in found[Holder.INSTANCE].judged} == {Outcome.ALLOWED}


def test_a_role_in_a_profile_of_the_provider_alone_has_no_other_user() -> None:
    (instance,) = [each for each in verify(reading(WHOLE)) if each.holder is Holder.INSTANCE]
    assert instance.excess
    machine = "  Machine: {Type: AWS::EC2::Instance, Properties: {IamInstanceProfile: !Ref Profile}}\n"
    (shared,) = [each for each in verify(reading(WHOLE + machine)) if each.holder is Holder.INSTANCE]
    assert shared.use is not None
    assert (shared.excess, shared.use.others) == ((), ("Profile",))


def test_without_roles_every_permission_is_missing_and_their_place_is_said() -> None:
    found = verdicts(BARE)
    for holder, place in (
        (Holder.MANAGED_INSTANCES, "ManagedInstancesProvider.InfrastructureRoleArn"),
        (Holder.INSTANCE, "ManagedInstancesProvider.InstanceLaunchTemplate.Ec2InstanceProfileArn"),
    ):
        assert {each.outcome for each in found[holder].judged} == {Outcome.MISSING}
        assert place in (found[holder].absence.remedy if found[holder].absence else "")


def test_lint_judges_whom_its_roles_trust_and_what_they_allow() -> None:
    text = WHOLE.replace("Service: ecs.amazonaws.com", "Service: ecs-tasks.amazonaws.com")
    text = text.replace("Service: ec2.amazonaws.com", "Service: ecs.amazonaws.com")
    text = text.replace('["arn:aws:iam::aws:policy/AmazonECSInstanceRolePolicyForManagedInstances"]', "[]")
    assert {(each.check, each.origin.pointer) for each in lint(reading(text)).findings} == {
        ("untrusted-role", "Resources.Infra.Properties.AssumeRolePolicyDocument"),
        ("untrusted-role", "Resources.Instance.Properties.AssumeRolePolicyDocument"),
        ("missing-permission", "Resources.Instance"),
    }


def test_lint_says_that_a_profile_of_another_place_is_not_judged() -> None:
    (finding,) = lint(reading(WHOLE.replace("!GetAtt Profile.Arn", ELSEWHERE))).findings
    assert (finding.check, finding.origin.pointer) == ("unjudged-role", f"{LAUNCHED}.Ec2InstanceProfileArn")


def injected(text: str, **options: Any) -> Injection:
    return inject(reading(text), **options)


def test_inject_adds_both_roles_and_the_profile() -> None:
    made = injected(BARE)
    assert (made.tasks, made.gaps, made.others) == (("Managed",), (), ())
    found = verify(reading(made.text))
    assert {each.holder for each in found} == {Holder.MANAGED_INSTANCES, Holder.INSTANCE}
    assert all({one.outcome for one in each.judged} == {Outcome.ALLOWED} and not each.excess for each in found)
    assert injected(made.text).text == made.text
    assert removed(reading(made.text)) == BARE


def test_inject_leaves_roles_that_are_named_unless_they_are_to_be_replaced() -> None:
    assert injected(WHOLE).left == ("Managed",)
    replaced = injected(WHOLE, replace_roles=True)
    assert {each.holder for each in replaced.replaced if each.done} == {Holder.MANAGED_INSTANCES, Holder.INSTANCE}
    assert passed(replaced.text) == [("${ManagedInstanceRole.Arn}", "")]


def test_build_writes_both_roles_next_to_the_template() -> None:
    built = build(reading(BARE))
    assert [(take.holder, take.export) for take in built.takes] == [
        (Holder.MANAGED_INSTANCES, "${ProjectName}-Managed-ECSManagedInstancesRoleArn"),
        (Holder.INSTANCE, "${ProjectName}-Managed-ECSInstanceProfileArn"),
    ]
    assert [take.role for take in built.takes] == ["ManagedManagedInstancesRole", "ManagedInstanceRole"]
    (stack,) = built.stacks
    assert {*stack.template["Parameters"]} == {"ProjectName", "Cluster", "ClusterArn", "Subnet", "Group"}


def test_diff_says_what_spot_instances_need_and_the_role_lacks() -> None:
    before = injected(BARE).text
    spot = before.replace("          Network", "          CapacityOptionType: SPOT\n          Network")
    new = diff(reading(before), reading(spot)).new
    assert new is not None
    lacks = {each.action for standing in new.standings.found.values() for each in standing.lacks}
    assert lacks == {"iam:CreateServiceLinkedRole"}
