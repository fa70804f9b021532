"""Runners of Terraform tasks besides services: what their role needs, however the task is named, and the messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles import Document, Told, read
from cfnroles.answers.verify_configuration import verify_configuration
from cfnroles.need import Holder
from cfnroles.sources.reading import Reading
from cfnroles.sources.terraform_directory import read_files
from cfnroles.written import as_written
from tests.evaluated import complete

TASK = """
resource "aws_ecs_cluster" "c" { name = "c" }
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  execution_role_arn    = aws_iam_role.exec.arn
  container_definitions = jsonencode([{ name = "web", image = "nginx" }])
}
"""
EVENT = """
resource "aws_cloudwatch_event_target" "t" {
  arn      = aws_ecs_cluster.c.arn
  role_arn = aws_iam_role.run.arn
  input    = jsonencode({ containerOverrides = [{ name = "web" }], taskRoleArn = aws_iam_role.other["x"].arn })
  ecs_target {
    task_definition_arn = NAMED
    network_configuration { subnets = ["subnet-1"] }
  }
}
"""
SCHEDULE = """
resource "aws_scheduler_schedule" "t" {
  target {
    arn      = aws_ecs_cluster.c.arn
    role_arn = aws_iam_role.run.arn
    dead_letter_config { arn = aws_sqs_queue.q.arn }
    ecs_parameters {
      task_definition_arn     = NAMED
      enable_ecs_managed_tags = true
    }
  }
}
"""
PIPE = """
resource "aws_pipes_pipe" "t" {
  role_arn = aws_iam_role.run.arn
  target   = aws_ecs_cluster.c.arn
  target_parameters {
    ecs_task_parameters {
      task_definition_arn = NAMED
      overrides {
        container_override {
          name = "web"
          environment_file {
            type  = "s3"
            value = "arn:aws:s3:::files/x.env"
          }
        }
      }
    }
  }
}
"""
MACHINE = """
resource "aws_sfn_state_machine" "t" {
  role_arn   = aws_iam_role.run.arn
  definition = jsonencode({ StartAt = "A", States = { A = {
    Type = "Task", End = true, Resource = "arn:aws:states:::ecs:runTask.sync"
    Parameters = { Cluster = aws_ecs_cluster.c.arn, TaskDefinition = NAMED, PropagateTags = "TASK_DEFINITION" }
  } } })
}
"""
ARN = "aws_ecs_task_definition.app.arn"
PASSED = "iam:PassRole on ${aws_iam_role.exec.arn}"
RUN, RUN_ANY = f"ecs:RunTask on ${{{ARN}}}", f"ecs:RunTask on ${{{ARN}_without_revision}}:*"
OF_FAMILY = "ecs:RunTask on arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/app:*"
TAG = "ecs:TagResource on arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${aws_ecs_cluster.c.name}/*"


def reading(text: str) -> Reading:
    return read_files(complete(text), ".", Told())


def needs(found: Reading, holder: Holder) -> set[str]:
    every = (need for task in found.tasks for need in task.discovery.needs if need.holder is holder)
    return {f"{need.permission.action} on {as_written(need.permission.resource)}" for need in every}


RUNNERS = {
    "event target": (EVENT, Holder.EVENT_RULE, {'iam:PassRole on ${aws_iam_role.other["x"].arn}'}),
    "schedule": (SCHEDULE, Holder.SCHEDULER, {"sqs:SendMessage on ${aws_sqs_queue.q.arn}", TAG}),
    "pipe": (PIPE, Holder.PIPE, set[str]()),
    "state machine": (MACHINE, Holder.STATE_MACHINE, {TAG}),
}


@pytest.mark.parametrize(("text", "holder", "beside"), RUNNERS.values(), ids=RUNNERS)
def test_the_role_that_runs_a_task_may_run_it_and_pass_its_roles(text: str, holder: Holder, beside: set[str]) -> None:
    found = reading(TASK + text.replace("NAMED", ARN))
    assert needs(found, holder) >= {RUN, PASSED, *beside}
    (run, *_) = [need for need in found.tasks[0].discovery.needs if need.permission.action == "ecs:RunTask"]
    assert [str(each.values[0].symbols[-1].name) for each in run.permission.conditions] == ["aws_ecs_cluster.c"]
    assert (TASK + text).splitlines()[run.origin.line - 1].split()[0] in ("task_definition_arn", "definition")
    assert found.unseen == ()


def test_a_file_that_a_run_reads_is_read_by_the_execution_role() -> None:
    found = reading(TASK + PIPE.replace("NAMED", ARN))
    assert "s3:GetObject on arn:aws:s3:::files/x.env" in needs(found, Holder.EXECUTION)


SOURCES = {
    "a queue": (
        "aws_sqs_queue.q.arn",
        "",
        {
            f"sqs:{each} on ${{aws_sqs_queue.q.arn}}"
            for each in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
        },
    ),
    "a stream of a table, with dead letters": (
        "aws_dynamodb_table.t.stream_arn",
        "dynamodb_stream_parameters {\ndead_letter_config { arn = aws_sqs_queue.q.arn }\n}",
        {
            "sqs:SendMessage on ${aws_sqs_queue.q.arn}",
            *(
                f"dynamodb:{each} on ${{aws_dynamodb_table.t.arn}}/stream/${{aws_dynamodb_table.t.stream_label}}"
                for each in ("DescribeStream", "GetRecords", "GetShardIterator")
            ),
        },
    ),
    "a data stream by its parameters": (
        "var.stream",
        "kinesis_stream_parameters {}",
        {
            f"kinesis:{each} on ${{var.stream}}"
            for each in ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
        },
    ),
    "a broker": ('"arn:aws:mq:eu-west-1:111122223333:broker:b:b-1"', "", set[str]()),
}


@pytest.mark.parametrize(("source", "parameters", "expected"), SOURCES.values(), ids=SOURCES)
def test_the_role_of_a_pipe_reads_its_source(source: str, parameters: str, expected: set[str]) -> None:
    beside = f"source = {source}\nsource_parameters {{\n{parameters}\n}}\n  target_parameters {{"
    text = PIPE.replace("NAMED", ARN).replace("  target_parameters {", beside)
    found = needs(reading(TASK + text + 'variable "stream" {}\n'), Holder.PIPE)
    assert {each for each in found if not each.startswith(("ecs:", "iam:"))} == expected


NAMED = {
    "the newest revision": (f"{ARN}_without_revision", {RUN_ANY}),
    "its ARN without the revision": (f'replace({ARN}, "/:\\\\d+$/", "")', {RUN_ANY}),
    "what is made of it": (f'trimsuffix({ARN}, ":1")', {OF_FAMILY}),
    "its family": ('"arn:aws:ecs:eu-west-1:111122223333:task-definition/app"', {OF_FAMILY}),
    "another one": ("data.aws_ecs_task_definition.other.arn", set[str]()),
    "nobody knows which": ("var.task", set[str]()),
}


@pytest.mark.parametrize(("named", "expected"), NAMED.values(), ids=NAMED)
def test_a_task_is_named_in_many_ways(named: str, expected: set[str]) -> None:
    found = reading(TASK + EVENT.replace("NAMED", named) + 'variable "task" {}\n')
    assert {each for each in needs(found, Holder.EVENT_RULE) if each.startswith("ecs:RunTask")} == expected
    told = [gap.what for gap in found.unseen if gap.holder is Holder.EVENT_RULE]
    assert bool(told) is not bool(expected)


HIDDEN = {
    "an input of elsewhere": ("input    = var.input", "cannot see what input overrides"),
    "a part of one": (
        "input = jsonencode({ containerOverrides = var.input })",
        "cannot see what containerOverrides",
    ),
    "what an event says": ('input_path = "$.x"', "cannot see what input_path overrides"),
}


@pytest.mark.parametrize(("argument", "expected"), HIDDEN.values(), ids=HIDDEN)
def test_what_nobody_can_see_of_a_run_is_told(argument: str, expected: str) -> None:
    text = EVENT.replace("NAMED", ARN)
    line = next(each for each in text.splitlines() if " input " in each)
    found = reading(TASK + text.replace(line.strip(), argument) + 'variable "input" {}\n')
    found.accepted()
    assert [gap.what[: len(expected)] for gap in found.gaps if gap.holder is Holder.EVENT_RULE] == [expected]


OPEN = {
    "the network": ("NetworkConfiguration = { AwsvpcConfiguration = { Subnets = var.x } }", ""),
    "all overrides": ("Overrides = var.x", "Overrides"),
    "the containers": (
        "Overrides = { ContainerOverrides = [for each in var.x : { Name = each }] }",
        "containerOverrides",
    ),
    "the files of one": (
        'Overrides = { ContainerOverrides = [{ Name = "web", EnvironmentFiles = var.x }] }',
        "environmentFiles",
    ),
    "its variables": ('Overrides = { ContainerOverrides = [{ Name = "web", Environment = concat([], var.x) }] }', ""),
}


@pytest.mark.parametrize(("member", "hidden"), OPEN.values(), ids=OPEN)
def test_a_list_or_object_that_only_a_variable_has_is_a_gap_where_it_may_cost(member: str, hidden: str) -> None:
    text = MACHINE.replace("NAMED", f"{ARN}, {member}")
    found = reading(TASK + text + 'variable "x" {}\n')
    found.accepted()
    assert needs(found, Holder.STATE_MACHINE) >= {RUN, PASSED}
    told = [gap.what for gap in found.gaps if gap.holder is Holder.STATE_MACHINE]
    assert told == ([f"cannot see what {hidden} overrides in the task definition"] if hidden else [])


def test_a_list_that_only_a_variable_has_may_be_a_part_of_json_text() -> None:
    network = '"NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ${jsonencode(var.x)}}}'
    run = f'"Cluster": "c", "TaskDefinition": "${{{ARN}}}", {network}'
    state = f'"Type": "Task", "End": true, "Resource": "arn:aws:states:::ecs:runTask", "Parameters": {{{run}}}'
    definition = f'<<EOT\n{{"StartAt": "A", "States": {{"A": {{{state}}}}}}}\nEOT'
    machine = f'resource "aws_sfn_state_machine" "t" {{\n role_arn = "r"\n definition = {definition}\n}}\n'
    found = reading(TASK + machine + 'variable "x" {}\n')
    found.accepted()
    assert found.gaps == found.unseen == ()
    assert needs(found, Holder.STATE_MACHINE) == {RUN, PASSED}


UNREAD = {
    "a target that only a variable tells": (
        EVENT.replace("NAMED", ARN).replace("ecs_target {", 'dynamic "ecs_target" {\nfor_each = var.x\ncontent {')
        + "}\n",
        "cannot see which task it runs",
    ),
    "a definition of elsewhere": (
        'resource "aws_sfn_state_machine" "t" {\n role_arn = "r"\n definition = var.x\n}\n',
        "cannot see its definition",
    ),
}


@pytest.mark.parametrize(("text", "expected"), UNREAD.values(), ids=UNREAD)
def test_what_may_run_a_task_and_is_not_read_is_told(text: str, expected: str) -> None:
    told = [gap.what for gap in reading(TASK + text + 'variable "x" {}\n').unseen]
    assert [each[: len(expected)] for each in told] == [expected]


def test_a_need_of_the_task_is_told_once_and_that_of_a_run_where_the_run_says_it() -> None:
    secret = 'image = "nginx", secrets = [{ name = "A", valueFrom = "/a" }]'
    found = reading(TASK.replace('image = "nginx"', secret) + PIPE.replace("NAMED", ARN))
    places = {
        need.permission.action: (need.origin.pointer.split("[")[0], need.origin.line)
        for need in found.tasks[0].discovery.needs
        if need.holder is Holder.EXECUTION
    }
    assert places["ssm:GetParameters"] == ("aws_ecs_task_definition.app.container_definitions", 6)
    overrides = "aws_pipes_pipe.t.target_parameters.ecs_task_parameters.overrides.containerOverrides"
    assert places["s3:GetObject"] == (overrides, 15)
    read_ = [each for each in found.tasks[0].discovery.needs if each.permission.action == "ssm:GetParameters"]
    assert len(read_) == len(found.tasks[0].discovery.references) == 1


def test_a_task_set_runs_a_task_as_its_service_would() -> None:
    text = """
resource "aws_ecs_service" "s" {
  enable_execute_command = true
  deployment_controller { type = "EXTERNAL" }
}
resource "aws_ecs_task_set" "t" {
  service         = aws_ecs_service.s.id
  task_definition = aws_ecs_task_definition.app.arn
}
"""
    assert "ssmmessages:OpenDataChannel on *" in needs(reading(TASK + text), Holder.TASK)


TRUST = """jsonencode({ Version = "2012-10-17", Statement = [{
  Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "SERVICE" }
}] })"""
ROLES = """
resource "aws_iam_role" "exec" {
  name               = "exec"
  assume_role_policy = TRUST_OF_ECS
}
resource "aws_iam_role" "run" {
  name               = "run"
  assume_role_policy = TRUST_OF_EVENTS
}
resource "aws_iam_role_policy" "run" {
  role   = aws_iam_role.run.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "ecs:RunTask", Resource = RESOURCE
      Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.c.arn } } },
    { Effect = "Allow", Action = "iam:PassRole", Resource = [aws_iam_role.exec.arn]
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } } },
  ] })
}
""".replace("TRUST_OF_ECS", TRUST.replace("SERVICE", "ecs-tasks.amazonaws.com")).replace(
    "TRUST_OF_EVENTS", TRUST.replace("SERVICE", "events.amazonaws.com")
)
JUDGED = {
    "exactly": (ARN, ARN, (0, 0)),
    "every revision, for the newest": (f"{ARN}_without_revision", f'"${{{ARN}_without_revision}}:*"', (0, 0)),
    "the pattern of the provider's page": (ARN, f'replace({ARN}, "/:\\\\d+$/", ":*")', (0, 1)),
    "another task": (ARN, '"arn:aws:ecs:eu-west-1:111122223333:task-definition/other:1"', (1, 1)),
}


@pytest.mark.parametrize(("named", "resource", "expected"), JUDGED.values(), ids=JUDGED)
def test_the_role_of_a_target_is_judged(named: str, resource: str, expected: tuple[int, int]) -> None:
    event = EVENT.replace("NAMED", named).replace(', taskRoleArn = aws_iam_role.other["x"].arn', "")
    found = verify_configuration(reading(TASK + event + ROLES.replace("RESOURCE", resource)))
    (of_rule,) = [each for each in found if each.holder is Holder.EVENT_RULE]
    assert of_rule.role.name == "aws_iam_role.run"
    assert (len(of_rule.missing), len(of_rule.excess)) == expected
    assert not of_rule.use.others


def test_a_state_gives_the_same_result() -> None:
    arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/app"
    cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/c"

    def resource(kind: str, **values: Any) -> dict[str, Any]:
        return {"mode": "managed", "type": kind, "name": "a", "address": f"{kind}.a", "values": values}

    containers = json.dumps([{"name": "web", "image": "nginx"}])
    resources = [
        resource("aws_ecs_task_definition", family="app", arn=f"{arn}:3", container_definitions=containers),
        resource(
            "aws_cloudwatch_event_target",
            arn=cluster,
            role_arn="arn:aws:iam::111122223333:role/run",
            input="",
            ecs_target=[{"task_definition_arn": f"{arn}:3", "tags": {"a": "b"}}],
        ),
        resource("aws_scheduler_schedule", target=[{"arn": "arn:aws:sqs:x", "ecs_parameters": []}]),
    ]
    tree = {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": resources}}}
    found = read(Document("state.json", json.dumps(tree)))
    assert needs(found, Holder.EVENT_RULE) == {
        f"ecs:RunTask on {arn}:3",
        "ecs:TagResource on arn:aws:ecs:eu-west-1:111122223333:task/c/*",
    }
    assert found.unseen == ()
