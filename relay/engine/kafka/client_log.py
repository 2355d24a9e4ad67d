"""What kafka-python writes to the log, put right.

Its log is the only place where it says why it could not connect, and it calls some harmless
things errors.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_NETWORK = ("kafka.net.manager", "kafka.net.connection", "kafka.net.transport", "kafka.net.inet", "kafka.cluster")
_CALMER = (
    # The client asks again by itself while the offsets of a transaction are not settled yet.
    ("kafka.coordinator.consumer", "UnstableOffsetCommit", logging.DEBUG),
    # It looks for a missing topic a hundred times a second; what fails for that names the topic.
    ("kafka.cluster", "not found in cluster metadata", logging.DEBUG),
    # While a broker is away, these come ten times a second with every lost connection.
    ("kafka.cluster", "for metadata refresh", logging.DEBUG),
    ("kafka.cluster", "Metadata refresh: failed", logging.DEBUG),
    ("kafka.net.manager", "Connection failed", logging.DEBUG),
    # Fencing is how partitions are taken over; what it means is said where the commit fails.
    ("kafka.producer.transaction_manager", "ProducerFenced", logging.WARNING),
    ("kafka.producer.sender", "ProducerFenced", logging.WARNING),
    # A produce that is sent again by itself; what fails in the end is said where it was sent.
    ("kafka.producer.sender", "retrying", logging.DEBUG),
    ("kafka.producer.sender", "back off and retry", logging.DEBUG),
    ("kafka.producer.sender", "Error sending produce request", logging.DEBUG),
    ("kafka.producer.transaction_manager", "after recoverable error", logging.DEBUG),
    # A heartbeat that goes down with the connection, or with the client when it is closed.
    ("kafka.coordinator", "Error sending", logging.WARNING),
    ("kafka.coordinator", "[Cancelled]", logging.DEBUG),
    # The client connects again by itself; whether that matters shows in what it is asked for.
    *((name, "", logging.WARNING) for name in _NETWORK),
)


class _Calmer(logging.Filter):
    """Lowers lines of one logger that would wake somebody up for nothing."""

    def __init__(self, needle: str, level: int) -> None:
        super().__init__()
        self._needle = needle
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= self._level or self._needle not in record.getMessage():
            return True
        record.levelno, record.levelname = self._level, logging.getLevelName(self._level)
        return logging.getLogger(record.name).isEnabledFor(self._level)


@dataclass(slots=True)
class Met:
    """What a client met while it connected.

    ``kafka_answered``: a broker told its version, so that it is Kafka and speaks the protocol
    that we speak, whatever came then. (When a broker says why it refuses us and closes the
    connection at once, the client often loses the words.)
    """

    errors: list[BaseException] = field(default_factory=list)
    kafka_answered: bool = False


class _Overheard(logging.Filter):
    """Keeps what one client meets while connecting, and its lines out of the log."""

    def __init__(self, client_id: str) -> None:
        super().__init__()
        # Producers connect on the thread that makes them, the others on one of their own.
        self._threads = {f"kafka-io-{client_id}", threading.current_thread().name}
        self.met = Met()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.threadName not in self._threads:
            return True
        arguments = record.args if isinstance(record.args, tuple) else ()
        self.met.errors += [one for one in arguments if isinstance(one, BaseException)]
        if any(getattr(one, "broker_version", None) for one in arguments):
            self.met.kafka_answered = True
        return False


_calmers = [(name, _Calmer(needle, level)) for name, needle, level in _CALMER]


def calm_down() -> None:
    """Installs the filters; more than once does no harm."""
    for name, calmer in _calmers:
        logging.getLogger(name).addFilter(calmer)


@contextmanager
def overheard(client_id: str) -> Iterator[Met]:
    """What the client ``client_id`` meets while it connects, as far as it logs it."""
    ear = _Overheard(client_id)
    loggers = [logging.getLogger(name) for name in _NETWORK]
    for logger in loggers:
        logger.addFilter(ear)
    try:
        yield ear.met
    finally:
        for logger in loggers:
            logger.removeFilter(ear)
