"""What a poller remembers of an account: the poll state, and what it has seen since it started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.domain.records import PollState


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow:
    """A row of the last listing: a hash of its bytes, whose it is, and the day of its modification."""

    digest: bytes
    change_order_id: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The rows of the last listing of what was modified lately, by id. Lost with the process, at the
    price of reading those change orders once more.
    """

    headers: dict[str, SeenRow] = field(default_factory=dict)
    items: dict[str, SeenRow] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class AccountState:
    """One account. It belongs to the stage's thread, which changes it only after commits.

    A survey that runs on another thread reads it meanwhile; the two are never at it together.
    ``postponed`` are change orders to look at again whatever the listings say.
    """

    system: str
    account: str
    account_state: PollState
    states: dict[str, PollState] = field(default_factory=dict)
    window: Window = field(default_factory=Window)
    postponed: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The key of the account's own poll state."""
        return f"{self.system}:{self.account}"

    def alive(self) -> Iterator[PollState]:
        """Of every change order that is not known to be deleted."""
        return (state for state in self.states.values() if not state.deleted)

    def apply(self, state: PollState) -> None:
        """After a commit."""
        if state.change_order_id is None:
            self.account_state = state
        else:
            self.states[state.change_order_id] = state


def blank(system: str, account: str) -> AccountState:
    """Of an account that was never polled."""
    return AccountState(system=system, account=account, account_state=PollState(system=system, account=account))
