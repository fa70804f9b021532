"""State machines and pipes of a template that run its task definitions: what their roles need, and what is not read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Told, build, inject, read
from cfnroles.answers.template_tasks import known_of
from cfnroles.answers.verification import Verification
from cfnroles.answers.verify_template import verify_template
from cfnroles.formats.verification_words import statements_json
from cfnroles.need import Holder
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_tasks import TaskInWorlds, hidden, in_worlds

HEAD = """\
Parameters:
  Env: {Type: String}
  Cluster: {Type: String}
  Uri: {Type: String}
Resources:
  Batch: {Type: AWS::ECS::Cluster}
  Queue: {Type: AWS::SQS::Queue}
  Function: {Type: AWS::Lambda::Function}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub "${Env}-nightly"
      ExecutionRoleArn: !GetAtt Start.Arn
      TaskRoleArn: !GetAtt Work.Arn
      ContainerDefinitions: [{Name: job, Image: "nginx:1.27"}]
  Start: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
  Work: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
"""
#: The role of what runs the task, where a test says nothing of it.
RUN = "  Run: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}\n"
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}:ecs:" + HERE
RUN_TASK = f"ecs:RunTask on {ARN}:task-definition/${{Env}}-nightly:${{Task}}"
IN_BATCH = f", ecs:cluster ArnEquals {ARN}:cluster/${{Batch}}"
PASSES = {
    f"iam:PassRole on ${{{role}.Arn}}, iam:PassedToService StringEquals ecs-tasks.amazonaws.com"
    for role in ("Start", "Work")
}
RUNS = {RUN_TASK + IN_BATCH, *PASSES}
RULE = "arn:${AWS::Partition}:events:" + HERE + ":rule/StepFunctionsGetEventsForECSTaskRule"
WAITS = {
    *(f"ecs:{action} on {ARN}:task/${{Batch}}/*" for action in ("DescribeTasks", "StopTask")),
    *(f"events:{action} on {RULE}" for action in ("DescribeRule", "PutRule", "PutTargets")),
}


def of(member: str, value: Any, kind: str = "AWS::StepFunctions::StateMachine", **more: Any) -> str:
    """A state machine in one line, whose intrinsic functions have their long forms."""
    properties = {"RoleArn": {"Fn::GetAtt": ["Run", "Arn"]}, member: value, **more}
    return f"  Machine: {json.dumps({'Type': kind, 'Properties': properties})}\n"


def states(how: str = "", **more: Any) -> dict[str, Any]:
    """A definition that runs the task, as an object of the template."""
    parameters = {"Cluster": {"Ref": "Batch"}, "TaskDefinition": {"Ref": "Task"}, **more}
    parameters = {name: value for name, value in parameters.items() if value is not None}
    state = {"Type": "Task", "Resource": f"arn:aws:states:::ecs:runTask{how}", "Parameters": parameters, "End": True}
    return {"StartAt": "Run", "States": {"Run": state}}


def text(definition: Any) -> str:
    """The same as a text with ``${Batch}`` and ``${Task}`` in the place of references."""
    said = json.dumps(definition)
    return said.replace('{"Ref": "Batch"}', '"${Batch}"').replace('{"Ref": "Task"}', '"${Task}"')


CALLS = {"Type": "Task", "Resource": {"Fn::GetAtt": ["Function", "Arn"]}}
BESIDE = {"States": {**states()["States"], "Call": CALLS}}
PIPE = """\
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties:
      RoleArn: !GetAtt Run.Arn
      Source: !GetAtt Queue.Arn
      Target: !GetAtt Batch.Arn
      TargetParameters:
        EcsTaskParameters: {TaskDefinitionArn: !Ref Task}
"""


def test_a_cluster_whose_name_is_unknown_is_asked_for_by_its_arn() -> None:
    unnamed = states(".sync", Cluster={"Ref": "ClusterArn"})
    head = HEAD.replace("  Cluster: {", "  ClusterArn: {Type: String}\n  Cluster: {")
    reading = read(Document("t.yaml", head + of("Definition", unnamed) + RUN), Told())
    assert reading.template is not None
    task = in_worlds("Task", reading.documents[0], reading.template, known_of(reading))
    found = {
        str(need.permission) for need in task.needs if need.permission.action in ("ecs:DescribeTasks", "ecs:StopTask")
    }
    within = "ecs:cluster ArnEquals ${ClusterArn}"
    assert found == {f"ecs:{action} on {ARN}:task/*, {within}" for action in ("DescribeTasks", "StopTask")}
    assert not [gap for gap in task.gaps if "cluster" in gap.what]


def reading_of(more: str) -> Reading:
    return read(Document("t.yaml", HEAD + more + RUN * ("  Run:" not in more)), Told())


def found_in(more: str) -> TaskInWorlds:
    reading = reading_of(more)
    assert reading.template is not None
    return in_worlds("Task", reading.documents[0], reading.template, known_of(reading))


def needs(more: str, holder: Holder = Holder.STATE_MACHINE) -> set[str]:
    return {str(need.permission) for need in found_in(more).needs if need.holder is holder}


def unread(more: str) -> list[str]:
    template: Any = reading_of(more).template
    return [gap.what for gap in hidden(template)]


@pytest.mark.parametrize(
    "machine",
    [
        pytest.param(of("Definition", states()), id="an object"),
        pytest.param(of("Definition", states(), "AWS::Serverless::StateMachine"), id="of SAM"),
        pytest.param(of("DefinitionString", {"Fn::Sub": text(states())}), id="a text"),
        pytest.param(of("DefinitionString", {"Fn::ToJsonString": states()}), id="made into a text"),
        pytest.param(
            of(
                "DefinitionString",
                {
                    "Fn::Join": [
                        "",
                        [
                            text(states()).partition("${Batch}")[0],
                            {"Ref": "Batch"},
                            '", "TaskDefinition": "',
                            {"Ref": "Task"},
                            '"}, "End": true}}}',
                        ],
                    ]
                },
            ),
            id="joined",
        ),
        pytest.param(
            of(
                "DefinitionString",
                text(states()),
                DefinitionSubstitutions={"Batch": {"Ref": "Batch"}, "Task": {"Ref": "Task"}},
            ),
            id="a text with substitutions",
        ),
        pytest.param(of("Definition", states(TaskDefinition={"Fn::Sub": "${Env}-nightly"})), id="by its family"),
        pytest.param(
            of("Definition", {"States": {"All": {"Type": "Parallel", "Branches": [states()]}}}), id="parallel"
        ),
        pytest.param(of("Definition", {"States": {"Each": {"Type": "Map", "ItemProcessor": states()}}}), id="in a map"),
        pytest.param(of("Definition", {"States": {"Each": {"Type": "Map", "Iterator": states()}}}), id="in an old map"),
        pytest.param(of("Definition", states(".waitForTaskToken")), id="waiting for a token"),
        pytest.param(
            of("Definition", json.loads(json.dumps(states()).replace("ecs:runTask", "aws-sdk:ecs:runTask"))),
            id="by the SDK",
        ),
        pytest.param(
            of("Definition", json.loads(json.dumps(states()).replace("Parameters", "Arguments"))), id="JSONata"
        ),
    ],
)
def test_a_state_runs_the_revision_in_its_cluster_and_passes_the_roles_of_the_task(machine: str) -> None:
    assert needs(machine) == RUNS
    assert (unread(machine), found_in(machine).gaps) == ([], {})


SUBSTITUTED = {"DefinitionSubstitutions": {"Batch": {"Ref": "Batch"}, "Task": {"Ref": "Task"}}}
IN_A_FILE = {
    "of SAM": of("DefinitionUri", "machines/nightly.asl.json", "AWS::Serverless::StateMachine", **SUBSTITUTED),
    "of CloudFormation": of("DefinitionS3Location", "./machines/nightly.asl.json", **SUBSTITUTED),
    "in a loop": f"""\
  Fn::ForEach::Machines:
    - Name
    - [A]
    - Machine${{Name}}: {of("DefinitionS3Location", "machines/nightly.asl.json", **SUBSTITUTED).partition(": ")[2]}""",
    "in YAML": of("DefinitionUri", "nightly.asl.yaml", "AWS::Serverless::StateMachine", **SUBSTITUTED),
}


@pytest.fixture
def with_files(tmp_path: Path) -> Callable[[str], Reading]:
    """Reads a template next to the definition of a state machine."""
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines" / "nightly.asl.json").write_text(text(states()))
    (tmp_path / "nightly.asl.yaml").write_text(
        """\
StartAt: Run
States:
  Run:
    Type: Task
    Resource: arn:aws:states:::ecs:runTask
    Parameters: {Cluster: "${Batch}", TaskDefinition: "${Task}"}
    End: true
"""
    )

    def reading(more: str) -> Reading:
        (tmp_path / "t.yaml").write_text("Transform: AWS::LanguageExtensions\n" + HEAD + more + RUN)
        return read(str(tmp_path / "t.yaml"), Told())

    return reading


@pytest.mark.parametrize("machine", IN_A_FILE.values(), ids=IN_A_FILE)
def test_a_definition_in_a_file_next_to_the_template_is_read(
    with_files: Callable[[str], Reading], machine: str
) -> None:
    reading = with_files(machine)
    template: Any = reading.template
    task = in_worlds("Task", reading.documents[0], template, known_of(reading))
    found = {need for need in task.needs if need.holder is Holder.STATE_MACHINE}
    assert ({str(need.permission) for need in found}, list(hidden(template))) == (RUNS, [])
    assert {template.written(need.origin.path)[-1] for need in found if "RunTask" in str(need.permission)} == {
        "DefinitionS3Location" if "DefinitionS3Location" in machine else "DefinitionUri"
    }


@pytest.mark.parametrize(
    "path", ["other.asl.json", "s3://bucket/nightly.asl.json", "t.yaml", {"Bucket": "b", "Key": "k"}, ""]
)
def test_a_definition_in_no_such_file_is_told(with_files: Callable[[str], Reading], path: Any) -> None:
    reading = with_files(of("DefinitionUri", path, "AWS::Serverless::StateMachine"))
    template: Any = reading.template
    assert ["cannot see its definition" in gap.what for gap in hidden(template)] == [True]


@pytest.mark.parametrize("how", [".sync", ".sync:2"])
def test_a_state_that_waits_follows_the_task_and_makes_its_rule(how: str) -> None:
    assert needs(of("Definition", states(how))) == RUNS | WAITS


@pytest.mark.parametrize(
    ("cluster", "arn"),
    [
        ({"Fn::GetAtt": ["Batch", "Arn"]}, f"{ARN}:cluster/${{Batch}}"),
        ("jobs", f"{ARN}:cluster/jobs"),
        (None, f"{ARN}:cluster/default"),
        ({"Ref": "Cluster"}, f"{ARN}:cluster/${{Cluster}}"),
    ],
)
def test_a_cluster_is_told_by_its_name_or_its_arn(cluster: Any, arn: str) -> None:
    assert needs(of("Definition", states(Cluster=cluster))) == {f"{RUN_TASK}, ecs:cluster ArnEquals {arn}", *PASSES}


def test_a_pipe_runs_the_task_as_a_rule_does() -> None:
    assert needs(PIPE, Holder.PIPE) == RUNS | reads("sqs", "${Queue.Arn}")
    assert (unread(PIPE), found_in(PIPE).gaps) == ([], {})


ACTIONS = {
    "sqs": ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage"),
    "kinesis": ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"),
    "dynamodb": ("DescribeStream", "GetRecords", "GetShardIterator"),
}


def reads(service: str, resource: str) -> set[str]:
    return {f"{service}:{action} on {resource}" for action in ACTIONS[service]}


def pipe(source: str, *more: str) -> str:
    """A pipe with another source, with more properties, and more resources after them."""
    properties = "".join(f"      {each}\n" for each in more if not each.startswith(" "))
    resources = "".join(f"{each}\n" for each in more if each.startswith(" "))
    return PIPE.replace("!GetAtt Queue.Arn", source) + properties + resources


QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
STREAM = "  Stream: {Type: AWS::Kinesis::Stream}"
MADE = "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/${Stream}"
TABLE = "  Table: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: KEYS_ONLY}}}"
SECRET_QUEUE = "  Secret: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: alias/queue}}"


def letters(parameters: str, arn: str) -> str:
    return f"SourceParameters: {{{parameters}: {{StartingPosition: LATEST, DeadLetterConfig: {{Arn: {arn}}}}}}}"


#: What the role of a pipe needs for its source, and whether that is all that it needs besides running the task.
PIPES = {
    "a queue": (pipe("!GetAtt Queue.Arn"), reads("sqs", "${Queue.Arn}"), True),
    "a stream": (pipe("!GetAtt Stream.Arn", STREAM), reads("kinesis", MADE), True),
    "a table": (pipe("!GetAtt Table.StreamArn", TABLE), reads("dynamodb", "${Table.StreamArn}"), True),
    "failed records in a queue": (
        pipe("!GetAtt Stream.Arn", letters("KinesisStreamParameters", "!GetAtt Queue.Arn"), STREAM),
        reads("kinesis", MADE) | {"sqs:SendMessage on ${Queue.Arn}"},
        True,
    ),
    "failed records in a topic": (
        pipe(
            "!GetAtt Table.StreamArn",
            letters("DynamoDBStreamParameters", "!Ref Topic"),
            TABLE,
            "  Topic: {Type: AWS::SNS::Topic}",
        ),
        reads("dynamodb", "${Table.StreamArn}") | {"sns:Publish on ${Topic}"},
        True,
    ),
    "failed records elsewhere": (
        pipe("!GetAtt Stream.Arn", letters("KinesisStreamParameters", "!Ref Env"), STREAM),
        reads("kinesis", MADE),
        False,
    ),
    "a queue with a key": (pipe("!GetAtt Secret.Arn", SECRET_QUEUE), reads("sqs", "${Secret.Arn}"), False),
    "a named queue with a key": (
        pipe("!GetAtt Secret.Arn", SECRET_QUEUE.replace("{KmsMasterKeyId", "{QueueName: orders, KmsMasterKeyId")),
        reads("sqs", "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:orders"),
        False,
    ),
    "a named stream": (
        pipe("!GetAtt Stream.Arn", "  Stream: {Type: AWS::Kinesis::Stream, Properties: {Name: orders}}"),
        reads("kinesis", MADE.replace("${Stream}", "orders")),
        True,
    ),
    "a queue elsewhere": (pipe(QUEUE), reads("sqs", QUEUE), False),
    "a queue by its parameters": (
        pipe("!Ref Env", "SourceParameters: {SqsQueueParameters: {BatchSize: 1}}"),
        reads("sqs", "${Env}"),
        False,
    ),
    "something elsewhere": (pipe("!Ref Env"), set[str](), False),
    "a broker": (pipe("!Ref Broker", "  Broker: {Type: AWS::AmazonMQ::Broker}"), set[str](), False),
    "an enrichment": (pipe("!GetAtt Queue.Arn", "Enrichment: x"), reads("sqs", "${Queue.Arn}"), False),
    "logs": (pipe("!GetAtt Queue.Arn", "LogConfiguration: {Level: ERROR}"), reads("sqs", "${Queue.Arn}"), False),
}


@pytest.mark.parametrize(("more", "expected", "whole"), PIPES.values(), ids=PIPES)
def test_the_role_of_a_pipe_reads_its_source(more: str, expected: set[str], whole: bool) -> None:
    assert needs(more, Holder.PIPE) == RUNS | expected
    unnamed = more.replace("      RoleArn: !GetAtt Run.Arn\n", "")
    injection = inject(reading_of(unnamed), replace_roles=True)
    assert ("RoleArn: !GetAtt TaskPipeRole.Arn" in injection.text) is whole
    assert (Holder.PIPE in {each.holder for each in injection.others}) is not whole
    if whole:
        judged = verify_template(read(Document("t.yaml", injection.text), Told()))
        assert [each.verdict for each in judged if each.holder is Holder.PIPE] == ["pass"]


ENCRYPTED = {
    "a queue": (pipe("!GetAtt Secret.Arn", SECRET_QUEUE), ["Secret"]),
    "a named queue": (
        pipe("!GetAtt Secret.Arn", SECRET_QUEUE.replace("{KmsMasterKeyId", "{QueueName: orders, KmsMasterKeyId")),
        ["Secret"],
    ),
    "a named stream": (
        pipe(
            "!GetAtt Stream.Arn",
            "  Stream: {Type: AWS::Kinesis::Stream, Properties: {Name: x, StreamEncryption: {KeyId: alias/stream}}}",
        ),
        ["Stream"],
    ),
    "a queue under AWS's key": (pipe("!GetAtt Secret.Arn", SECRET_QUEUE.replace("alias/", "alias/aws/")), []),
    "a queue without a key": (pipe("!GetAtt Queue.Arn"), []),
    "failed records": (
        pipe("!GetAtt Stream.Arn", letters("KinesisStreamParameters", "!GetAtt Secret.Arn"), STREAM, SECRET_QUEUE),
        ["Secret"],
    ),
}


@pytest.mark.parametrize(("more", "names"), ENCRYPTED.values(), ids=ENCRYPTED)
def test_the_key_of_what_a_pipe_uses_is_a_gap(more: str, names: list[str]) -> None:
    of_keys = [gap for gap in found_in(more).gaps if gap.feature == "key-of-runner"]
    assert [(gap.holder, gap.what.split(",")[0]) for gap in of_keys] == [
        (Holder.PIPE, f"a key of AWS KMS encrypts {name}") for name in names
    ]


OVERRIDE = "arn:aws:iam::123456789012:role/other"


@pytest.mark.parametrize(
    ("more", "holder"),
    [
        pytest.param(of("Definition", states(Overrides={"TaskRoleArn": OVERRIDE})), Holder.STATE_MACHINE, id="a state"),
        pytest.param(
            PIPE.replace("Task}", f"Task, Overrides: {{TaskRoleArn: '{OVERRIDE}'}}}}"), Holder.PIPE, id="a pipe"
        ),
    ],
)
def test_a_role_that_is_overridden_is_passed_and_told(more: str, holder: Holder) -> None:
    others = needs(more, holder) - RUNS - reads("sqs", "${Queue.Arn}")
    assert {need.split(",")[0] for need in others} == {f"iam:PassRole on {OVERRIDE}"}
    assert any(OVERRIDE in gap.what for gap in found_in(more).gaps)


@pytest.mark.parametrize(
    ("parameters", "gap"),
    [
        pytest.param({"Overrides.$": "$.overrides"}, "Overrides", id="all overrides"),
        pytest.param({"Overrides": "{% $states.input %}"}, "Overrides", id="all overrides in JSONata"),
        pytest.param({"Overrides": {"Ref": "Env"}}, "Overrides", id="all overrides in a parameter"),
        pytest.param({"Overrides": {"TaskRoleArn.$": "$.role"}}, "TaskRoleArn", id="a role"),
        pytest.param({"EnableExecuteCommand.$": "$.debug"}, "EnableExecuteCommand", id="ECS Exec"),
        pytest.param(
            {"Overrides": {"ContainerOverrides": [{"Command.$": "$.c"}], "Cpu.$": "$.cpu"}}, "", id="a command"
        ),
        pytest.param(
            {"Overrides": {"ContainerOverrides": [{"Name": "job", "Environment": [{"Name": "A", "Value.$": "$.a"}]}]}},
            "",
            id="a variable",
        ),
        pytest.param({"Group.$": "$$.Execution.Name", "Count": 2}, "", id="a group"),
    ],
)
def test_what_the_input_tells_is_a_gap_where_it_may_cost(parameters: Any, gap: str) -> None:
    machine = of("Definition", states(**parameters))
    assert needs(machine) == RUNS
    told = [
        each.what.partition(" overrides ")[0] for each in found_in(machine).gaps if each.holder is Holder.STATE_MACHINE
    ]
    assert told == ([f"cannot see what {gap}"] if gap else [])


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (of("DefinitionString", {"Ref": "Env"}), "cannot see its definition"),
        (of("DefinitionString", "{" * 300), "cannot see its definition"),
        (of("DefinitionUri", "s3://bucket/key"), "cannot see its definition"),
        (of("Definition", {"States": {"Run": {"Ref": "Env"}}}), "cannot see its state Run"),
        (
            of("Definition", states(**{"TaskDefinition": None, "TaskDefinition.$": "$.task"})),
            "cannot see which permissions",
        ),
        (of("Definition", states(TaskDefinition="elsewhere")), "cannot see which permissions"),
        (of("Definition", states(**{"Cluster": None, "Cluster.$": "$.cluster"})), "cannot see which permissions"),
        (
            of("Definition", json.loads(json.dumps(states()).replace("runTask", "startTask"))),
            "cannot see how its state Run runs a task",
        ),
        (
            of("Definition", {"States": {"Run": {**states()["States"]["Run"], "Credentials": {"RoleArn": "x"}}}}),
            "with the role of its Credentials",
        ),
        (PIPE.replace("Target: !GetAtt Batch.Arn", "Enrichment: x"), "cannot see which permissions Pipe needs"),
        (PIPE.replace("!Ref Task", "!Ref Env"), "cannot see which permissions Pipe needs"),
    ],
)
def test_what_is_not_read_is_told(machine: str, why: str) -> None:
    (what,) = unread(machine)
    assert why in what
    assert needs(machine) | needs(machine, Holder.PIPE) == set()


@pytest.mark.parametrize(
    "machine",
    [
        of("Definition", {"States": {"Call": {"Type": "Task", "Resource": {"Fn::GetAtt": ["Function", "Arn"]}}}}),
        of(
            "Definition",
            {"States": {"Wait": {"Type": "Wait", "Seconds": 1}, "Send": {"Type": "Task", "Resource": "x"}}},
        ),
        "  Pipe: {Type: AWS::Pipes::Pipe, Properties: {TargetParameters: {SqsQueueParameters: {}}}}\n",
    ],
)
def test_what_runs_no_task_is_none_of_these(machine: str) -> None:
    assert unread(machine) == []


def both(**second: Any) -> dict[str, Any]:
    """A definition that runs the task, and then something else."""
    return {"States": {**states()["States"], "Two": states(**second)["States"]["Run"]}}


CONDITION = "Conditions: {Big: !Equals [!Ref Env, big]}\n"
NAMELESS = {"RoleArn": {"Ref": "AWS::NoValue"}}


@pytest.mark.parametrize(
    ("machine", "injected"),
    [
        pytest.param(of("Definition", states(), **NAMELESS), True, id="an object"),
        pytest.param(of("DefinitionString", {"Fn::Sub": text(states(".sync"))}, **NAMELESS), True, id="a text"),
        pytest.param(of("Definition", BESIDE, **NAMELESS), False, id="functions"),
        pytest.param(of("Definition", states(), TracingConfiguration={}, **NAMELESS), False, id="traces"),
        pytest.param(
            of("Definition", states(), "AWS::Serverless::StateMachine"), False, id="of SAM, with its own role"
        ),
        pytest.param(
            of(
                "Definition", {"States": {**states()["States"], "Two": states(TaskDefinition="other")["States"]["Run"]}}
            ),
            False,
            id="another task",
        ),
        pytest.param(
            of(
                "Definition",
                {
                    "States": {
                        **states()["States"],
                        "Two": states(**{"Cluster": None, "Cluster.$": "$.c"})["States"]["Run"],
                    }
                },
            ),
            False,
            id="a cluster that the input names",
        ),
        pytest.param(of("Definition", {"Fn::If": ["Big", states(), BESIDE]}), False, id="a choice"),
    ],
)
def test_a_state_machine_that_only_runs_tasks_gets_its_role(machine: str, injected: bool) -> None:
    reading = read(Document("t.yaml", CONDITION + HEAD + machine + RUN), Told())
    injection = inject(reading, replace_roles=True)
    assert ("TaskStateMachineRole" in injection.text) is injected
    assert (Holder.STATE_MACHINE in {each.holder for each in injection.others}) is not injected
    if injected:
        judged = verify_template(read(Document("t.yaml", injection.text), Told()))
        assert [each.verdict for each in judged if each.holder is Holder.STATE_MACHINE] == ["pass"]


def test_roles_that_pipes_and_state_machines_name_stay_until_they_are_replaced() -> None:
    before = reading_of(PIPE + of("Definition", states()) + ROLE.replace("SERVICE", "states"))
    injection = inject(before)
    assert not re.search("PipeRole|StateMachineRole", injection.text)
    assert set(injection.left) == {"Task", "Pipe", "Machine"}
    assert re.findall("RoleArn: !GetAtt Task(\\w+)", inject(before, replace_roles=True).text).count("PipeRole") == 1


@pytest.mark.parametrize(("definition", "more"), [(states(), []), (BESIDE, ["Machine"])])
def test_build_tells_of_a_role_that_is_made_for_the_tasks_alone(definition: Any, more: list[str]) -> None:
    built = build(reading_of(of("Definition", definition)))
    assert [gap.origin.path[1] for gap in built.gaps if gap.holder is Holder.STATE_MACHINE] == more
    assert "StateMachineRole" in "".join(map(str, built.files.values()))


ROLE = """\
  Run:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: SERVICE.amazonaws.com}, Action: sts:AssumeRole}]
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
READS_QUEUE = """\
              - Effect: Allow
                Action: [sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes]
                Resource: !GetAtt Queue.Arn
"""
FOLLOWS = """\
              - Effect: Allow
                Action: [ecs:StopTask, ecs:DescribeTasks]
                Resource: "*"
                Condition: {ArnEquals: {"ecs:cluster": !GetAtt Batch.Arn}}
"""


def judged(more: str, service: str = "states", role: str = ROLE) -> Verification:
    holders = (Holder.PIPE, Holder.STATE_MACHINE)
    found = verify_template(reading_of(more + role.replace("SERVICE", service)))
    (one,) = (each for each in found if each.holder in holders)
    return one


@pytest.mark.parametrize(
    ("more", "service", "role", "verdict"),
    [
        pytest.param(of("Definition", states()), "states", ROLE, "pass", id="all that it needs"),
        pytest.param(of("Definition", states()), "events", ROLE, "fail", id="trusting another service"),
        pytest.param(
            of("Definition", states()), "states", ROLE.replace(", !GetAtt Work.Arn", ""), "fail", id="a role less"
        ),
        pytest.param(of("Definition", states(".sync")), "states", ROLE, "fail", id="nothing to wait with"),
        pytest.param(of("Definition", states()), "states", ROLE.replace("ecs:RunTask", "'*'"), "fail", id="anything"),
        pytest.param(PIPE, "pipes", ROLE, "fail", id="a pipe that cannot read its source"),
        pytest.param(PIPE, "pipes", ROLE + READS_QUEUE, "pass", id="a pipe that reads its source"),
        pytest.param(
            of("Definition", BESIDE), "states", ROLE, "not judged", id="a state machine that calls functions, too"
        ),
        pytest.param(
            of("Definition", states(), LoggingConfiguration={"Level": "ALL"}),
            "states",
            ROLE,
            "not judged",
            id="with logs",
        ),
    ],
)
def test_the_role_is_judged_by_the_tasks_that_it_runs(more: str, service: str, role: str, verdict: str) -> None:
    found = judged(more, service, role)
    assert (found.role.name, found.verdict) == ("Run of t.yaml", verdict)


def test_following_tasks_is_allowed_in_their_cluster_alone() -> None:
    found = judged(of("Definition", states(".sync")), role=ROLE + FOLLOWS)
    allowed = {each.need.permission.action for each in found.judged if each.outcome == "allowed"}
    assert {"ecs:StopTask", "ecs:DescribeTasks"} <= allowed


@pytest.mark.parametrize(
    ("machine", "called", "remedy"),
    [
        (of("Definition", states(), RoleArn=None), "none", "Add a RoleArn to Machine."),
        (
            of("Definition", states(), "AWS::Serverless::StateMachine", RoleArn=None),
            "the one that SAM makes for Machine",
            "get-template --template-stage Processed",
        ),
    ],
)
def test_a_state_machine_without_a_role_is_told(machine: str, called: str, remedy: str) -> None:
    found = judged(machine.replace('"RoleArn": null, ', ""), role="")
    assert found.role.name == called
    assert found.absence is not None
    assert remedy in found.absence.remedy


def test_the_family_is_known_again_that_a_policy_of_the_cdk_cuts_out_of_the_arn() -> None:
    cut = (
        "!Join ['', ['arn:', !Select [1, !Split [':', !Ref Task]], ':ecs:', !Select [3, !Split [':', !Ref Task]], ':',"
        " !Select [4, !Split [':', !Ref Task]], ':', !Select [5, !Split [':', !Ref Task]], ':*']]"
    )
    found = judged(of("Definition", states()), role=ROLE.replace("Resource: !Ref Task", f"Resource: {cut}"))
    assert {each.outcome for each in found.judged} == {"allowed"}


def test_a_statement_to_add_names_an_export_as_a_template_does() -> None:
    cluster = {"Fn::ImportValue": {"Fn::Sub": "${Env}-cluster"}}
    found = judged(of("Definition", states(".sync", Cluster=cluster)))
    (follow,) = (each for each in json.loads(statements_json(found.missing)) if each["Sid"] == "FollowTasks")
    assert follow["Resource"]["Fn::Sub"][1] == {"Import1": cluster}
