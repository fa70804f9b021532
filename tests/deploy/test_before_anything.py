"""Everything that prevents a deployment is reported at once, before anything is created."""

from __future__ import annotations

import json
import re

import pytest

from cfnroles.aws.refusals import Refused
from cfnroles.errors import Unavailable
from tests.deploy.faulty_network import FaultyNetwork


def task_definition(family, account, secret="shop/db", image="nginx:1"):
    arn = f"arn:aws:secretsmanager:us-east-1:{account.account}:secret:{secret}"
    web = {"name": "web", "image": image, "memory": 128, "secrets": [{"name": "DB", "valueFrom": arn}]}
    return json.dumps({"family": family, "containerDefinitions": [web]})


@pytest.fixture
def spec(tmp_path, account):
    """A function that writes a spec of three services, the third with an image and a secret of its own."""

    def write(image="nginx:1", secret="shop/db"):
        for service in ("web", "api"):
            (tmp_path / f"{service}.json").write_text(task_definition(service, account))
        (tmp_path / "worker.json").write_text(task_definition("worker", account, secret, image))
        services = "".join(f"  {name}:\n    task-definition: {name}.json\n" for name in ("web", "api", "worker"))
        path = tmp_path / "cfnroles.yaml"
        path.write_text(f"project: shop\nservices:\n{services}")
        return path

    return write


@pytest.fixture
def ever_created(aws):
    """The names of all stacks that were ever there, those that are deleted again among them."""
    return lambda: [each["StackName"] for each in aws("cloudformation").list_stacks()["StackSummaries"]]


@pytest.fixture
def network(account, monkeypatch):
    """A network between this test's account and the command lines; what the SDK waits before it repeats goes by."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda backoff, context: 0.01)
    with FaultyNetwork(account.endpoint_url) as faulty:
        monkeypatch.setenv("AWS_ENDPOINT_URL", faulty.endpoint)
        yield faulty


def create_secrets(aws, *names):
    for name in names:
        aws("secretsmanager").create_secret(Name=name, SecretString="x")


class TestThreeServices:
    """What the third of them lacks is found before the stacks of the first are created."""

    @pytest.mark.parametrize(
        ("changes", "given", "words"),
        [
            pytest.param(
                {"image": "nginx:${TAG}"}, (), "1 parameter has no value:\n  Tag: ", id="a parameter without a value"
            ),
            pytest.param(
                {"secret": "${STAGE}/db"},
                ("--parameter", "Stage=a*"),
                "1 value is not valid for its template:\n  Stage: expected a name",
                id="a value that its template does not take",
            ),
        ],
    )
    def test_of_its_parameters(self, cfnroles, aws, spec, ever_created, changes, given, words):
        create_secrets(aws, "shop/db")

        refused = cfnroles("deploy", spec(**changes), "--yes", *given)

        assert refused.code == 2
        assert words in refused.err
        assert "shop-worker-task)" in refused.err
        assert ever_created() == []

    def test_of_its_secrets(self, cfnroles, aws, spec, ever_created):
        create_secrets(aws, "shop/db")

        refused = cfnroles("deploy", spec(secret="shop/worker"), "--yes")

        assert refused.code == 1
        assert refused.err == (
            "error: 1 of 3 references to secrets and parameters cannot be used:\n"
            "1. Secret shop/worker in us-east-1 does not exist. Needed by container web, secret DB (shop-worker-task). "
            "Create it, or correct the reference.\n"
            "Nothing was created or changed. Fix it and run the same command again.\n"
        )
        assert ever_created() == []

    def test_everything_of_all_of_them_in_one_message(self, cfnroles, aws, spec, ever_created):
        refused = cfnroles("deploy", spec(image="nginx:${TAG}"), "--yes")

        assert refused.code == 2
        assert "1 parameter has no value:\n  Tag: " in refused.err
        assert (
            "Needed by container web, secret DB (shop-web-task); container web, secret DB (shop-api-task)"
            in refused.err
        )
        assert ever_created() == []

    def test_then_they_are_deployed(self, cfnroles, aws, spec):
        create_secrets(aws, "shop/db")

        deployed = cfnroles("deploy", spec(image="nginx:${TAG}"), "--yes", "--parameter", "Tag=1.27")

        assert deployed.code == 0, deployed.err
        assert "References: 3 of 3 checked and usable." in deployed.err


class TestSecrets:
    def test_a_deleted_one_is_refused_and_a_deployed_stack_stays_as_it_is(self, cfnroles, aws, stacks):
        create_secrets(aws, "shop/db", "shop/api")
        assert cfnroles("deploy", stacks, "--yes").code == 0
        before = aws("cloudformation").describe_stack_events(StackName="shop-task")["StackEvents"]
        aws("secretsmanager").delete_secret(SecretId="shop/api", RecoveryWindowInDays=7)

        refused = cfnroles("deploy", stacks, "--yes")

        assert refused.code == 1
        assert "1. Secret shop/api in us-east-1 is scheduled for deletion and cannot be read. " in refused.err
        assert aws("cloudformation").describe_stack_events(StackName="shop-task")["StackEvents"] == before

    def test_a_plan_is_refused_like_a_deployment(self, cfnroles, stacks, ever_created):
        refused = cfnroles("deploy", stacks, "--plan", "--format", "json")

        assert (refused.code, refused.out) == (1, "")
        assert "2 of 2 references to secrets and parameters cannot be used:" in refused.err

    @pytest.mark.parametrize(
        ("fault", "why"),
        [
            ("denied", "not allowed to call secretsmanager:DescribeSecret"),
            ("reset", "secretsmanager in us-east-1 failed 3 times, last with ConnectionClosedError"),
            ("unavailable", "secretsmanager in us-east-1 failed 3 times, last with ServiceUnavailable"),
            ("throttled", "times, last with Throttling"),
        ],
    )
    def test_what_cannot_be_found_out_is_told_and_left_to_the_gate(self, cfnroles, aws, stacks, network, fault, why):
        create_secrets(aws, "shop/db", "shop/api")
        network.fails("DescribeSecret", fault, times=10_000)

        deployed = cfnroles("deploy", stacks, "--yes")

        assert deployed.code == 0, deployed.err
        (line,) = [line for line in deployed.err.splitlines() if "not checked before the deployment" in line]
        assert line.startswith("! 2 of 2 references not checked before the deployment: ")
        assert why in line
        assert line.endswith(". The gate in the stack decides.")
        assert "2 references checked" in deployed.err

    def test_the_gate_still_refuses_what_could_not_be_found_out(self, cfnroles, aws, stacks, network):
        create_secrets(aws, "shop/db")
        network.fails("DescribeSecret", "denied", times=100)

        refused = cfnroles("deploy", stacks, "--yes")

        assert refused.code == 1
        assert "not checked before the deployment: not allowed to call secretsmanager:DescribeSecret" in refused.err
        assert "1. Secret shop/api does not exist. Needed by " in refused.err

    def test_nobody_is_asked_who_may_not_ask(self, cfnroles, aws, stacks, network):
        create_secrets(aws, "shop/db", "shop/api")
        network.fails("DescribeSecret", "denied")

        deployed = cfnroles("deploy", stacks, "--yes", "--no-check")

        assert deployed.code == 0, deployed.err
        assert not network.failed
        assert "! 2 of 2 references not checked before the deployment: --no-check. " in deployed.err

    @pytest.mark.parametrize(
        ("value", "told"),
        [
            ("/shop/db", "/shop/db"),
            ("!Sub '${AWS::StackName}/db'", "${AWS::StackName}/db"),
            ("hunter2 is the password", "a string of 23 characters"),
        ],
    )
    def test_what_may_be_a_secret_is_told_by_its_length(self, double, cfnroles, stacks, value, told):
        task = stacks / "shop-task.yaml"
        task.write_text(re.sub("ValueFrom: .*secret:shop/db", f"ValueFrom: {value}", task.read_text()))

        planned = cfnroles("deploy", stacks, "--plan", "--no-check", "--format", "json")

        first, _ = json.loads(planned.out)["references"]["notChecked"]
        assert first["reference"] == told
        assert "hunter2" not in planned.out + planned.err

    def test_what_another_stack_exports_is_known(self, cfnroles, aws, stacks):
        task = stacks / "shop-task.yaml"
        task.write_text(re.sub("ValueFrom: .*secret:shop/db", "ValueFrom: !ImportValue db", task.read_text()))
        body = {
            "Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
            "Outputs": {"Db": {"Value": "/shop/nothing", "Export": {"Name": "db"}}},
        }
        aws("cloudformation").create_stack(StackName="db", TemplateBody=json.dumps(body))
        aws("cloudformation").get_waiter("stack_create_complete").wait(StackName="db", WaiterConfig={"Delay": 0.05})

        refused = cfnroles("deploy", stacks, "--yes")

        assert "1. Parameter /shop/nothing in us-east-1 does not exist." in refused.err


class TestStrict:
    def test_what_could_not_be_found_out_refuses(self, cfnroles, aws, stacks, network, ever_created):
        create_secrets(aws, "shop/db", "shop/api")
        network.fails("DescribeSecret", "denied", times=100)

        refused = cfnroles("deploy", stacks, "--yes", "--strict")

        assert refused.code == 1
        assert (
            "2 of 2 references could not be checked (--strict):\n"
            "  containerDefinitions[0].secrets[0] (DB_PASSWORD) (shop-task): not allowed to call "
            "secretsmanager:DescribeSecret\n"
        ) in refused.err
        assert ever_created() == []

    def test_who_is_calling_must_be_known(self, cfnroles, aws, stacks, network, ever_created):
        network.fails("GetCallerIdentity", "denied", times=100)

        refused = cfnroles("deploy", stacks, "--yes", "--strict")

        assert refused.code == 1
        assert "cannot determine the caller (--strict): the credentials are not allowed" in refused.err
        assert ever_created() == []

    def test_a_gap_refuses(self, cfnroles, aws, tmp_path, account, ever_created):
        create_secrets(aws, "shop/db")
        (tmp_path / "task.json").write_text(task_definition("shop", account, image="<REGISTRY>/nginx:1"))

        refused = cfnroles("deploy", tmp_path / "task.json", "--yes", "--strict", "--parameter", "Registry=quay.io")

        assert refused.code == 1, refused.err
        assert "the roles have 1 gap (--strict):\n" in refused.err
        assert ever_created() == []

    def test_a_gap_that_the_build_recorded_refuses(self, cfnroles, tmp_path, account, aws, ever_created):
        create_secrets(aws, "shop/db")
        (tmp_path / "task.json").write_text(task_definition("shop", account, image="<REGISTRY>/nginx:1"))
        built = tmp_path / "built"
        assert cfnroles("build", tmp_path / "task.json", "-o", built).code == 0

        refused = cfnroles("deploy", built, "--yes", "--strict", "--parameter", "Registry=quay.io")

        assert refused.code == 1, refused.err
        assert "the roles have 1 gap (--strict):\n" in refused.err
        assert "the image's registry is the placeholder <REGISTRY>" in refused.err
        assert ever_created() == []

    def test_what_is_built_without_a_gap_is_deployed(self, cfnroles, tmp_path, account, aws):
        create_secrets(aws, "shop/db")
        (tmp_path / "task.json").write_text(task_definition("shop", account))
        assert cfnroles("build", tmp_path / "task.json", "-o", tmp_path / "built").code == 0

        deployed = cfnroles("deploy", tmp_path / "built", "--yes", "--strict")

        assert deployed.code == 0, deployed.err

    def test_gaps_that_nobody_recorded_refuse(self, double, cfnroles, stacks):
        refused = cfnroles("deploy", stacks, "--yes", "--strict")

        assert refused.code == 1
        assert "cannot see whether the roles have gaps (--strict): the build did not record them" in refused.err
        assert double.calls == []

    @pytest.mark.parametrize("option", ["--no-check", "--allow-unchecked-secrets"])
    def test_no_exception_from_it(self, cfnroles, stacks, option):
        refused = cfnroles("deploy", stacks, "--yes", "--strict", option)

        assert refused.code == 2
        assert f"--strict and {option} cannot be combined" in refused.err


class TestWhereItGoes:
    def test_is_told_above_the_question(self, double, cfnroles, stacks):
        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.err.startswith(
            "Account 123456789012, Region us-east-1, as arn:aws:iam::123456789012:user/deployer "
            "(an emulator at http://127.0.0.1:1)\n\n"
        )

    def test_in_json(self, double, cfnroles, stacks):
        told = json.loads(cfnroles("deploy", stacks, "--plan", "--format", "json").out)

        assert [told[name] for name in ("account", "region", "caller", "emulator")] == [
            "123456789012",
            "us-east-1",
            "arn:aws:iam::123456789012:user/deployer",
            "http://127.0.0.1:1",
        ]
        assert told["references"] == {"total": 2, "usable": 2, "notChecked": [], "warnings": []}

    def test_in_a_pull_request(self, double, cfnroles, stacks):
        assert (
            "Account `123456789012`, Region `us-east-1`, caller `arn:aws:iam::123456789012:user/deployer`"
            in cfnroles("deploy", stacks, "--plan", "--format", "markdown").out
        )

    def test_an_unknown_caller_is_reported_and_its_references_are_left_to_the_gate(
        self, double, cfnroles, stacks, monkeypatch
    ):
        def silent(connection):
            raise Unavailable("cannot reach AWS for sts:GetCallerIdentity")

        monkeypatch.setattr("cfnroles.aws.caller.caller_of", silent)

        told = cfnroles("deploy", stacks, "--plan").out

        why = "cannot reach AWS for sts:GetCallerIdentity"
        assert told.startswith(f"Account unknown, Region us-east-1, caller unknown ({why})")
        assert "! 2 of 2 references not checked before the deployment: the account is unknown. The gate " in told

    def test_an_account_that_cannot_be_found_out_is_not_the_one_that_is_meant(
        self, double, cfnroles, stacks, monkeypatch
    ):
        def silent(connection):
            raise Unavailable("AWS throttled sts:GetCallerIdentity after all retries")

        monkeypatch.setattr("cfnroles.aws.caller.caller_of", silent)

        refused = cfnroles("deploy", stacks, "--yes", "--account", "123456789012")

        assert refused.code == 1
        assert "account of the credentials is unknown: AWS throttled sts:GetCallerIdentity" in refused.err
        assert double.calls == []

    def test_the_account_that_is_meant_goes_on(self, double, cfnroles, stacks):
        assert cfnroles("deploy", stacks, "--yes", "--account", "123456789012").code == 0

    def test_another_account_is_refused(self, double, cfnroles, stacks):
        refused = cfnroles("deploy", stacks, "--yes", "--account", "210987654321")

        assert refused.code == 1
        assert refused.err == (
            "error: the stacks are for the account 210987654321 (--account), but the credentials belong to the"
            " account 123456789012\nUse credentials of that account, or change --account.\n"
        )
        assert double.calls == []


ROLE = {"Type": "AWS::IAM::Role", "Properties": {}}
NAMED = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "shop"}}


class TestWhatTheStacksThemselvesTell:
    @pytest.fixture
    def written(self, tmp_path):
        def write(resources=None, more=None, **entry):
            template = {"Resources": resources or {"Topic": {"Type": "AWS::SNS::Topic"}}, **(more or {})}
            (tmp_path / "one.json").write_text(json.dumps(template))
            first = {"name": "first", "template": "one.json", "exports": ["one"]}
            second = {"name": "second", "template": "one.json", **entry}
            (tmp_path / "stacks.json").write_text(json.dumps({"schema": 1, "stacks": [first, second]}))
            return tmp_path

        return write

    @pytest.mark.parametrize(
        ("made", "options", "code", "words"),
        [
            pytest.param({"name": "9 shop"}, (), 2, "9 shop: is not a valid stack name", id="name"),
            pytest.param({"name": "a" * 129}, (), 2, "up to 128 letters, digits and hyphens", id="long name"),
            pytest.param({}, ("--stack-prefix", "team_"), 2, "team_second: is not a valid stack name", id="prefix"),
            pytest.param({"resources": {"A": ROLE}}, (), 2, "the capability CAPABILITY_IAM", id="capability"),
            pytest.param(
                {"resources": {"A": NAMED}, "capabilities": ["CAPABILITY_IAM"]},
                (),
                2,
                "second: the template needs the capability CAPABILITY_NAMED_IAM",
                id="capability for a name",
            ),
            pytest.param({}, ("--tag", "aws:x=1"), 2, "CloudFormation does not accept these tags", id="tag"),
            pytest.param(
                {}, ("--parameter", "A=1", "--parameter", "B=1"), 2, "declares the parameters A, B", id="parameters"
            ),
            pytest.param({"exports": ["one"]}, (), 1, "the stack first already has the export one", id="export"),
        ],
    )
    def test_is_refused_without_a_call_that_changes_anything(
        self, double, cfnroles, written, made, options, code, words
    ):
        refused = cfnroles("deploy", written(**made), "--yes", *options)

        assert refused.code == code, refused.err
        assert words in refused.err
        assert double.calls == []

    def test_all_of_it_in_one_message_and_what_is_deployed_too(self, double, cfnroles, written):
        double.has("first", "CREATE_COMPLETE", tags={"team": "other"})
        directory = written(
            more={"Parameters": {"Tag": {"Type": "Number"}, "Stage": {"Type": "String"}}},
            name="9",
            imports=["nothing"],
        )

        refused = cfnroles("deploy", directory, "--yes", "--parameter", "Tag=x")

        assert refused.code == 2
        for words in ("9: is not a valid stack name", "first: not created by cfnroles", "this stack imports nothing"):
            assert words in refused.err
        assert double.calls == []

    def test_without_an_answer_of_aws_what_is_known_is_told(self, double, cfnroles, written, monkeypatch):
        def unavailable(name):
            raise Unavailable("not allowed")

        monkeypatch.setattr(double, "stack", unavailable)

        refused = cfnroles("deploy", written(name="9"), "--yes")

        assert refused.code == 2
        assert "9: is not a valid stack name" in refused.err

    def test_whoever_is_asked_has_nothing_else_to_mend(self, double, cfnroles, written, monkeypatch):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("click.prompt", lambda *_, **__: pytest.fail("asked in vain"))
        directory = written(more={"Parameters": {"Tag": {"Type": "String"}}}, name="9")

        assert cfnroles("deploy", directory, "--yes").code == 2


class TestDeployedStacks:
    def test_a_kept_value_that_the_new_template_does_not_take(self, double, cfnroles, stacks):
        double.has("shop-task", "CREATE_COMPLETE", parameters={"ProjectName": "shop", "Stage": "no stage"})
        task = stacks / "shop-task.yaml"
        declared = "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, prod]}\n"
        task.write_text(task.read_text().replace("Parameters:\n", declared))

        refused = cfnroles("deploy", stacks, "--yes")

        assert refused.code == 2
        assert "  Stage: expected one of dev, prod (shop-task)\n" in refused.err
        assert "no stage" not in refused.err
        assert double.calls == []

    def test_an_export_that_goes_while_somebody_imports_it(self, double, cfnroles, stacks):
        double.has("shop-roles", "CREATE_COMPLETE", parameters={"ProjectName": "shop"})
        double.imports["shop-ECSTaskRoleArn"] = ("payment",)

        refused = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles", "--parameter", "ProjectName=mall")

        assert refused.code == 1
        assert "shop-roles: the export shop-ECSTaskRoleArn is in use by payment" in refused.err
        assert double.calls == []

    def test_a_template_that_cloudformation_does_not_take_before_the_others_are_deployed(
        self, double, cfnroles, stacks
    ):
        refused = Refused("cloudformation:ValidateTemplate", "ValidationError", "Unresolved resource dependencies")
        double.refusals["ValidateTemplate", "AWS::ECS::TaskDefinition"] = refused

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 1
        assert "shop-task: Unresolved resource dependencies" in answer.err
        assert double.calls == []

    def test_a_capability_that_only_cloudformation_finds(self, double, cfnroles, stacks):
        double.capabilities["AWS::ECS::TaskDefinition"] = "CAPABILITY_IAM"

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 2
        assert "shop-task: the template needs the capability CAPABILITY_IAM" in answer.err
        assert double.calls == []

    def test_where_nobody_may_validate_that_is_told(self, double, cfnroles, stacks):
        double.refusals["ValidateTemplate", ""] = Unavailable("not allowed")

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 0
        assert "  ! CloudFormation checks its template when it is deployed: not allowed" in answer.err

    def test_a_busy_stack_is_not_waited_for_where_the_deployment_is_refused_anyway(self, double, cfnroles, stacks):
        kept = double.has("shop-roles", "UPDATE_IN_PROGRESS")
        double._start(kept, "nothing", "token", [("UPDATE_IN_PROGRESS",)] * 400)

        refused = cfnroles("deploy", stacks, "--yes", "--tag", "aws:x=1")

        assert refused.code == 2
        assert len(kept.then) > 390
