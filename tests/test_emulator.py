"""The local emulator: where it listens, what it knows, what it keeps, and that it ends with its owner."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cfnroles import emulator as module
from cfnroles.aws.connection import Connection
from cfnroles.emulator import emulator, environment_for, region_of
from cfnroles.errors import InvalidInput, Unavailable

FUNCTION = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
TEMPLATE = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "tell",
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": FUNCTION},
            },
        },
        "Definition": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"Family": "shop", "ContainerDefinitions": [{"Name": "web", "Image": "nginx"}]},
        },
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}, "Export": {"Name": "shop-Arn"}}},
}


def clients(running):
    return Connection.of_environment(running.environment()).client


def listens(url):
    with socket.socket() as probe:
        parts = urlsplit(url)
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def until(true, seconds=15.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def deploy(client):
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"])
    until(lambda: cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")


@pytest.fixture(scope="module")
def running():
    os.environ["CFNROLES_TEST_TOKEN"] = "of this machine"
    try:
        with emulator() as one:
            yield one
    finally:
        del os.environ["CFNROLES_TEST_TOKEN"]


class TestWhereItRuns:
    @pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux lists its sockets in a file")
    def test_listens_on_loopback_only(self, running):
        assert urlsplit(running.endpoint_url).hostname == "127.0.0.1"
        assert listens(running.endpoint_url)
        port = urlsplit(running.endpoint_url).port
        sockets = Path("/proc/net/tcp").read_text().splitlines()[1:]
        bound = [line.split()[1] for line in sockets if line.split()[1].endswith(f":{port:04X}")]
        assert set(bound) <= {f"0100007F:{port:04X}"}

    def test_answers_for_its_account(self, running):
        assert clients(running)("sts").get_caller_identity()["Account"] == "123456789012"

    def test_its_functions_see_nothing_of_this_machine(self, running):
        client = clients(running)
        deploy(client)

        answer = json.load(client("lambda").invoke(FunctionName="tell")["Payload"])

        assert "CFNROLES_TEST_TOKEN" not in answer
        assert answer["HOME"] != os.environ.get("HOME")

    def test_nothing_listens_afterwards(self):
        with emulator() as one:
            assert listens(one.endpoint_url)
        assert not listens(one.endpoint_url)

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
    def test_ends_when_its_owner_is_killed(self, how):
        program = textwrap.dedent("""
            import sys
            from cfnroles.emulator import emulator
            with emulator() as running:
                print(running.endpoint_url, flush=True)
                sys.stdin.read()
        """)
        owner = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with owner:
            url = owner.stdout.readline().strip()
            assert listens(url)

            owner.send_signal(how)
            owner.wait(10)

            until(lambda: not listens(url))


class TestWhatItKeeps:
    def test_everything_a_deployment_makes_comes_back(self, tmp_path):
        state = tmp_path / "state"
        with emulator(state=state) as first:
            client = clients(first)
            deploy(client)
            client("secretsmanager").create_secret(Name="shop/db", SecretString="x")
            client("ssm").put_parameter(Name="/shop/api", Value="x", Type="SecureString")
            client("s3").create_bucket(Bucket="shop")

        with emulator(state=state) as second:
            client = clients(second)
            stack = client("cloudformation").describe_stacks(StackName="s")["Stacks"][0]
            assert stack["StackStatus"] == "CREATE_COMPLETE"
            assert client("cloudformation").describe_stack_events(StackName="s")["StackEvents"]
            assert client("cloudformation").list_exports()["Exports"][0]["Name"] == "shop-Arn"
            assert len(client("iam").list_roles()["Roles"]) == 1
            assert "StatusCode" in client("lambda").invoke(FunctionName="tell")
            assert client("ecs").list_task_definitions()["taskDefinitionArns"]
            assert client("secretsmanager").describe_secret(SecretId="shop/db")["Name"] == "shop/db"
            assert client("ssm").get_parameters(Names=["/shop/api"])["Parameters"]
            assert client("s3").list_buckets()["Buckets"][0]["Name"] == "shop"

    def test_its_directory_is_for_its_owner_only(self, tmp_path):
        with emulator(state=tmp_path / "deep" / "state"):
            pass

        assert (tmp_path / "deep" / "state").stat().st_mode & 0o077 == 0

    def test_a_file_is_no_directory(self, tmp_path):
        (tmp_path / "state").write_text("")

        words = "cannot be used as the emulator's state directory"
        with pytest.raises(InvalidInput, match=words), emulator(state=tmp_path / "state"):
            pass


class TestWhenItCannotRun:
    def test_it_is_not_installed(self, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

        with pytest.raises(InvalidInput, match=r"pip install 'cfnroles\[local\]'"), emulator():
            pass

    def test_it_ends_at_once(self, monkeypatch):
        monkeypatch.setattr(module, "_PROGRAM", "raise SystemExit('no room for it')")

        with pytest.raises(Unavailable, match="no room for it"), emulator():
            pass

    def test_it_never_answers(self, monkeypatch):
        monkeypatch.setattr(module, "_PROGRAM", "import sys; sys.stdin.read()")
        monkeypatch.setattr(module, "_START_SECONDS", 0.3)

        with pytest.raises(Unavailable, match="did not start within"), emulator():
            pass

    def test_an_error_inside_stops_it_too(self):
        with contextlib.suppress(ZeroDivisionError), emulator() as one:
            raise ZeroDivisionError
        assert not listens(one.endpoint_url)


class TestEnvironment:
    def test_nothing_of_the_users_aws_settings_remains(self):
        mine = {"PATH": "/bin", "AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "secret", "AWS_REGION": "eu-west-1"}

        given = environment_for(module.Emulator("http://127.0.0.1:1"), mine)

        assert given == {
            "PATH": "/bin",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "AWS_ACCESS_KEY_ID": "123456789012",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @pytest.mark.parametrize(
        ("variables", "region"),
        [
            ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-north-1"}, "eu-west-1"),
            ({"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
            ({}, "us-east-1"),
        ],
    )
    def test_the_region(self, variables, region):
        assert region_of(variables) == region
