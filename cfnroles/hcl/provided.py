"""Where a provider of AWS creates resources."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.symbols import Apart


class Provided(Struct, frozen=True):
    """Where resources are created: equal texts are the same account and Region, others may be."""

    account: str
    region: str

    def apart(self, home: Provided) -> Apart:
        """Return whether this place may differ from another."""
        if self.account != home.account:
            return Apart.ACCOUNT
        return Apart.NOT if self.region == home.region else Apart.REGION
