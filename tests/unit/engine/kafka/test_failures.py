from __future__ import annotations

import pytest
from kafka import errors

from relay.domain.failures import Fatal
from relay.engine.kafka import CommitFailed, Connection, Fenced, KafkaFailure, KafkaRefused, KafkaUnreachable
from relay.engine.kafka import kafka_python_workarounds as module
from relay.engine.kafka.failures import RecordTooLarge, commit_failure_of, failure_of, innermost, translated

WHERE = "kafka.example:9092"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.KafkaTimeoutError("late"), KafkaUnreachable),
        (errors.NotEnoughReplicasError(), KafkaUnreachable),
        (errors.TopicAuthorizationFailedError({"topic"}), KafkaRefused),
        (errors.SaslAuthenticationFailedError(), KafkaRefused),
        (errors.MessageSizeTooLargeError(), RecordTooLarge),
        (errors.UnknownMemberIdError(), KafkaFailure),
    ],
)
def test_errors_are_told_apart_by_what_may_be_done(error: Exception, kind: type[KafkaFailure]) -> None:
    failure = failure_of(error, "writing", WHERE)
    assert type(failure) is kind
    assert "writing" in str(failure)
    assert WHERE in str(failure)
    assert type(error).__name__ in str(failure)


def test_being_fenced_is_told_apart_from_not_knowing() -> None:
    assert type(commit_failure_of(errors.ProducerFencedError(), "owner", WHERE)) is Fenced
    assert type(commit_failure_of(errors.InvalidProducerEpochError(), "owner", WHERE)) is Fenced
    for error in (errors.IllegalGenerationError(), errors.KafkaTimeoutError(), RuntimeError("anything")):
        assert type(commit_failure_of(error, "owner", WHERE)) is CommitFailed


def test_the_error_inside_decides() -> None:
    wrapped = errors.KafkaError("Cannot perform send because of an earlier error", errors.ProducerFencedError())
    assert isinstance(innermost(wrapped), errors.ProducerFencedError)
    assert type(commit_failure_of(wrapped, "owner", WHERE)) is Fenced
    chained = errors.KafkaError("listener")
    chained.__cause__ = errors.TopicAuthorizationFailedError({"topic"})
    assert type(failure_of(chained, "reading", WHERE)) is KafkaRefused


def test_only_the_clients_errors_are_translated() -> None:
    with pytest.raises(KafkaUnreachable), translated("reading", WHERE):
        raise errors.KafkaTimeoutError
    with pytest.raises(ZeroDivisionError), translated("reading", WHERE):
        raise ZeroDivisionError


def test_without_the_c_checksum_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "crc32c_c", None)
    with pytest.raises(Fatal, match=r"kafka-python\[crc32c\]"):
        Connection(WHERE)
