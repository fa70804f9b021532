"""The roles that Terraform gives its task definitions: what of them is read, and what becomes of what is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cfnroles import Document, Reading, Told, read
from cfnroles.answers.verification import Outcome, Verification
from cfnroles.answers.verify_configuration import verify_configuration
from cfnroles.answers.verify_template import Question
from cfnroles.formats.verification import human
from cfnroles.need import Holder
from cfnroles.sources.terraform_directory import read_files
from tests.evaluated import Written, complete

TRUST = """jsonencode({ Version = "2012-10-17", Statement = [{
  Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" }
  Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } } }] })"""
TASK = """
variable "on" {}
resource "aws_secretsmanager_secret" "db" {}
resource "aws_secretsmanager_secret" "named" { name = "prod/db" }
resource "aws_secretsmanager_secret" "other" {}
resource "aws_ecs_task_definition" "app" {
  family             = "app"
  execution_role_arn = EXECUTION
  container_definitions = jsonencode([{
    name = "web", image = "nginx", secrets = [{ name = "A", valueFrom = SECRET }]
  }])
}
"""
ROLE = 'resource "aws_iam_role" "exec" {\n name = "exec"\n assume_role_policy = TRUST\n REST\n}\n'
BY_INLINE = 'resource "aws_iam_role_policy" "p" {\n role = aws_iam_role.exec.id\n policy = POLICY\n}\n'
DB, NAMED, OTHER = (f"aws_secretsmanager_secret.{name}.arn" for name in ("db", "named", "other"))


def statement(*resources: str) -> str:
    listed = ", ".join(resources)
    return f'{{ Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [{listed}] }}'


def policy(*resources: str) -> str:
    return f'jsonencode({{ Version = "2012-10-17", Statement = [{statement(*resources)}] }})'


def files(roles: str, execution: str = "aws_iam_role.exec.arn", secret: str = DB) -> str:
    return (TASK.replace("EXECUTION", execution).replace("SECRET", secret) + roles).replace("TRUST", TRUST)


def verified(files: str | Mapping[str, str], **told: Any) -> list[Verification]:
    """What becomes of the execution roles."""
    given = complete(files)
    return judged(read_files(given, ".", Told(account="111122223333", region="eu-west-1", **told)))


def judged(reading: Reading) -> list[Verification]:
    found = verify_configuration(reading, Question(aws_managed_keys=True))
    return [each for each in found if each.holder is Holder.EXECUTION]


def verdict(files: str | Mapping[str, str], **told: Any) -> str:
    """The verdict on the execution role, and its reasons: outcomes of needs, then the other messages."""
    (found,) = verified(files, **told)
    outcomes = sorted({str(each.outcome) for each in found.judged if each.outcome is not Outcome.ALLOWED})
    return " ".join([str(found.verdict), *outcomes])


def role(rest: str = "", beside: str = "") -> str:
    return ROLE.replace("REST", rest) + beside


def inline(document: str) -> str:
    return BY_INLINE.replace("POLICY", document)


def attached(arn: str, how: str = "aws_iam_role_policy_attachment", name: str = "role = aws_iam_role.exec.name") -> str:
    what = f"policy_arns = [{arn}]" if how.endswith("exclusive") else f"policy_arn = {arn}"
    return f'resource "{how}" "a" {{\n {name}\n {what}\n}}\n'


OWN_POLICY = f'resource "aws_iam_policy" "own" {{\n policy = {policy(DB)}\n}}\n'
DATA = """data "aws_iam_policy_document" "it" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [RESOURCES]
  }
}
"""
B = '"${var.on}-b"'
HEREDOC = f"""<<-EOT
    {{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
      "Resource": "${{{DB}}}"}}}}
  EOT
"""
GIVEN = {
    "a policy of its own": role(beside=inline(policy(DB))),
    "by the name of the role": role(beside=inline(policy(DB)).replace("aws_iam_role.exec.id", '"exec"')),
    "in a block": role(f'inline_policy {{\n name = "p"\n policy = {policy(DB)}\n}}'),
    "in a heredoc": role(beside=inline(HEREDOC)),
    "in a data source": role(beside=inline("data.aws_iam_policy_document.it.json")) + DATA.replace("RESOURCES", DB),
    "a managed policy": role(beside=OWN_POLICY + attached("aws_iam_policy.own.arn")),
    "for several roles": role(
        beside=OWN_POLICY
        + attached("aws_iam_policy.own.arn", "aws_iam_policy_attachment", "roles = [aws_iam_role.exec.name]")
    ),
    "exclusively": role(
        beside=OWN_POLICY
        + attached(
            "aws_iam_policy.own.arn",
            "aws_iam_role_policy_attachments_exclusive",
            "role_name = aws_iam_role.exec.name",
        )
    ),
    "by its ARN in the role": role("managed_policy_arns = [aws_iam_policy.own.arn]", OWN_POLICY),
    "one of several": role(
        beside=OWN_POLICY
        + attached("each.value", name="for_each = { a = aws_iam_policy.own.arn }\n role = aws_iam_role.exec.name")
    ),
    "in another one's place": role(beside=inline("data.aws_iam_policy_document.it.json"))
    + DATA.replace("RESOURCES", DB).replace("{\n", '{\n override_policy_documents = ["{}"]\n', 1),
    "beside one for a role that is called otherwise": role(
        beside=inline(policy(DB)) + inline(policy(OTHER)).replace('"p"', '"q"').replace("aws_iam_role.exec.id", B)
    ).replace('name = "exec"', 'name = "${var.on}-a"'),
    "within its boundary": role(
        "permissions_boundary = aws_iam_policy.own.arn", OWN_POLICY + attached("aws_iam_policy.own.arn")
    ),
}


@pytest.mark.parametrize("roles", GIVEN.values(), ids=GIVEN)
def test_a_role_has_the_policies_that_it_is_given(roles: str) -> None:
    assert verdict(files(roles)) == "pass"
    assert verdict(files(roles.replace(DB, OTHER))).startswith("fail ")


SHIPPED = """data "aws_iam_policy" "aws" {
  name = "AmazonECSTaskExecutionRolePolicy"
}
"""
BY_AWS = {
    "by its ARN": attached('"arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"'),
    "in any partition": attached(
        '"arn:${data.aws_partition.p.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"'
    ),
    "looked up": SHIPPED + attached("data.aws_iam_policy.aws.arn"),
    "its document": SHIPPED + inline("data.aws_iam_policy.aws.policy"),
    "its document in another one": SHIPPED
    + inline("data.aws_iam_policy_document.it.json")
    + 'data "aws_iam_policy_document" "it" {\n source_policy_documents = [data.aws_iam_policy.aws.policy]\n}\n',
}


@pytest.mark.parametrize("beside", BY_AWS.values(), ids=BY_AWS)
def test_aws_s_own_policy_is_known_however_it_is_named(beside: str) -> None:
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1"
    (found,) = verified(files(role(beside=beside)).replace('"nginx"', f'"{image}"'))
    allowed = {each.need.permission.action for each in found.judged if each.outcome is Outcome.ALLOWED}
    assert (len(allowed), found.unread) == (3, ())


ELSEWHERE = {
    "a secret that already exists": (
        "data.aws_secretsmanager_secret.x.arn",
        "data.aws_secretsmanager_secret.x.arn",
        "pass",
    ),
    "one of several": ("aws_secretsmanager_secret.s[0].arn", "aws_secretsmanager_secret.s[0].arn", "pass"),
    "another of several": ("aws_secretsmanager_secret.s[0].arn", "aws_secretsmanager_secret.s[1].arn", "fail missing"),
    "the name that it is given": (
        NAMED,
        '"arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-??????"',
        "pass",
    ),
    "another name": (NAMED, '"arn:aws:secretsmanager:eu-west-1:111122223333:secret:dev/db-??????"', "fail missing"),
    "a pattern that may be its name": (
        DB,
        '"arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/*"',
        "not judged unknown",
    ),
    "a name of which nobody knows a part": (
        "aws_secretsmanager_secret.part.arn",
        "aws_secretsmanager_secret.part.arn",
        "pass",
    ),
    "what is unknown": (DB, "var.secret", "not judged unknown"),
    "what may be what is unknown": ("var.secret", "var.secret", "not judged unknown"),
    "a secret beside one that is unknown": (DB, f"{DB}, var.secret", "not judged"),
}


@pytest.mark.parametrize(("needed", "granted", "expected"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_resources_are_equal_different_or_undecided(needed: str, granted: str, expected: str) -> None:
    several = 'resource "aws_secretsmanager_secret" "s" {\n count = 2\n}\nvariable "secret" {}\n'
    several += 'resource "aws_secretsmanager_secret" "part" {\n name = "${var.secret}-db"\n}\n'
    assert verdict(files(role(beside=inline(policy(granted))) + several, secret=needed)) == expected


UNREAD = {
    "a document that nobody knows": (inline("var.on"), "aws_iam_role_policy.p"),
    "a document of elsewhere": (inline('file("../p.json")'), "is outside"),
    "a statement that nobody knows": (
        inline(f'jsonencode({{ Version = "2012-10-17", Statement = concat([{statement(DB)}], var.on) }})'),
        "var.on",
    ),
    "a managed policy that nobody knows": (inline(policy(DB)) + attached("var.on"), "var.on"),
    "a managed policy of the account": (
        inline(policy(DB)) + attached('"arn:aws:iam::111122223333:policy/ours"'),
        "not in the configuration, and cfnroles does not include it",
    ),
    "a policy for a role that nobody knows": (
        inline(policy(DB)) + inline(policy(OTHER)).replace('"p"', '"q"').replace("aws_iam_role.exec.id", "var.on"),
        "aws_iam_role_policy.q",
    ),
    "a module that may do anything": (
        inline(policy(DB)) + 'module "m" {\n source = "git::https://x"\n role = aws_iam_role.exec.name\n}\n',
        "Run `terraform init` to download it",
    ),
}


@pytest.mark.parametrize(("beside", "told"), UNREAD.values(), ids=UNREAD)
def test_what_is_not_read_of_a_role_is_told_and_keeps_it_from_passing(beside: str, told: str) -> None:
    (found, *_) = verified(files(role(beside=beside)))
    assert str(found.verdict) == "not judged"
    assert told in human([found], {})


ABSENT = {
    "of elsewhere": ("data.aws_iam_role.other.arn", "data.aws_iam_role.other.arn"),
    "by its ARN": ('"arn:aws:iam::111122223333:role/other"', "arn:aws:iam::111122223333:role/other"),
    "of a module that is not available": ("module.roles.arn", "module.roles.arn"),
    "that is unknown": ("var.on", "var.on"),
    "at which Terraform stops": ("{}.role", "${aws_ecs_task_definition.app.execution_role_arn}"),
}


@pytest.mark.parametrize(("execution", "called"), ABSENT.values(), ids=ABSENT)
def test_a_role_of_elsewhere_is_not_judged(execution: str, called: str) -> None:
    module = 'module "roles" {\n source = "git::https://x"\n}\n' if "module" in execution else ""
    found = verified(files(role() + module, execution=execution))[0]
    assert (str(found.verdict), found.role.name, found.absence is not None) == ("not judged", called, True)


def of_secret(principal: str, effect: str = "Allow", secret: str = DB) -> str:
    document = (
        f'jsonencode({{ Version = "2012-10-17", Statement = [{{ Effect = "{effect}", Resource = "*",'
        f' Action = "secretsmanager:GetSecretValue", Principal = {{ AWS = {principal} }} }}] }})'
    )
    return of_secret_by(document, secret)


def of_secret_by(document: str, secret: str = DB) -> str:
    return f'resource "aws_secretsmanager_secret_policy" "s" {{\n secret_arn = {secret}\n policy = {document}\n}}\n'


FROM_VPC = of_secret("aws_iam_role.exec.arn").replace(
    "Effect =", 'Condition = { StringEquals = { "aws:SourceVpc" = "vpc-1" } }, Effect ='
)
OF_RESOURCES = {
    "it allows": (of_secret("aws_iam_role.exec.arn"), "pass"),
    "it may allow": (FROM_VPC, "not judged unknown"),
    "by its ARN": (of_secret('"arn:aws:iam::111122223333:role/exec"'), "not judged unknown"),
    "it allows another role": (of_secret('"arn:aws:iam::111122223333:role/other"'), "fail missing"),
    "it is of another secret": (of_secret("aws_iam_role.exec.arn", secret=OTHER), "fail missing"),
    "cannot see it": (of_secret_by("var.on"), "not judged unknown"),
    "it may deny": (inline(policy(DB)) + of_secret("aws_iam_role.exec.arn", "Deny"), "not judged unknown"),
    "it allows what the role does": (inline(policy(DB)) + of_secret("aws_iam_role.exec.arn"), "pass"),
}


@pytest.mark.parametrize(("beside", "expected"), OF_RESOURCES.values(), ids=OF_RESOURCES)
def test_the_policy_of_a_secret_may_allow_or_deny(beside: str, expected: str) -> None:
    assert verdict(files(role(beside=beside))) == expected


@pytest.mark.parametrize(
    ("secret", "expected"), [("db", "pass"), ("other", "fail missing")], ids=["its own", "of another"]
)
def test_a_secret_may_say_its_policy_itself(secret: str, expected: str) -> None:
    document = of_secret("aws_iam_role.exec.arn").partition("policy = ")[2]
    empty = f'"aws_secretsmanager_secret" "{secret}" {{'
    assert verdict(files(role()).replace(f"{empty}}}", f"{empty}\n policy = {document}")) == expected


KEPT = {
    "jsonencode": (
        "",
        """Statement = [
  {
    Sid      = "MayBeNeeded"
    Effect   = "Allow"
    Action   = ["secretsmanager:GetSecretValue"]
    Resource = aws_secretsmanager_secret.other.arn
    Condition = {
      StringEquals = {
        "aws:ResourceAccount" = data.aws_caller_identity.current.account_id
      }
    }
  },
]
""",
    ),
    "aws_iam_policy_document": (
        "data.aws_iam_policy_document.p.json",
        """statement {
  sid       = "MayBeNeeded"
  effect    = "Allow"
  actions   = ["secretsmanager:GetSecretValue"]
  resources = [aws_secretsmanager_secret.other.arn]

  condition {
    test     = "StringEquals"
    variable = "aws:ResourceAccount"
    values   = [data.aws_caller_identity.current.account_id]
  }
}
""",
    ),
}
_ASKED = 'data "aws_caller_identity" "current" {}\nvariable "token" {}\n'
_DOCUMENT = f"""data "aws_iam_policy_document" "p" {{
  statement {{
    actions   = ["secretsmanager:GetSecretValue", "sqs:SendMessage"]
    resources = [{DB}, {OTHER}]
    condition {{
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }}
  }}
}}
"""
_OBJECTS = f"""jsonencode({{ Version = "2012-10-17", Statement = [{{
  Effect = "Allow", Action = ["secretsmanager:GetSecretValue", "sqs:SendMessage"], Resource = [{DB}, {OTHER}]
  Condition = {{ StringEquals = {{ "aws:ResourceAccount" = data.aws_caller_identity.current.account_id }} }} }}] }})"""


@pytest.mark.parametrize(("given", "expected"), KEPT.values(), ids=KEPT)
def test_what_has_to_stay_is_written_as_its_policy_is(given: str, expected: str) -> None:
    named = given or _OBJECTS
    asked = f'{DB} }}, {{ name = "B", valueFrom = var.token'
    text = files(role(beside=inline(named) + _DOCUMENT + _ASKED), secret=asked)
    told = human(judged(read_files(Written({"main.tf": text}), ".", Told())), {})
    assert expected in told[told.index("> keep next to it what") :] + "\n"


def test_a_task_definition_without_a_role_lacks_what_it_needs() -> None:
    found = verified(files("", execution="null"))[0]
    assert str(found.verdict) == "fail"
    assert found.absence is not None
    assert found.absence.remedy == "Add an execution_role_arn to aws_ecs_task_definition.app."


def test_a_grant_on_a_condition_is_judged_with_it_and_without() -> None:
    hanging = inline(policy(DB)).replace("{\n", "{\n count = var.on ? 1 : 0\n", 1)
    (found,) = verified(files(role(beside=hanging)))
    assert [(str(each.outcome), found.when(each)) for each in found.judged] == [
        ("allowed", "var.on holds"),
        ("missing", "var.on does not hold"),
    ]
    assert verdict(files(role(beside=hanging)), parameters={"on": "true"}) == "pass"


def test_passes_share_a_role_that_no_condition_of_theirs_changes() -> None:
    both = files(role(beside=inline(policy(DB))), secret=f"var.on ? {DB} : {OTHER}")
    reading = read_files(complete(both), ".", Told())
    assert reading.configuration is not None
    (found,) = reading.configuration.tasks_with_roles()
    first, second = (each.roles[0] for each in found.roles)
    assert first.role is second.role
    assert set(found.roles[0].named) != set(found.roles[1].named)


def test_roles_are_read_in_the_order_in_which_they_are_named() -> None:
    names = ("exec", "web", "cron")
    roles = "".join(ROLE.replace("exec", name).replace("REST", "") for name in names)
    event = """resource "aws_cloudwatch_event_target" "t" {
  arn = "arn:aws:ecs:eu-west-1:111122223333:cluster/a"
  role_arn = aws_iam_role.cron.arn
  ecs_target { task_definition_arn = aws_ecs_task_definition.app.arn }
}
"""
    task = files(roles + event).replace("  family", "  task_role_arn = aws_iam_role.web.arn\n  family")
    reading = read_files(complete(task), ".", Told())
    assert reading.configuration is not None
    (found,) = reading.configuration.tasks_with_roles()
    assert [each.address for each in found.roles[0].roles] == [f"aws_iam_role.{name}" for name in names]


def test_what_another_task_definition_needs_is_not_too_much() -> None:
    second = TASK[TASK.index('resource "aws_ecs_task_definition"') :].replace('"app"', '"second"')
    second = second.replace("SECRET", OTHER).replace("EXECUTION", "aws_iam_role.exec.arn")
    both = verified(files(role(beside=inline(policy(DB, OTHER)))) + second)
    assert [(str(each.verdict), each.use.tasks if each.use else ()) for each in both] == [
        ("pass", ("aws_ecs_task_definition.app", "aws_ecs_task_definition.second"))
    ]


USERS = {
    "a function": 'resource "aws_lambda_function" "f" {\n role = aws_iam_role.exec.arn\n}\n',
    "a module": 'module "f" {\n source = "git::https://x"\n role_arn = aws_iam_role.exec.arn\n}\n',
    "by a local": 'locals {\n r = aws_iam_role.exec\n}\nresource "aws_lambda_function" "f" {\n role = local.r.arn\n}\n',
}


@pytest.mark.parametrize("beside", USERS.values(), ids=USERS)
def test_what_others_may_need_is_not_called_too_much(beside: str) -> None:
    found = verified(files(role(beside=inline(policy(DB, OTHER)) + beside)))[0]
    assert (str(found.verdict), found.excess) == ("not judged", ())


@pytest.mark.parametrize(
    ("key", "expected"),
    [("each.key", "pass"), ('"a"', "not judged unknown"), ('"other"', "fail missing")],
    ids=["with the same keys", "with one of them", "of another role"],
)
def test_a_role_with_unknown_instances(key: str, expected: str) -> None:
    each = role(beside=inline(policy(DB))).replace("{\n", "{\n for_each = toset(var.on)\n")
    named = f"aws_iam_role.exec[{key}]" if "other" not in key else "aws_iam_role.other[each.key]"
    each = each.replace("aws_iam_role.exec.id", f"{named}.id")
    task = files(each, execution="aws_iam_role.exec[each.key].arn")
    task = task.replace('"app" {\n', '"app" {\n for_each = toset(var.on)\n')
    assert verdict(task) == expected


def test_a_role_within_a_module_that_is_at_hand() -> None:
    module = (
        'variable "secret" {}\n'
        + role(beside=inline(policy("var.secret")))
        + 'output "arn" {\n value = aws_iam_role.exec.arn\n}\n'
    ).replace("TRUST", TRUST)
    call = f'module "roles" {{\n source = "./roles"\n secret = {DB}\n}}\n'
    both = {"main.tf": files(call, execution="module.roles.arn"), "roles/main.tf": module}
    assert verdict(both) == "pass"
    (found,) = verified(both)
    assert found.role.name == "module.roles.aws_iam_role.exec"


def test_statements_are_told_with_the_user_s_expressions_and_their_places() -> None:
    (found,) = verified(
        files(role(beside=inline(policy(f'"${{{OTHER}}}"'))), secret='"${aws_ssm_parameter.p["a"].arn}"')
    )
    told = human([found], {})
    assert 'Resource = aws_ssm_parameter.p["a"].arn' in told
    assert f"no need uses secretsmanager:GetSecretValue on ${{{OTHER}}}" in told
    assert "aws_iam_role_policy.p.Statement[0], main.tf:" in told


def test_nothing_is_too_much_where_containers_cannot_be_seen() -> None:
    hidden = files(role(beside=inline(policy(DB, OTHER)))).replace(
        "jsonencode([{\n", "jsonencode([for c in var.on : {\n"
    )
    (found,) = verified(hidden)
    assert (str(found.verdict), found.excess, len(found.gaps)) == ("not judged", (), 1)


ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
ROLE_ARN = "arn:aws:iam::111122223333:role/exec"
CONTAINERS = json.dumps([{"name": "web", "image": "nginx", "secrets": [{"name": "A", "valueFrom": ARN}]}])


def allowing(resource: str) -> str:
    given = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [given]})


def resource(address: str, mode: str = "managed", **values: Any) -> dict[str, Any]:
    kind, name = address.split(".")[-2:]
    return {"address": address, "mode": mode, "type": kind, "name": name, "values": values}


def stated(*others: dict[str, Any], **of_role: Any) -> list[Verification]:
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
            },
        }
    )
    task = resource("aws_ecs_task_definition.app", execution_role_arn=ROLE_ARN, container_definitions=CONTAINERS)
    own = resource("aws_iam_role.exec", name="exec", arn=ROLE_ARN, assume_role_policy=trust, **of_role)
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [task, own, *others]}}}
    return judged(read(Document("state.json", json.dumps(state))))


POLICY_ARN = "arn:aws:iam::111122223333:policy/own"
STATES = {
    "a policy of its own": [resource("aws_iam_role_policy.p", role="exec", policy=allowing(ARN))],
    "a managed policy": [
        resource("aws_iam_policy.own", arn=POLICY_ARN, policy=allowing(ARN)),
        resource("aws_iam_role_policy_attachment.a", role="exec", policy_arn=POLICY_ARN),
    ],
}


@pytest.mark.parametrize("others", STATES.values(), ids=STATES)
def test_a_state_has_the_policies_of_a_role(others: list[dict[str, Any]]) -> None:
    assert [str(each.verdict) for each in stated(*others)] == ["pass"]
    wide = json.loads(json.dumps(others).replace("secret:db-AbCdEf", "secret:*"))
    assert [str(each.verdict) for each in stated(*wide)] == ["fail"]


def test_a_state_repeats_the_policies_of_resources_in_the_role() -> None:
    own = resource("aws_iam_role_policy.p", name="p", role="exec", policy=allowing(ARN))
    (found,) = stated(own, inline_policy=[{"name": "p", "policy": allowing(ARN)}])
    assert [each.name for each in found.role.policies] == ["aws_iam_role_policy.p"]


def planned(references: list[str]) -> list[Verification]:
    """A first plan: the role's ARN is still unknown, and the configuration says what it comes from."""
    values = [
        resource("aws_ecs_task_definition.app", container_definitions=CONTAINERS),
        resource("aws_iam_role.exec", name="exec", assume_role_policy="{}"),
        resource("aws_iam_role_policy.p", policy=allowing(ARN)),
    ]
    unknown = {"aws_ecs_task_definition.app": "execution_role_arn", "aws_iam_role_policy.p": "role"}
    changes = [{"address": at, "change": {"after_unknown": {name: True}}} for at, name in unknown.items()]
    by_aws = {"managed_policy_arns": True, "inline_policy": True}
    changes.append({"address": "aws_iam_role.exec", "change": {"after_unknown": by_aws}})
    names = {
        "aws_ecs_task_definition.app": references,
        "aws_iam_role_policy.p": ["aws_iam_role.exec.id", "aws_iam_role.exec"],
    }
    configured = [{"address": at, "expressions": {unknown[at]: {"references": found}}} for at, found in names.items()]
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": values}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": [*configured, {"address": "aws_iam_role.exec"}]}},
    }
    return judged(read(Document("plan.json", json.dumps(plan))))


def test_a_plan_tells_which_role_a_task_definition_will_have() -> None:
    (found,) = planned(["aws_iam_role.exec.arn", "aws_iam_role.exec"])
    assert (found.role.name, [str(each.outcome) for each in found.judged]) == ("aws_iam_role.exec", ["allowed"])
    assert found.role.unread == ()


def test_a_plan_does_not_tell_which_of_two_roles_it_is() -> None:
    (found,) = planned(["aws_iam_role.exec.arn", "aws_iam_role.exec", "var.role_arn"])
    assert (str(found.verdict), found.absence is not None) == ("not judged", True)


INFRASTRUCTURE = """
resource "aws_iam_role" "infra" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs.amazonaws.com" } }] })
}
resource "aws_iam_role_policy_attachment" "infra" {
  role       = aws_iam_role.infra.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes"
}
resource "aws_ecs_task_definition" "app" {
  family = "app"
  volume {
    name                = "data"
    configure_at_launch = true
  }
  container_definitions = jsonencode([{ name = "a", image = "nginx" }])
}
resource "aws_ecs_service" "app" {
  name            = "app"
  task_definition = aws_ecs_task_definition.app.arn
  volume_configuration {
    name = "data"
    managed_ebs_volume {
      role_arn   = aws_iam_role.infra.arn
      size_in_gb = 10
    }
  }
}
"""


def test_the_role_that_a_service_names_is_judged_by_what_the_volume_needs() -> None:
    reading = read_files(Written({"main.tf": INFRASTRUCTURE}), ".", Told())
    (found,) = verify_configuration(reading)
    assert (found.holder, found.role.name, found.gaps) == (Holder.INFRASTRUCTURE, "aws_iam_role.infra", ())
    assert {each.outcome for each in found.judged} == {Outcome.ALLOWED}


CONNECT = """
  service_connect_configuration {
    enabled = true
    service {
      port_name = "http"
      tls {
        issuer_cert_authority {
          aws_pca_authority_arn = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1"
        }
        ROLE
      }
    }
  }
}
resource "aws_ecs_cluster" "main" {
  name = "main"
  configuration {
    managed_storage_configuration {
      kms_key_id = "arn:aws:kms:us-east-1:123456789012:key/1"
    }
  }
}
resource "aws_iam_role" "tls" {
  assume_role_policy = aws_iam_role.infra.assume_role_policy
}
"""


@pytest.mark.parametrize(
    ("written", "named"),
    [
        pytest.param("role_arn = aws_iam_role.tls.arn", "aws_iam_role.tls", id="with a role of its own"),
        pytest.param("", "none", id="without a role"),
    ],
)
def test_service_connect_and_volumes_are_judged_with_the_role_of_each(written: str, named: str) -> None:
    text = INFRASTRUCTURE.rstrip().removesuffix("}") + "  cluster = aws_ecs_cluster.main.id\n"
    reading = read_files(Written({"main.tf": text + CONNECT.replace("ROLE", written)}), ".", Told())
    found = {
        each.role.name: {one.need.permission.action.partition(":")[0] for one in each.judged}
        for each in verify_configuration(reading)
    }
    assert found == {"aws_iam_role.infra": {"ec2", "kms"}, named: {"acm-pca", "secretsmanager"}}


def test_a_secret_that_is_called_by_its_version_is_one_of_the_same_module() -> None:
    version = 'resource "aws_secretsmanager_secret_version" "v" {\n secret_id = aws_secretsmanager_secret.db.id\n}\n'
    (found,) = verified(files(role(beside=version), secret="aws_secretsmanager_secret_version.v.arn"))
    told = human([found], {})
    assert "aws_secretsmanager_secret_version.v.arn" in told
    assert "another module" not in told


HANDED = """
resource "aws_iam_role" "execution" {
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
"""
OWN_SECRET = 'resource "aws_secretsmanager_secret" "db" {}\n'
OF_MODULE = """
resource "aws_ecs_task_definition" "shop" {
  family                = "shop"
  execution_role_arn    = ROLE
  container_definitions = jsonencode([{
    name    = "web"
    image   = "nginx"
    secrets = [{ name = "A", valueFrom = SECRET }]
  }])
}
"""


def of_module(role: str, secret: str) -> str:
    return OF_MODULE.replace("ROLE", role).replace("SECRET", secret)


@pytest.mark.parametrize(
    ("main", "inner", "name", "note"),
    [
        (
            HANDED + 'module "m" {\n source = "./m"\n role = aws_iam_role.execution.arn\n}\n',
            'variable "role" {}\n' + OWN_SECRET + of_module("var.role", "aws_secretsmanager_secret.db.arn"),
            "module.m.secretsmanager_secret_db_arn",
            '# Add to module.m: output "secretsmanager_secret_db_arn" { value = aws_secretsmanager_secret.db.arn }',
        ),
        (
            OWN_SECRET + 'module "m" {\n source = "./m"\n secret = aws_secretsmanager_secret.db.arn\n}\n',
            'variable "secret" {}\n' + HANDED + of_module("aws_iam_role.execution.arn", "var.secret"),
            "var.secretsmanager_secret_db_arn",
            '# Add to module.m: variable "secretsmanager_secret_db_arn" { type = string }, and to its call:'
            " secretsmanager_secret_db_arn = aws_secretsmanager_secret.db.arn",
        ),
        (
            HANDED + 'module "m" { source = "./m" }\n' + of_module("aws_iam_role.execution.arn", "module.m.id"),
            OWN_SECRET + 'output "id" { value = aws_secretsmanager_secret.db.arn }\n',
            "module.m.id",
            "Statement = [",
        ),
    ],
    ids=["to the caller", "to the called module", "by an output that it has"],
)
def test_what_another_module_has_is_passed_by_a_name(main: str, inner: str, name: str, note: str) -> None:
    told = human(verified({"main.tf": main, "m/main.tf": inner}), {})
    assert f"    Resource = {name}\n" in told, told
    assert f"Missing: add to the execution role\n{note}" in told, told
