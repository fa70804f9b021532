"""A Region that is told of a source in which everything names another one."""

from __future__ import annotations

import re

from cfnroles.sources.reading import Reading

_REGION = r"[a-z]{2,}(?:-[a-z]+)+-\d"
#: Where a text has a Region: in an ARN, in an image of Amazon ECR, as the Region of a log driver.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
_NAMED = re.compile(
    rf"arn:aws[a-z-]*:[a-z0-9-]+:(?P<arn>{_REGION}):|\.dkr[.-]ecr\.(?P<image>{_REGION})\.|region\W+(?P<log>{_REGION})\b",
    re.IGNORECASE,
)


def named_instead(reading: Reading) -> tuple[str, ...]:
    """The Regions that the documents of a source name, where the one that was told is none of them; else nothing."""
    told = reading.told.region
    texts = reading.texts.values() if told and not reading.addressed else ()
    found = {each[each.lastgroup or 0] for text in texts for each in _NAMED.finditer(text)}
    return tuple(sorted(found)) if told not in found else ()
