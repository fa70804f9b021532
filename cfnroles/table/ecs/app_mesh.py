"""App Mesh: the Envoy proxy in the task reads its configuration with the task role."""

from __future__ import annotations

from collections.abc import Mapping

from awacs import appmesh

from cfnroles.need import Holder, Standing
from cfnroles.table.choices import may_be
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Trap, Unnamed
from cfnroles.table.references import located_arn
from cfnroles.text import Text, text_of

#: Variables with the virtual node or gateway for Envoy.
#: https://docs.aws.amazon.com/app-mesh/latest/userguide/envoy-config.html
_ARN = "APPMESH_RESOURCE_ARN"
_NODE = (_ARN, "APPMESH_VIRTUAL_NODE_NAME")


def is_app_mesh(found: Found) -> bool:
    """The task's traffic passes through App Mesh's proxy, the only type in ECS and the default."""
    return may_be(found.text, "APPMESH")


def virtual_node(found: Found) -> Text:
    """The virtual node or gateway of the proxy."""
    proxy = found.parent.get("containerName")
    for path, variable in found.workload.find("containerDefinitions[].environment[]"):
        container = found.workload.at(path[:2])
        if not isinstance(container, Mapping) or container.get("name") != proxy or not isinstance(variable, Mapping):
            continue
        value = variable.get("value")
        if variable.get("name") in _NODE and isinstance(value, str) and value:
            return _node(found, str(variable["name"]), text_of(value))
    raise Unnamed(
        f"the environment of the proxy {proxy or ''} names no virtual node",
        "Set APPMESH_RESOURCE_ARN in the proxy's container",
    )


def has_ended(found: Found) -> Trap:
    """App Mesh has ended.

    https://docs.aws.amazon.com/app-mesh/latest/userguide/what-is-app-mesh.html
    """
    return Trap(
        "AWS App Mesh ended on 2026-09-30, so the proxy gets no configuration",
        "Use Service Connect, and remove proxyConfiguration and the proxy's container",
    )


def _node(found: Found, variable: str, text: Text) -> Text:
    if text.unknown and not text.startswith(("arn:", "mesh/")):
        if variable == _ARN and text.whole:
            return text
        raise Unnamed(f"the virtual node depends on {text.written}", f"Write its ARN as {_ARN}")
    if not text.startswith("arn:"):
        if not text.startswith("mesh/"):
            raise Malformed(f"{text.written} names no virtual node", "Write its ARN, or mesh/MESH/virtualNode/NODE.")
        return found.facts.home_arn("appmesh", text)
    return located_arn(text).text


FEATURES = (
    Feature(
        name="app-mesh",
        field="proxyConfiguration.type",
        holder=Holder.TASK,
        why="the Envoy proxy reads the configuration of its virtual node from App Mesh",
        source="https://docs.aws.amazon.com/app-mesh/latest/userguide/proxy-authorization.html",
        standing=Standing.DOCUMENTED,
        example="APPMESH",
        grants=(Grant(appmesh.StreamAggregatedResources, on=virtual_node, sid="ReadMeshConfiguration"),),
        when=is_app_mesh,
        trap=has_ended,
        beside=(
            ("proxyConfiguration.containerName", "web"),
            ("containerDefinitions[].environment[].name", "APPMESH_RESOURCE_ARN"),
            ("containerDefinitions[].environment[].value", "mesh/shop/virtualNode/web"),
        ),
    ),
)
