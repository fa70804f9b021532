"""However a role has a permission, lint and verify read the same of it, under the same conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from cfnroles.iam.evaluator import Decision, Principal, Request, evaluate
from cfnroles.iam.roles import evaluable, template_role
from cfnroles.need import Finding
from cfnroles.template.given import Given
from cfnroles.template.template import read_template
from tests.linted import lint

Find = Callable[[str], list[Finding]]

PULL = "{Effect: Allow, Action: ['ecr:*'], Resource: '*'}"
DOCUMENT = f"{{Version: '2012-10-17', Statement: [{PULL}]}}"
INLINE = f"{{PolicyName: Pull, PolicyDocument: {DOCUMENT}}}"
NO_VALUE = "!Ref AWS::NoValue"
TEMPLATE = """\
Parameters:
  Stage: {{Type: String, Default: test}}
  Given: {{Type: String}}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  NotProd: !Not [!Condition Prod]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: sts:AssumeRole}}
      {role}
  {policy}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: {image}
"""
IMAGE = "!Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/shop:1.4.2"


def template(role: str = "Path: /", policy: str = "", image: str = IMAGE) -> str:
    return TEMPLATE.format(role=role, policy=policy, image=image)


def resource(kind: str, to: str) -> str:
    return f"P: {{Type: AWS::IAM::{kind}, Properties: {{{to}, PolicyDocument: {DOCUMENT}}}}}"


def verified(text: str, parameters: Mapping[str, str]) -> bool:
    """Whether the role that verify reads allows the pull under these parameters, in the template's own account."""
    role = template_role(read_template(text, "t.yaml"), "Role", Given(parameters, "111122223333", "eu-west-1"))
    assert role.unread == ()
    request = Request(Principal("arn:aws:iam::111122223333:role/r"), "ecr:GetAuthorizationToken", "*")
    return evaluate(request, map(evaluable, role.policies)).decision is Decision.ALLOWED


ALWAYS, NEVER, IN_PROD, ELSEWHERE = (True, True), (False, False), (True, False), (False, True)
WAYS = [
    ("nothing", template(), NEVER),
    ("inline", template(f"Policies: [{INLINE}]"), ALWAYS),
    ("Ref", template("ManagedPolicyArns: [!Ref P]", resource("ManagedPolicy", "Path: /")), ALWAYS),
    ("GetAtt", template("ManagedPolicyArns: [!GetAtt P.PolicyArn]", resource("ManagedPolicy", "Path: /")), ALWAYS),
    ("Roles by Ref", template("Path: /", resource("Policy", "Roles: [!Ref Role]")), ALWAYS),
    ("Roles by Ref of a named role", template("RoleName: r", resource("Policy", "Roles: [!Ref Role]")), ALWAYS),
    ("Roles by name", template("RoleName: r", resource("ManagedPolicy", "Roles: [r]")), ALWAYS),
    ("Roles of another", template("RoleName: r", resource("ManagedPolicy", "Roles: [other]")), NEVER),
    ("RoleName by Ref", template("Path: /", resource("RolePolicy", "RoleName: !Ref Role")), ALWAYS),
    ("RoleName by name", template("RoleName: r", resource("RolePolicy", "RoleName: r")), ALWAYS),
    ("policy behind a condition", template(f"Policies: [!If [Prod, {INLINE}, {NO_VALUE}]]"), IN_PROD),
    ("policies behind a condition", template(f"Policies: !If [Prod, {NO_VALUE}, [{INLINE}]]"), ELSEWHERE),
    (
        "nested conditions",
        template(f"Policies: [!If [Prod, !If [NotProd, {NO_VALUE}, {INLINE}], {NO_VALUE}]]"),
        IN_PROD,
    ),
    (
        "statement behind a condition",
        template(f"Policies: [{INLINE}]".replace(PULL, f"!If [Prod, {PULL}, {PULL.replace('Allow', 'Deny')}]")),
        IN_PROD,
    ),
    (
        "actions behind a condition",
        template(f"Policies: [{INLINE}]".replace("['ecr:*']", "!If [Prod, ['ecr:*', 's3:GetObject'], ['s3:*']]")),
        IN_PROD,
    ),
    (
        "attached behind a condition",
        template(f"ManagedPolicyArns: [!If [Prod, !Ref P, {NO_VALUE}]]", resource("ManagedPolicy", "Path: /")),
        IN_PROD,
    ),
    (
        "resource behind a condition",
        template("Path: /", resource("Policy", "Roles: [!Ref Role]").replace("{Type", "{Condition: Prod, Type", 1)),
        IN_PROD,
    ),
    ("Deny", template(f"Policies: [{INLINE}]".replace(PULL, f"{PULL}, {PULL.replace('Allow', 'Deny')}")), NEVER),
]


@pytest.mark.parametrize(("text", "allowed"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_lint_and_verify_read_the_same_of_a_role(text: str, allowed: tuple[bool, bool], faults: Find) -> None:
    assert (verified(text, {"Stage": "prod"}), verified(text, {"Stage": "test"})) == allowed
    missing = [finding.what for finding in faults(text) if finding.check == "missing-permission"]
    where = {ALWAYS: None, NEVER: "starts the container", IN_PROD: "where NotProd holds", ELSEWHERE: "where Prod holds"}
    ending = where[allowed]
    assert len(missing) == (0 if ending is None else 1)
    assert all(what.endswith(str(ending)) for what in missing), missing


def missing(text: str, faults: Find) -> list[str]:
    """What the role lacks, without the reasons."""
    found = [finding.what for finding in faults(text) if finding.check == "missing-permission"]
    return [
        what.removeprefix("Role is the execution role of Task and does not allow ").split(": ")[0] for what in found
    ]


def test_a_permissions_boundary_takes_away(faults: Find) -> None:
    boundary = "\n      PermissionsBoundary: arn:aws:iam::aws:policy/AmazonS3FullAccess"
    (told,) = missing(template(f"Policies: [{INLINE}]{boundary}"), faults)
    assert told.startswith("ecr:GetAuthorizationToken on *")


SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:database-AbC1eF"


def reading(resource: str, secrets: str = f"[{{Name: S, ValueFrom: {SECRET}}}]") -> str:
    """A task that reads a secret, and a role that may read a resource."""
    statement = f"{{Effect: Allow, Action: 'secretsmanager:*', Resource: {resource}}}"
    policy = f"Policies: [{{PolicyName: P, PolicyDocument: {{Version: '2012-10-17', Statement: [{statement}]}}}}]"
    more = "Secret: {Type: AWS::SecretsManager::Secret}\n  Other: {Type: AWS::SecretsManager::Secret}"
    return template(policy, more, image=f"nginx:1.27\n          Secrets: {secrets}")


READ = f"secretsmanager:GetSecretValue on {SECRET}"


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        pytest.param(reading(SECRET), [], id="this secret"),
        pytest.param(reading(SECRET.replace("database", "orders")), [READ], id="another secret"),
        pytest.param(reading("!Ref Given"), [], id="what is unknown"),
        pytest.param(reading("!Sub '${Given}'"), [], id="what is unknown, in a text"),
        pytest.param(
            reading(f"!Sub '{SECRET.replace('111122223333', '${AWS::AccountId}')}'"), [], id="perhaps in this account"
        ),
        pytest.param(reading(SECRET.replace("111122223333", "000000000000")), [READ], id="in account 000000000000"),
        pytest.param(reading("!Ref Secret", "[{Name: S, ValueFrom: !Ref Secret}]"), [], id="a secret of the template"),
        pytest.param(reading("arn:aws:s3:::a", "[{Name: S, ValueFrom: !Ref Secret}]"), ["..."], id="none of it"),
        pytest.param(
            reading(f"!If [Prod, '{SECRET}', 'arn:aws:s3:::a']", f"!If [Prod, [{{Name: S, ValueFrom: {SECRET}}}], []]"),
            [],
            id="needed and allowed under the same condition",
        ),
        pytest.param(
            reading(
                f"!If [NotProd, '{SECRET}', 'arn:aws:s3:::a']", f"!If [Prod, [{{Name: S, ValueFrom: {SECRET}}}], []]"
            ),
            [READ],
            id="needed under one condition and allowed under the other",
        ),
    ],
)
def test_what_no_template_tells_is_neither_allowed_nor_refused(text: str, lacking: list[str], faults: Find) -> None:
    found = missing(text, faults)
    assert [told if wanted != "..." else wanted for told, wanted in zip(found, lacking, strict=True)] == lacking


def test_what_is_missing_under_a_condition_says_so(faults: Find) -> None:
    text = reading("arn:aws:s3:::a", f"!If [Prod, [{{Name: S, ValueFrom: {SECRET}}}], []]")
    (what,) = (finding.what for finding in faults(text) if finding.check == "missing-permission")
    assert what.endswith(", where Prod holds")


def test_a_parameter_that_is_given_decides() -> None:
    text = template(f"Policies: [!If [Prod, {INLINE}, {NO_VALUE}]]")
    told = {stage: [found.check for found in lint(text, "t", {"Stage": stage}).findings] for stage in ("prod", "test")}
    assert told == {"prod": ["wildcard-actions"], "test": ["missing-permission"]}


def test_an_unknown_action_gives_no_answer(faults: Find) -> None:
    assert missing(template(f"Policies: [{INLINE}]".replace("['ecr:*']", "!Select [0, !Ref Given]")), faults) == []
