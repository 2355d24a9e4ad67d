"""What no route named any more is mapped anew by the keeper, whatever the configuration says of redriving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self, cast

import pytest

from relay.domain.commands import ProcoreCommand
from relay.domain.events import EventReference
from relay.domain.letters import DeadLetter, LetterKind
from relay.domain.mapping import map_event
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.routes import RouteMode, Routing
from relay.engine.kafka import Outgoing, Record
from relay.engine.letters import Failure, LetterTopic, new_letter
from relay.engine.mapping.decision_records import DecisionRecords, TargetTopics
from relay.engine.mapping.remap import Remapper
from relay.engine.record_codec import record_codec
from relay.engine.sizes import TopicLimits
from relay.engine.source_record import SourceRecord
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import LETTERS, OBSERVED, OUTCOMES, PROCORE
from tests.unit.domain.mapping.samples import NOW, change_order, event, item, procore, route, routing
from workers.dead_letters import stage
from workers.dead_letters.open_letters import OpenLetters
from workers.dead_letters.stage import LetterKeeper

CODEC = record_codec()
SEEN = event(change_order(item("1", 5)))
REFERENCE = EventReference(topic=OBSERVED.name(), partition=0, offset=7, event_id=SEEN.event_id)
(COMMAND,) = map_event(SEEN, routing(), NOW, reference=REFERENCE).commands
TOPICS = TargetTopics(
    partitions={PROCORE.commands.base: 12, "change-orders.cinx.commands.v1": 12}, letters=LetterTopic(partitions=12)
)


def lost() -> DeadLetter:
    """The writer's letter about a command whose destination no route names."""
    failure = Failure(kind=LetterKind.REJECTED, reason="procore.destination_unrouted", sentence="No route.")
    source = SourceRecord(
        topic=PROCORE.commands.name(), partition=0, offset=3, key=b"k", value=CODEC.encode(COMMAND, "commands")
    )
    return new_letter(
        source,
        failure,
        stage="procore-writer",
        at=NOW,
        change_order_key=COMMAND.change_order_key,
        origin_id=COMMAND.origin_id,
        command_id=COMMAND.command_id,
    )


class Fetcher:
    """The letter, and the event that its command was mapped from."""

    def __init__(self, connection: object) -> None:
        self._values = {
            LETTERS.name(): CODEC.encode(lost(), "letters"),
            OBSERVED.name(): CODEC.encode(SEEN, "observed"),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def at(self, topic: str, partition: int, offset: int) -> Record:
        return Record(topic, partition, offset, b"k", self._values[topic], (), 0)


def kept(
    monkeypatch: pytest.MonkeyPatch, routes: Routing, minutes: int, topics: TargetTopics = TOPICS
) -> Sequence[Outgoing]:
    """What the keeper writes so many minutes later, without any rule in its configuration."""
    monkeypatch.setattr(stage, "RecordFetcher", Fetcher)
    keeper = LetterKeeper(
        connection=cast("Any", None),
        codec=CODEC,
        prefix="",
        remapper=Remapper(CODEC, DecisionRecords(CODEC, "", topics), ""),
        routing=lambda: routes,
        rules=lambda: (),
        metrics=Metrics(),
        clock=lambda: NOW + timedelta(minutes=minutes),
    )
    letters = OpenLetters()
    letters.put(lost(), 0)
    keeper._open_letters[0] = letters
    transformed = keeper.transform([])
    return transformed.outgoing if transformed else []


def test_a_route_of_today_gives_a_newer_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not kept(monkeypatch, routing(), 4)
    (sent,) = kept(monkeypatch, routing(), 6)
    command = CODEC.decode(sent.value or b"", ProcoreCommand)
    assert (command.origin_id, command.letter_id) == (COMMAND.origin_id, lost().letter_id)
    assert command.version > COMMAND.version


def test_without_one_it_is_skipped_and_the_letter_is_done_with(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = routing(route(procore(name="another")))
    told, tombstone = kept(monkeypatch, elsewhere, 6)
    outcome = CODEC.decode(told.value or b"", ChangeOrderOutcome)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.SKIPPED, "route.target_gone")
    assert (tombstone.key, tombstone.value) == (lost().letter_id.encode(), None)


def test_while_its_route_only_observes_the_letter_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not kept(monkeypatch, routing(route(mode=RouteMode.OBSERVE)), 6)


def test_what_no_topic_takes_leaves_the_letter_open_and_ends_no_keeper(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = routing(route(procore(name="another")))
    small = replace(TOPICS, limits=TopicLimits({OUTCOMES.name(): 100}))
    assert not kept(monkeypatch, elsewhere, 6, small)


def test_a_letter_whose_id_no_tombstone_could_name_is_passed_over() -> None:
    keeper = LetterKeeper(
        connection=cast("Any", None),
        codec=CODEC,
        prefix="",
        remapper=cast("Any", None),
        routing=routing,
        rules=lambda: (),
        metrics=Metrics(),
        clock=lambda: NOW,
    )
    letters = keeper._open_letters[0] = OpenLetters()
    for at, name in enumerate(("x" * 256, "x" * 255)):
        value = CODEC.encode(replace(lost(), letter_id=name), "letters")
        keeper.transform([Record(LETTERS.name(), 0, at, name.encode(), value, (), 0)])
    assert [letter.letter_id for letter in letters] == ["x" * 255]
