"""The poll state of an account, and what its poller has seen since it started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.domain.identity import LONGEST_KEY
from relay.domain.records import PollState


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow:
    """A row of the last listing: a hash of its bytes, whose it is, and the day of its modification."""

    digest: bytes
    change_order_id: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The rows of the last listing of what was modified lately, by id.

    It is lost with the process, at the price of reading those change orders once more.
    """

    headers: dict[str, SeenRow] = field(default_factory=dict)
    items: dict[str, SeenRow] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class AccountState:
    """One account. It belongs to the stage's thread, which changes it only after commits.

    A poll that runs on another thread reads it meanwhile; the stage's thread then changes nothing that a poll looks at.
    ``account_state`` is of the account as a whole, ``states`` of each change order by id. ``postponed`` are change
    orders to be read again whatever the listings say. ``forgotten``: poll state of it could not be read, or was
    removed. ``recalled``: what ``current`` knows of it was taken over.
    """

    system: str
    account: str
    account_state: PollState
    states: dict[str, PollState] = field(default_factory=dict)
    window: Window = field(default_factory=Window)
    postponed: frozenset[str] = frozenset()
    forgotten: bool = False
    recalled: bool = False

    @property
    def key(self) -> str:
        """The key of the account's own poll state."""
        return f"{self.system}:{self.account}"

    @property
    def may_lack(self) -> bool:
        """Whether change orders of it may have been published of which no poll state is left."""
        return not self.recalled and (self.forgotten or self.account_state.polled_at is None)

    def alive(self) -> Iterator[PollState]:
        """The poll state of every change order that is not known to be deleted."""
        return (poll_state for poll_state in self.states.values() if not poll_state.deleted)

    def apply(self, poll_state: PollState) -> None:
        """Takes over a poll state that was read from the topic or has been committed to it."""
        if poll_state.change_order_id is None:
            self.account_state = poll_state
        else:
            self.states[poll_state.change_order_id] = poll_state

    def forget(self, change_order_id: str) -> None:
        """Drops the poll state of a change order, or with an empty id the account's own, as its tombstone says."""
        self.forgotten = True
        if change_order_id:
            self.states.pop(change_order_id, None)
        else:
            self.account_state = PollState(system=self.system, account=self.account)


def account_and_number(key: bytes | None) -> tuple[str, str]:
    """The account's key and the change order's id in a change-order key; empty texts where it is none of ours."""
    if key is None or len(key) > LONGEST_KEY:
        return "", ""
    system, _, rest = key.decode("utf-8", "replace").partition(":")
    account, _, number = rest.partition(":")
    return f"{system}:{account}", number


def blank(system: str, account: str) -> AccountState:
    """The state of an account that was never polled."""
    return AccountState(system=system, account=account, account_state=PollState(system=system, account=account))
