"""What the task definitions of a template need: worked out once for all that is the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cfnroles.document import Document
from cfnroles.facts import Facts
from cfnroles.sources import template_tasks
from cfnroles.sources.template_shapes import spelled
from cfnroles.sources.template_tasks import defined, in_worlds
from cfnroles.template import template as templates
from cfnroles.template.given import NOTHING_GIVEN
from cfnroles.template.template import read_template

HEAD = """\
Parameters: {Stage: {Type: String}, Key: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Stage, prod], HasKey: !Equals [!Ref Key, x]}
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""
TASK = """\
  Secret{0}: {{Type: AWS::SecretsManager::Secret, Properties: {{KmsKeyId: !If [HasKey, !Ref Key, !Ref AWS::NoValue]}}}}
  Task{0}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: !If [IsProd, nginx, httpd]
          Secrets: [{{Name: A, ValueFrom: !Ref Secret{0}}}]
"""


def test_a_resource_is_worked_out_once_for_all_stacks_in_which_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: Counter[str] = Counter()
    discovered: list[object] = []
    resource, discover = templates._resource, template_tasks.discover

    def counted(logical_id: str, *others: Any) -> Any:
        resolved[logical_id] += 1
        return resource(logical_id, *others)

    def noted(*given: Any) -> Any:
        discovered.append(given)
        return discover(*given)

    monkeypatch.setattr(templates, "_resource", counted)
    monkeypatch.setattr(template_tasks, "discover", noted)
    text = HEAD + "".join(TASK.format(number) for number in range(5))
    template, document = read_template(text, "t.yaml"), Document("t.yaml", text)
    tasks = [in_worlds(each, document, template, (Facts(), NOTHING_GIVEN)) for each in defined(template)]
    assert {len(task.worlds.all) for task in tasks} == {4}
    # Each depends on one of the two conditions.
    assert set(resolved.values()) == {2}
    assert "Topic" not in resolved
    # The image is another one in two of the worlds, and the key of the secret is not part of the task definition.
    assert len(discovered) == 2 * len(tasks)


def test_a_row_is_asked_once_about_what_worlds_have_in_common() -> None:
    conditions = "".join(f"  C{number}: !Equals [!Ref P, '{number}']\n" for number in range(5))
    chosen = ", ".join(f"{{Name: V{number}, Value: !If [C{number}, a, b]}}" for number in range(5))
    same = ", ".join(f"{{Name: W{number}, Value: x}}" for number in range(50))
    text = f"""\
Parameters: {{P: {{Type: String}}}}
Conditions:
{conditions}Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {{ContainerDefinitions: [{{Name: web, Image: nginx, Environment: [{same}, {chosen}]}}]}}
"""
    template = read_template(text, "t.yaml")
    task = in_worlds("Task", Document("t.yaml", text), template, (Facts(), NOTHING_GIVEN))
    assert len(task.worlds.all) == 6
    discovered: Any = template.known[template_tasks._Discovered, "Task"]
    # Each of 55 variables with its value, the five others in another form, and what holds them in each world that is
    # looked at: that in which none of the conditions holds shows nothing new.
    assert discovered._rows.asked == 2 * 60 + 1 + 3 * 5


def test_a_reference_is_to_what_its_resource_names_in_each_world() -> None:
    """Ref of an attachment is the secret that it is to, and the task definition that has it says the same in both."""
    text = """\
Parameters: {Stage: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  A: {Type: AWS::SecretsManager::Secret}
  B: {Type: AWS::SecretsManager::Secret}
  Attachment: {Type: AWS::SecretsManager::SecretTargetAttachment, Properties: {SecretId: !If [IsProd, !Ref A, !Ref B]}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: web, Image: nginx, Secrets: [{Name: X, ValueFrom: !Ref Attachment}]}]}
"""
    document = Document("t.yaml", text)
    task = in_worlds("Task", document, read_template(document.text, document.name), (Facts(), NOTHING_GIVEN))
    found = {(str(spelled(need.permission.resource)), task.when(where)) for need, where in task.needs.items()}
    assert found == {("${A}", "IsProd holds"), ("${B}", "IsProd does not hold")}


NAMING = """\
Parameters: {{Stage: {{Type: String}}, Empty: {{Type: String, Default: ''}}}}
Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {{Name: web, Image: nginx, Secrets: [{}]}}
"""


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        pytest.param("{Name: A}", ["the secret has no ValueFrom"], id="nothing"),
        pytest.param(
            "{Name: A, ValueFrom: !If [IsProd, /a, !Ref AWS::NoValue]}",
            ["the secret has no ValueFrom"],
            id="in some worlds",
        ),
        pytest.param("{Name: A, ValueFrom: !Ref Empty}", [], id="a parameter with an empty default"),
        pytest.param("{Name: A, Fn::Transform: {Name: Macro}}", [], id="by a macro"),
        pytest.param("{Fn::Transform: {Name: Macro}}", [], id="a macro"),
    ],
)
def test_what_names_nothing_is_an_error_unless_the_deployment_may_name_it(secret: str, told: list[str]) -> None:
    text = NAMING.format(secret)
    template, document = read_template(text, "t.yaml"), Document("t.yaml", text)
    task = in_worlds("Task", document, template, (Facts(), NOTHING_GIVEN))
    assert [each.what for each in task.findings] == told
