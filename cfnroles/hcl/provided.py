"""Where a provider of AWS makes resources."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.symbols import Apart


class Provided(Struct, frozen=True):
    """Where resources are made: the same texts are the same account and Region, others may be."""

    account: str
    region: str

    def apart(self, home: Provided) -> Apart:
        """How far this place may be from another."""
        if self.account != home.account:
            return Apart.ACCOUNT
        return Apart.NOT if self.region == home.region else Apart.REGION
