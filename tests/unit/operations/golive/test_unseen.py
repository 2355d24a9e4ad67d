"""What no writer has been asked for yet."""

from __future__ import annotations

import pytest

from operations.golive.unseen import Seen, is_unseen
from relay.domain.commands import Operation
from tests.commands import cinx_command


@pytest.mark.parametrize(
    ("operation", "seen", "unseen"),
    [
        (Operation.APPLY, None, True),
        (Operation.APPLY, Seen(4, was_sent=True), True),
        (Operation.APPLY, Seen(5, was_sent=False), False),
        (Operation.WITHDRAW, None, False),
        (Operation.WITHDRAW, Seen(4, was_sent=True), True),
        (Operation.WITHDRAW, Seen(4, was_sent=False), True),  # Else the approval on the lane would be carried.
        (Operation.WITHDRAW, Seen(5, was_sent=False), False),
        (Operation.VERIFY, Seen(4, was_sent=True), False),
    ],
)
def test_what_would_do_something_new_is_unseen(operation: Operation, seen: Seen | None, *, unseen: bool) -> None:
    command = cinx_command("1", None, "PO-123", sequence=5, operation=operation)
    assert is_unseen(command, {command.origin_id: seen} if seen else {}) is unseen
