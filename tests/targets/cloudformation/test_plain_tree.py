"""A template's plain tree is what troposphere makes of it, and is checked as it checks."""

from __future__ import annotations

from typing import Any

import pytest
from awacs.aws import Action, Allow, PolicyDocument, Principal, Statement
from troposphere import Equals, If, Output, Parameter, Ref, Sub, Tags, Template
from troposphere.iam import Policy, Role
from troposphere.sns import Topic

from cfnroles.targets.cloudformation.plain_tree import plain_tree

_TRUST = PolicyDocument(
    Statement=[Statement(Effect=Allow, Principal=Principal("Service", "a"), Action=[Action("sts", "AssumeRole")])]
)
_POLICY = Policy(PolicyName="p", PolicyDocument=_TRUST)


def _template(*resources: Any) -> Template:
    template = Template("What it is.")
    for resource in resources:
        template.add_resource(resource)
    return template


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(Topic("Topic"), id="no property"),
        pytest.param(Topic("Topic", DependsOn=["Role"], Condition="Open"), id="attributes only"),
        pytest.param(Topic("Topic", TopicName=If("Open", Sub("a-${B}", B=Ref("C")), Ref("D"))), id="intrinsics"),
        pytest.param(Topic("Topic", Tags=Tags(one="1")), id="tags, which have a form of their own"),
        pytest.param(Role("Role", AssumeRolePolicyDocument=_TRUST, Policies=[_POLICY]), id="objects in objects"),
        pytest.param(Role("Role", AssumeRolePolicyDocument={"a": (1, True, None)}), id="plain members"),
    ],
)
def test_the_tree_is_that_of_troposphere(resource: Any) -> None:
    template = _template(resource)
    template.add_parameter(Parameter("C", Type="String", Default=""))
    template.add_condition("Open", Equals(Ref("C"), ""))
    template.add_output(Output("O", Value=Ref("C")))
    assert plain_tree(template) == template.to_dict()
    assert list(plain_tree(template)) == list(template.to_dict())


def test_a_parameter_of_several_templates_keeps_its_tree() -> None:
    shared, own = Parameter("C", Type="String", Default=""), Parameter("C", Type="String", Default="x")
    one, same, other = (_template(Topic("Topic")) for _ in range(3))
    for template, parameter in ((one, shared), (same, shared), (other, own)):
        template.add_parameter(parameter)
        assert plain_tree(template) == template.to_dict()
    assert plain_tree(one)["Parameters"]["C"] is plain_tree(same)["Parameters"]["C"]


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(Role("Role"), id="of a resource"),
        pytest.param(Role("Role", AssumeRolePolicyDocument={}, Policies=[Policy()]), id="of an object in it"),
    ],
)
def test_a_missing_property_is_refused(resource: Any) -> None:
    with pytest.raises(ValueError, match="required"):
        plain_tree(_template(resource))
