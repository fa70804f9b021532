"""Needs by the parameters that name them: a value decides what a text means, and the parameter replaces it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cfnroles.document import Document
from cfnroles.facts import Facts
from cfnroles.sources.template_parameters import by_parameters
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.template import read_template

TASK = """\
Parameters:
  P: {Type: String, Default: "DEFAULT"}
  Stage: {Type: String, Default: dev}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
      - Name: web
        Image: IMAGE
        Secrets:
        - Name: A
          ValueFrom: SECRET
"""
PARAMETERS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf"


def found(
    default: str, secret: str, image: str = "nginx", parameters: Mapping[str, str] | None = None
) -> tuple[TaskInWorlds, tuple[str, ...]]:
    text = TASK.replace("DEFAULT", default).replace("SECRET", secret).replace("IMAGE", image)
    document = Document("t.yaml", text)
    known = (Facts(), Given(parameters or {}))
    return by_parameters("Task", document, read_template(text, "t.yaml"), known)


def resources(task: TaskInWorlds, action: str) -> list[str]:
    return sorted({str(need.permission.resource) for need in task.needs if need.permission.action == action})


@pytest.mark.parametrize(
    ("default", "secret", "action", "expected"),
    [
        pytest.param("/shop/db", "!Ref P", "ssm:GetParameters", f"{PARAMETERS}${{P}}", id="a path"),
        pytest.param("db", "!Ref P", "ssm:GetParameters", f"{PARAMETERS}/${{P}}", id="a name"),
        pytest.param("shop", '!Sub "/${P}/db"', "ssm:GetParameters", f"{PARAMETERS}/${{P}}/db", id="a part of a path"),
        pytest.param(
            "p", '!Sub "/${P}/p"', "ssm:GetParameters", f"{PARAMETERS}/${{P}}/p", id="a part that is there twice"
        ),
        pytest.param(SECRET, "!Ref P", "secretsmanager:GetSecretValue", "${P}", id="a secret's ARN"),
        pytest.param(
            f"{SECRET}:key::", "!Ref P", "secretsmanager:GetSecretValue", SECRET, id="an ARN that is cut stays"
        ),
    ],
)
def test_a_parameter_stands_where_its_value_would(default: str, secret: str, action: str, expected: str) -> None:
    task, _ = found(default, secret)
    assert resources(task, action) == [expected]
    assert [str(reference.value_from) for reference in task.references] == [
        secret.removeprefix("!Sub ").strip('"').replace("!Ref P", "${P}")
    ]


def test_a_parameter_that_names_the_container_stands_in_its_needs() -> None:
    text = TASK.replace("Name: web", "Name: !Ref P").replace("DEFAULT", "web").replace("SECRET", "/shop/${P}/db")
    text = text.replace("/shop/${P}/db", '!Sub "/shop/${P}/db"').replace("IMAGE", "nginx")
    task, told = by_parameters("Task", Document("t.yaml", text), read_template(text, "t.yaml"), (Facts(), Given({})))
    assert resources(task, "ssm:GetParameters") == [f"{PARAMETERS}/shop/${{P}}/db"]
    # People know the container by the name that it has.
    assert {need.origin.container for need in task.needs} == {"web"}
    assert told == ()


def test_a_name_is_not_taken_for_a_value_that_looks_like_it() -> None:
    numbers = range(12)
    parameters = "".join(f"  P{n}: {{Type: String, Default: '0'}}\n" for n in numbers)
    conditions = "".join(f"  C{n}: !Equals [!Ref P{n}, '1']\n" for n in numbers)
    secrets = ", ".join(f"!If [C{n}, {{Name: A{n}, ValueFrom: /a{n}}}, !Ref AWS::NoValue]" for n in numbers)
    task = f"Properties: {{ContainerDefinitions: [{{Name: a, Image: nginx, Secrets: [{secrets}]}}]}}"
    resource = f"Resources: {{Task: {{Type: AWS::ECS::TaskDefinition, {task}}}}}"
    text = f"Parameters:\n{parameters}Conditions:\n{conditions}{resource}"
    known = (Facts(), NOTHING_GIVEN)
    found, _ = by_parameters("Task", Document("t.yaml", text), read_template(text, "t.yaml"), known)
    assert resources(found, "ssm:GetParameters") == sorted(f"{PARAMETERS}/a{n}" for n in numbers)


def test_a_value_that_is_told_is_a_parameter_too() -> None:
    task, told = found("", "!Ref P", parameters={"P": "/shop/db"})
    assert resources(task, "ssm:GetParameters") == [f"{PARAMETERS}${{P}}"]
    assert told == ()


def test_one_parameter_with_a_value_for_each_world_is_one_need() -> None:
    task, _ = found("", '!Sub "/${Stage}/db"', '!If [IsProd, nginx, "nginx:1.27"]')
    assert len(list(task.there)) == 2
    where = {need.permission.resource: worlds for need, worlds in task.needs.items() if "ssm" in need.permission.action}
    assert where == {f"{PARAMETERS}/${{Stage}}/db": task.there}


ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1"


@pytest.mark.parametrize(
    ("default", "secret", "image", "expected"),
    [
        pytest.param("/shop/db", "!Ref P", "nginx", (), id="the parameter stands in every need"),
        pytest.param(ECR, "/shop/db", "!Ref P", ("P",), id="an image of ECR is taken for what it is"),
        pytest.param("nginx", "/shop/db", "!Ref P", ("P",), id="an image of elsewhere, too"),
        pytest.param(f"{SECRET}:key::", "!Ref P", "nginx", ("P",), id="a reference that is cut"),
        pytest.param("", "/shop/db", "nginx", (), id="a parameter without a value"),
    ],
)
def test_what_was_taken_for_a_value_is_told(default: str, secret: str, image: str, expected: tuple[str, ...]) -> None:
    assert found(default, secret, image)[1] == expected


URI = "111122223333.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("image", "counts"),
    [
        pytest.param(f'!Sub "{URI}/web:${{P}}"', False, id="a tag"),
        pytest.param(f'!Sub "{URI}/web@${{P}}"', False, id="a digest"),
        pytest.param('!Sub "nginx:${P}"', False, id="a tag in Docker Hub"),
        pytest.param(f'!Join [":", ["{URI}/web", !Ref P]]', False, id="a tag that is joined"),
        pytest.param(f'!If [IsProd, !Sub "{URI}/web:${{P}}", nginx]', False, id="a tag under a condition"),
        pytest.param('!Sub "${P}:1"', True, id="a name"),
        pytest.param('!Sub "localhost:${P}/web"', True, id="a port"),
        pytest.param("!Ref P", True, id="an image"),
        pytest.param("!Select [0, !Split [',', !Ref P]]", True, id="a part of it"),
    ],
)
def test_a_value_that_decides_nothing_is_not_one_that_the_roles_are_made_for(image: str, counts: bool) -> None:
    assert found("one", "/shop/db", image)[1] == (("P",) if counts else ())
    assert found("one", "/shop/db", image, {"P": "two"})[1] == (("P",) if counts else ())


def test_a_size_and_a_count_decide_nothing() -> None:
    assert (
        found("one", "/shop/db", "nginx\n        Cpu: !Ref P\n        PortMappings: [{ContainerPort: !Ref P}]")[1] == ()
    )
    assert found("one", "!Ref P", "nginx\n        Cpu: !Ref P")[1] == ()
    environment = "nginx\n        Environment: [{Name: NAME, Value: !Ref P}]"
    assert found("one", "/shop/db", environment.replace("NAME", "A"))[1] == ()
    assert found("one", "/shop/db", environment.replace("NAME", "aws_fluent_bit_init_s3_1"))[1] == ("P",)
