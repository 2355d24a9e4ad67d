"""What people hold: new writing calls wait, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from relay.domain.control import PersonHold, Subject
from relay.domain.ledger import HoldKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.person_holds import AnyHold
from relay.engine.control.membership import ControlView, Membership
from relay.engine.writer import turn
from relay.engine.writer.adapter import PlannedCall, Task
from relay.engine.writer.state import people_holds, scheduler
from relay.engine.writer.steps import dispatch, plan
from relay.engine.writer.steps.held import report_long_waits
from tests.unit.engine.writer.invariants import check_invariants
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_log import CommitFate
from tests.unit.engine.writer.virtual_remote import RequestFate

ACCOUNT_KEY = "procore:acme"
PROJECT = "procore:acme/project:315"


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    model = ProtocolModel()
    yield model
    model.close()


def works_for_a_while(model: ProtocolModel, turns: int = 20) -> None:
    for _ in range(turns):
        model.receive()
        model.work()
        model.deliver(RequestFate.ANSWERED)
        model.pass_time(1.0)


def held(model: ProtocolModel) -> list[str]:
    """The sentences of outcomes ``held``."""
    return [outcome.sentence or "" for outcome in model.log.outcomes if outcome.kind is OutcomeKind.HELD]


# -- scenarios: each is what one safeguard is for


def a_hold_comes_before_the_change_order(model: ProtocolModel) -> None:
    """The newest of what came under it is written once it is released, and nothing before."""
    held_by_ann = model.hold(Subject.ACCOUNT, ACCOUNT_KEY)
    model.submit(command(1, 1, "door", "approved"))
    works_for_a_while(model)
    model.submit(command(1, 2, "window", "approved"))
    works_for_a_while(model)
    assert not model.remote.applied
    model.release(held_by_ann)
    model.settle()
    assert [sequence for _, sequence in model.remote.applied] == [2]


def a_hold_comes_when_the_call_is_planned(model: ProtocolModel) -> None:
    """The call waits for a slot; before the intent is committed the hold is looked for once more."""
    model.adapter.slot_in = 5.0
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    assert model.state.scheduler.planned() == 1
    held_by_ann = model.hold(Subject.CHANGE_ORDER, "constructiononline:acme:1")
    model.adapter.slot_in = 0.0
    works_for_a_while(model)
    assert not model.remote.applied
    model.release(held_by_ann)


def a_hold_comes_between_two_calls(model: ProtocolModel) -> None:
    """The header is accepted; the note waits."""
    model.submit(command(1, 1, "door", "approved"))
    model.receive()
    model.work()
    held_by_ann = model.hold(Subject.TARGET, "main")
    model.deliver(RequestFate.ANSWERED)
    works_for_a_while(model)
    assert model.remote.applied
    assert not model.remote.notes
    model.release(held_by_ann)


def a_hold_comes_to_a_resend(model: ProtocolModel) -> None:
    """The answer was lost: what would resolve it is a writing call, which waits; the doubt stays and is counted."""
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.LOST_BEFORE)
    held_by_ann = model.hold(Subject.DESTINATION_PROJECT, PROJECT)
    works_for_a_while(model)
    assert not model.remote.applied
    assert [queued.in_doubt for queued in model.state.queued.values()] == [True]
    model.release(held_by_ann)


def an_open_intent_is_looked_for_under_a_hold(model: ProtocolModel) -> None:
    """The note was made and its answer lost: reading goes on, and the command ends under the hold."""
    model.submit(command(1, 1, "door", "approved"))
    model.receive()
    model.work()
    model.deliver(RequestFate.ANSWERED)
    model.work()
    model.deliver(RequestFate.LOST_AFTER)
    held_by_ann = model.hold(Subject.ACCOUNT, ACCOUNT_KEY)
    works_for_a_while(model)
    assert [outcome.kind for outcome in model.log.outcomes if outcome.kind.is_terminal] == [OutcomeKind.APPLIED]
    model.release(held_by_ann)


def a_successor_comes_under_a_hold(model: ProtocolModel) -> None:
    held_by_ann = model.hold(Subject.SOURCE_PROJECT, "constructiononline:acme/project:1321036")
    model.submit(command(1, 1, "door", "pending"))
    works_for_a_while(model)
    model.start()
    works_for_a_while(model)
    assert not model.remote.applied
    model.release(held_by_ann)


def what_is_held_is_withdrawn(model: ProtocolModel) -> None:
    """Receiving goes on: what was never sent is withdrawn at once."""
    held_by_ann = model.hold(Subject.ACCOUNT, ACCOUNT_KEY)
    model.submit(command(1, 1, "door", "approved"))
    works_for_a_while(model)
    model.submit(command(1, 2, "", "", withdraw=True))
    works_for_a_while(model)
    ends = [outcome.kind for outcome in model.log.outcomes if outcome.kind.is_terminal]
    assert ends == [OutcomeKind.SUPERSEDED, OutcomeKind.WITHDRAWN]
    model.release(held_by_ann)
    model.settle()
    assert not model.remote.applied


def the_remote_denies_a_project_under_a_hold(model: ProtocolModel) -> None:
    """Two holds of one project, a person's and the writer's own: neither ends with the other."""
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    held_by_ann = model.hold(Subject.DESTINATION_PROJECT, PROJECT)
    model.adapter.denied = True
    model.deliver(RequestFate.ANSWERED)
    for _ in range(3):
        model.work()
        model.deliver(RequestFate.ANSWERED)
    model.work()
    assert [hold.kind for hold in model.state.holds.all()] == [HoldKind.DENIED]
    model.adapter.denied = False
    works_for_a_while(model, 60)
    assert not model.remote.applied
    model.hold(Subject.CHANGE_ORDER, "constructiononline:acme:7")
    model.release(held_by_ann)


def two_hold_it_and_one_releases(model: ProtocolModel) -> None:
    by_ann = model.hold(Subject.ACCOUNT, ACCOUNT_KEY)
    by_bob = model.hold(Subject.DESTINATION_PROJECT, PROJECT)
    model.submit(command(1, 1, "door", "pending"))
    works_for_a_while(model)
    model.release(by_ann)
    works_for_a_while(model)
    assert not model.remote.applied
    model.release(by_bob)


def a_hold_ends_by_itself(model: ProtocolModel) -> None:
    """By the wall clock of the writer."""
    model.hold(Subject.ACCOUNT, ACCOUNT_KEY, model.state.clock.now() + timedelta(seconds=100))
    model.submit(command(1, 1, "door", "pending"))
    works_for_a_while(model, 90)
    assert not model.remote.applied
    works_for_a_while(model, 20)
    assert model.remote.applied


def a_hold_cannot_be_read(model: ProtocolModel) -> None:
    """It holds all that it could be about, until its key is released."""
    model.write_control("hold:x", b"hello")
    model.submit(command(1, 1, "door", "pending"))
    works_for_a_while(model)
    assert not model.remote.applied
    model.write_control("hold:x", None)


def control_cannot_be_read(model: ProtocolModel) -> None:
    """What people hold is not known for longer than a send window: nothing new is sent until it is."""
    model.work()
    model.control_is_reachable = False
    model.pass_time(10.0)
    model.submit(command(1, 1, "door", "pending"))
    works_for_a_while(model)
    assert not model.remote.applied
    model.control_is_reachable = True


def an_owner_has_not_stated_its_account(model: ProtocolModel) -> None:
    """Who asks for a hold and looks for owners would not see this one: it writes nothing until its statement stands."""
    model.control_is_reachable = False
    model.start()
    model.control_is_reachable = True
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    model.work()
    assert not model.executor.waiting
    model.pass_time(60.0)


# -- sabotage: each takes one safeguard out


def nothing_is_looked_for_when_a_call_is_planned(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "delay_if_on_hold", lambda state, task, call: False)
    patch.setattr(dispatch, "delay_if_on_hold", lambda state, task, call: False)


def nothing_is_looked_for_before_the_intent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dispatch, "delay_if_on_hold", lambda state, task, call: False)


def a_hold_bars_reading_too(patch: pytest.MonkeyPatch) -> None:
    barred = people_holds.delay_if_on_hold

    def everything(state: object, task: Task, call: PlannedCall) -> bool:  # type: ignore[type-arg]
        return barred(state, task, replace(call, writes=True))  # type: ignore[arg-type]

    for module in (plan, dispatch):
        patch.setattr(module, "delay_if_on_hold", everything)


def a_released_hold_wakes_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scheduler.Scheduler, "end_people_holds", lambda self, hold_ids: None)


def a_release_ends_every_hold(patch: pytest.MonkeyPatch) -> None:
    following = people_holds.follow_people

    def forgetful(state: Any, view: ControlView) -> None:
        gone = state.people_holds.keys() - view.holds.keys()
        following(state, replace(view, holds={}) if gone else view)

    patch.setattr(turn, "follow_people", forgetful)


def holds_never_end_by_themselves(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(people_holds, "is_over", lambda hold, now: False)


def an_unreadable_hold_counts_as_absent(patch: pytest.MonkeyPatch) -> None:
    following = people_holds.follow_people

    def readable_only(state: Any, view: ControlView) -> None:
        readable = {key: hold for key, hold in view.holds.items() if isinstance(hold, PersonHold)}
        following(state, replace(view, holds=readable))

    patch.setattr(turn, "follow_people", readable_only)


def an_old_view_is_good_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ControlView, "is_fresh", lambda self, now, window: True)


def an_owner_need_not_state_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ControlView, "may_write", lambda self, tenant, now, window: self.is_fresh(now, window))


def a_hold_shares_the_key_of_the_writers_own(patch: pytest.MonkeyPatch) -> None:
    """Where the writer's own hold of the place has ended, the person's has ended with it."""

    def ends(hold: AnyHold, scopes: set[str]) -> bool:
        return isinstance(hold, PersonHold) and hold.subject in scopes

    following, ours = people_holds.follow_people, set[str]()

    def both(state: Any, view: ControlView) -> None:
        now = {hold.scope for hold in state.holds.all()}
        ours.update(now)
        kept = {key: hold for key, hold in view.holds.items() if not ends(hold, ours - now)}
        following(state, replace(view, holds=kept))

    patch.setattr(turn, "follow_people", both)


PAIRS: list[tuple[Callable[[ProtocolModel], None], Callable[[pytest.MonkeyPatch], None]]] = [
    (a_hold_comes_before_the_change_order, nothing_is_looked_for_when_a_call_is_planned),
    (a_hold_comes_before_the_change_order, a_released_hold_wakes_nobody),
    (a_hold_comes_when_the_call_is_planned, nothing_is_looked_for_before_the_intent),
    (a_hold_comes_between_two_calls, nothing_is_looked_for_when_a_call_is_planned),
    (a_hold_comes_to_a_resend, nothing_is_looked_for_when_a_call_is_planned),
    (an_open_intent_is_looked_for_under_a_hold, a_hold_bars_reading_too),
    (a_successor_comes_under_a_hold, nothing_is_looked_for_when_a_call_is_planned),
    (the_remote_denies_a_project_under_a_hold, a_hold_shares_the_key_of_the_writers_own),
    (two_hold_it_and_one_releases, a_release_ends_every_hold),
    (a_hold_ends_by_itself, holds_never_end_by_themselves),
    (a_hold_cannot_be_read, an_unreadable_hold_counts_as_absent),
    (control_cannot_be_read, an_old_view_is_good_enough),
    (an_owner_has_not_stated_its_account, an_owner_need_not_state_itself),
]
ALONE = [what_is_held_is_withdrawn]


@pytest.mark.parametrize("scenario", [*dict.fromkeys(scenario for scenario, _ in PAIRS), *ALONE])
def test_the_protocol_obeys(model: ProtocolModel, scenario: Callable[[ProtocolModel], None]) -> None:
    scenario(model)
    if scenario is not what_is_held_is_withdrawn:
        check_invariants(model)


@pytest.mark.parametrize(("scenario", "sabotage"), PAIRS)
def test_the_judge_notices(
    model: ProtocolModel,
    monkeypatch: pytest.MonkeyPatch,
    scenario: Callable[[ProtocolModel], None],
    sabotage: Callable[[pytest.MonkeyPatch], None],
) -> None:
    sabotage(monkeypatch)
    with pytest.raises(AssertionError):  # noqa: PT012 - either the scenario or the judge notices
        scenario(model)
        check_invariants(model)


# -- what is told


def test_a_hold_is_told_once_with_its_person_and_with_what_is_written(model: ProtocolModel) -> None:
    model.state.timing = replace(model.state.timing, held_reported_after=60.0)
    model.submit(command(1, 1, "door", "approved"))
    model.receive()
    model.work()
    by_ann = model.hold(Subject.ACCOUNT, ACCOUNT_KEY)
    model.deliver(RequestFate.ANSWERED)
    works_for_a_while(model, 70)
    report_long_waits(model.state)
    report_long_waits(model.state)
    (sentence,) = held(model)
    assert "on hold by Ann since 2026-03-01 08:00:00 UTC, because: the contract is in dispute" in sentence
    assert by_ann.hold_id in sentence
    assert "Written there already: header." in sentence
    assert model.log.outcomes[-1].reason == "on_hold"


def test_the_cap_of_the_inbox_does_not_count_what_people_hold(model: ProtocolModel) -> None:
    by_ann = model.hold(Subject.ACCOUNT, ACCOUNT_KEY)
    for number in range(50):
        model.submit(command(number, 1, "door", "pending"))
    works_for_a_while(model, 3)
    assert (len(model.state.scheduler), model.state.scheduler.on_hold) == (50, 50)
    model.release(by_ann)
    model.settle()
    assert model.state.scheduler.on_hold == 0
    assert len(model.remote.headers) == 50


def test_more_than_is_planned_at_once_is_held(model: ProtocolModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held takes no place of what is planned: others behind it go on."""
    monkeypatch.setattr(plan, "_MOST_PLANNED", 5)
    for number in range(20):
        model.hold(Subject.CHANGE_ORDER, f"constructiononline:acme:{number}")
        model.submit(command(number, 1, "door", "pending"))
    model.submit(command(99, 1, "window", "pending"))
    works_for_a_while(model, 10)
    assert [origin.split(":")[3] for origin, _ in model.remote.applied] == ["99"]


@pytest.mark.parametrize("fate", [CommitFate.FAILS, CommitFate.STANDS_UNANSWERED])
def test_an_uncertain_commit_forgets_no_hold(model: ProtocolModel, fate: CommitFate) -> None:
    model.hold(Subject.ACCOUNT, ACCOUNT_KEY)
    model.log.fates.append(fate)
    model.submit(command(1, 1, "door", "pending"))
    works_for_a_while(model)
    assert not model.remote.applied


def test_what_is_owned_counts_once_its_statement_was_read_over() -> None:
    newest = ControlView(offset=5, read_at=0.0)
    member = Membership("procore-writer", lambda: newest, lambda: None)
    member.take()
    member.state({ACCOUNT_KEY})
    assert not member.take().may_write(ACCOUNT_KEY, 0.0, 10.0)
    member.stated(member.wanted, offset=5, at=0.0)
    assert not member.take().may_write(ACCOUNT_KEY, 0.0, 10.0)
    newest = ControlView(offset=6, read_at=0.0)
    assert member.take().may_write(ACCOUNT_KEY, 0.0, 10.0)
    assert not member.take().may_write("procore:other", 0.0, 10.0)


def test_an_owner_that_has_not_stated_itself_for_long_writes_nothing() -> None:
    """Others would count it as gone, and not wait for it."""
    member = Membership("procore-writer", lambda: ControlView(offset=9, read_at=121.0), lambda: None)
    member.state({ACCOUNT_KEY})
    member.stated(member.wanted, offset=5, at=0.0)
    assert member.take().may_write(ACCOUNT_KEY, 119.0, 10.0)
    assert not member.take().may_write(ACCOUNT_KEY, 121.0, 10.0)


def test_what_was_given_up_is_stated_anew() -> None:
    member = Membership("procore-writer", lambda: ControlView(offset=9, read_at=0.0), lambda: None)
    member.state({ACCOUNT_KEY})
    member.stated(member.wanted, offset=5, at=0.0)
    member.state(())
    member.stated(member.wanted, offset=6, at=0.0)
    member.state({ACCOUNT_KEY})
    member.stated(member.wanted, offset=9, at=0.0)
    assert not member.take().may_write(ACCOUNT_KEY, 0.0, 10.0)
