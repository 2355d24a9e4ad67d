"""The checker can fail: with any one of the protocol's safeguards taken out, its scenario is judged wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog.testing

from relay.domain import failures
from relay.domain.commands import Operation, ProcoreCommand
from relay.domain.ledger import LedgerEntry, OrderState, Part
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind, RemoteRecord
from relay.domain.writes.fitted_writes import MOST_BYTES
from relay.domain.writes.remote_writes import WriteOperation, WrittenField, WrittenRecord
from relay.engine import letters, sizes
from relay.engine.kafka import RecordTooLarge
from relay.engine.topics import PROCORE
from relay.engine.writer.adapter import Done
from relay.engine.writer.state import cache, encoding, ledger_updates, partition_state, restore, store, unreadable
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps import dispatch, failed_calls, in_doubt, plan, receive, record, settle, tell
from relay.engine.writer.written import Endpoint, Written
from schemas import Unwritable
from tests.unit.engine.writer.invariants import check_invariants, what_was_applied_is_told_once
from tests.unit.engine.writer.model import ACCOUNT, ProtocolModel, command
from tests.unit.engine.writer.virtual_log import CODEC, TIMING, CommitFate, ModelJournal
from tests.unit.engine.writer.virtual_remote import ModelAdapter, RequestFate

LONG = "x" * 11_000_000
"""Longer than what any topic takes."""

Scenario = Callable[[ProtocolModel], None]
Sabotage = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    model = ProtocolModel()
    yield model
    model.close()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """To render the traceback of each defect would take longer than all else."""
    with structlog.testing.capture_logs():
        yield


# -- scenarios: each is what one safeguard is for


def an_order_is_made_and_its_maker_dies(model: ProtocolModel) -> None:
    """The note is made, its answer is lost, and the owner is killed."""
    model.submit(command(1, 1, "door", "approved"))
    model.receive()
    model.work()
    model.deliver(RequestFate.ANSWERED)
    model.work()
    model.deliver(RequestFate.LOST_AFTER)
    model.start()


def an_older_version_comes_late(model: ProtocolModel) -> None:
    model.submit(command(1, 2, "door", "pending"))
    model.settle()
    model.submit(command(1, 1, "window", "pending"))


def an_owner_dies_between_intent_and_call(model: ProtocolModel) -> None:
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    model.start()


def a_predecessor_commits_while_its_successor_restores(model: ProtocolModel) -> None:
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.ANSWERED)
    model.take_over_while(model.work)


def a_request_is_lost_on_its_way(model: ProtocolModel) -> None:
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.LOST_BEFORE)


def a_note_arrives_late(model: ProtocolModel) -> None:
    model.submit(command(1, 1, "door", "approved"))
    model.receive()
    model.work()
    model.deliver(RequestFate.ANSWERED)
    model.work()
    model.deliver(RequestFate.LATE)


def an_older_header_arrives_late(model: ProtocolModel) -> None:
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.LATE)
    model.submit(command(1, 2, "window", "pending"))


def a_reading_meets_what_is_under_way(model: ProtocolModel) -> None:
    """The ledger is lost while a request is on its way; what it knew beside the record is read anew."""
    model.submit(command(1, 1, "door", "pending"))
    model.settle()
    model.submit(command(1, 2, "window", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.LATE)
    model.lose_ledger()
    model.submit(command(1, 3, "roof", "pending"))


def made_and_then_unreadable(value: bytes) -> Scenario:
    """The note is made; then a stranger writes over the entry that says so, and a new owner comes."""

    def scenario(model: ProtocolModel) -> None:
        first = command(1, 1, "door", "approved")
        model.submit(first)
        model.settle()
        model.overwrite(PROCORE.ledger.name(), first.origin_id, value)
        model.start()
        model.submit(command(1, 2, "window", "approved"))
        works_for_a_while(model)
        a_person_adopts(model, first)

    return scenario


def an_intent_cannot_be_read(model: ProtocolModel) -> None:
    """The note is made and its answer lost; then a stranger writes over the intent, and a new owner comes."""
    an_order_is_made_and_its_maker_dies(model)
    first = model.sent[0]
    model.overwrite(PROCORE.inbox.name(), f"{first.origin_id}|intent", b"hello")
    model.start()
    works_for_a_while(model)
    model.start()
    works_for_a_while(model)
    assert len(model.letters()) == 1
    a_person_adopts(model, first)


def a_command_in_work_cannot_be_read(model: ProtocolModel) -> None:
    """The note may have been made; then a stranger writes over the command under way, and a new owner comes."""
    an_order_is_made_and_its_maker_dies(model)
    first = model.sent[0]
    model.overwrite(PROCORE.inbox.name(), f"{first.origin_id}|current", b"hello")
    model.start()
    model.submit(command(1, 2, "window", "approved"))
    works_for_a_while(model)
    assert all(sequence <= first.sequence for _, sequence in model.remote.applied), "it was not frozen"
    a_person_adopts(model, first)


def an_owner_starts_again_and_again(model: ProtocolModel) -> None:
    """What cannot be read of a change order is told once, and not by every owner."""
    first = command(1, 1, "door", "approved")
    model.submit(first)
    model.settle()
    model.overwrite(PROCORE.ledger.name(), first.origin_id, b"hello")
    model.start()
    model.submit(command(1, 2, "window", "approved"))
    works_for_a_while(model)
    told = model.log.written_letters
    for _ in range(2):
        model.start()
        works_for_a_while(model)
    assert (len(model.letters()), model.log.written_letters) == (1, told)
    a_person_adopts(model, first)


def a_hold_cannot_be_read(model: ProtocolModel) -> None:
    """What it keeps from being sent is sent when its record has gone, and not before."""
    model.log.compacted[PROCORE.inbox.name()] = {"procore:acme|hold": b"hello"}
    model.start()
    model.submit(command(1, 1, "door", "approved"))
    works_for_a_while(model)
    assert not model.remote.applied
    del model.log.compacted[PROCORE.inbox.name()]["procore:acme|hold"]
    model.start()


def a_refusal_holds_half_a_character(model: ProtocolModel) -> None:
    model.adapter.refusal = "Title \ud83d is refused."
    model.submit(command(1, 1, "refused", "pending"))
    model.submit(command(2, 1, "door", "pending"))
    model.settle()
    assert [letter.sentence for letter in model.letters()] == ["Title \\ud83d is refused."]


def a_record_is_too_large_for_its_letter(model: ProtocolModel) -> None:
    model.log.lane.append(bytes(11 * 1024 * 1024))
    model.submit(command(2, 1, "door", "pending"))
    model.settle()
    assert len(model.letters()) == 1
    (letter,) = model.letters()
    assert letter.record_value is None
    assert "11534336 bytes, SHA-256" in letter.sentence
    assert letter.offset == 0


def a_command_has_names_without_end(model: ProtocolModel) -> None:
    """No outcome, nor anything else that has to tell of it, would fit its topic."""
    sent = command(1, 1, "door", "pending")
    endless = replace(sent, change_order_key=LONG[:5_000_000])
    model.log.lane.append(CODEC.encode(endless, PROCORE.commands.name()))
    model.submit(command(2, 1, "door", "pending"))
    model.settle()
    reasons = [letter.reason for letter in model.letters()]
    assert reasons == ["record.too_large"]
    assert [outcome.kind for outcome in model.log.outcomes] == [OutcomeKind.APPLIED]


def a_stranger_s_keys_have_no_end(model: ProtocolModel) -> None:
    """A hold or a letter about what stands there would not fit its topic."""
    model.submit(command(1, 1, "door", "pending"))
    model.settle()
    key = f"cor:constructiononline:acme:{LONG[:6_000_000]}:main"
    model.log.compacted[PROCORE.ledger.name()][key] = b"hello"
    model.log.compacted.setdefault(PROCORE.inbox.name(), {})[f"{key}|intent"] = b"hello"
    model.start()
    model.submit(command(1, 2, "window", "pending"))
    model.settle()
    reasons = [letter.reason for letter in model.letters()]
    assert reasons == []


def a_letter_is_too_large_for_its_cluster(model: ProtocolModel) -> None:
    """The letter of this record fits what is declared, and not what the cluster permits."""
    model.log.lane.append(bytes(9 * 1024 * 1024))
    model.submit(command(2, 1, "door", "pending"))
    model.settle()
    assert len(model.letters()) == 1
    (letter,) = model.letters()
    assert letter.record_value is None


def answers_cannot_be_recorded(model: ProtocolModel) -> None:
    """The relay has a defect that shows with the answers for change order 1: a person is asked."""
    recorded = ledger_updates.with_accepted

    def broken(entry: LedgerEntry, result: Any) -> LedgerEntry:
        if entry.change_order_key.endswith(":1"):
            raise KeyError("a defect")
        return recorded(entry, result)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "with_accepted", broken)
        model.submit(command(1, 1, "door", "pending"))
        model.submit(command(2, 1, "window", "pending"))
        model.settle()
    (letter,) = model.letters()
    assert letter.kind is LetterKind.NEEDS_REVIEW


def an_answer_is_too_large_for_the_ledger(model: ProtocolModel) -> None:
    """What the remote says of change order 1 no topic takes: a person is asked about it, and the other goes on."""
    recorded = ledger_updates.with_accepted

    def endless(entry: LedgerEntry, result: Any) -> LedgerEntry:
        known = recorded(entry, result)
        return replace(known, remote={"number": LONG}) if entry.change_order_key.endswith(":1") else known

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "with_accepted", endless)
        model.submit(command(1, 1, "door", "pending"))
        model.submit(command(2, 1, "window", "pending"))
        model.settle()
    (letter,) = model.letters()
    assert (letter.kind, letter.change_order_key) == (LetterKind.NEEDS_REVIEW, "constructiononline:acme:1")
    assert {outcome.change_order_key: outcome.kind for outcome in model.log.outcomes} == {
        "constructiononline:acme:1": OutcomeKind.NEEDS_REVIEW,
        "constructiononline:acme:2": OutcomeKind.APPLIED,
    }


def a_refusal_says_too_much(model: ProtocolModel) -> None:
    """The remote refuses the login with words that no topic takes: the account is held, and goes on afterwards."""
    model.adapter.blocked_with = LONG
    model.submit(command(1, 1, "door", "pending"))
    works_for_a_while(model)
    assert list(model.state.holds.all())
    model.adapter.blocked_with = ""
    model.settle()


def a_refusal_cannot_be_told(model: ProtocolModel) -> None:
    """Each call is refused as a whole, and the relay has a defect that shows with change order 1: it waits alone."""
    model.adapter.refuses_calls = True
    model.adapter.spoilt = ":1"
    model.submit(command(1, 1, "refused", "pending"))
    model.submit(command(2, 1, "refused", "pending"))
    works_for_a_while(model)
    assert [letter.change_order_key for letter in model.letters()] == ["constructiononline:acme:2"]
    assert model.adapter.refused_calls <= 10
    model.adapter.spoilt = ""


def a_refusal_fails_once(model: ProtocolModel) -> None:
    """The letter about the refusal cannot be made: one about the defect takes its place."""
    model.adapter.refuses_calls = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failed_calls, "follow_refusal", broken_for_one(in_doubt.follow_refusal))
        model.submit(command(1, 1, "refused", "pending"))
        model.submit(command(2, 1, "refused", "pending"))
        model.settle()
    assert sorted(letter.reason for letter in model.letters()) == ["procore.rejected", "relay.defect"]


def an_answer_is_lost_over_and_over(model: ProtocolModel) -> None:
    """Nor can a person be asked about change order 1, over which the relay itself fails: it stays in doubt alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_doubt, "_question", broken_for_one(in_doubt._question))
        model.submit(command(1, 1, "door", "pending"))
        model.submit(command(2, 1, "window", "pending"))
        for _ in range(70):
            model.receive()
            model.work()
            model.deliver(RequestFate.LOST_BEFORE)
            model.pass_time(1.0)
    assert [letter.change_order_key for letter in model.letters()] == ["constructiononline:acme:2"]
    model.submit(replace(model.sent[1], operation=Operation.RESUBMIT, command_id="again"))


def a_header_is_refused_after_its_answer_was_lost(model: ProtocolModel) -> None:
    """The remote has taken it the first time: that is found before anybody is told of the refusal."""
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.LOST_AFTER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.remote, "upsert", lambda elements: {element[0]: False for element in elements})
        model.settle()
    assert not model.letters()
    what_was_applied_is_told_once(model)


def a_remote_loses_and_refuses_by_turns(model: ProtocolModel) -> None:
    """That ends in a letter, which must not say that nothing was sent."""
    sent = command(1, 1, "door", "pending")
    model.submit(sent)
    for _ in range(40):
        model.receive()
        model.work()
        model.deliver(RequestFate.LOST_BEFORE)
        model.pass_time(TIMING.quarantine)
        model.work()
        model.deliver(RequestFate.REFUSED)
        model.work()
        model.deliver(RequestFate.ANSWERED)
    assert [letter.reason for letter in model.letters()] == ["procore.rejected"]
    entry = model.state.store.entry(sent.origin_id)
    assert entry is not None
    assert entry.was_sent


def broken_for_one(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step`` with a defect that shows with change order 1 only."""

    def broken(*arguments: Any) -> Any:
        if any(f"{ACCOUNT}:1:" in _origin_of(each) for each in arguments):
            raise KeyError("a defect")
        return step(*arguments)

    return broken


def _origin_of(argument: Any) -> str:
    record = argument.record if isinstance(argument, OrderState) else argument
    return str(getattr(record, "origin_id", ""))


def works_for_a_while(model: ProtocolModel) -> None:
    for _ in range(20):
        model.receive()
        model.work()
        model.deliver(RequestFate.ANSWERED)
        model.pass_time(1.0)


def a_person_adopts(model: ProtocolModel, decided: ProcoreCommand) -> None:
    letter_id = model.letters()[0].letter_id if model.letters() else None
    model.submit(replace(decided, operation=Operation.ADOPT, command_id="adopt", letter_id=letter_id))
    model.settle()
    assert not model.letters()


# -- sabotage: each takes one safeguard out


def the_intent_is_not_durable(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(UnitOfWork, "put_intent", lambda self, origin_id, intent: None)


def the_ledger_is_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(UnitOfWork, "put_entry", lambda self, entry: None)


def the_end_is_told_before_the_call(patch: pytest.MonkeyPatch) -> None:
    def too_early(state: Any, chosen: list[Any]) -> set[str]:
        work = state.begin()
        for scheduled in chosen:
            settle.settle(state, work, work.order(scheduled.task.command.origin_id), Done(kind=OutcomeKind.APPLIED))
        state.commit(work, TransactionKind.INTEND)
        return set()

    patch.setattr(dispatch, "intend", too_early)


def fencing_comes_after_restoring(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ProtocolModel, "fences_first", False)


def hashes_are_kept_in_doubt(patch: pytest.MonkeyPatch) -> None:
    def as_if_accepted(state: Any, work: UnitOfWork, order: OrderState, task: Any, unknown: Any, **_: object) -> None:
        if order.intent is not None:
            entry = order.entry_for(task.command)
            parts = {name: Part(hash=value) for name, value in order.intent.parts.items()}
            work.put_entry(replace(entry, parts={**entry.parts, **parts}))
            work.put_intent(entry.origin_id, None)

    for module in (record, failed_calls):
        patch.setattr(module, "mark_in_doubt", as_if_accepted)


def not_finding_it_is_believed_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(record, "seconds_in_flight", lambda state, intent: 0.0)


def different_bytes_go_out_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "seconds_before_call", lambda state, task, call: 0.0)


def any_reading_ends_an_intent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ModelAdapter, "tiers_resolve", True)


def what_cannot_be_read_counts_as_absent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "frozen", lambda order, origin_id: order)


def a_tombstone_counts_as_an_owners(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cache, "REMOVED", None)


def every_owner_tells_of_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ProtocolModel, "open_letters", lambda model: set())


def an_unreadable_hold_ends_at_once(patch: pytest.MonkeyPatch) -> None:
    lasting = unreadable.unreadable_hold
    patch.setattr(restore, "unreadable_hold", lambda scope, since: replace(lasting(scope, since), until=since))


def texts_are_written_as_they_come(patch: pytest.MonkeyPatch) -> None:
    for module in (letters, encoding):
        patch.setattr(module, "encoded", lambda codec, record, topic: codec.encode(record, topic))


def a_letter_holds_any_record(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(letters.LetterTopic, "largest", 1 << 40)


def a_letter_fits_what_is_declared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(letters.LetterTopic, "largest", 10 * 1024 * 1024 - 64 * 1024)


def topics_take_any_record(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sizes.TopicLimits, "check", lambda limits, record: None)


def names_may_have_any_length(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(receive, "_check_names", lambda command: None)


def keys_may_have_any_length(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "_LONGEST_KEY", 1 << 40)


def failures_say_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(failures, "_LONGEST_MESSAGE", 1 << 40)


def a_failure_over_one_is_one_of_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(partition_state, "FAILURES_OF_ALL", (Exception,))


def what_cannot_end_is_sent_again_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(failed_calls, "_delay_unended", lambda state, tasks: None)


def a_refusal_ends_it_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ModelAdapter, "looks_first", False)


def a_refusal_says_that_nothing_was_sent(patch: pytest.MonkeyPatch) -> None:
    ended = settle.settle
    patch.setattr(in_doubt, "settle_sent", lambda state, work, order, command, plan: ended(state, work, order, plan))
    patch.setattr(in_doubt, "entry_once_sent", lambda state, order, command: order.entry_for(command))


PAIRS: list[tuple[Scenario, Sabotage]] = [
    (an_order_is_made_and_its_maker_dies, the_intent_is_not_durable),
    (an_older_version_comes_late, the_ledger_is_off),
    (an_owner_dies_between_intent_and_call, the_end_is_told_before_the_call),
    (a_predecessor_commits_while_its_successor_restores, fencing_comes_after_restoring),
    (a_request_is_lost_on_its_way, hashes_are_kept_in_doubt),
    (a_note_arrives_late, not_finding_it_is_believed_at_once),
    (an_older_header_arrives_late, different_bytes_go_out_at_once),
    (a_reading_meets_what_is_under_way, any_reading_ends_an_intent),
    (made_and_then_unreadable(b""), a_tombstone_counts_as_an_owners),
    (made_and_then_unreadable(b""), what_cannot_be_read_counts_as_absent),
    (made_and_then_unreadable(b"hello"), what_cannot_be_read_counts_as_absent),
    (an_intent_cannot_be_read, what_cannot_be_read_counts_as_absent),
    (an_owner_starts_again_and_again, every_owner_tells_of_it),
    (a_hold_cannot_be_read, an_unreadable_hold_ends_at_once),
    (a_refusal_holds_half_a_character, texts_are_written_as_they_come),
    (a_record_is_too_large_for_its_letter, a_letter_holds_any_record),
    (a_letter_is_too_large_for_its_cluster, a_letter_fits_what_is_declared),
    (answers_cannot_be_recorded, a_failure_over_one_is_one_of_all),
    (an_answer_is_too_large_for_the_ledger, topics_take_any_record),
    (a_refusal_says_too_much, failures_say_all),
    (a_command_has_names_without_end, names_may_have_any_length),
    (a_stranger_s_keys_have_no_end, keys_may_have_any_length),
    (a_refusal_cannot_be_told, a_failure_over_one_is_one_of_all),
    (a_refusal_cannot_be_told, what_cannot_end_is_sent_again_at_once),
    (a_refusal_fails_once, a_failure_over_one_is_one_of_all),
    (an_answer_is_lost_over_and_over, a_failure_over_one_is_one_of_all),
    (a_header_is_refused_after_its_answer_was_lost, a_refusal_ends_it_at_once),
    (a_remote_loses_and_refuses_by_turns, a_refusal_says_that_nothing_was_sent),
]


@pytest.mark.parametrize("scenario", [scenario for scenario, _ in PAIRS])
def test_the_protocol_stands(model: ProtocolModel, scenario: Scenario) -> None:
    scenario(model)
    check_invariants(model)


@pytest.mark.parametrize(("scenario", "sabotage"), PAIRS)
def test_without_its_safeguard_it_is_judged_wrong(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch, scenario: Scenario, sabotage: Sabotage
) -> None:
    sabotage(monkeypatch)
    with pytest.raises((AssertionError, Unwritable, RecordTooLarge, KeyError)):
        _run(model, scenario)


def _run(model: ProtocolModel, scenario: Scenario) -> None:
    scenario(model)
    check_invariants(model)


def test_a_change_order_whose_command_in_work_cannot_be_read_is_frozen(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the stranger has written over cannot end any more; nothing newer passes it, and nothing is made twice."""
    a_command_in_work_cannot_be_read(model)
    assert model.remote.notes == [model.sent[0].origin_id]
    what_cannot_be_read_counts_as_absent(monkeypatch)
    unguarded = ProtocolModel()
    with pytest.raises(AssertionError):
        a_command_in_work_cannot_be_read(unguarded)
    unguarded.close()


def test_a_fenced_owner_commits_nothing() -> None:
    model = ProtocolModel()
    before = model.state.journal
    model.start()
    assert isinstance(before, ModelJournal)
    assert before.is_fenced
    model.close()


def nothing_found_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that a reading call brought is taken for one about nothing of ours."""
    monkeypatch.setattr(tell.Answer, "is_written", property(lambda answer: answer.call.writes))


def the_second_answer_counts_as_an_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operation is taken from what the entry says after the answer."""
    written = ModelAdapter.written

    def of_now(self: ModelAdapter, task: Any, step: str, call: Any, result: Any, entry: LedgerEntry) -> Written:
        return written(self, replace(task, entry=entry), step, call, result, entry)

    monkeypatch.setattr(ModelAdapter, "written", of_now)


@pytest.mark.parametrize("sabotage", [nothing_found_is_told, the_second_answer_counts_as_an_update])
def test_a_write_that_is_not_told_is_seen(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch, sabotage: Sabotage
) -> None:
    an_order_is_made_and_its_maker_dies(model)
    sabotage(monkeypatch)
    check_invariants(model)
    with pytest.raises(AssertionError):
        what_was_applied_is_told_once(model)


def test_what_is_told_stands_in_the_transaction_of_the_answer(model: ProtocolModel) -> None:
    """Its commit fails, and the second answer describes a change that is there already: told once, and as made."""
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.ANSWERED)
    model.log.fates.append(CommitFate.FAILS)
    model.work()
    assert model.log.writes == []
    check_invariants(model)
    (write,) = model.log.writes
    assert write.found_again
    assert write.records[0].operation is WriteOperation.CREATED


@pytest.mark.parametrize("failure", [RuntimeError("a defect"), Unwritable("RemoteWrite", "", "a defect")])
def test_what_cannot_be_told_is_told_without_details(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """The remote has applied it: nothing may raise, since the next owner would meet the same without end."""

    def broken(*_: Any) -> Written:
        raise failure

    monkeypatch.setattr(ModelAdapter, "written", broken)
    model.submit(command(1, 1, "door", "approved"))
    check_invariants(model)
    assert [(write.step, write.records) for write in model.log.writes] == [("header", ()), ("note", ())]


def test_an_outcome_that_fits_no_schema_is_told_without_details_and_its_neighbours_go_on(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd: Any = 7  # Where a text belongs: an outcome cannot be written with it, whatever is escaped.

    def describe(adapter: ModelAdapter, entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
        return (RemoteRecord(kind="header", remote_id=odd),) if entry.change_order_key.endswith(":1") else ()

    monkeypatch.setattr(ModelAdapter, "describe", describe)
    model.submit(command(1, 1, "door", "pending"))
    model.submit(command(2, 1, "door", "pending"))
    check_invariants(model)
    ends = {(one.change_order_key[-2:], one.kind, one.remote) for one in model.log.outcomes}
    assert ends == {(":1", OutcomeKind.APPLIED, ()), (":2", OutcomeKind.APPLIED, ())}


def test_a_write_that_no_topic_takes_is_told_in_short(model: ProtocolModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def long(*_: Any) -> Written:
        fields = tuple(WrittenField(name=f"f{number}", sent="x" * 1_000) for number in range(1_000))
        record = WrittenRecord(kind="header", operation=WriteOperation.UPDATED, fields=fields)
        return Written(endpoint=Endpoint("PATCH", "/header"), records=(record,))

    monkeypatch.setattr(ModelAdapter, "written", long)
    model.submit(command(1, 1, "door", "pending"))
    check_invariants(model)
    (write,) = model.log.writes
    assert write.fitted
    assert len(CODEC.encode(write, "topic")) <= MOST_BYTES
