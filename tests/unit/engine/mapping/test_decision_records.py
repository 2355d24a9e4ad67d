from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import pytest

from relay.domain.change_order import ChangeOrder
from relay.domain.commands import CinxCommand, Lane, ProcoreCommand
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.identity import project_letter_id, tenant_partition
from relay.domain.letters import MAPPER, DeadLetter, LetterKind, SourceProject
from relay.domain.mapping import map_event, reasons
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.routes import RouteMode, Routing
from relay.engine.kafka import Outgoing, partition_of
from relay.engine.letters import LetterTopic
from relay.engine.mapping.decision_records import DecisionRecords, EncodedDecision, TargetTopics, known_key
from relay.engine.mapping.remap import CannotRedrive, Remapper
from relay.engine.record_codec import record_codec
from relay.engine.sizes import DECLARED, TargetSizes
from relay.engine.source_record import EarlierFailure, SourceRecord
from tests.unit.domain.mapping.samples import HOME, change_order, cinx, event, item, procore, route, routing

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODEC = record_codec()
TOPICS = TargetTopics(
    partitions={"change-orders.procore.commands.v1": 12, "change-orders.cinx.commands.v1": 12},
    letters=LetterTopic(partitions=12),
)
RECORDS = DecisionRecords(CODEC, "t.", TOPICS)
REMAPPING = Remapper(CODEC, RECORDS, "t.")
KEY = "constructiononline:acme:498099"
NOWHERE = routing(route(source=replace(HOME, project="7")))
T = TypeVar("T")


def original(seen: ChangeOrderObserved | None = None, **changes: object) -> SourceRecord:
    value = CODEC.encode(seen or event(), "t.observed")
    stands = SourceRecord(
        topic="t.change-orders.observed.v1",
        partition=3,
        offset=42,
        key=KEY.encode(),
        value=value,
        headers=(("traceparent", b"00-1-2-01"), ("other", b"x")),
    )
    return replace(stands, **changes)  # type: ignore[arg-type]  # a test names the fields it changes


def written(seen: ChangeOrderObserved, routes: Routing) -> EncodedDecision:
    source = original(seen)
    return RECORDS.write(map_event(seen, routes, AT, reference=source.reference(seen)), seen, source, AT)


def of(kind: type[T], outgoing: Sequence[Outgoing], topic: str) -> list[T]:
    return [CODEC.decode(one.value or b"", kind) for one in outgoing if one.topic == f"t.change-orders.{topic}"]


def letter(seen: ChangeOrderObserved, routes: Routing) -> DeadLetter:
    """The letter about this event alone, as an earlier release wrote it."""
    source = original(seen)
    source = replace(source, earlier=EarlierFailure(letter_id=source.letter_id(MAPPER), attempts=0, first_at=AT))
    decision = map_event(seen, routes, AT, reference=source.reference(seen))
    return of(DeadLetter, RECORDS.write(decision, seen, source, AT).outgoing, "dead-letters.v1")[0]


def test_a_command_goes_to_the_partition_of_its_tenant_under_its_origin_id() -> None:
    found = written(event(), routing(route(procore(), cinx())))
    first, second = found.outgoing
    assert (first.topic, second.topic) == ("t.change-orders.procore.commands.v1", "t.change-orders.cinx.commands.v1")
    assert first.key == b"cor:constructiononline:acme:498099:main"
    assert first.partition == tenant_partition("procore", "acme", 12)
    assert second.partition == tenant_partition("cinx", "acme", 12)
    assert CODEC.decode(first.value or b"", ProcoreCommand) == found.commands[0]
    assert CODEC.decode(second.value or b"", CinxCommand) == found.commands[1]


def test_a_snapshot_s_commands_go_to_the_backfill_topic() -> None:
    found = written(event(change=Change.SNAPSHOT), routing())
    assert [one.topic for one in found.outgoing] == ["t.change-orders.procore.backfill.v1"]
    assert found.lane is Lane.BACKFILL


@pytest.mark.parametrize("routes", [NOWHERE, routing(route(mode=RouteMode.OBSERVE))])
def test_an_outcome_of_the_mapping_goes_on_with_the_trace_of_its_event(routes: Routing) -> None:
    outcome = written(event(), routes).outgoing[0]
    assert outcome.topic == "t.change-orders.outcomes.v1"
    assert outcome.headers == (("traceparent", b"00-1-2-01"),)


def test_a_skipped_event_ends_in_one_outcome_that_names_the_event() -> None:
    found = written(event(), routing(route(mode=RouteMode.OBSERVE)))
    (outcome,) = of(ChangeOrderOutcome, found.outgoing, "outcomes.v1")
    assert (outcome.kind, outcome.reason, outcome.letter_id) == (OutcomeKind.SKIPPED, reasons.ROUTE_OBSERVES, None)
    assert outcome.event is not None
    assert (outcome.event.partition, outcome.event.offset) == (3, 42)
    assert found.outgoing[0].key == KEY.encode()
    assert found.outgoing[0].partition is None


def test_a_refused_event_is_a_letter_with_its_bytes_and_an_outcome_that_names_it() -> None:
    seen = event(project=None)
    source = original(seen)
    found = written(seen, NOWHERE)
    (outcome,) = of(ChangeOrderOutcome, found.outgoing, "outcomes.v1")
    (found_letter,) = of(DeadLetter, found.outgoing, "dead-letters.v1")
    assert (found_letter.record_value, found_letter.record_key) == (source.value, source.key)
    assert [(one.name, one.value) for one in found_letter.headers] == list(source.headers)
    assert (outcome.kind, outcome.letter_id) == (OutcomeKind.REJECTED, found_letter.letter_id)
    assert (found_letter.kind, found_letter.reason, found_letter.attempts) == (LetterKind.REJECTED, "route.missing", 1)
    assert found_letter.letter_id == source.letter_id(MAPPER)
    assert found.outgoing[-1].partition == partition_of(KEY.encode(), 12)
    assert found.outgoing[-1].key == found_letter.letter_id.encode()


def test_all_of_a_project_that_no_route_takes_is_one_letter_since_the_first_of_it() -> None:
    first, second = event(), event(change_order_id="2", sequence=9)
    records = DecisionRecords(CODEC, "t.", TOPICS)
    later = AT + timedelta(days=1)
    made = []
    for seen, at in ((first, AT), (second, later)):
        source = original(seen)
        found = records.write(map_event(seen, NOWHERE, at, reference=source.reference(seen)), seen, source, at)
        (outcome,) = of(ChangeOrderOutcome, found.outgoing, "outcomes.v1")
        (one,) = of(DeadLetter, found.outgoing, "dead-letters.v1")
        assert (outcome.letter_id, outcome.change_order_key) == (one.letter_id, seen.key)
        made.append(one)
    assert made[0].letter_id == made[1].letter_id == project_letter_id("constructiononline", "acme", "1321036")
    assert (made[1].first_at, made[1].last_at, made[1].record_value) == (AT, later, None)
    assert made[1].of_project == SourceProject(system="constructiononline", account="acme", project="1321036")
    with pytest.raises(CannotRedrive, match="replays it"):
        REMAPPING.letter(made[1], routing(), later, nothing)


def test_several_refused_targets_share_the_event_s_letter_and_the_others_go_on() -> None:
    shown = change_order(item("1", 5), cost=change_order().cost)
    owner = procore("owner", match=procore().match)
    found = written(event(shown), routing(route(owner, cinx(), name="tower")))
    outcomes = of(ChangeOrderOutcome, found.outgoing, "outcomes.v1")
    (found_letter,) = of(DeadLetter, found.outgoing, "dead-letters.v1")
    assert [one.reason for one in outcomes] == ["procore.remainder", "cinx.remainder"]
    assert len({one.outcome_id for one in outcomes}) == 2
    assert 'Target "tower/owner": ' in found_letter.sentence
    assert found_letter.origin_id is None


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        (TargetSizes(limit=20, command=10, entry=10**6), r"and the topics carry at most 10"),
        (TargetSizes(limit=10**6, command=10**6, entry=10), r"the ledger might need \d+ bytes .*keeps at most 10"),
    ],
    ids=["command", "entry"],
)
@pytest.mark.parametrize("system", ["procore", "cinx"])
def test_a_command_that_no_topic_takes_is_a_letter(system: str, sizes: TargetSizes, why: str) -> None:
    topics = replace(TOPICS, sizes={"procore": sizes, "cinx": sizes})
    records = DecisionRecords(CODEC, "t.", topics)
    target = procore("steel") if system == "procore" else cinx("steel")
    taken = routing(route(target, name="tower"))
    decision = map_event(event(), taken, AT)
    found = records.write(decision, event(), original(), AT)
    assert found.letter_reason == f"{system}.command_too_large"
    assert not found.commands
    assert f"{system}.commands" not in " ".join(one.topic for one in found.outgoing)
    (letter,) = of(DeadLetter, found.outgoing, "dead-letters.v1")
    assert re.search(why, letter.sentence)
    assert 'What target "tower/steel" is to say' in letter.sentence


def test_what_a_topic_takes_counts_for_its_target_alone() -> None:
    topics = replace(TOPICS, sizes={**DECLARED, "cinx": TargetSizes(limit=20, command=10, entry=10)})
    decision = map_event(event(), routing(route(procore(), cinx())), AT)
    found = DecisionRecords(CODEC, "t.", topics).write(decision, event(), original(), AT)
    assert [command.system for command in found.commands] == ["procore"]
    assert found.letter_reason == "cinx.command_too_large"


@pytest.mark.parametrize(
    ("key", "known"),
    [
        (KEY.encode(), KEY),
        (b"a:b:c:d", "a:b:c:d"),
        (b"a:b", None),
        (b"a::c", None),
        (b"\xff", None),
        (None, None),
        (b"a:b:" + b"c" * 1_021, None),
    ],
)
def test_only_a_change_order_key_is_known(key: bytes | None, known: str | None) -> None:
    assert known_key(key) == known


def test_bytes_that_are_no_event_are_kept_as_they_are() -> None:
    found = RECORDS.unreadable(original(value=b"\x00junk"), "record.unreadable", "why", AT)
    (found_letter,) = of(DeadLetter, found.outgoing, "dead-letters.v1")
    (outcome,) = of(ChangeOrderOutcome, found.outgoing, "outcomes.v1")
    assert (found_letter.kind, found_letter.record_value) == (LetterKind.UNREADABLE, b"\x00junk")
    assert (outcome.change_order_key, outcome.letter_id) == (KEY, found_letter.letter_id)


def test_bytes_of_nobody_are_a_letter_without_an_outcome() -> None:
    found = RECORDS.unreadable(original(value=None, key=None), "record.unreadable", "why", AT)
    assert not of(ChangeOrderOutcome, found.outgoing, "outcomes.v1")
    assert found.outgoing[0].partition == partition_of(original().letter_id(MAPPER).encode(), 12)


def nothing(topic: str, partition: int, offset: int) -> SourceRecord | None:
    raise AssertionError((topic, partition, offset))


def test_a_redriven_letter_is_mapped_with_todays_routes_and_names_itself() -> None:
    found = REMAPPING.letter(letter(event(), NOWHERE), routing(), AT + timedelta(hours=1), nothing)
    (sent,) = found.written.outgoing
    command = CODEC.decode(sent.value or b"", ProcoreCommand)
    headers = dict(sent.headers)
    assert command.letter_id == original().letter_id(MAPPER)
    assert command.mapped_at == AT + timedelta(hours=1)
    assert (headers["cor-letter"], headers["cor-letter-attempts"]) == (original().letter_id(MAPPER).encode(), b"1")
    assert headers["cor-letter-first-at"] == AT.isoformat().encode()
    assert headers["traceparent"] == b"00-1-2-01"
    assert not found.settled


def test_a_letter_that_is_refused_again_stays_itself_with_one_more_attempt() -> None:
    later = AT + timedelta(hours=1)
    first = letter(event(), NOWHERE)
    found = REMAPPING.letter(first, NOWHERE, later, nothing)
    (again,) = of(DeadLetter, found.written.outgoing, "dead-letters.v1")
    assert again == replace(first, attempts=2, last_at=later)
    assert not any(one.topic.endswith("observed.v1") for one in found.written.outgoing)


def test_a_letter_that_needs_nothing_any_more_is_settled() -> None:
    found = REMAPPING.letter(letter(event(), NOWHERE), routing(route(mode=RouteMode.OBSERVE)), AT, nothing)
    assert found.settled
    assert (found.written.outgoing[-1].value, found.written.outgoing[-1].key) == (
        None,
        original().letter_id(MAPPER).encode(),
    )


def test_while_one_target_is_still_refused_no_other_settles_the_letter() -> None:
    shown = change_order(item("1", 5), cost=None)
    fine = procore("owner")
    refused = written(event(shown), routing(route(fine, cinx())))
    first = of(DeadLetter, refused.outgoing, "dead-letters.v1")[0]
    mended = replace(event(change_order(item("1", "5.005"))), event_id="e")
    found = REMAPPING.letter(
        replace(first, record_value=original(mended).value), routing(route(fine, cinx())), AT, nothing
    )
    assert found.written.letter_reason == "procore.amount_precision"
    assert [one.letter_id for one in found.written.commands] == [None]


def writers_letter(shown: ChangeOrder | None = None) -> DeadLetter:
    (sent, *_) = written(event(shown), routing(route(procore(), cinx()))).outgoing
    command = CODEC.decode(sent.value or b"", ProcoreCommand)
    return replace(
        letter(event(), NOWHERE),
        letter_id="w",
        stage="procore-writer",
        topic=sent.topic,
        partition=sent.partition or 0,
        record_key=sent.key,
        record_value=sent.value,
        origin_id=command.origin_id,
    )


def test_a_writer_s_letter_is_mapped_from_its_event_for_its_own_target_alone() -> None:
    read: list[tuple[str, int, int]] = []

    def reader(*place: object) -> SourceRecord:
        read.append(place)  # type: ignore[arg-type]  # the place as it was asked for
        return original()

    found = REMAPPING.letter(writers_letter(), routing(route(procore(), cinx())), AT, reader)
    assert read == [("t.change-orders.observed.v1", 3, 42)]
    assert [one.target for one in found.written.commands] == ["main"]
    assert found.written.commands[0].letter_id == "w"


def test_a_writer_s_letter_whose_target_is_gone_is_settled() -> None:
    found = REMAPPING.letter(writers_letter(), routing(route(cinx())), AT, lambda *_: original())
    assert found.settled
    (outcome,) = of(ChangeOrderOutcome, found.written.outgoing, "outcomes.v1")
    assert outcome.reason == "route.target_gone"


OBSERVING = route(procore(), cinx(), name="tower", mode=RouteMode.OBSERVE)
SINCE = route(procore(), name="tower", mode=RouteMode.LIVE, since=date(2099, 1, 1))


@pytest.mark.parametrize(
    ("routes", "why"),
    [
        (routing(OBSERVING), "only observes"),
        (routing(SINCE), "before 2099-01-01"),
        (routing(OBSERVING, route(cinx("other"), name="beside")), "only observes"),
    ],
    ids=["observe", "since", "beside a route that carries"],
)
def test_a_writer_s_letter_stays_open_while_its_route_carries_nothing(routes: Routing, why: str) -> None:
    """The ledger has seen the revision, so that nothing but the letter would bring it again."""
    with pytest.raises(CannotRedrive, match=f'letter w stays open: .* nothing of it goes to "tower/main".*{why}'):
        REMAPPING.letter(writers_letter(), routes, AT, lambda *_: original())
    again = REMAPPING.letter(writers_letter(), routing(route(procore(), cinx())), AT, lambda *_: original())
    assert [command.letter_id for command in again.written.commands] == ["w"]


def test_a_writer_s_letter_whose_target_is_gone_is_settled_also_where_the_route_only_observes() -> None:
    routes = routing(route(cinx(), mode=RouteMode.OBSERVE))
    assert REMAPPING.letter(writers_letter(), routes, AT, lambda *_: original()).settled


def test_as_it_is_a_letter_s_command_goes_back_to_where_it_came_from_under_another_id() -> None:
    found = writers_letter()
    sent = REMAPPING.as_is(replace(found, attempts=2), AT)
    assert (sent.topic, sent.partition, sent.key) == (found.topic, found.partition, found.record_key)
    assert dict(sent.headers)["cor-letter-attempts"] == b"2"
    assert dict(sent.headers)["other"] == b"x"
    before = CODEC.decode(found.record_value or b"", ProcoreCommand)
    again = CODEC.decode(sent.value or b"", ProcoreCommand)
    assert again == replace(before, command_id=again.command_id, letter_id="w")
    later = CODEC.decode(REMAPPING.as_is(found, AT + timedelta(seconds=1)).value or b"", ProcoreCommand)
    assert len({before.command_id, again.command_id, later.command_id}) == 3


def test_a_command_says_who_has_decided_that_it_goes_again() -> None:
    again = REMAPPING.as_is(writers_letter(), AT, person="ann")
    assert CODEC.decode(again.value or b"", ProcoreCommand).person == "ann"
    anew = REMAPPING.letter(writers_letter(), routing(route(procore())), AT, lambda *_: original(), person="ann")
    assert [command.person for command in anew.written.commands] == ["ann"]
    by_itself = REMAPPING.letter(writers_letter(), routing(route(procore())), AT, lambda *_: original())
    assert [command.person for command in by_itself.written.commands] == [None]


def test_as_it_is_bytes_that_are_no_command_go_back_untouched() -> None:
    sent = REMAPPING.as_is(replace(writers_letter(), record_value=b"junk"), AT)
    assert sent.value == b"junk"


def test_what_cannot_be_redriven_says_what_to_do() -> None:
    with pytest.raises(CannotRedrive, match="without --as-is"):
        REMAPPING.as_is(letter(event(), NOWHERE), AT)
    with pytest.raises(CannotRedrive, match="--as-is"):
        REMAPPING.letter(writers_letter(), routing(), AT, lambda *_: None)
    with pytest.raises(CannotRedrive, match="cor replay"):
        REMAPPING.letter(replace(writers_letter(), record_value=b"junk"), routing(), AT, nothing)
    with pytest.raises(CannotRedrive, match="neither an event nor a command"):
        REMAPPING.letter(replace(writers_letter(), topic="elsewhere"), routing(), AT, nothing)


def test_a_replayed_event_goes_to_the_backfill_lane_without_a_letter() -> None:
    found = REMAPPING.event(original(), routing(), AT)
    assert [one.topic for one in found.outgoing] == ["t.change-orders.procore.backfill.v1"]
    assert found.commands[0].letter_id is None


def test_a_replayed_command_carries_the_writer_s_open_letter_about_it() -> None:
    source = original()
    first = CODEC.decode(
        written(event(), routing(route(procore(), cinx("steel")))).outgoing[1].value or b"", CinxCommand
    )
    open_letter = replace(
        letter(event(), NOWHERE), letter_id="open", stage="cinx-submitter", origin_id=first.origin_id, attempts=3
    )
    found = REMAPPING.event(
        source,
        routing(route(procore(), cinx("steel"))),
        AT + timedelta(hours=1),
        letters={first.origin_id: open_letter},
    )
    others, ours = found.outgoing
    assert CODEC.decode(others.value or b"", ProcoreCommand).letter_id is None
    assert others.headers == (("traceparent", b"00-1-2-01"),)
    assert CODEC.decode(ours.value or b"", CinxCommand).letter_id == "open"
    headers = dict(ours.headers)
    assert (headers["cor-letter"], headers["cor-letter-attempts"]) == (b"open", b"3")
    assert headers["cor-letter-first-at"] == open_letter.first_at.isoformat().encode()
    assert headers["traceparent"] == b"00-1-2-01"
