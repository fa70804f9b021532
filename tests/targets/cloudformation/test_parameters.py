"""The parameters of a service's stacks: one for each secret whose complete ARN is given."""

from __future__ import annotations

import re

import pytest

from cfnroles.facts import Facts
from cfnroles.need import Origin, Reference
from cfnroles.targets.cloudformation.parameters import PROJECT_NAME, secret_parameter, secret_parameters, used
from cfnroles.text import Text

SECRETS = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"


def references(*value_from: str) -> list[Reference]:
    return [Reference(Text(value), Origin("task.json", ("secrets", index))) for index, value in enumerate(value_from)]


NAMED = {
    "a complete ARN": ([f"{SECRETS}shop/database-AbCdEf"], {f"{SECRETS}shop/database-AbCdEf": "ShopDatabaseSecretArn"}),
    "one with a JSON key": (
        [f"{SECRETS}shop/database-AbCdEf:password::"],
        {f"{SECRETS}shop/database-AbCdEf": "ShopDatabaseSecretArn"},
    ),
    "the same secret twice": (
        [f"{SECRETS}db-AbCdEf:user::", f"{SECRETS}db-AbCdEf:password::"],
        {f"{SECRETS}db-AbCdEf": "DbSecretArn"},
    ),
    "two secrets whose names give the same words": (
        [f"{SECRETS}shop/db-AbCdEf", f"{SECRETS}shop-db-GhIjKl", f"{SECRETS}shop.db-MnOpQr"],
        {
            f"{SECRETS}shop-db-GhIjKl": "ShopDbSecretArn",
            f"{SECRETS}shop.db-MnOpQr": "ShopDbSecretArn2",
            f"{SECRETS}shop/db-AbCdEf": "ShopDbSecretArn3",
        },
    ),
    "an ARN without its suffix": ([f"{SECRETS}shop/database"], {}),
    "a parameter": (["/shop/flags"], {}),
}


@pytest.mark.parametrize(("given", "expected"), NAMED.values(), ids=NAMED)
def test_parameters_are_named_after_their_secrets(given: list[str], expected: dict[str, str]) -> None:
    assert secret_parameters(references(*given), Facts()) == expected


def test_more_secrets_than_parameters_fit_stay_literal() -> None:
    def secrets(count: int) -> list[Reference]:
        return references(*(f"{SECRETS}s{number:04}-AbCdEf" for number in range(count)))

    assert len(secret_parameters(secrets(180), Facts())) == 180
    assert secret_parameters(secrets(181), Facts()) == {}


def test_a_template_takes_only_the_parameters_that_it_uses() -> None:
    parameters = {f"{SECRETS}a-AbCdEf": "ASecretArn", f"{SECRETS}b-AbCdEf": "BSecretArn"}

    assert used(parameters, [f"{SECRETS}a-AbCdEf:key::", f"{SECRETS}b-AbCdEf-GhIjKl"]) == {
        "ASecretArn": f"{SECRETS}a-AbCdEf"
    }


ARNS = {
    f"{SECRETS}shop/database-AbCdEf": True,
    "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a-AbCdEf": True,
    f"{SECRETS}*": False,
    f"{SECRETS}database-??????": False,
    f"{SECRETS}database": False,
    f"{SECRETS}database-AbCdEf:password::": False,
    "": False,
}


@pytest.mark.parametrize(("arn", "accepted"), ARNS.items(), ids=ARNS)
def test_a_secret_parameter_takes_complete_arns_only(arn: str, accepted: bool) -> None:
    pattern = secret_parameter("DatabaseSecretArn", f"{SECRETS}database-AbCdEf").AllowedPattern

    assert (re.fullmatch(pattern, arn) is not None) is accepted


@pytest.mark.parametrize(
    ("name", "accepted"), [("shop", True), ("a-1", True), ("1a", False), ("a_b", False), ("", False)]
)
def test_project_names_can_begin_stacks_and_exports(name: str, accepted: bool) -> None:
    assert (re.fullmatch(PROJECT_NAME, name) is not None) is accepted
