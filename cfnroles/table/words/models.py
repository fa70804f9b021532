"""Models of Amazon Bedrock: the models behind an inference profile, in any Region."""

from __future__ import annotations

import re

from cfnroles.need import Condition
from cfnroles.table.feature import Found, Malformed, Unnamed
from cfnroles.table.references import parse_arn
from cfnroles.table.words.resources import MODEL, is_import, resource_arn
from cfnroles.table.words.row import option
from cfnroles.text import ANYTHING, EMPTY, PARTITION, Arn, Text


def behind_profile(arn: Text, found: Found) -> tuple[Text, ...]:
    """The foundation model behind an inference profile, in every Region; none for a model itself.

    The Regions are those of the profile, and may change: the condition of `through_profile` restricts the permission.
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    """
    model = _model_behind(arn, found)
    if not model:
        return ()
    partition = PARTITION if is_import(arn) else parse_arn(arn).partition
    return (Arn(partition, "bedrock", ANYTHING, EMPTY, Text("foundation-model/", model)).text,)


def through_profile(found: Found) -> tuple[Condition, ...]:
    """Only through the inference profile."""
    profile = resource_arn(MODEL, found.value, found.facts)
    return (Condition("ArnEquals", "bedrock:InferenceProfileArn", (profile,)),)


def _model_behind(arn: Text, found: Found) -> str:
    told = _told(found)
    if is_import(arn) or parse_arn(arn).resource.startswith("application-inference-profile/"):
        if not told:
            raise Unnamed(
                f"{'an import' if is_import(arn) else arn} does not say the foundation model behind the profile",
                "Add `model: ID`",
            )
        return told
    kind, _, name = parse_arn(arn).resource.plain.partition("/")
    named = name.partition(".")[2] if kind == "inference-profile" else ""
    if told and told != (named or name):
        raise Malformed(f"{found.value} names a model other than {told}", "Remove `model`.")
    return named


def _told(found: Found) -> str:
    told = option(found, "model")
    if not told:
        return ""
    if len(told) > 1 or not re.fullmatch(MODEL.name, str(told[0])):
        raise Malformed(
            f"{told[0]!r} is not the id of a foundation model", "Write an id such as amazon.nova-lite-v1:0."
        )
    return str(told[0])
