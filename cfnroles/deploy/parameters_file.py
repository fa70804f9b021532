"""Files of parameter values, in all common formats."""

from __future__ import annotations

from pathlib import Path

from cfnroles.deploy.parameter_values import value_of
from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.files import read_text


def read_parameters(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the parameter values in a JSON or YAML file.

    Three formats: ``{"Key": "value"}``; ``{"Parameters": {"Key": "value"}}`` of CodePipeline; and
    ``[{"ParameterKey": ..., "ParameterValue": ...}]`` of the AWS CLI.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html

    Raise ``InvalidInput`` for any other format.
    """
    match parse(read_text(str(path)), str(path)):
        case {"Parameters": dict(pairs)}:
            pass
        case dict(pairs):
            pass
        case [*items] if all(
            isinstance(item, dict) and {"ParameterKey", "ParameterValue"} <= item.keys() for item in items
        ):
            pairs = {item["ParameterKey"]: item["ParameterValue"] for item in items}
        case _:
            raise InvalidInput(
                "has no parameters",
                where=str(path),
                remedy='Write {"Name": "value"}, or the list format of the AWS CLI.',
            )
    return tuple((str(key), value_of(value, str(key), str(path))) for key, value in pairs.items())
