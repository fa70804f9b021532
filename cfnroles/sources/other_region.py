"""A given Region that differs from the one in the source."""

from __future__ import annotations

import re

from cfnroles.sources.reading import Reading

_REGION = r"[a-z]{2,}(?:-[a-z]+)+-\d"
#: Where a text contains a Region: in an ARN, in an Amazon ECR image, as the Region of a log driver.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
_NAMED = re.compile(
    rf"arn:aws[a-z-]*:[a-z0-9-]+:(?P<arn>{_REGION}):|\.dkr[.-]ecr\.(?P<image>{_REGION})\.|region\W+(?P<log>{_REGION})\b",
    re.IGNORECASE,
)


def named_instead(reading: Reading) -> tuple[str, ...]:
    """Return the Regions in a source if the given one is not among them; otherwise nothing."""
    told = reading.told.region
    texts = reading.texts.values() if told and not reading.addressed else ()
    found = {each[each.lastgroup or 0] for text in texts for each in _NAMED.finditer(text)}
    return tuple(sorted(found)) if told not in found else ()
