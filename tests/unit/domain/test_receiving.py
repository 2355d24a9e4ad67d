"""What becomes of a command at the moment it is received."""

from __future__ import annotations

from datetime import UTC, datetime

from relay.domain.commands import Command, Lane
from relay.domain.ledger import OrderState, Waiting
from relay.domain.mapping import map_event
from relay.domain.receiving import Reception, receive
from tests.unit.domain.mapping.samples import NOW, event, routing


def test_a_command_in_hand_that_is_received_again_ends_once() -> None:
    (command,) = map_event(event(), routing(), NOW).commands
    kept = received(command)
    for order in (OrderState(waiting=kept), OrderState(current=kept)):
        assert receive(command, order, lambda: None).reception is Reception.REDELIVERED


def received(command: Command) -> Waiting:
    return Waiting(
        origin_id=command.origin_id,
        command_id=command.command_id,
        lane=Lane.LIVE,
        topic="cor.procore.commands",
        partition=0,
        offset=7,
        received_at=datetime(2026, 3, 1, tzinfo=UTC),
        sequence=command.sequence,
        mapped_at=command.mapped_at,
        record_key=None,
        command=b"",
    )
