"""`cfnroles deploy-policy`: sources, formats, exit codes, and what is printed where."""

from __future__ import annotations

import json

import pytest

from cfnroles.answers.template_lint import template_problems

HOME = ("--account", "111122223333", "--region", "eu-west-1")


@pytest.fixture
def ask(cfnroles):
    """Run the command and return its exit code, standard output and standard error."""

    def run(*arguments):
        result = cfnroles("deploy-policy", *arguments)
        return result.code, result.out, result.err

    return run


def sids(text):
    return {statement["Sid"] for statement in json.loads(text)["Statement"]}


def test_a_task_definition_that_says_where_it_runs_needs_no_option(ask, examples):
    code, out, err = ask(examples / "shop.json")
    assert code == 0
    assert {"ManageStacks", "ManageRoles", "DescribeSecrets", "PassRolesToTasks"} <= sids(out)
    assert "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-roles/*" in out
    assert err.startswith("This reaches further than the stacks, and cannot be narrower:")


def test_a_directory_needs_account_and_region_for_the_same_policy(cfnroles, ask, examples, tmp_path):
    cfnroles("build", examples / "shop.json", "-o", tmp_path)
    code, _, err = ask(tmp_path)
    assert (code, err.splitlines()[-1]) == (2, "Pass --account ID --region REGION.")
    told = ("--account", "123456789012", "--region", "us-east-1")
    assert ask(tmp_path, *told)[1] == ask(examples / "shop.json", *told)[1]


def test_a_project_has_several_policies_and_says_so(ask, examples):
    code, out, err = ask(examples / "shop-project" / "cfnroles.yaml", *HOME)
    assert code == 0
    documents = json.loads(out)
    assert err.startswith(f"{len(documents)} policies, because IAM accepts 6,144 characters in one: attach them all.")


def test_names_follow_the_options_of_deploy(ask, examples):
    values = ("--parameter", "RolePath=/ecs/", "--parameter", "TaskRoleName=web-task")
    _, out, _ = ask(examples / "shop.json", "--project", "web", "--stack-prefix", "eu-", *values, *HOME)
    assert "stack/eu-web-roles/*" in out
    assert "arn:aws:iam::111122223333:role/ecs/web-task" in out
    assert "arn:aws:iam::111122223333:role/ecs/eu-web-roles-ExecutionRole-*" in out


@pytest.mark.parametrize("source", ["shop.json", "shop-project/cfnroles.yaml"])
def test_the_template_is_one_that_cfn_lint_takes(ask, examples, source):
    code, out, _ = ask(examples / source, "--format", "cloudformation", *HOME)
    assert code == 0
    assert template_problems(out) == ()


def test_the_text_has_reasons_places_and_sources(ask, examples):
    code, out, err = ask(examples / "shop.json", "--format", "human")
    assert (code, err) == (0, "")
    for line in (
        "InvokeGate: lambda:InvokeFunction",
        "    if iam:PassedToService StringEquals ecs-tasks.amazonaws.com",
        "  because creating a function passes its role to Lambda",
        "- iam:CreateRole, iam:UpdateAssumeRolePolicy",
        "  AWS defines no resource type for these.",
    ):
        assert line in out.splitlines()


def test_the_callers_policy_and_the_service_roles(ask, examples):
    role = "arn:aws:iam::111122223333:role/cloudformation"
    caller = sids(ask(examples / "shop.json", "--role-arn", role)[1])
    service = sids(ask(examples / "shop.json", "--service-role")[1])
    assert "PassServiceRole" in caller
    assert caller & service == set()
    assert (caller | service) - {"PassServiceRole"} == sids(ask(examples / "shop.json")[1])
    code, _, err = ask(examples / "shop.json", "--service-role", "--role-arn", role)
    assert code == 2
    assert "cannot be combined" in err


def test_gaps_are_told_and_strict_ends_with_1(cfnroles, ask, examples, tmp_path):
    cfnroles("build", examples / "shop.json", "-o", tmp_path)
    task = tmp_path / "shop-task.yaml"
    task.write_text(task.read_text().replace("Resources:", "Resources:\n  Queue:\n    Type: AWS::SQS::Queue", 1))
    code, _, err = ask(tmp_path, "--allow-edits", *HOME)
    assert code == 0
    assert "cfnroles does not know which calls CloudFormation makes for AWS::SQS::Queue" in err
    code, _, err = ask(tmp_path, "--allow-edits", "--strict", *HOME)
    assert (code, err.splitlines()[-1]) == (1, "error: 1 gap, and --strict was given: the policy was printed")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--parameter", "Nobody=x"), "no template declares the parameter Nobody"),
        (("--parameter", "RolePath=x"), "a path that begins and ends with a slash"),
        (("--parameter", "RolePath=/*/"), "contains *, which"),
        (("--stack-sets", "--bucket", "b-1"), "--stack-sets cannot be combined with --bucket"),
        (
            ("--administration-role-arn", "arn:aws:iam::123456789012:role/x"),
            "--administration-role-arn requires --stack-sets",
        ),
        (("--account", "1"), "--account 1 is not an account ID"),
    ],
)
def test_a_wrong_question_ends_with_2(ask, examples, options, what):
    code, out, err = ask(examples / "shop.json", *HOME, *options)
    assert (code, out) == (2, "")
    assert what in err


def test_the_owner_of_another_account_has_a_policy_for_what_he_deploys(cfnroles, ask, examples, tmp_path):
    side = tmp_path / "side"
    cfnroles("build", examples / "recipes" / "10-shared-image.yaml", "--for-account", "210987654321", "-o", side)
    code, out, _ = ask(side, "--strict", "--account", "210987654321", "--region", "us-east-1")
    assert code == 0
    assert '"arn:aws:ecr:us-east-1:210987654321:repository/platform/web"' in out


def test_every_recipe_has_a_policy_without_a_gap(ask, examples):
    specs = sorted((examples / "recipes").rglob("*.y*ml"))
    assert specs
    for spec in specs:
        assert ask(spec, "--strict", *HOME)[0] == 0, spec
