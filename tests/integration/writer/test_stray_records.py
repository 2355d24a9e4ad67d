"""What strangers write to the writer's own topics: it ends no stage, and changes nothing that cannot be known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import Operation
from relay.domain.identity import tenant_partition
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Cluster, Outgoing, Partition, PlainWriter
from relay.engine.topics import PROCORE, Topic
from tests.faults.harness import Relay
from tests.faults.orders import ACCOUNT, change_order

WITH_LETTERS = 3


def write(relay: Relay, topic: Topic, key: bytes, value: bytes | None) -> None:
    """One record in the tenant's partition, as a console would write it."""
    number = tenant_partition("procore", ACCOUNT, relay.partitions)
    with PlainWriter(relay.connection) as writer:
        writer.send(Outgoing(topic.name(relay.prefix), key, value, number))
        writer.flush()


def test_foreign_keys_are_passed_over_and_named_in_the_log(relay: Relay, procore: Simulated) -> None:
    for topic, key in ((PROCORE.inbox, b"\xff\xfe"), (PROCORE.inbox, b"next|cor:stray"), (PROCORE.ledger, b"\xff")):
        write(relay, topic, key, b"hello")
    relay.submit([change_order(1, 1)])
    assert relay.run("procore-writer") == 0, relay.log()
    assert [outcome.kind for outcome in relay.outcomes()] == [OutcomeKind.APPLIED]
    assert relay.log().count("engine.record_foreign") == 3
    assert len(procore.state()["potential_change_orders"]) == 1


def test_a_place_that_is_gone_where_no_tenant_is_stops_nobody(
    relay: Relay, cluster: Cluster, let_retention_pass: Callable[[Partition, int], None]
) -> None:
    tenant = tenant_partition("procore", ACCOUNT, relay.partitions)
    lane = Partition(PROCORE.commands.name(relay.prefix), next(n for n in range(relay.partitions) if n != tenant))
    with PlainWriter(relay.connection) as writer:
        writer.send(Outgoing(lane.topic, b"stray", b"hello", lane.number))
        writer.flush()
    let_retention_pass(lane, 1)
    relay.submit([change_order(1, 1)])
    assert relay.run("procore-writer") == 0, relay.log()
    assert [outcome.kind for outcome in relay.outcomes()] == [OutcomeKind.APPLIED]
    assert cluster.committed(f"{relay.prefix}procore-writer")[lane] == 0, "it is no commit of ours that helped"


@pytest.mark.parametrize("value", [None, b"hello"])
def test_an_entry_that_cannot_be_read_freezes_its_change_order_alone(
    relay: Relay, procore: Simulated, value: bytes | None
) -> None:
    relay.submit([change_order(1, 1), change_order(2, 1)])
    assert relay.run("procore-writer") == 0, relay.log()
    frozen, free = change_order(1, 2), change_order(2, 2)
    write(relay, PROCORE.ledger, frozen.origin_id.encode(), value)
    relay.submit([frozen, free])
    assert relay.run("procore-writer") == WITH_LETTERS, relay.log()
    ended = {outcome.command_id for outcome in relay.outcomes() if outcome.kind.is_terminal}
    assert free.command_id in ended
    assert frozen.command_id not in ended
    (letter,) = relay.letters().values()
    assert (letter.reason, letter.origin_id) == ("ledger.unreadable", frozen.origin_id)

    decided = replace(frozen, operation=Operation.RESUBMIT, command_id="resubmit", letter_id=letter.letter_id)
    relay.submit([decided])
    assert relay.run("procore-writer") == 0, relay.log()  # Its restore does not tell of the entry once more.
    assert not relay.letters()
    assert not {frozen.command_id, "resubmit"} - {outcome.command_id for outcome in relay.outcomes()}
    assert len(procore.state()["potential_change_orders"]) == 2
