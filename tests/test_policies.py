"""Packing: the union of the policies is the statements, each is within its quota, and no room is wasted."""

from __future__ import annotations

import json

import pytest

from cfnroles.discovery import discover
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Holder, Need, Origin, Permission, Reason
from cfnroles.policies import INLINE_TOTAL, MANAGED_POLICIES, MANAGED_POLICY, Policy, document, pack, size
from cfnroles.statements import Statement, compose
from cfnroles.targets.cloudformation.limits import too_large
from cfnroles.targets.cloudformation.output_files import output_files
from cfnroles.targets.cloudformation.service import service_stacks
from cfnroles.text import from_spelling
from cfnroles.workload import Workload
from tests.deployed_roles import denied, documents
from tests.ecs_calls import ACCOUNT, KEY, REGION, calls

FACTS = Facts(account=ACCOUNT, region=REGION)
REASON = Reason("test", "it is tested", "https://docs.aws.amazon.com/")


def secrets(count: int, tail: str = "") -> Workload:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/production/service/secret"
    entries = [{"name": f"S{number}", "valueFrom": f"{arn}-{number:03}-AbCdEf{tail}"} for number in range(count)]
    container = {"name": "web", "image": "nginx", "memory": 128, "secrets": entries}
    return Workload("task.json", {"family": "many", "containerDefinitions": [container]})


def statements(workload: Workload) -> list[Statement]:
    needs = discover(workload, FACTS).needs
    return [statement for statement in compose(needs) if statement.holder is Holder.EXECUTION]


def need(action: str, resource: str, sid: str = "Test", when: tuple[str, ...] = ()) -> Need:
    return Need(
        Holder.EXECUTION, Permission(action, from_spelling(resource), (), when), REASON, Origin("t", ("a",)), sid
    )


def permissions(policies: tuple[Policy, ...]) -> set[Permission]:
    return {
        permission for policy in policies for statement in policy.statements for permission in statement.permissions()
    }


@pytest.mark.parametrize("count", [0, 1, 100, 300])
def test_packing_keeps_every_permission_and_each_quota(count: int) -> None:
    given = statements(secrets(count))
    policies = pack(given)
    assert permissions(policies) == {permission for each in given for permission in each.permissions()}
    assert sum(size(policy.statements) for policy in policies if not policy.managed) <= INLINE_TOTAL
    assert all(size(policy.statements) <= MANAGED_POLICY for policy in policies if policy.managed)
    assert sum(policy.managed for policy in policies) <= MANAGED_POLICIES


def test_a_role_takes_as_many_managed_policies_as_an_account_has_without_a_request() -> None:
    policies = pack(statements(secrets(550)))
    assert 10 < sum(policy.managed for policy in policies) <= MANAGED_POLICIES == 20


def test_the_size_is_what_iam_counts() -> None:
    given = compose([need("s3:GetObject", "arn:aws:s3:::bucket/a key")])
    text = json.dumps(document(given))
    assert size(given) == len("".join(text.split()))


def test_symbols_count_at_their_longest() -> None:
    (short,) = compose([need("a:B", "arn:${AWS::Partition}:a:${AWS::Region}:${AWS::AccountId}:x")])
    (long,) = compose([need("a:B", "arn:aws-us-gov:a:ap-southeast-10:123456789012:x")])
    assert size([short]) >= size([long])
    (named,) = compose([need("a:B", "${Secret}")])
    assert size([named], {"Secret": "x" * 40}) == size(compose([need("a:B", "x" * 40)]))


def test_what_fits_stays_in_one_inline_policy_for_each_condition() -> None:
    given = compose(
        [need("a:B", "x"), need("a:C", "y", "Other"), need("k:D", "${KmsKeyArns}", "Keys", ("KmsKeyArns",))]
    )
    assert [(policy.name, policy.when, policy.managed) for policy in pack(given)] == [
        ("Permissions", (), False),
        ("WithKmsKeyArns", ("KmsKeyArns",), False),
    ]


def test_a_statement_is_cut_where_a_policy_is_full_and_its_pieces_are_numbered() -> None:
    given = compose([need("a:B", f"{'x' * 100}{number}", "Read") for number in range(150)])
    inline, *managed = pack(given)
    assert not inline.managed
    assert INLINE_TOTAL - size(inline.statements) < 200
    assert all(policy.managed for policy in managed)
    sids = [statement.sid for policy in (inline, *managed) for statement in policy.statements]
    assert sids == [f"ReadPart{number}" for number in range(1, len(sids) + 1)]


def test_each_piece_keeps_the_needs_that_it_answers() -> None:
    given = compose([need("a:B", f"{'x' * 100}{number}") for number in range(150)])
    for policy in pack(given):
        for statement in policy.statements:
            assert {each.permission for each in statement.needs} == statement.permissions()


def test_room_that_is_reserved_stays_free() -> None:
    given = compose([need("a:B", f"{'x' * 100}{number}") for number in range(150)])
    inline = pack(given, reserved=1000)[0]
    assert size(inline.statements) <= INLINE_TOTAL - 1000


def test_more_than_iam_allows_is_refused_with_a_way_out() -> None:
    with pytest.raises(InvalidInput, match="managed policies") as refused:
        pack(statements(secrets(900)))
    assert "JSON keys" in refused.value.remedy


def test_a_name_longer_than_a_policy_is_refused() -> None:
    with pytest.raises(InvalidInput, match="exceeds the size"):
        pack(compose([need("a:B", "x" * 20_000)]))


@pytest.mark.parametrize("tail", ["", ":password::"], ids=["whole", "json-keys"])
def test_a_service_with_300_secrets_builds_and_its_role_reads_each_of_them_and_no_other(tail: str) -> None:
    workload = secrets(300, tail)
    stacks = service_stacks(workload, discover(workload, FACTS), FACTS, "many")
    template = next(stack.template for stack in stacks if "ExecutionRole" in stack.template["Resources"])
    policies = {"ExecutionRole": documents(template, "ExecutionRole", {"KmsKeyArns": KEY})}
    made = list(calls(workload.tree, with_key=True))
    assert len(made) == 600
    assert denied(policies, made) == []
    granted = {
        resource
        for policy in policies["ExecutionRole"]
        for statement in policy["Statement"]
        if "secretsmanager:GetSecretValue" in statement["Action"]
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
    }
    assert granted == {call.resource for call in made if call.action == "secretsmanager:GetSecretValue"}
    assert any(too_large(text) for text in output_files(stacks, "many", "task.json").values())


def test_the_validator_of_300_secrets_may_ask_about_each_of_them() -> None:
    workload = secrets(300)
    stacks = service_stacks(workload, discover(workload, FACTS), FACTS, "many")
    template = next(stack.template for stack in stacks if "Function" in stack.template["Resources"])
    asked = {
        resource
        for policy in documents({**template, "Parameters": template["Parameters"]}, "Role", {"LogGroup.Arn": ""})[1:]
        for statement in policy["Statement"]
        if "secretsmanager:DescribeSecret" in statement["Action"]
        for resource in statement["Resource"]
    }
    assert len(asked) == 300
