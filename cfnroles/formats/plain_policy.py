"""Notes about a plain policy that are in no document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cfnroles.formats.taken import defaults_words
from cfnroles.lines import Lines, gaps_head, gaps_text
from cfnroles.policies import MANAGED_POLICY
from cfnroles.targets.plain_policy import PlainPolicy
from cfnroles.text import Arn


def notes(made: PlainPolicy, repositories: Sequence[Arn], texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the gaps of the policy, its assumptions, and where to attach it."""
    if made.gaps:
        yield gaps_head(made.gaps, "the policy does")
        yield gaps_text(made.gaps, texts)
    if made.key_needs:
        first = min((need.origin for need in made.key_needs), key=lambda origin: origin.sort_key)
        yield "No customer managed key is taken to encrypt the secrets and parameters:"
        yield f"  {Lines(texts).where(first)}"
        yield "  Pass --kms-key-arn ARN for each key that does."
    if made.defaults:
        yield defaults_words(made.defaults)
    for arn in made.managed_policies:
        yield f"Attach the managed policy {arn}, too."
    if repositories:
        yield f"For {', '.join(arn.text.written for arn in repositories)}."
    if made.size > MANAGED_POLICY:
        yield f"{made.size:,} characters: use it as an inline policy; a managed policy allows {MANAGED_POLICY:,}."
