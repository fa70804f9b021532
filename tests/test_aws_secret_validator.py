"""The checks of the gate, asked through exactly the connection that they are given."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import botocore.session
import pytest

from cfnroles.aws.caller import caller_of
from cfnroles.aws.connection import Connection
from cfnroles.aws.secret_validator import examine
from cfnroles.emulator import Emulator
from cfnroles.errors import InvalidInput, Unavailable

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db"
REFERENCE = {"ValueFrom": SECRET, "For": "container web, secret DB"}


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of this process name another account, where nothing answers."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "999999999999")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")


@pytest.mark.usefixtures("elsewhere")
def test_the_connection_is_asked_and_nothing_else(empty_emulator: Emulator) -> None:
    connection = Connection.of_environment(empty_emulator.environment())
    connection.client("secretsmanager").create_secret(Name="shop/db", SecretString="value")
    variables, modules = dict(os.environ), set(sys.modules)

    (found,), warnings = examine([REFERENCE], connection, "us-east-1", "123456789012")

    assert (found.value_from, found.code, warnings) == (SECRET, "", ())
    assert found.version
    assert dict(os.environ) == variables
    assert not {"secret_gate", "secret_references", "custom_resource"} & (set(sys.modules) - modules)


@pytest.mark.usefixtures("elsewhere")
def test_the_caller_is_the_connections(empty_emulator: Emulator) -> None:
    connection = Connection.of_environment(empty_emulator.environment())
    told = caller_of(connection)
    assert told.account == "123456789012"
    assert told.arn.startswith("arn:aws:")


def test_all_clients_of_a_connection_have_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    session = botocore.session.Session

    def counted(*given: object, **named: object) -> object:
        opened.append(given)
        return session(*given, **named)

    monkeypatch.setattr(botocore.session, "Session", counted)
    connection = Connection(
        region="us-east-1", environment=(("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"))
    )

    for service in ("sts", "ssm", "secretsmanager"):
        connection.client(service)

    assert len(opened) == 1


def test_the_region_is_the_options_the_variables_or_the_profiles(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text("[profile team]\nregion = eu-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    assert Connection("team").home_region == "eu-central-1"
    assert Connection("team", "eu-west-1").home_region == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert Connection("team").home_region == "eu-north-1"


WITHOUT = {
    "no credentials": ({}, Unavailable, "no AWS credentials found"),
    "a profile that does not exist": ({"profile": "nobody"}, InvalidInput, "The config profile (nobody)"),
    "an endpoint that is none": ({"endpoint_url": "nonsense"}, InvalidInput, "nonsense is not the URL"),
}


@pytest.mark.parametrize(("settings", "error", "words"), WITHOUT.values(), ids=WITHOUT)
def test_what_holds_for_all_references_is_told_once(
    settings: dict[str, str], error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(error) as told:
        examine([REFERENCE], Connection(region="us-east-1", **settings), "us-east-1", "123456789012")
    assert str(told.value).startswith(words)
