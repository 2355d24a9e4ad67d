from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import DeadLetter
from relay.domain.mapping import map_event
from relay.domain.mapping.decision import Decision
from relay.domain.routes import Routing
from relay.engine.kafka import Partition, Record, Withheld
from relay.engine.letters import LetterTopic
from relay.engine.mapping.decision_records import DecisionRecords, TargetTopics
from relay.engine.record_codec import record_codec
from relay.engine.sizes import TopicLimits
from relay.engine.stages.circuit_breaker import CircuitBreaker, CircuitOpen
from relay.engine.stages.transform import next_offsets
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import ALL
from tests.unit.domain.mapping.samples import HOME, change_order, event, item, route, routing
from workers import mapper
from workers.mapper import EventMapping

CODEC = record_codec()
TOPICS = TargetTopics(
    partitions={"change-orders.procore.commands.v1": 12, "change-orders.cinx.commands.v1": 12},
    letters=LetterTopic(partitions=12),
)
UNROUTED = routing(route(source=replace(HOME, project="7")))
BAD = change_order(item("1", None))


def record(value: bytes | None, offset: int = 0) -> Record:
    return Record("observed", 1, offset, b"constructiononline:acme:498099", value, (), 0)


def records(count: int, *, bad: bool = False) -> list[Record]:
    value = CODEC.encode(event(BAD if bad else None), "observed")
    return [record(value, offset) for offset in range(count)]


class Bench:
    """A mapping with routes that a test can change, and its counters."""

    def __init__(self, routes: Routing, breaker: CircuitBreaker | None = None) -> None:
        self.routes = routes
        self.metrics = Metrics(CollectorRegistry())
        self.mapping = EventMapping(
            codec=CODEC,
            records=DecisionRecords(CODEC, "", TOPICS),
            routing=lambda: self.routes,
            metrics=self.metrics,
            breaker=breaker,
            clock=lambda: datetime(2026, 3, 1, tzinfo=UTC),
        )

    def topics(self, batch: Sequence[Record]) -> list[str]:
        made = self.mapping.transform(batch)
        assert made is not None
        made.committed()
        return [one.topic.removeprefix("change-orders.") for one in made.outgoing]

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


def test_a_batch_becomes_commands_with_a_trace_in_the_order_of_the_records() -> None:
    bench = Bench(routing())
    made = bench.mapping.transform(records(3))
    assert made is not None
    assert len({dict(one.headers)["traceparent"] for one in made.outgoing}) == 3
    assert bench.count("cor_commands_published_total", system="procore", operation="apply", lane="live") == 0
    made.committed()
    assert bench.count("cor_commands_published_total", system="procore", operation="apply", lane="live") == 3


def test_bytes_that_are_no_event_do_not_stop_their_neighbours() -> None:
    good = records(1)[0]
    topics = Bench(routing()).topics([record(b"junk"), record(None), good])
    assert topics == ["dead-letters.v1", "outcomes.v1", "dead-letters.v1", "outcomes.v1", "procore.commands.v1"]


@pytest.mark.parametrize(
    "hostile",
    [
        Record("observed", 1, 0, b"x:y:" + b"z" * 4_500_000, b"hello", (), 0),
        Record("observed", 1, 0, b"key", CODEC.encode(event(account="x" * 5_000_000), "observed"), (), 0),
        Record("observed", 1, 0, b"key", CODEC.encode(event(project="x" * 7_000_000), "observed"), (), 0),
    ],
    ids=["key", "account", "project"],
)
@pytest.mark.parametrize("routes", [UNROUTED, routing()], ids=["unrouted", "routed"])
def test_whatever_size_its_names_have_a_record_becomes_a_letter_that_its_topic_takes(
    hostile: Record, routes: Routing
) -> None:
    made = Bench(routes).mapping.transform([hostile, *records(1)])
    assert made is not None
    assert "change-orders.dead-letters.v1" in {one.topic for one in made.outgoing}
    limits = {topic.name(): topic.max_message_bytes for topic in ALL}
    assert all(one.size <= limits[one.topic] for one in made.outgoing)


def test_events_whose_names_no_topic_takes_never_open_the_circuit() -> None:
    value = CODEC.encode(event(account="x" * 3_000_000), "observed")
    bench = Bench(UNROUTED)
    limits = TopicLimits({topic.name(): 3_000_000 for topic in ALL})
    letters = LetterTopic(partitions=12, max_message_bytes=3_000_000)
    bench.mapping = EventMapping(
        codec=CODEC,
        records=DecisionRecords(CODEC, "", replace(TOPICS, limits=limits, letters=letters)),
        routing=lambda: UNROUTED,
        metrics=bench.metrics,
    )
    assert set(bench.topics([record(value, offset) for offset in range(30)])) == {"outcomes.v1", "dead-letters.v1"}
    assert bench.count("cor_letters_total", stage="mapper", reason="record.too_large") == 30


def test_records_that_are_withheld_become_a_letter_with_their_offsets() -> None:
    """However many: they say nothing about routes and release."""
    withheld = Withheld(Partition("observed", 1), 5, 7, 4_096, "unfolds to more than 9 bytes")
    stand_in = Record("observed", 1, 7, None, None, (), 0, withheld)
    bench = Bench(routing())
    made = bench.mapping.transform([stand_in] * 40 + records(1))
    assert made is not None
    letter = CODEC.decode(made.outgoing[0].value or b"", DeadLetter)
    assert (letter.reason, letter.offset, letter.record_value) == ("record.withheld", 7, None)
    assert "the batch of offsets 5 to 7 of observed[1] (4096 bytes) unfolds to more" in letter.sentence
    assert made.outgoing[-1].topic == "change-orders.procore.commands.v1"
    assert next_offsets([stand_in]) == {Partition("observed", 1): 8}


def test_routes_that_change_count_from_the_next_batch_on() -> None:
    bench = Bench(UNROUTED)
    assert bench.topics(records(1)) == ["outcomes.v1", "dead-letters.v1"]
    bench.routes = routing()
    assert bench.topics(records(1)) == ["procore.commands.v1"]
    assert bench.count("cor_letters_total", stage="mapper", reason="route.missing") == 1


def test_a_missing_route_never_opens_the_circuit() -> None:
    assert Bench(UNROUTED).topics(records(300)) == ["outcomes.v1"] * 300 + ["dead-letters.v1"], "one for the project"


def test_a_broken_mapping_stops_before_anything_of_the_batch_is_written() -> None:
    bench = Bench(routing())
    with pytest.raises(CircuitOpen, match=r"procore\.amount_missing"):
        bench.mapping.transform(records(30, bad=True))
    assert bench.count("cor_circuit_open", stage="mapper") == 1


def test_foreign_records_become_letters_and_never_open_the_circuit() -> None:
    foreign = [record(b'{"some":"json of another service"}', offset) for offset in range(300)]
    assert Bench(routing()).topics(foreign).count("dead-letters.v1") == 300


def test_damaged_records_of_ours_do_open_the_circuit() -> None:
    damaged = [record((one.value or b"")[:40], one.offset) for one in records(30)]
    with pytest.raises(CircuitOpen, match=r"record\.unreadable"):
        Bench(routing()).mapping.transform(damaged)


def test_a_defect_over_one_event_is_its_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(event: ChangeOrderObserved, *args: Any, **more: Any) -> Decision:
        if event.sequence == 2:
            raise KeyError("half a character \ud83d")
        return map_event(event, *args, **more)

    monkeypatch.setattr(mapper, "map_event", broken)
    batch = [record(CODEC.encode(replace(event(), sequence=number), "observed"), number) for number in (1, 2, 3)]
    made = Bench(routing()).mapping.transform(batch)
    assert made is not None
    assert [one.topic.removeprefix("change-orders.") for one in made.outgoing] == [
        "procore.commands.v1",
        "dead-letters.v1",
        "outcomes.v1",
        "procore.commands.v1",
    ]
    letter = CODEC.decode(made.outgoing[1].value or b"", DeadLetter)
    assert (letter.reason, letter.offset) == ("relay.defect", 2)
    assert "half a character \\ud83d" in letter.sentence


def test_no_records_are_no_work() -> None:
    assert Bench(routing()).mapping.transform([]) is None


def test_the_next_offset_is_the_one_after_the_last_of_each_partition() -> None:
    batch = [record(None, 5), record(None, 6), replace(record(None, 2), partition=0)]
    assert {(one.number, offset) for one, offset in next_offsets(batch).items()} == {(1, 7), (0, 3)}
