"""Transactions of one transactional id."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from kafka import errors

from relay.engine.kafka.client import Producer, raw, raw_generation, raw_offset
from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import CommitFailed, KafkaUnreachable, RecordTooLarge, commit_failure_of, failure_of
from relay.engine.kafka.records import Generation, Outgoing, Partition
from relay.engine.kafka.sending import Sending, close_for_good
from relay.engine.kafka.watchdog import BoundedCalls, Overdue

_FENCING = 60.0  # Seconds; longer than the transaction that a predecessor may have left open.


class Transactions:
    """One producer after the other under one transactional id. Belongs to one thread.

    ``timeout_s``: after it the broker aborts a transaction that we left open. ``watchdog_s``: the
    longest wait for the end of a transaction, which the client itself does not bound.
    """

    def __init__(
        self,
        connection: Connection,
        transactional_id: str,
        *,
        timeout_s: float = 10.0,
        watchdog_s: float = 30.0,
    ) -> None:
        self.transactional_id = transactional_id
        self._connection = connection
        self._timeout = timeout_s
        self._watchdog = watchdog_s
        self._calls = BoundedCalls(f"ends-{transactional_id}")
        self._producer: Producer | None = None

    def fence(self) -> None:
        """Ends whoever has the transactional id, settles what they left open, and makes it ours.

        May be called again at any time, also after :class:`~relay.engine.kafka.Fenced`. Raises
        :class:`~relay.engine.kafka.KafkaUnreachable` or ``KafkaRefused``.
        """
        self._drop()
        producer = self._connection.producer(
            transactional_id=self.transactional_id,
            transaction_timeout_ms=int(self._timeout * 1000),
        )
        try:
            self._initialize(producer)
        except BaseException:
            close_for_good(producer, 0)
            raise
        self._producer = producer

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commits at the end of the block. An exception in the block aborts and is raised on.

        Raises :class:`~relay.engine.kafka.CommitFailed` where it is not certain that all of it
        stands; then :meth:`fence` comes next, and reading anew what was decided from.
        """
        producer = self._begun()
        transaction = Transaction(producer, self._bounded, self._failed)
        try:
            yield transaction
            transaction.settle()
        except CommitFailed:
            self._drop()
            raise
        except BaseException:
            self._abort(producer)
            raise
        self._bounded(producer.commit_transaction)

    def close(self) -> None:
        """Ends the producer; a transaction that is open is left to the broker, or to who fences next."""
        self._drop()

    def _initialize(self, producer: Producer) -> None:
        until = time.monotonic() + _FENCING
        while True:
            try:
                producer.init_transactions()
            except errors.KafkaTimeoutError as error:
                if time.monotonic() > until:
                    where = self._connection.bootstrap_servers
                    raise KafkaUnreachable(
                        f"{self.transactional_id} could not be fenced within {_FENCING:.0f} s (Kafka at {where})"
                    ) from error
            except errors.KafkaError as error:
                doing = f"fencing {self.transactional_id}"
                raise failure_of(error, doing, self._connection.bootstrap_servers) from error
            else:
                return

    def _begun(self) -> Producer:
        if self._producer is None:
            raise CommitFailed(f"{self.transactional_id} is not fenced")
        try:
            self._producer.begin_transaction()
        except errors.KafkaError as error:
            raise self._failed(error) from error
        return self._producer

    def _abort(self, producer: Producer) -> None:
        """What the block wrote must not stand; if the broker cannot be told so, fencing tells it."""
        with suppress(CommitFailed):
            self._bounded(producer.abort_transaction)

    def _bounded(self, job: Callable[[], None]) -> None:
        try:
            self._calls.call(job, self._watchdog)
        except (errors.KafkaError, Overdue) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> CommitFailed:
        """This producer is not used any more: nobody knows what it would do next."""
        self._drop()
        return commit_failure_of(error, self.transactional_id, self._connection.bootstrap_servers)

    def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            close_for_good(producer, 0)
        self._calls.close()


class Transaction:
    """An open transaction. Made by :meth:`Transactions.transaction`."""

    def __init__(
        self,
        producer: Producer,
        bounded: Callable[[Callable[[], None]], None],
        failed: Callable[[Exception], CommitFailed],
    ) -> None:
        self._producer = producer
        self._sending = Sending(producer)
        self._bounded = bounded
        self._failed = failed

    def send(self, outgoing: Outgoing) -> None:
        """Adds a record. Raises :class:`~relay.engine.kafka.RecordTooLarge`, or ``CommitFailed``."""
        try:
            self._sending.send(outgoing)
        except errors.MessageSizeTooLargeError as error:
            raise RecordTooLarge(f"a record of {outgoing.size} bytes for {outgoing.topic}: {error}") from error
        except errors.KafkaError as error:
            raise self._failed(error) from error

    def flush(self) -> list[tuple[Partition, int]]:
        """Waits until all records so far are written; returns where, in the order of sending."""
        return self.settle()

    def offsets(self, offsets: Mapping[Partition, int], group: str, generation: Generation, metadata: str = "") -> None:
        """Makes the group's next positions part of the transaction; ``metadata`` is kept with each of them.

        The broker refuses them if the group has moved on since ``generation`` was captured.
        """
        if generation.group != group or generation.number < 0 or not generation.member:
            # The broker takes such offsets from anybody.
            raise CommitFailed(f"offsets of {group} without a membership of it: {generation}")
        positions = {raw(partition): raw_offset(offset, metadata) for partition, offset in offsets.items()}
        self._bounded(
            lambda: self._producer.send_offsets_to_transaction(positions, raw_generation(generation)),
        )

    def settle(self) -> list[tuple[Partition, int]]:
        """As :meth:`flush`."""
        try:
            return self._sending.settle()
        except errors.MessageSizeTooLargeError as error:
            raise RecordTooLarge(f"a record is larger than its topic takes: {error}") from error
        except errors.KafkaError as error:
            raise self._failed(error) from error
