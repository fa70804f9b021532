"""Elements without a name have the number that they have in the template."""

from __future__ import annotations

import pytest

from cfnroles import Document, Told, read
from cfnroles.answers.template_tasks import known_of
from cfnroles.need import Origin
from cfnroles.sources.template_places import renumbered
from cfnroles.sources.template_tasks import in_worlds
from cfnroles.workload import Path

FILES = """\
Parameters: {Env: {Type: String}}
Conditions: {Own: !Equals [!Ref Env, own]}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx:1
          EnvironmentFiles:
            - !If [Own, {Type: s3, Value: 'arn:aws:s3:::files/own.env'}, !Ref AWS::NoValue]
            - {Type: s3, Value: 'arn:aws:s3:::files/all.env'}
"""


def test_a_file_behind_a_conditional_one_has_the_same_needs_with_and_without_it() -> None:
    reading = read(Document("t.yaml", FILES), Told())
    assert reading.template is not None
    found = in_worlds("Task", reading.documents[0], reading.template, known_of(reading))
    needs = {str(need.permission): (need.origin.item, found.when(where)) for need, where in found.needs.items()}
    assert needs["s3:GetObject on arn:aws:s3:::files/all.env"] == ("environment file #2", "")
    assert needs["s3:GetObject on arn:aws:s3:::files/own.env"] == ("environment file #1", "Own holds")


TASK: Path = ("Resources", "Task", "Properties")
CONTAINER: Path = ("containerDefinitions", 0)
FILE: Path = (*CONTAINER, "environmentFiles", 0, "value")
PLACES = {
    "behind others": ((*TASK, "C", 3, "E", 2, "Value"), FILE, ("#4", "environment file #3")),
    "in a branch": ((*TASK, "C", "Fn::If", 1, 3, "E", 2, "Fn::If", 2), FILE, ("#4", "environment file #3")),
    "in a loop": ((*TASK, "Fn::ForEach::C", 2, "C", 3, "E", 2), FILE, ("#1", "environment file #1")),
    "a volume": ((*TASK, "V", 5, "Name"), ("volumes", 0, "name"), ("", "volume #6")),
    "a named one": ((*TASK, "C", 3, "S", 2), (*CONTAINER, "secrets", 0), ("web #1", "secret A")),
}


@pytest.mark.parametrize(("source", "path", "expected"), PLACES.values(), ids=PLACES)
def test_the_numbers_are_those_of_the_text(source: Path, path: Path, expected: tuple[str, str]) -> None:
    container = "web #1" if "secrets" in path else "#1" if path[0] == "containerDefinitions" else ""
    item = {"environmentFiles": "environment file #1", "secrets": "secret A"}.get(str(path[2]), "volume #1")
    found = renumbered(Origin("t.yaml", path, container, item), source)
    assert (found.container, found.item) == expected
