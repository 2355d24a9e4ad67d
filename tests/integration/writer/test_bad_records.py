"""Records that are no command of ours: kept as they are, and the partition goes on."""

from __future__ import annotations

from contextlib import closing

from kafka import KafkaProducer

from deploy.sandbox.process import Simulated
from relay.domain.identity import tenant_partition
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Outgoing, PlainWriter
from relay.engine.topics import PROCORE
from tests.faults.harness import Relay
from tests.faults.orders import ACCOUNT, change_order

NONSENSE = b"\xff\xfe not Avro"
UNKNOWN_ID = b"\x00\x00\x00\x00\x2a" + b"whatever"
HEADERS = (("made-by", b"somebody"), ("empty", b""))


def test_their_bytes_and_headers_are_kept_and_the_next_command_is_applied(relay: Relay, procore: Simulated) -> None:
    topic = PROCORE.commands.name(relay.prefix)
    number = tenant_partition("procore", ACCOUNT, relay.partitions)
    with PlainWriter(relay.connection) as writer:
        for value in (NONSENSE, UNKNOWN_ID, None):
            writer.send(Outgoing(topic, b"key", value, number, headers=HEADERS))
        writer.flush()
    command = change_order(1, 1)
    relay.submit([command])

    done_with_letters = 3
    assert relay.run("procore-writer") == done_with_letters, relay.log()

    letters = sorted(relay.letters().values(), key=lambda letter: letter.offset)
    assert [letter.record_value for letter in letters] == [NONSENSE, UNKNOWN_ID, None]
    assert [letter.reason for letter in letters] == [
        "record.unreadable",
        "record.unknown_schema",
        "record.empty",
    ]
    assert {tuple((one.name, one.value) for one in letter.headers) for letter in letters} == {HEADERS}
    assert [one.kind for one in relay.outcomes()] == [OutcomeKind.APPLIED]
    assert len(procore.state()["potential_change_orders"]) == 1


def test_a_batch_that_unfolds_beyond_any_of_ours_is_told_by_its_offsets(relay: Relay, procore: Simulated) -> None:
    topic = PROCORE.commands.name(relay.prefix)
    number = tenant_partition("procore", ACCOUNT, relay.partitions)
    foreign = KafkaProducer(
        bootstrap_servers=relay.connection.bootstrap_servers, compression_type="gzip", max_request_size=2**26
    )
    with closing(foreign):
        foreign.send(topic, bytes(16 * 1024 * 1024), key=b"key", partition=number).get(30)
    relay.submit([change_order(1, 1)])

    done_with_letters = 3
    assert relay.run("procore-writer") == done_with_letters, relay.log()

    (letter,) = relay.letters().values()
    assert (letter.reason, letter.offset, letter.record_value) == ("record.withheld", 0, None)
    assert f"the record at offset 0 of {topic}[{number}]" in letter.sentence
    assert [one.kind for one in relay.outcomes()] == [OutcomeKind.APPLIED]
