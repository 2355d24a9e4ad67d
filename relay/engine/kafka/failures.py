"""What can go wrong with Kafka, told apart by what may be done about it.

::

    KafkaFailure
    ├── KafkaUnreachable    nobody answered in time; the same again later
    ├── KafkaRefused        a password, a certificate or a right is wrong; a person has to act
    ├── RecordTooLarge      this record can never be written; nothing else is wrong
    ├── ReadOutOfRange      a position that the partition no longer, or not yet, has
    ├── RecordsWithheld     what stands there is not handed out; whoever may pass it over goes on behind it
    └── CommitFailed        it is not certain that the transaction stands: fence, restore, go on
        └── Fenced          certainly not: somebody else has taken the transactional id over

    Fatal
    ├── OffsetsLost         a group has no place to go on from
    ├── TopicsMissing       a topic is not there
    └── InstanceTaken       another process runs under this instance's name
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import errors

from relay.domain.failures import Fatal
from relay.engine.kafka.records import Withheld


class KafkaFailure(Exception):
    """Kafka did not do what was asked of it."""


class KafkaUnreachable(KafkaFailure):
    """No broker answered in time. Everything may be asked again."""


class KafkaRefused(KafkaFailure):
    """A broker answered and refused who we are or what we may."""


class RecordTooLarge(KafkaFailure):
    """The record is larger than the producer or the topic takes."""


class ReadOutOfRange(KafkaFailure):
    """The position to read from is not in the partition (any more)."""


class RecordsWithheld(KafkaFailure):
    """Records are not handed out, and passing over them in silence would be wrong. ``withheld`` says which."""

    def __init__(self, withheld: Withheld, where: str) -> None:
        super().__init__(
            f"{withheld} (Kafka at {where}); nothing behind it was read. No release of ours writes such a record: "
            "find out who does, and take away their right to write there"
        )
        self.withheld = withheld


class CommitFailed(KafkaFailure):
    """It is not certain that the transaction stands. Fence, restore, go on."""


class Fenced(CommitFailed):
    """The transaction does not stand: another producer has the transactional id."""


class OffsetsLost(Fatal):
    """A group has no offset for a partition, or one that the partition no longer has."""


class TopicsMissing(Fatal):
    """Topics that have to be there are not."""


class InstanceTaken(Fatal):
    """Another process joined the group under the same instance name."""


_REFUSALS = (
    errors.AuthorizationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)
_FENCINGS = (
    errors.ProducerFencedError,
    errors.InvalidProducerEpochError,
    errors.TransactionCoordinatorFencedError,
)
_TOO_LARGE = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)


def failure_of(error: BaseException, doing: str, where: str) -> KafkaFailure:
    """The failure that ``error``, met while ``doing`` something with the cluster at ``where``, means."""
    cause = innermost(error)
    words = f"{doing} (Kafka at {where}): {said(cause)}"
    if isinstance(cause, _REFUSALS):
        return KafkaRefused(f"{words}. The user that COR_KAFKA_SASL_USERNAME names lacks this right")
    if isinstance(cause, _TOO_LARGE):
        return RecordTooLarge(words)
    if isinstance(cause, errors.UnknownBrokerIdError):
        return KafkaUnreachable(f"{words}, a broker that is gone; Kafka names another one within seconds: try again")
    if isinstance(cause, errors.RetriableError):
        return KafkaUnreachable(words)
    return KafkaFailure(words)


def commit_failure_of(error: BaseException, transactional_id: str, where: str) -> CommitFailed:
    """The failure of a transaction that ``error`` means."""
    cause = innermost(error)
    words = f"(Kafka at {where}): {said(cause)}"
    if isinstance(cause, _FENCINGS):
        return Fenced(f"another producer has taken {transactional_id} over; our transaction does not stand {words}")
    return CommitFailed(f"it is not certain that the transaction of {transactional_id} stands {words}")


def innermost(error: BaseException) -> BaseException:
    """The client wraps the error that put a producer out of use; its arguments or its cause have it."""
    for inner in (error.__cause__, *error.args):
        if isinstance(inner, errors.KafkaError):
            return innermost(inner)
    return error


def said(error: BaseException) -> str:
    """The error's kind, and its words where it has any."""
    kind, words = type(error).__name__, str(error)
    if not words:
        return kind
    return words if kind in words else f"{kind}: {words}"


@contextmanager
def translated(doing: str, where: str) -> Iterator[None]:
    """Turns the client's errors into failures of ours."""
    try:
        yield
    except errors.KafkaError as error:
        raise failure_of(error, doing, where) from error
