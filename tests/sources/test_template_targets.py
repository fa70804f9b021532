"""What schedules and rules of a template need to run its task definitions, and what they override."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles import Document, InvalidInput, Told, build, read
from cfnroles.answers.template_tasks import known_of, refuse
from cfnroles.answers.verification import Verification
from cfnroles.answers.verify_template import verify_template
from cfnroles.need import Holder
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_targets import RUNNERS, RUNNING
from cfnroles.sources.template_tasks import TaskInWorlds, hidden, in_worlds

HEAD = """\
Parameters:
  Env: {Type: String}
  Cluster: {Type: String}
  Name: {Type: String}
Conditions:
  Prod: !Equals [!Ref Env, prod]
Resources:
  Batch: {Type: AWS::ECS::Cluster}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: nightly
      ExecutionRoleArn: !GetAtt Start.Arn
      TaskRoleArn: !Ref Work
      ContainerDefinitions: [{Name: job, Image: "nginx:1.27"}]
  Start: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
  Work: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
  Undelivered: {Type: AWS::SQS::Queue}
"""
#: The role of what runs the task, where a test says nothing of it.
RUN = "  Run: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}\n"
SCHEDULE = """\
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: !If [Prod, rate(1 day), rate(2 days)]
      Target:
        Arn: !GetAtt Batch.Arn
        RoleArn: !GetAtt Run.Arn
        EcsParameters: {TaskDefinitionArn: !Ref Task, TaskCount: 1}
"""
RULE = """\
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      Targets:
        - Id: job
          Arn: !GetAtt Batch.Arn
          RoleArn: !GetAtt Run.Arn
          EcsParameters: {TaskDefinitionArn: !GetAtt Task.TaskDefinitionArn, TaskCount: 1}
"""
IN_BATCH = "ecs:cluster ArnEquals arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${Batch}"
REVISION = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/nightly:${Task}"
RUNS = {
    f"ecs:RunTask on {REVISION}, {IN_BATCH}",
    "iam:PassRole on ${Start.Arn}, iam:PassedToService StringEquals ecs-tasks.amazonaws.com",
    "iam:PassRole on ${Work.Arn}, iam:PassedToService StringEquals ecs-tasks.amazonaws.com",
}
TAGS = (
    "ecs:TagResource on arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${Batch}/*,"
    " ecs:CreateAction StringEquals RunTask"
)
HOLDERS = {SCHEDULE: Holder.SCHEDULER, RULE: Holder.EVENT_RULE}
each_runner = pytest.mark.parametrize("runner", [pytest.param(SCHEDULE, id="schedule"), pytest.param(RULE, id="rule")])


def reading_of(more: str) -> Reading:
    return read(Document("t.yaml", HEAD + more + RUN * ("  Run:" not in more)), Told())


def found_in(more: str) -> TaskInWorlds:
    reading = reading_of(more)
    assert reading.template is not None
    return in_worlds("Task", reading.documents[0], reading.template, known_of(reading))


def needs(more: str, holder: Holder) -> set[str]:
    return {str(need.permission) for need in found_in(more).needs if need.holder is holder}


def gaps(more: str) -> list[str]:
    return [f"{each.holder}: {each.what}" for each in found_in(more).gaps]


def unread(more: str) -> list[str]:
    template: Any = reading_of(more).template
    return [str(gap.origin.path[1]) for gap in hidden(template)]


def with_parameter(runner: str, parameter: str) -> str:
    return runner.replace("TaskCount: 1}", f"TaskCount: 1, {parameter}}}")


def with_member(runner: str, member: str) -> str:
    start = "        Arn: " if runner.startswith(SCHEDULE[:20]) else "          Arn: "
    return runner.replace(f"{start}!GetAtt", f"{start.replace('Arn: ', member)}\n{start}!GetAtt")


@each_runner
def test_it_runs_the_revision_in_its_cluster_and_passes_the_roles_that_the_template_names(runner: str) -> None:
    assert needs(runner, HOLDERS[runner]) == RUNS
    assert (gaps(runner), unread(runner)) == ([], [])


def test_a_need_has_the_line_that_names_the_task() -> None:
    found = found_in(RULE)
    (path,) = {need.origin.path for need in found.needs}
    assert path == ("Resources", "Hourly", "Properties", "Targets", 0, "EcsParameters", "TaskDefinitionArn")


def test_when_it_runs_is_no_world_of_its_own() -> None:
    assert len(found_in(SCHEDULE).worlds.all) == 1


@each_runner
@pytest.mark.parametrize(
    ("parameter", "tagged"),
    [
        ("PropagateTags: TASK_DEFINITION", True),
        ("PropagateTags: NONE", False),
        ("EnableECSManagedTags: true", True),
        ("EnableECSManagedTags: 'false'", False),
        ("Tags: [{Key: a, Value: b}]", True),
        ("TagList: [{Key: a, Value: b}]", True),
        ("Group: nightly", False),
    ],
)
def test_it_tags_the_task_where_it_is_told_to(runner: str, parameter: str, tagged: bool) -> None:
    found = needs(with_parameter(runner, parameter), HOLDERS[runner])
    assert found - RUNS == ({TAGS} if tagged else set())


def test_the_tags_of_a_task_in_a_cluster_without_a_name_are_a_gap() -> None:
    tagged = with_parameter(RULE, "PropagateTags: TASK_DEFINITION").replace("!GetAtt Batch.Arn", "!Ref Cluster")
    assert not any("TagResource" in need for need in needs(tagged, Holder.EVENT_RULE))
    (gap,) = gaps(tagged)
    assert "the name of the cluster ${Cluster} is unknown" in gap


def test_what_hangs_on_a_condition_is_needed_there_alone() -> None:
    found = found_in(SCHEDULE.replace("Schedule\n", "Schedule\n    Condition: Prod\n"))
    assert {found.when(where) for need, where in found.needs.items()} == {"Prod holds"}


def test_a_task_is_run_by_several_and_by_a_service_each_for_itself() -> None:
    service = (
        "  Web: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task, EnableExecuteCommand: true,"
        " Cluster: !Ref Batch}}\n"
    )
    found = found_in(SCHEDULE + RULE + service)
    assert {need.holder for need in found.needs} == {Holder.SCHEDULER, Holder.EVENT_RULE, Holder.TASK}


@each_runner
def test_it_asks_for_ecs_exec_as_a_service_does(runner: str) -> None:
    found = found_in(with_parameter(runner, "EnableExecuteCommand: true"))
    assert any("ssmmessages" in need.permission.action for need in found.needs if need.holder is Holder.TASK)


@each_runner
def test_a_role_that_it_overrides_is_passed_and_told(runner: str) -> None:
    other = "arn:aws:iam::123456789012:role/other"
    overriding = with_member(runner, f'Input: \'{{"taskRoleArn": "{other}"}}\'')
    assert {need.split(",")[0] for need in needs(overriding, HOLDERS[runner]) - RUNS} == {f"iam:PassRole on {other}"}
    (gap,) = gaps(overriding)
    assert f"starts with {other} instead of the task role" in gap


@each_runner
def test_a_role_of_the_template_in_an_override_is_passed(runner: str) -> None:
    text = '!Sub \'{"executionRoleArn": "${Work.Arn}"}\''
    assert needs(with_member(runner, f"Input: {text}"), HOLDERS[runner]) == RUNS


def test_a_role_by_its_name_alone_is_a_gap_and_the_other_is_passed() -> None:
    overriding = with_member(RULE, 'Input: \'{"taskRoleArn": "other"}\'')
    assert needs(overriding, Holder.EVENT_RULE) == RUNS
    assert any("may have a path" in gap for gap in gaps(overriding))


@each_runner
@pytest.mark.parametrize(
    "given",
    [
        pytest.param("Input: 'no JSON'", id="no JSON"),
        pytest.param("Input: '[]'", id="no object"),
        pytest.param(f"Input: '{'[' * 9000}'", id="more levels than there are"),
        pytest.param("Input: !Ref Env", id="a parameter"),
        pytest.param("Input: !Sub '{\"${Env}\": 1}'", id="a member of a parameter's name"),
        pytest.param("InputPath: $.detail", id="what the event says"),
        pytest.param("InputTransformer: {InputTemplate: '<all>'}", id="made of what the event says"),
        pytest.param("InputTransformer: {InputTemplate: '{\"taskRoleArn\": <r>}'}", id="a role of an event"),
        pytest.param('InputTransformer: {InputTemplate: \'{"taskRoleArn": "x/<r>"}\'}', id="a role named by it"),
        pytest.param("InputTransformer: {InputTemplate: '{\"<r>\": 1}'}", id="a member of an event's name"),
        pytest.param("InputTransformer: {InputTemplate: '{\"containerOverrides\": [<c>]}'}", id="an element of it"),
        pytest.param("InputTransformer: {InputTemplate: !Ref Env}", id="made of what is unknown"),
    ],
)
def test_overrides_that_nobody_can_see_are_a_gap(runner: str, given: str) -> None:
    told = with_member(runner, given)
    assert needs(told, HOLDERS[runner]) == RUNS
    assert [gap for gap in gaps(told) if "cannot see what Input" in gap]


@each_runner
def test_what_an_event_tells_a_command_is_no_gap(runner: str) -> None:
    job = '{"name": "job", "command": ["x", <a>, "y <b>"], "environment": [{"name": "E", "value": <c>}]}'
    given = f"InputTransformer: {{InputTemplate: '{{\"containerOverrides\": [{job}]}}'}}"
    told = with_member(runner, given)
    assert (needs(told, HOLDERS[runner]), gaps(told)) == (RUNS, [])


@each_runner
def test_an_override_of_a_container_that_is_not_there_is_refused(runner: str) -> None:
    told = with_member(runner, 'Input: \'{"containerOverrides": [{"name": "web", "command": ["x"]}]}\'')
    with pytest.raises(InvalidInput, match="no container web"):
        refuse([found_in(told)], reading_of(told))


def test_whether_a_container_of_a_parameters_name_is_there_is_not_guessed() -> None:
    told = with_member(RULE, 'Input: !Sub \'{"containerOverrides": [{"name": "${Name}", "command": ["x"]}]}\'')
    assert found_in(told).findings == {}
    known = with_member(RULE, 'Input: \'{"containerOverrides": [{"name": "job", "command": ["x"]}]}\'')
    reading = read(Document("t.yaml", (HEAD + known + RUN).replace("Name: job", "Name: !Ref Name")), Told())
    template: Any = reading.template
    assert in_worlds("Task", reading.documents[0], template, known_of(reading)).findings == {}


def test_a_schedule_sends_to_its_dead_letter_queue_and_a_rule_does_not() -> None:
    queue = "DeadLetterConfig: {Arn: !GetAtt Undelivered.Arn}"
    assert needs(with_member(SCHEDULE, queue), Holder.SCHEDULER) - RUNS == {"sqs:SendMessage on ${Undelivered.Arn}"}
    assert needs(with_member(RULE, queue), Holder.EVENT_RULE) == RUNS


@pytest.mark.parametrize(
    "runner",
    [
        pytest.param(RULE.replace("!GetAtt Task.TaskDefinitionArn", "!Ref Env"), id="a task of a parameter"),
        pytest.param(RULE.replace("!GetAtt Task.TaskDefinitionArn", "nightly"), id="a task of elsewhere"),
        pytest.param(RULE.replace("          Arn: !GetAtt Batch.Arn\n", ""), id="without a cluster"),
        pytest.param(SCHEDULE.replace("      Target:", "      KmsKeyArn: !Ref Env\n      Target:"), id="with a key"),
        pytest.param(SCHEDULE.replace("Target:\n", "Target:\n       Fn::Transform:\n"), id="made by a macro"),
    ],
)
def test_what_is_not_read_is_told(runner: str) -> None:
    (name,) = unread(runner)
    assert name in ("Hourly", "Nightly")
    assert not {need.holder for need in found_in(runner).needs} & {Holder.SCHEDULER, Holder.EVENT_RULE}


@pytest.mark.parametrize(
    "rule",
    [
        "  Other: {Type: AWS::Events::Rule, Properties: {Targets: [{Arn: !Ref Env, Id: x}]}}\n",
        "  Other: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref Env}}\n",
    ],
)
def test_a_rule_that_runs_no_task_is_left_out(rule: str) -> None:
    assert unread(rule + RULE) == []


FAMILY = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/nightly"
GOOD = """\
  Run:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: [SERVICE]}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: run
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: ecs:RunTask
                Resource: !Ref Task
                Condition: {ArnEquals: {"ecs:cluster": !GetAtt Batch.Arn}}
              - Effect: Allow
                Action: iam:PassRole
                Resource: [!GetAtt Start.Arn, !GetAtt Work.Arn]
                Condition: {StringEquals: {"iam:PassedToService": ecs-tasks.amazonaws.com}}
"""


def judged(runner: str, role: str = GOOD) -> Verification:
    service = {Holder.SCHEDULER: "scheduler", Holder.EVENT_RULE: "events"}
    holder = next(HOLDERS[each] for each in HOLDERS if runner[:20] == each[:20])
    more = runner + role.replace("SERVICE", f"{service[holder]}.amazonaws.com")
    (found,) = (each for each in verify_template(reading_of(more)) if each.holder is holder)
    return found


@each_runner
def test_the_role_of_its_target_is_judged(runner: str) -> None:
    found = judged(runner)
    assert (found.role.name, found.verdict) == ("Run of t.yaml", "pass")


@pytest.mark.parametrize(
    ("group", "trusted", "verdict"),
    [
        pytest.param("", "default", "pass", id="the group that a schedule is in by default"),
        pytest.param("GroupName: jobs", "jobs", "pass", id="its group"),
        pytest.param("GroupName: jobs", "default", "fail", id="another group"),
        pytest.param("GroupName: !Ref Env", "jobs", "not judged", id="a group that is unknown"),
    ],
)
def test_the_role_of_a_schedule_may_admit_its_group_alone(group: str, trusted: str, verdict: str) -> None:
    arn = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/" + trusted
    condition = f'Condition: {{StringEquals: {{"aws:SourceArn": !Sub "{arn}"}}}}'
    role = GOOD.replace("Action: sts:AssumeRole}", f"Action: sts:AssumeRole, {condition}}}")
    assert judged(SCHEDULE.replace("      Target:", f"      {group}\n      Target:"), role).verdict == verdict


@each_runner
@pytest.mark.parametrize(
    ("given", "instead", "verdict"),
    [
        pytest.param(", !GetAtt Work.Arn]", "]", "fail", id="a role that it may not pass"),
        pytest.param("Resource: !Ref Task", "Resource: !GetAtt Task.TaskDefinitionArn", "pass", id="by its attribute"),
        pytest.param("!GetAtt Batch.Arn}}", "arn:aws:ecs:eu-west-1:123456789012:cluster/x}}", "fail", id="elsewhere"),
        pytest.param("Resource: !Ref Task", "Resource: '*'", "fail", id="any task"),
        pytest.param("Resource: !Ref Task", f'Resource: !Sub "{FAMILY}:*"', "pass", id="any revision of its family"),
        pytest.param("Resource: !Ref Task", f'Resource: !Sub "{FAMILY}*"', "fail", id="families with longer names"),
    ],
)
def test_what_the_role_lacks_or_has_too_much_is_told(runner: str, given: str, instead: str, verdict: str) -> None:
    assert given in GOOD
    assert judged(runner, GOOD.replace(given, instead)).verdict == verdict


CALLED = HEAD.replace("Work: {Type: AWS::IAM::Role, Properties: {", "Work: {Type: AWS::IAM::Role, Properties: {NAME, ")


@pytest.mark.parametrize("named", ["!Ref Work", "!GetAtt Work.Arn"])
@pytest.mark.parametrize(
    ("properties", "resource", "verdict"),
    [
        ("RoleName: work", "!GetAtt Work.Arn", "pass"),
        ("RoleName: work", '!Sub "arn:aws:iam::${AWS::AccountId}:role/work"', "pass"),
        ("RoleName: work", '!Sub "arn:aws:iam::${AWS::AccountId}:role/${Work}"', "pass"),
        ("RoleName: work", '!Sub "arn:aws:iam::${AWS::AccountId}:role/worker"', "fail"),
        ("RoleName: work, Path: /team/", '!Sub "arn:aws:iam::${AWS::AccountId}:role/team/work"', "pass"),
        ("RoleName: work, Path: /team/", '!Sub "arn:aws:iam::${AWS::AccountId}:role/work"', "fail"),
        ("Path: /", '!Sub "arn:aws:iam::${AWS::AccountId}:role/${Work}"', "pass"),
        ("Path: /", '!Sub "arn:aws:iam::${AWS::AccountId}:role/work"', "not judged"),
    ],
)
def test_a_role_is_passed_by_its_arn_in_whatever_form(named: str, properties: str, resource: str, verdict: str) -> None:
    role = GOOD.replace("!GetAtt Work.Arn]", f"{resource}]").replace("SERVICE", "events.amazonaws.com")
    head = CALLED.replace("NAME", properties).replace("TaskRoleArn: !Ref Work", f"TaskRoleArn: {named}")
    reading = read(Document("t.yaml", head + RULE + role), Told())
    (found,) = (each for each in verify_template(reading) if each.holder is Holder.EVENT_RULE)
    assert (found.verdict, found.gaps) == (verdict, ())


@each_runner
def test_a_target_without_a_role_has_none(runner: str) -> None:
    bare = "\n".join(line for line in runner.split("\n") if "RoleArn" not in line)
    found = judged(bare)
    assert found.absence is not None
    assert found.absence.remedy.startswith("Add a RoleArn to the target of ")


def test_a_target_in_a_short_form_has_the_role_that_stands_there() -> None:
    rule = """\
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      Targets:
        - !If
          - Prod
          - Id: job
            Arn: !GetAtt Batch.Arn
            RoleArn: !GetAtt Run.Arn
            EcsParameters: {TaskDefinitionArn: !Ref Task}
          - !Ref AWS::NoValue
"""
    found = judged(rule)
    assert (found.role.name, found.verdict) == ("Run of t.yaml", "pass")


def test_nothing_is_too_much_for_a_role_that_another_target_of_the_rule_has() -> None:
    other = "        - {Id: other, Arn: !Ref Env, RoleArn: !GetAtt Run.Arn}\n"
    wide = GOOD.replace("Action: ecs:RunTask", "Action: [ecs:RunTask, states:StartExecution]")
    assert judged(RULE, wide).excess
    assert not judged(RULE + other, wide).excess


def test_a_role_that_runs_several_tasks_is_judged_by_all_of_them() -> None:
    second = "  Second: {Type: AWS::ECS::TaskDefinition, Properties: {Family: second, ContainerDefinitions: []}}\n"
    target = (
        "        - {Id: b, Arn: !GetAtt Batch.Arn, RoleArn: !GetAtt Run.Arn,"
        " EcsParameters: {TaskDefinitionArn: !Ref Second}}\n"
    )
    role = GOOD.replace("Resource: !Ref Task", "Resource: [!Ref Task, !Ref Second]").replace(
        "SERVICE", "events.amazonaws.com"
    )
    found = [
        each for each in verify_template(reading_of(RULE + target + second + role)) if each.holder is Holder.EVENT_RULE
    ]
    assert [(each.role.name, each.verdict) for each in found] == [("Run of t.yaml", "pass")]
    lacking = reading_of(RULE + target + second + role.replace(", !Ref Second]", "]"))
    assert {each.verdict for each in verify_template(lacking) if each.holder is Holder.EVENT_RULE} == {"fail"}


def test_a_target_without_a_role_does_not_have_that_of_another_target() -> None:
    bare = "        - {Id: b, Arn: !GetAtt Batch.Arn, EcsParameters: {TaskDefinitionArn: !Ref Task}}\n"
    role = GOOD.replace("SERVICE", "events.amazonaws.com")
    found = [each for each in verify_template(reading_of(RULE + bare + role)) if each.holder is Holder.EVENT_RULE]
    assert {(each.role.name, each.verdict) for each in found} == {("Run of t.yaml", "pass"), ("none", "fail")}


def test_their_roles_are_built_beside_the_template() -> None:
    built = build(reading_of(SCHEDULE + RULE))
    taken = {taking.holder: [place.resource for place in taking.places] for taking in built.takes}
    assert (taken[Holder.SCHEDULER], taken[Holder.EVENT_RULE]) == (["Nightly"], ["Hourly"])
    assert built.gaps == ()


@pytest.mark.parametrize(
    "strange",
    [
        "Targets: x", "Targets: [x, 1]", "Targets: {EcsParameters: {}}", "Targets: [{EcsParameters: [x]}]",
        "Targets: [{Arn: 1, EcsParameters: {TaskDefinitionArn: !Ref Task}}]",
        "Targets: [{Arn: a, EcsParameters: {TaskDefinitionArn: [!Ref Task]}}]",
        "Targets: [{Arn: a, Input: [1], EcsParameters: {TaskDefinitionArn: !Ref Task, Tags: x, LaunchType: [1]}}]",
        "Targets: [{Arn: a, DeadLetterConfig: x, RoleArn: [1], EcsParameters: {TaskDefinitionArn: !Ref Task}}]",
        "Targets: !If [Prod, [{Arn: a, EcsParameters: {TaskDefinitionArn: !Ref Task}}], x]",
        "Targets: {Fn::GetAtt: [Batch, B]}",
    ],
)  # fmt: skip
def test_a_target_of_any_shape_is_read_or_reported(strange: str) -> None:
    for kind in ("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        more = f"  Strange: {{Type: {kind}, Properties: {{{strange.replace('Targets', RUNNERS[kind].told[0])}}}}}\n"
        runs = {need.holder for need in found_in(more).needs} & RUNNING
        assert runs or unread(more) == ["Strange"] or "EcsParameters" not in strange
        verify_template(reading_of(more))


def many_conditions(rule: str, number: int) -> str:
    """A template in which a rule may run a task definition of elsewhere, with so many independent conditions."""
    parameters = "".join(f"  P{each}: {{Type: String, Default: 'no'}}\n" for each in range(number))
    asked = "".join(f"  C{each}: !Equals [!Ref P{each}, 'yes']\n" for each in range(number))
    others = "".join(
        f"  Other{each}: {{Type: AWS::ECS::TaskDefinition, Condition: C{each},"
        f" Properties: {{Family: other{each}, ContainerDefinitions: []}}}}\n"
        for each in range(number)
    )
    head = HEAD.replace("Conditions:\n", f"{parameters}Conditions:\n{asked}")
    return f"{head}{others}{RULE.replace('!GetAtt Task.TaskDefinitionArn', rule)}{RUN}"


def elsewhere_if(number: int) -> str:
    """What a rule runs: a task definition of elsewhere where so many conditions all hold."""
    inner = elsewhere_if(number - 1) if number else "!Ref Name"
    return f"!If [C{number - 1}, {inner}, !Ref Task]" if number else inner


@pytest.mark.parametrize(
    ("number", "parameters", "features"),
    [
        pytest.param(2, {}, ["hidden-resource"], id="its own conditions are few"),
        pytest.param(9, {}, ["conditions"], id="its own conditions are too many"),
        pytest.param(9, dict.fromkeys(map("P{}".format, range(9)), "yes"), ["hidden-resource"], id="all decided"),
        pytest.param(9, {"P8": "no"}, [], id="one decides"),
    ],
)
def test_the_conditions_of_others_play_no_part_in_what_it_runs(
    number: int, parameters: dict[str, str], features: list[str]
) -> None:
    text = many_conditions(elsewhere_if(number), 20)
    reading = read(Document("t.yaml", text), Told(parameters=parameters))
    assert reading.template is not None
    assert [gap.feature for gap in hidden(reading.template, known_of(reading)[1])] == features


@pytest.mark.parametrize(
    ("arn", "unseen"),
    [
        ("arn:aws:scheduler:::aws-sdk:ecs:runTask", ["Nightly"]),
        ('!Sub "arn:${AWS::Partition}:scheduler:::aws-sdk:ecs:runTask"', ["Nightly"]),
        ("arn:aws:scheduler:::aws-sdk:ecs:listTasks", []),
    ],
)
def test_a_schedule_that_calls_run_task_itself_is_told(arn: str, unseen: list[str]) -> None:
    target = "EcsParameters: {TaskDefinitionArn: !Ref Task, TaskCount: 1}"
    text = SCHEDULE.replace("!GetAtt Batch.Arn", arn).replace(target, "Input: '{}'")
    assert unread(text) == unseen


SHARED = """\
  Run:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Action: sts:AssumeRole
          Principal: {Service: [scheduler.amazonaws.com, events.amazonaws.com, lambda.amazonaws.com]}
"""
FUNCTION = "  Function: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Run.Arn}}\n"


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        pytest.param(SCHEDULE, {Holder.SCHEDULER: ("events.amazonaws.com", "lambda.amazonaws.com")}, id="one"),
        pytest.param(
            SCHEDULE + RULE,
            {Holder.SCHEDULER: ("lambda.amazonaws.com",), Holder.EVENT_RULE: ("lambda.amazonaws.com",)},
            id="two",
        ),
        pytest.param(SCHEDULE + FUNCTION, {Holder.SCHEDULER: ()}, id="one, and a user with unknown needs"),
    ],
)
def test_who_uses_a_role_in_the_template_may_assume_it(users: str, expected: dict[Holder, tuple[str, ...]]) -> None:
    found = verify_template(reading_of(users + SHARED))
    assert {each.holder: each.trust.others for each in found if each.trust and each.holder in expected} == expected
