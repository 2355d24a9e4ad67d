"""An account of a remote system, as the writers hold, probe and count it."""

from __future__ import annotations

from typing import NamedTuple, Self


class Tenant(NamedTuple):
    """``{system}:{account}`` as text, such as ``procore:acme``."""

    system: str
    account: str

    def __str__(self) -> str:
        return f"{self.system}:{self.account}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what :meth:`__str__` writes; an account's name may itself hold a colon."""
        system, _, account = text.partition(":")
        return cls(system, account)
