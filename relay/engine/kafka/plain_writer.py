"""Writing without transactions, for the command line."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import translated
from relay.engine.kafka.records import Outgoing, Partition
from relay.engine.kafka.sending import Sending, close_for_good


class PlainWriter:
    """An idempotent producer: each record once, in order per partition. Belongs to one thread."""

    def __init__(self, connection: Connection) -> None:
        self._where = connection.bootstrap_servers
        self._producer = connection.producer()
        self._sending = Sending(self._producer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, outgoing: Outgoing) -> None:
        """Hands a record over; it is not certain to be written before :meth:`flush` returns."""
        with translated(f"writing to {outgoing.topic}", self._where):
            self._sending.send(outgoing)

    def flush(self) -> list[tuple[Partition, int]]:
        """Waits until everything is written; returns where, in the order of sending."""
        with translated("writing", self._where):
            return self._sending.settle()

    def close(self) -> None:
        """Ends the producer. What was not flushed may be lost."""
        close_for_good(self._producer)
