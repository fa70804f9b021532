"""The tables behind the policy of a deploying principal: complete over AWS's own lists, and sourced."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from pathlib import Path

import cfnlint.data.AdditionalSpecs
import cfnlint.data.schemas
import pytest
from troposphere import BaseAWSObject

import cfnroles.aws.caller
import cfnroles.aws.cloudformation
import cfnroles.aws.s3
import cfnroles.aws.stack_sets
import cfnroles.targets.cloudformation
from cfnroles.deploy.calls import BUCKET_CALLS, ELSEWHERE, OWN_CALLS, STACK_SET_CALLS
from cfnroles.deploy.handlers import NO_RESOURCE, RESOURCE_TYPES, type_of

SERVICES = json.loads((Path(cfnlint.data.AdditionalSpecs.__file__).parent / "Policies.json").read_text())
SCHEMAS = Path(cfnlint.data.schemas.__file__).parent
#: CloudFormation makes these with what its own stack operations need; `list` is for Cloud Control and scans alone.
STACK_OPERATIONS = ("create", "read", "update", "delete")
#: The registry knows no call of a custom resource: what answers it is its owner's.
REGISTERED = [name for name in RESOURCE_TYPES if name != "AWS::CloudFormation::CustomResource"]

each_registered_type = pytest.mark.parametrize("name", REGISTERED)
each_row = pytest.mark.parametrize("row", RESOURCE_TYPES.values(), ids=lambda row: row.type)


def registered(name):
    """What the registry's schema says that the handlers of a type, and its tags, need."""
    index = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text())
    schema = json.loads((SCHEMAS / "resources" / f"{index[name]}.json").read_text())
    handlers = [schema["handlers"].get(operation, {}) for operation in STACK_OPERATIONS]
    return {permission for each in (*handlers, schema["tagging"]) for permission in each.get("permissions", ())}


def granted(row):
    return {action for calls in row.calls for action in calls.actions}


def unused(row):
    return {permission for each in row.unused for permission in each.permissions}


@each_registered_type
def test_every_permission_of_the_registry_is_granted_or_has_its_reason(name):
    row = RESOURCE_TYPES[name]
    assert registered(name) - granted(row) - unused(row) == set()


@each_registered_type
def test_nothing_is_granted_that_the_registry_does_not_name(name):
    row = RESOURCE_TYPES[name]
    assert granted(row) | unused(row) <= registered(name)


@each_row
def test_a_star_is_earned(row):
    for calls in row.calls:
        for action in calls.actions:
            service, _, name = action.partition(":")
            takes = SERVICES[service]["Actions"][name.lower()].get("Resources", [])
            assert bool(takes) == (calls.on != NO_RESOURCE), action


@pytest.mark.parametrize("calls", [*OWN_CALLS, *STACK_SET_CALLS], ids=lambda calls: calls.sid)
def test_a_star_of_our_own_calls_is_earned(calls):
    for action in calls.actions:
        takes = SERVICES["cloudformation"]["Actions"][action.partition(":")[2].lower()].get("Resources", [])
        assert bool(takes) == (NO_RESOURCE not in calls.on), action


@each_row
def test_each_row_has_a_source_and_each_refusal_a_reason(row):
    assert row.source.startswith("https://docs.aws.amazon.com/")
    assert all(each.why for each in (*row.calls, *row.unused))
    assert all(calls.sid.isalnum() for calls in row.calls)


def calls_of(*modules):
    """Every call to AWS that these gateways make."""
    return {call for module in modules for call in re.findall(r'answering\("([^"]+)"\)', inspect.getsource(module))}


def test_every_call_that_deploying_makes_is_in_the_table():
    listed = {action for calls in OWN_CALLS for action in calls.actions}
    made = calls_of(cfnroles.aws.cloudformation, cfnroles.aws.s3, cfnroles.aws.caller)
    # CloudFormation fetches a template from S3, and cfnroles only puts it there.
    assert made == listed | (set(BUCKET_CALLS) - {"s3:GetObject"}) | set(ELSEWHERE)


def test_every_call_for_stack_sets_is_in_the_table():
    listed = {action for calls in STACK_SET_CALLS for action in calls.actions}
    # What CloudFormation asks about when a request has tags.
    tagging = {"cloudformation:TagResource", "cloudformation:UntagResource"}
    assert calls_of(cfnroles.aws.stack_sets) == listed - tagging


def test_any_custom_resource_has_a_row_and_any_other_type_has_none():
    assert type_of("Custom::SecretsExist") is RESOURCE_TYPES["AWS::CloudFormation::CustomResource"]
    assert type_of("AWS::S3::Bucket") is None


def written():
    """The types of resources that the builders of templates can write, by what they call of troposphere.

    The stack of the functions that CloudFormation itself calls is deployed by hand: no build has it.
    """
    types = set()
    builders = Path(cfnroles.targets.cloudformation.__file__).parent
    for path in {*builders.glob("*.py")} - {builders / "hosted_stack.py", builders / "hook.py"}:
        module = importlib.import_module(f"cfnroles.targets.cloudformation.{path.stem}")
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute)):
                    called = getattr(getattr(module, name, None), attribute, None)
                case ast.Call(func=ast.Name(id=name)):
                    called = getattr(module, name, None)
                case _:
                    continue
            if isinstance(called, type) and issubclass(called, BaseAWSObject):
                types.add(getattr(called, "resource_type", None))
    return types - {None}


def test_every_type_that_a_build_can_write_has_a_row():
    types = written()
    assert {"AWS::IAM::Role", "AWS::ECS::TaskDefinition", "Custom::SecretsExist", "AWS::SNS::Topic"} <= types
    assert [name for name in sorted(types) if type_of(name) is None] == []
    assert {type_of(name).type for name in types} == set(RESOURCE_TYPES)
