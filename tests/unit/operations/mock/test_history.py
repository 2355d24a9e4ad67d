"""The history of ``cor mock`` is one that a relay could have written."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest

from operations.mock.history import Batch, history
from relay.domain.events import Change
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.record_types import RECORD_TYPES
from relay.engine.record_codec import record_codec
from relay.engine.topics import ALL, AUDIT, CURRENT, LETTERS, OBSERVED, OUTCOMES, WRITES, Topic


def batches(orders: int = 60, seed: int = 1) -> list[Batch]:
    return list(
        history(orders, seed, partitions=3, name=lambda topic: topic.name("mock-"), encode=record_codec().encode)
    )


HISTORY = batches()


def records(topic: Topic) -> list[Any]:
    return [told.record for batch in HISTORY if not batch.aborted for told in batch.told if told.topic is topic]


def test_every_topic_for_others_and_every_kind_occurs() -> None:
    topics = {told.topic for batch in HISTORY for told in batch.told}
    assert topics == {topic for topic in ALL if topic.for_others}
    assert {event.change for event in records(OBSERVED)} == set(Change)
    assert {outcome.kind for outcome in records(OUTCOMES)} == set(OutcomeKind)
    kinds = {letter.kind for letter in records(LETTERS) if letter is not None}
    assert kinds == {LetterKind.REJECTED, LetterKind.NEEDS_REVIEW}
    assert None in records(LETTERS), "some are settled"
    assert None in records(CURRENT)
    assert records(AUDIT)
    assert any(batch.aborted for batch in HISTORY)


def test_the_same_arguments_give_the_same_history_and_others_another() -> None:
    assert batches() == HISTORY
    assert batches(seed=2) != HISTORY
    assert batches(orders=1)


def test_every_record_is_one_of_its_topic() -> None:
    codec = record_codec()
    for batch in HISTORY:
        for told in batch.told:
            if told.record is not None:
                assert type(told.record) is RECORD_TYPES[told.topic.record]
                assert codec.encode(told.record, told.topic.base)


def test_sequences_grow_and_a_poll_that_died_is_seen_anew_under_the_same_one() -> None:
    newest: dict[str, int] = {}
    for event in records(OBSERVED):
        assert event.sequence > newest.get(event.key, 0)
        newest[event.key] = event.sequence
    published = {(event.key, event.sequence): event for event in records(OBSERVED)}
    died = [told.record for batch in HISTORY if batch.aborted for told in batch.told if told.topic is OBSERVED]
    assert died
    for event in died:
        assert published[event.key, event.sequence].fingerprint != event.fingerprint


def test_current_is_the_newest_of_what_was_observed() -> None:
    newest = {event.key: None if event.change is Change.DELETED else event for event in records(OBSERVED)}
    keys = [told.key for batch in HISTORY if not batch.aborted for told in batch.told if told.topic is CURRENT]
    assert dict(zip(keys, records(CURRENT), strict=True)) == newest


def test_every_command_ends_once_and_the_effects_of_writes_add_up() -> None:
    ends = Counter(outcome.command_id for outcome in records(OUTCOMES) if outcome.kind.is_terminal)
    assert max(count for command, count in ends.items() if command is not None) == 1
    effects: dict[str, Decimal] = defaultdict(Decimal)
    held: dict[str, Decimal] = {}
    for write in records(WRITES):
        assert write.amount_before == held.get(write.origin_id, Decimal(0))
        held[write.origin_id] = write.amount_after
        effects[write.origin_id] += (write.approved_effect or 0) + (write.pending_effect or 0)
    assert len(held) > 20
    assert effects == held


def test_letters_are_opened_before_they_are_settled() -> None:
    open_letters: set[str] = set()
    for told in (told for batch in HISTORY for told in batch.told if told.topic is LETTERS):
        if told.record is None:
            open_letters.remove(told.key)
        else:
            open_letters.add(told.key)
    assert open_letters, "those that a person must decide"


@pytest.mark.parametrize("orders", [1, 2, 13])
def test_a_small_history_is_whole_too(orders: int) -> None:
    keys = {told.key for batch in batches(orders=orders) for told in batch.told if told.topic is OBSERVED}
    assert len(keys) == orders
