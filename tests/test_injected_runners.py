"""The roles that are injected for schedules and rules of a template: complete, minimal, and taken out again."""

from __future__ import annotations

import json

import pytest

from cfnroles import Document, InvalidInput, Verdict, inject, read
from cfnroles.answers.verification import Verification
from cfnroles.answers.verify_template import verify_template
from cfnroles.document import parse
from cfnroles.need import Holder
from cfnroles.targets.cloudformation.inject import Injection, removed
from tests.built_beside import built_beside
from tests.test_injected_roles import EXPRESS, IN_BRANCHES

HEAD = """\
Parameters:
  Env: {Type: String}
  Region: {Type: String}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  NotProd: !Not [{Condition: Prod}]
  Test: !Equals [!Ref Region, test]
Resources:
  Batch: {Type: AWS::ECS::Cluster}
  Undelivered: {Type: AWS::SQS::Queue}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: nightly
      ContainerDefinitions: [{Name: job, Image: "nginx:1.27"}]
"""
SCHEDULE = """\
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 day)
      Target:
        Arn: !GetAtt Batch.Arn
        EcsParameters:
          TaskDefinitionArn: !Ref Task
"""
RULE = """\
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      Targets:
        - Id: job
          Arn: !GetAtt Batch.Arn
          EcsParameters:
            TaskDefinitionArn: !GetAtt Task.TaskDefinitionArn
"""
BEHIND = """\
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      Targets:
        - !If
          - Prod
          - {Id: job, Arn: !GetAtt Batch.Arn, EcsParameters: {TaskDefinitionArn: !Ref Task}}
          - !Ref AWS::NoValue
"""
EITHER = """\
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      Targets: !If
        - Prod
        - - Id: a
            Arn: !GetAtt Batch.Arn
            EcsParameters: {TaskDefinitionArn: !Ref Task}
        - - {Id: b, Arn: !GetAtt Batch.Arn, EcsParameters: {TaskDefinitionArn: !Ref Task, LaunchType: FARGATE}}
"""
NESTED = """\
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      Targets:
        # one of these
        - !If   # in production
          - Prod
          - !If
            - Test
            - {Id: a, Arn: !GetAtt Batch.Arn, EcsParameters: {TaskDefinitionArn: !Ref Task}}
            - Arn: !GetAtt Batch.Arn   # here
              # how
              EcsParameters:
                TaskDefinitionArn: !Ref Task   # what
              Id: c
          - !Ref AWS::NoValue
"""
#: Conditions choose which of two task definitions is run.
CHOSEN = (
    RULE.replace("!GetAtt Task.TaskDefinitionArn", "!If [Prod, !Ref Task, !If [Test, !Ref Other, !Ref Task]]")
    + "  Other: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: job, Image: nginx}]}}\n"
)
EITHER_HOW = CHOSEN.replace(
    "EcsParameters:\n            TaskDefinitionArn: !If [Prod, !Ref Task, !If [Test, !Ref Other, !Ref Task]]",
    "EcsParameters: !If [Prod, {TaskDefinitionArn: !Ref Task}, {TaskDefinitionArn: !Ref Other, LaunchType: FARGATE}]",
)
ROLE = """\
  Run: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
"""
OTHER = '        Input: \'{"taskRoleArn": "arn:aws:iam::123456789012:role/other"}\'\n'
QUEUE = "        DeadLetterConfig: {Arn: !GetAtt Undelivered.Arn}\n"
TAGS = "          PropagateTags: TASK_DEFINITION\n"
IN_PROD = SCHEDULE.replace("Schedule\n", "Schedule\n    Condition: Prod\n")


def injected(more: str, *, replace_roles: bool = False) -> Injection:
    return inject(read(Document("t.yaml", HEAD + more)), replace_roles=replace_roles)


def judged(text: str, holder: Holder) -> list[Verification]:
    return [each for each in verify_template(read(Document("t.yaml", text))) if each.holder is holder]


@pytest.mark.parametrize(
    ("more", "holders"),
    [
        pytest.param(SCHEDULE, {Holder.SCHEDULER}, id="a schedule"),
        pytest.param(RULE, {Holder.EVENT_RULE}, id="a rule"),
        pytest.param(SCHEDULE + RULE, {Holder.SCHEDULER, Holder.EVENT_RULE}, id="both"),
        pytest.param(IN_PROD, {Holder.SCHEDULER}, id="under a condition"),
        pytest.param(BEHIND, {Holder.EVENT_RULE}, id="behind a condition"),
        pytest.param(BEHIND.replace("!If\n", "Fn::If:\n"), {Holder.EVENT_RULE}, id="behind the long form of one"),
        pytest.param(EITHER, {Holder.EVENT_RULE}, id="two lists behind a condition"),
        pytest.param(SCHEDULE.replace("        Ecs", f"{QUEUE}        Ecs"), {Holder.SCHEDULER}, id="a queue"),
        pytest.param(SCHEDULE + TAGS, {Holder.SCHEDULER}, id="tags"),
        pytest.param(SCHEDULE.replace("        Ecs", f"{OTHER}        Ecs"), {Holder.SCHEDULER}, id="another role"),
        pytest.param(SCHEDULE + IN_PROD.replace("Nightly", "Weekly") + TAGS, {Holder.SCHEDULER}, id="two schedules"),
        pytest.param(CHOSEN, {Holder.EVENT_RULE}, id="one of two task definitions"),
        pytest.param(EITHER_HOW, {Holder.EVENT_RULE}, id="one of two, each in its own way"),
        pytest.param(
            EITHER_HOW.replace("TaskDefinition, P", "TaskDefinition, Condition: NotProd, P"),
            {Holder.EVENT_RULE},
            id="one of two that is there where it is run",
        ),
    ],
)
def test_they_pass_in_every_world_come_once_and_go_again(more: str, holders: set[Holder]) -> None:
    injection = injected(more)
    for holder in holders:
        assert {each.verdict for each in judged(injection.text, holder)} == {Verdict.PASS}
    assert inject(read(Document("t.yaml", injection.text))).text == injection.text
    assert removed(read(Document("t.yaml", injection.text))) == HEAD + more
    assert not [gap for gap in injection.gaps if "no role is made" in gap.what]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEAD + SCHEDULE.replace("        Ecs", f"{QUEUE}        Ecs") + RULE + TAGS, id="both"),
        pytest.param(HEAD + BEHIND + IN_PROD, id="on conditions"),
        pytest.param(HEAD.replace("Family: nightly", "Family: !Sub '${Env}-nightly'") + SCHEDULE, id="a family"),
        pytest.param(IN_BRANCHES, id="a service"),
        pytest.param(EXPRESS, id="Express Mode and daemons"),
    ],
)
def test_what_is_built_beside_the_template_passes_as_well(text: str) -> None:
    assert {each.verdict for each in built_beside(read(Document("t.yaml", text)))} == {Verdict.PASS}


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["of Unix", "of Windows"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEAD + NESTED, id="conditions in conditions, with comments"),
        pytest.param(
            json.dumps(parse(HEAD + NESTED + SCHEDULE, "t.yaml"), indent="\t"),
            id="JSON with tabs",
        ),
        pytest.param(
            HEAD
            + RULE.replace(
                "Id: job\n          Arn", "EcsParameters: {TaskDefinitionArn: !Ref Task}   # first\n          Arn"
            ).partition("          EcsParameters:\n")[0]
            + "          Id: job",
            id="a list without an end of its last line",
        ),
        pytest.param(
            HEAD + SCHEDULE.replace("        Ecs", "        RoleArn: ''\n        Ecs"), id="a role of no name"
        ),
        pytest.param(
            HEAD
            + SCHEDULE.replace(
                "!Ref Task", '!Sub "arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/nightly"'
            ),
            id="a task definition by its family",
        ),
        pytest.param(
            HEAD
            + EITHER.replace("- - Id: a", "- -   Id: a")
            .replace("            A", "              A")
            .replace("            E", "              E", 1),
            id="deep in a list",
        ),
    ],
)
def test_any_form_of_text_gets_its_roles_and_is_restored(text: str, end: str) -> None:
    name = "t.json" if text.startswith("{") else "t.yaml"
    given = text.replace("\n", end)
    injection = inject(read(Document(name, given)))
    assert (injection.others, injection.gaps, injection.left) == ((), (), ())
    again = read(Document(name, injection.text))
    assert {each.verdict for each in verify_template(again)} == {Verdict.PASS}
    assert (inject(again).text, removed(again)) == (injection.text, given)


def test_a_schedule_that_runs_what_a_loop_makes_is_no_reference_to_what_was_added() -> None:
    loop = "  Fn::ForEach::Tasks: [N, [A], {'Task${N}': {Type: AWS::ECS::TaskDefinition, Properties: {}}}]\n"
    text = "Transform: AWS::LanguageExtensions\n" + HEAD + loop + SCHEDULE.replace("!Ref Task", "!Ref TaskA")
    injection = inject(read(Document("t.yaml", text)))
    again = read(Document("t.yaml", injection.text))
    assert (inject(again).text, removed(again)) == (injection.text, text)


def test_a_target_that_may_run_something_else_gets_no_role() -> None:
    injection = injected(SCHEDULE.replace("!Ref Task", "!If [Prod, !Ref Task, other]"))
    assert [each.holder for each in injection.others] == [Holder.SCHEDULER]
    assert "SchedulerRole" not in injection.text


def test_a_target_of_which_one_task_definition_alone_is_asked_about_gets_no_role() -> None:
    injection = inject(read(Document("t.yaml", HEAD + CHOSEN)), "Other")
    assert [each.holder for each in injection.others] == [Holder.EVENT_RULE]
    assert "EventRuleRole" not in injection.text


def test_a_role_that_is_chosen_from_two_is_replaced_once() -> None:
    kept = CHOSEN.replace("          Ecs", "          RoleArn: !GetAtt Run.Arn\n          Ecs")
    assert injected(kept + ROLE).left == ("Hourly",)
    replaced = injected(kept + ROLE, replace_roles=True)
    assert [(each.resource, each.done) for each in replaced.replaced] == [("Hourly", True)]
    assert {each.verdict for each in judged(replaced.text, Holder.EVENT_RULE)} == {Verdict.PASS}


def test_a_target_of_a_merge_key_is_refused_with_its_line() -> None:
    merged = SCHEDULE.replace("Nightly:", "Nightly: &n") + "  Weekly:\n    <<: *n\n    Condition: Prod\n"
    with pytest.raises(InvalidInput, match=r"t.yaml:24:3: .*Weekly.Properties.Target comes from a merge key"):
        injected(merged)


def test_only_added_lines_and_the_role_of_the_target_differ() -> None:
    lines = injected(SCHEDULE).text.splitlines()
    assert [line for line in (HEAD + SCHEDULE).splitlines() if line not in lines] == []
    assert [line.split(":")[0] for line in lines if line.lstrip().startswith("RoleArn:")] == ["        RoleArn"]


def test_a_role_that_is_there_stays_and_is_told_to_pass_the_new_roles() -> None:
    kept = SCHEDULE.replace("        Ecs", "        RoleArn: !GetAtt Run.Arn\n        Ecs")
    injection = injected(kept + ROLE)
    assert injection.left == ("Nightly",)
    (gap,) = injection.gaps
    assert gap.what == "the scheduler role of Nightly stays, and must be able to pass the roles that Task gets"
    replaced = injected(kept + ROLE, replace_roles=True)
    assert (replaced.left, replaced.gaps) == ((), ())
    assert {each.verdict for each in judged(replaced.text, Holder.SCHEDULER)} == {Verdict.PASS}


def test_roles_that_a_task_definition_keeps_are_passed_on() -> None:
    own = HEAD.replace("      Family", "      ExecutionRoleArn: !GetAtt Run.Arn\n      Family")
    injection = inject(read(Document("t.yaml", own + SCHEDULE + ROLE)))
    assert injection.left == ("Task",)
    assert {each.verdict for each in judged(injection.text, Holder.SCHEDULER)} == {Verdict.PASS}
    replaced = inject(read(Document("t.yaml", own + SCHEDULE + ROLE)), replace_roles=True)
    assert {each.verdict for each in judged(replaced.text, Holder.SCHEDULER)} == {Verdict.PASS}


def test_a_rule_of_which_one_target_keeps_its_role() -> None:
    kept = RULE.replace("          Ecs", "          RoleArn: !GetAtt Run.Arn\n          Ecs")
    other = "        - {Id: b, Arn: !GetAtt Batch.Arn, EcsParameters: {TaskDefinitionArn: !Ref Task}}\n"
    injection = injected(kept + other + ROLE)
    assert injection.left == ("Hourly",)
    assert [gap.origin.path[4] for gap in injection.gaps] == [0]
    assert Verdict.PASS in {each.verdict for each in judged(injection.text, Holder.EVENT_RULE)}
    again = read(Document("t.yaml", injection.text))
    assert (inject(again).text, removed(again)) == (injection.text, HEAD + kept + other + ROLE)


def test_a_role_gets_nothing_of_a_target_that_keeps_its_own() -> None:
    kept = SCHEDULE.replace("        Ecs", f"        RoleArn: !GetAtt Run.Arn\n{QUEUE}        Ecs")
    injection = injected(kept + SCHEDULE.replace("Nightly", "Weekly") + ROLE)
    assert "sqs:SendMessage" not in injection.text
    assert Verdict.PASS in {each.verdict for each in judged(injection.text, Holder.SCHEDULER)}


def test_a_target_of_which_nothing_is_known_is_a_gap() -> None:
    injection = injected(RULE.replace("!GetAtt Task.TaskDefinitionArn", "nightly"))
    assert [gap.origin.path for gap in injection.gaps] == [("Resources", "Hourly")]
    assert "EventRuleRole" not in injection.text


@pytest.mark.parametrize(
    ("more", "told"),
    [
        pytest.param(SCHEDULE, [(Holder.SCHEDULER, "Nightly")], id="a task that may not be there"),
        pytest.param(IN_PROD, [], id="both are there"),
        pytest.param(BEHIND, [], id="the condition is around the target"),
        pytest.param(BEHIND.replace("- Prod", "- Test"), [(Holder.EVENT_RULE, "Hourly")], id="another one is"),
    ],
)
def test_a_task_that_may_not_be_there_gives_its_roles_to_none_that_is(more: str, told: list[tuple[str, str]]) -> None:
    text = HEAD.replace("TaskDefinition\n", "TaskDefinition\n    Condition: Prod\n") + more
    injection = inject(read(Document("t.yaml", text)))
    assert [(each.holder, each.origin.path[1]) for each in injection.others] == told


def test_how_many_tasks_run_and_where_is_no_value_that_a_role_is_made_for() -> None:
    network = "          NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref Net]}}\n"
    declared = "Parameters:\n  Count: {Type: Number, Default: 1}\n  Net: {Type: String, Default: a}\n"
    text = (HEAD + SCHEDULE + network + "          TaskCount: !Ref Count\n").replace("Parameters:\n", declared, 1)
    assert inject(read(Document("t.yaml", text))).taken == ()
