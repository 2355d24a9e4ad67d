"""What a change order is to say, mapped again from the event that was last carried.

A ``verify`` has no payload and does not know its route. The ledger knows which event the accepted content came from;
mapped with today's routes it gives the contract, the rules, and the payload if something has to be written again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from relay.domain.commands import Mode, Operation, ProcoreCommand
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.failures import Unavailable
from relay.domain.ledger_facts import ProcoreFact
from relay.domain.mapping import in_milliseconds, map_event
from relay.domain.routes import Routing
from relay.engine.kafka import Connection, KafkaUnreachable, RecordFetcher
from relay.engine.writer.adapter import Accepted, ReadDone, Result, Task
from schemas import Codec, RegistryUnreachable, Unreadable
from workers.procore_writer.cache.cache import RemappedCommand
from workers.procore_writer.calls.context import CallContext, Results

Remap = Callable[[str, str], ProcoreCommand | None]
"""From an origin id and the place of an event to the command that it gives now."""


def place_of(reference: EventReference) -> str:
    """Where an event stands, as the ledger keeps it."""
    return f"{reference.topic}/{reference.partition}/{reference.offset}"


def with_event_place(tasks: Sequence[Task[ProcoreCommand]], results: Results) -> Results:
    """Results of a writing call, with the event that the accepted content came from."""
    events = {
        task.command.origin_id: place_of(task.command.event)
        for task in tasks
        if task.command.operation is Operation.APPLY and task.command.event is not None
    }
    return {origin_id: _noted(result, events.get(origin_id)) for origin_id, result in results.items()}


def _noted(result: Result, place: str | None) -> Result:
    if place is None or not isinstance(result, Accepted):
        return result
    return replace(result, remote={**result.remote, ProcoreFact.EVENT: place})


def remap(call: CallContext) -> Results:
    """Reads the event and maps it; asks Procore nothing."""
    call.release_slot()
    command, place = call.command, call.batch.calls[0].element
    remapped = call.remap(command.origin_id, place) if isinstance(place, str) else None
    call.cache.remapped.put(command.command_id, RemappedCommand(command=remapped))
    return call.same_for_all(ReadDone())


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedEvents:
    """A :data:`Remap` over the observed topic. Thread-safe."""

    connection: Connection
    codec: Codec
    routing: Callable[[], Routing]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __call__(self, origin_id: str, place: str) -> ProcoreCommand | None:
        """``None`` where the event is gone, or no route goes there any more. Raises ``Unavailable``.

        A route that no longer carries the change order as it was gives a ``withdraw``, without a payload.
        """
        topic, partition, offset = place.rsplit("/", 2)
        try:
            with RecordFetcher(self.connection) as fetcher:
                record = fetcher.at(topic, int(partition), int(offset))
        except KafkaUnreachable as error:
            raise Unavailable(f"the event to be written again cannot be read: {error}") from error
        if record is None:
            return None
        try:
            event = self.codec.decode(record.value or b"", ChangeOrderObserved)
        except Unreadable:
            return None
        except RegistryUnreachable as error:
            raise Unavailable(f"the event to be written again cannot be read: {error}") from error
        reference = EventReference(topic=topic, partition=int(partition), offset=int(offset), event_id=event.event_id)
        decision = map_event(event, self.routing(), in_milliseconds(self.clock()), reference=reference)
        candidates = (command for command in decision.commands if command.origin_id == origin_id)
        routed = (command for command in candidates if command.operation.is_mapped)
        command = next((command for command in routed if isinstance(command, ProcoreCommand)), None)
        # What a route only shows is not written, by whatever way it comes.
        return command if command is None or command.mode is Mode.LIVE else replace(command, payload=None)
