from __future__ import annotations

import logging
import threading

import pytest

from relay.engine.kafka.client_log import calm_down, overheard


@pytest.fixture(autouse=True)
def calm(caplog: pytest.LogCaptureFixture) -> None:
    calm_down()
    caplog.set_level(logging.WARNING, logger="kafka")


@pytest.mark.parametrize(
    ("logger", "line", "level"),
    [
        ("kafka.coordinator.consumer", "Unknown error fetching offsets: UnstableOffsetCommitError", None),
        ("kafka.coordinator.consumer", "Unknown error fetching offsets: something else", logging.ERROR),
        ("kafka.producer.sender", "Aborting batches: [Error 90] ProducerFencedError", logging.WARNING),
        ("kafka.producer.sender", "Uncaught error in kafka producer I/O thread", logging.ERROR),
        ("kafka.producer.sender", "Got error produce response on t-0, retrying (9 attempts left): Timeout", None),
        ("kafka.producer.sender", "Error sending produce request to node 1: the connection was lost", None),
        ("kafka.producer.transaction_manager", "Bumping producer epoch for 1 after recoverable error", None),
        ("kafka.net.connection", "Connection lost", logging.WARNING),
        ("kafka.coordinator", "Error sending HeartbeatRequest to node coordinator-1 [Cancelled]", None),
        ("kafka.coordinator", "Error sending HeartbeatRequest to node coordinator-1 [closed]", logging.WARNING),
        ("kafka.cluster", "Topic absent not found in cluster metadata", None),
    ],
)
def test_only_what_somebody_should_see_is_an_alarm(
    caplog: pytest.LogCaptureFixture, logger: str, line: str, level: int | None
) -> None:
    logging.getLogger(logger).error(line)
    assert [record.levelno for record in caplog.records] == ([] if level is None else [level])


def test_what_is_lowered_can_still_be_seen_by_who_looks_for_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="kafka.coordinator.consumer"):
        logging.getLogger("kafka.coordinator.consumer").error("UnstableOffsetCommitError")
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_what_one_client_meets_is_heard_and_kept_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logger, met_by_another = logging.getLogger("kafka.net.manager"), OSError("of another client")

    def another() -> None:
        logger.warning("Connection to %s failed: %s", "b", met_by_another)

    with overheard("cor-reader-1") as met:
        refused = OSError("refused")
        logger.warning("Connection to %s failed: %s", "a", refused)
        thread = threading.Thread(target=another, name="kafka-io-cor-reader-2")
        thread.start()
        thread.join()
    assert met.errors == [refused]
    assert not met.kafka_answered
    assert [record.getMessage() for record in caplog.records] == ["Connection to b failed: of another client"]
    logger.warning("afterwards")
    assert caplog.records[-1].getMessage() == "afterwards"
