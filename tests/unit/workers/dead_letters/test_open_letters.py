"""Whose events the keeper counts: those of the letter's own change order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from producers.publish import remote_status
from producers.source import StatusChange
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.letters import MAPPER, DeadLetter, LetterKind
from relay.domain.mapping import map_event
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.records import PollState
from relay.domain.sources.reading import Own
from relay.engine.kafka import partition_of
from relay.engine.letters import Failure, new_letter
from relay.engine.source_record import SourceRecord
from relay.engine.topics import OBSERVED
from relay.engine.writer.outcomes import OutcomeDetails, outcome_of
from tests.unit.domain.mapping.samples import NOW, event, routing
from workers.dead_letters.open_letters import OpenLetters

ROOT = event()
PARTITION = partition_of(ROOT.key.encode(), 12)
LATER = NOW + timedelta(hours=1)


def beside_it() -> ChangeOrderObserved:
    """What we wrote of it at Procore: a record of which the observations lie in the partition of its root's."""
    numbers = (str(number) for number in range(7000, 8000))
    number = next(one for one in numbers if partition_of(f"procore:acme:{one}".encode(), 12) == PARTITION)
    return event(
        system="procore", change_order_id=number, event_id="ours", root=ROOT.key, origin_id=f"cor:{ROOT.key}:main"
    )


def reference(offset: int, seen: ChangeOrderObserved) -> EventReference:
    return EventReference(topic=OBSERVED.name(), partition=PARTITION, offset=offset, event_id=seen.event_id)


def refused() -> DeadLetter:
    """The mapper's letter about a revision at offset 100."""
    source = SourceRecord(topic=OBSERVED.name(), partition=PARTITION, offset=100, key=ROOT.key.encode(), value=b"")
    failure = Failure(kind=LetterKind.REJECTED, reason="procore.remainder", sentence="It does not add up.")
    return new_letter(source, failure, stage=MAPPER, at=NOW, change_order_key=ROOT.key)


def carried(offset: int, seen: ChangeOrderObserved) -> Iterator[ChangeOrderOutcome]:
    """How the writer ends what the mapper makes of an event at ``offset``."""
    for command in map_event(seen, routing(), LATER, reference=reference(offset, seen)).commands:
        yield outcome_of(command, OutcomeDetails(kind=OutcomeKind.UNCHANGED), "procore-writer", LATER)


def news(offset: int, seen: ChangeOrderObserved) -> ChangeOrderOutcome:
    """The poller's about the record, published with the event at ``offset``."""
    found = remote_status.outcome_of(
        "poll-procore",
        PollState(system="procore", account="acme", change_order_id=seen.change_order_id),
        StatusChange(
            own=Own(origin_id=seen.origin_id or ""),
            reason="procore.approved",
            sentence="It is approved.",
            remote=RemoteRecord(kind="potential_change_order", remote_id=seen.change_order_id),
        ),
        LATER,
        reference(offset, seen),
    )
    assert found is not None
    return found


def of_the_record(offset: int) -> list[ChangeOrderOutcome]:
    looked, *_ = carried(offset, beside_it())
    decided = replace(looked, command_id="a decision about the look")
    return [looked, decided, news(offset, beside_it())]


@pytest.mark.parametrize("which", range(3), ids=["look", "decision", "news"])
def test_what_was_seen_of_our_own_record_ends_no_letter_of_its_root(which: int) -> None:
    outcome = of_the_record(101)[which]
    assert outcome.change_order_key == ROOT.key
    letters = OpenLetters()
    letters.put(refused(), 0)
    assert list(letters.add_outcome(outcome)) == []
    first_the_outcome = OpenLetters()
    list(first_the_outcome.add_outcome(outcome))
    assert list(first_the_outcome.already_settled(first_the_outcome.put(refused(), 0))) == []


@pytest.mark.parametrize("which", range(3), ids=["look", "decision", "news"])
def test_it_hides_no_later_change_either(which: int) -> None:
    letters = OpenLetters()
    (mapped,) = carried(101, ROOT)
    list(letters.add_outcome(mapped))
    list(letters.add_outcome(of_the_record(102)[which]))
    ((settled, why),) = letters.already_settled(letters.put(refused(), 0))
    assert (settled.reason, why) == ("procore.remainder", "a later change of it was mapped")
