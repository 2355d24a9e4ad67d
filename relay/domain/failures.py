"""What can go wrong with a call to a remote system, told apart by what may be done about it.

::

    CallFailure
    ├── Unavailable     certainly not applied; the same bytes again later
    ├── Throttled       certainly not applied; the tenant waits until a stated time
    ├── Ambiguous       nobody knows whether it was applied; read back first
    ├── Rejected        certainly refused; a dead letter for that record alone
    ├── Denied          refused for want of a right; a probe tells for whom
    └── TenantBlocked   nothing of this tenant can go out; held until a probe succeeds

    Fatal               the process must stop; a person has to act
"""

from __future__ import annotations

from typing import Final

_LONGEST_MESSAGE: Final = 8192
"""Characters: it goes on into holds, letters and poll state, and a remote may have sent words of any length."""


class CallFailure(Exception):
    """A call that did not end as it should.

    Of ``message`` at most 8,192 characters are kept. ``remote_answer`` is what the remote said, with secrets removed,
    or an empty string.
    ``status`` is the HTTP status line's code, or ``None`` where no answer was read.
    """

    def __init__(self, message: str, *, remote_answer: str = "", status: int | None = None) -> None:
        message = message[:_LONGEST_MESSAGE]
        super().__init__(message)
        self.message = message
        self.remote_answer = remote_answer
        self.status = status


class Unavailable(CallFailure):
    """The request certainly did not reach the remote: refused connection, DNS, connect or pool time-out."""


class Throttled(CallFailure):
    """The remote (or our own budget) refuses for now: 429, 503 with a time to what may be sent twice.

    ``wait_seconds`` counts from the moment of raising; it is already relative to the
    answer's ``Date`` header and capped.
    """

    def __init__(
        self,
        message: str,
        *,
        wait_seconds: float,
        remote_answer: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(message, remote_answer=remote_answer, status=status)
        self.wait_seconds = wait_seconds


class Ambiguous(CallFailure):
    """The outcome is unknown: a lost, half or unreadable answer, 408, 409, 5xx."""


class Rejected(CallFailure):
    """The remote refused this record for good: ``reason`` is machine-readable (``procore.rejected``)."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        remote_answer: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(message, remote_answer=remote_answer, status=status)
        self.reason = reason


class Denied(CallFailure):
    """401 with a fresh token, 403, or 404 on a path that is known to exist."""


class TenantBlocked(CallFailure):
    """Credentials refused, app disconnected, subscription expired: nothing of the tenant can go out."""


class Fatal(Exception):
    """The process cannot go on: wrong settings, offsets lost, a name that changed its meaning."""
