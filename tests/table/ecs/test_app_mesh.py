"""The virtual node of an Envoy proxy in a template: named by its ARN, its name, or an expression."""

from __future__ import annotations

import pytest

from cfnroles import Document, Told, read
from cfnroles.answers.template_tasks import known_of
from cfnroles.sources.template_arns import named_by_ref
from cfnroles.sources.template_tasks import in_worlds
from cfnroles.text import text_of

TEMPLATE = """\
Parameters:
  Given: {Type: String}
Resources:
  Node: {Type: AWS::AppMesh::VirtualNode}
  Gateway: {Type: AWS::AppMesh::VirtualGateway}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ProxyConfiguration: {Type: APPMESH, ContainerName: envoy}
      ContainerDefinitions:
        - Name: envoy
          Image: envoy:1
          Environment:
            - Name: VARIABLE
              Value: VALUE
"""
ARN, NAME = "APPMESH_RESOURCE_ARN", "APPMESH_VIRTUAL_NODE_NAME"
NAMED = {
    "the ARN by Ref": (ARN, "!Ref Node", "${Node}"),
    "the ARN by GetAtt": (ARN, "!GetAtt Node.Arn", "${Node}"),
    "a gateway": (ARN, "!Ref Gateway", "${Gateway}"),
    "a parameter": (ARN, "!Ref Given", "${Given}"),
    "an export": (ARN, "!ImportValue node", "${Import::node}"),
    "an ARN as the name": (NAME, "!Ref Node", "${Node}"),
    "a name with an expression in it": (
        NAME,
        '!Sub "mesh/m/virtualNode/${Given}"',
        "arn:${AWS::Partition}:appmesh:${AWS::Region}:${AWS::AccountId}:mesh/m/virtualNode/${Given}",
    ),
}


def found(variable: str, value: str) -> tuple[list[str], list[str]]:
    """The resources that the task role reads from App Mesh, and the gaps."""
    text = TEMPLATE.replace("VARIABLE", variable).replace("VALUE", value)
    reading = read(Document("t.yaml", text), Told())
    assert reading.template is not None
    task = in_worlds("Web", reading.documents[0], reading.template, known_of(reading))
    needs = (need.permission for need in task.needs if need.permission.action == "appmesh:StreamAggregatedResources")
    return [str(named_by_ref(text_of(each.resource))) for each in needs], [
        gap.what for gap in task.gaps if "virtual node" in gap.what
    ]


@pytest.mark.parametrize(("variable", "value", "resource"), NAMED.values(), ids=NAMED)
def test_the_proxy_reads_its_own_virtual_node(variable: str, value: str, resource: str) -> None:
    assert found(variable, value) == ([resource], [])


@pytest.mark.parametrize(("variable", "value"), [(NAME, "!Ref Given"), (ARN, '!Sub "${Given}/virtualNode/n"')])
def test_a_name_that_may_have_any_form_is_a_gap(variable: str, value: str) -> None:
    needs, (gap,) = found(variable, value)
    assert needs == []
    assert gap.startswith("the virtual node depends on ${Given}")
