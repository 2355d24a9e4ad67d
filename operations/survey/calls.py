"""How many calls a command may make, each said before it is made."""

from __future__ import annotations

from collections.abc import Callable


class CallsSpent(Exception):
    """The command has made as many calls as it may; the next one was not made."""


class Calls:
    """Counts the calls of one command over all accounts, logins too.

    ``announce`` takes the number of a call, how many there may be, and the call itself, without secrets; ``waiting`` an
    account and the seconds for which its rate budget is waited for. ``unheard``: the control topic was found out of
    reach, so that nobody is told of the calls.
    """

    def __init__(
        self,
        most: int,
        announce: Callable[[int, int, str], None],
        waiting: Callable[[str, float], None] = lambda account, seconds: None,
    ) -> None:
        self.most = most
        self.made = 0
        self.unheard = False
        self._announce = announce
        self.waiting = waiting

    def begin(self, sent: str) -> None:
        """Takes the next call. Raises ``CallsSpent`` where there may be no further one."""
        if self.made >= self.most:
            raise CallsSpent(f"{self.most} calls are made, as many as --calls allows")
        self.made += 1
        self._announce(self.made, self.most, sent)
