"""What a simulated remote has to offer to be served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from deploy.sandbox.shell.exchange import Answer, Call

Json = Any
"""A JSON value; amounts are ``Decimal``."""


class Refused(ValueError):
    """A setting or an operation that does not exist or cannot be done; nothing was changed."""


class Service(Protocol):
    """One simulated remote with its state. Its caller holds the one lock for every method."""

    def answer(self, call: Call) -> Answer:
        """Acts on a request of a client."""

    def state(self) -> Json:
        """Everything the remote holds, for tests to judge by."""

    def settings(self) -> Mapping[str, Json]:
        """All settings with their values."""

    def change_settings(self, values: Mapping[str, Json]) -> None:
        """Takes over ``values``; raises Refused, and changes nothing, if one is not possible."""

    def operations(self) -> Mapping[str, str]:
        """What people can do in the product: names, and a sentence about each."""

    def operate(self, name: str, body: Mapping[str, Json]) -> Json:
        """Does what a person does, and returns what was made or changed; raises Refused."""

    def contents(self) -> object:
        """All that it holds, of which a snapshot is taken."""

    def refill(self, contents: Any) -> None:
        """Goes on from what another one held."""

    def secrets(self) -> Sequence[str]:
        """Texts that the history must not show."""
