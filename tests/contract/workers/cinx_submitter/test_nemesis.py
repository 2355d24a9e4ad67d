"""Every order of revisions, lost answers, failed jobs, crashes and people, under the real protocol."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from relay.domain.commands import CinxCommand, CinxRules, Operation
from tests.contract.workers.cinx_submitter.company import Loss
from tests.contract.workers.cinx_submitter.judging import (
    assert_every_command_ended_once,
    assert_none_is_lost_in_silence,
    assert_nothing_was_ordered_twice,
    assert_writes_tell_what_is_ordered,
)
from tests.contract.workers.cinx_submitter.world import World, command, line, payload
from tests.unit.engine.writer.virtual_log import CODEC, CommitFate

CHANGE_ORDERS = st.sampled_from(["1", "2"])
AMOUNTS = st.integers(min_value=1, max_value=3)
LATER = st.sampled_from(["letter", "further"])
RARELY = st.integers(min_value=0, max_value=4)
LOSSES = st.sampled_from([loss for loss in Loss if loss is not Loss.TWICE])
SECONDS = st.sampled_from([0.5, 3.0, 20.0, 200.0])


class Nemesis(RuleBasedStateMachine):
    """Judges by what CINX holds, never by the owner's memory."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.sequences: Counter[str] = Counter()
        self.decisions = 0

    @rule(number=CHANGE_ORDERS, amount=AMOUNTS, later=LATER, seconds=SECONDS)
    def change_order_is_approved(self, number: str, amount: int, later: str, seconds: float) -> None:
        self.sequences[number] += 1
        content = payload(line("1", str(amount)), description=f"Change order {number}")
        rules = CinxRules(later=later)
        self.world.submit(command(number, content, sequence=self.sequences[number], rules=rules))
        self.world.settle(seconds)

    @rule(number=CHANGE_ORDERS)
    def change_order_is_withdrawn(self, number: str) -> None:
        self.sequences[number] += 1
        self.world.submit(command(number, sequence=self.sequences[number], operation=Operation.WITHDRAW))

    @rule(number=CHANGE_ORDERS)
    def a_record_is_looked_at(self, number: str) -> None:
        self.sequences[number] += 1
        self.world.submit(command(number, sequence=self.sequences[number], operation=Operation.VERIFY))

    @rule()
    def owner_turns(self) -> None:
        self.world.turn()

    @rule(seconds=SECONDS)
    def owner_works(self, seconds: float) -> None:
        self.world.settle(seconds)

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(loss=LOSSES, method=st.sampled_from(["POST", "PUT", "GET"]), skip=RARELY)
    def a_request_will_be_lost(self, loss: Loss, method: str, skip: int) -> None:
        if len(self.world.company.planned) < 2 and (method != "GET" or loss is not Loss.LATE):
            self.world.company.lose(loss, method, skip=skip)

    @rule(fate=st.sampled_from([CommitFate.FAILS, CommitFate.STANDS_UNANSWERED]), rarely=RARELY)
    def next_commit_meets_its_fate(self, fate: CommitFate, rarely: int) -> None:
        if rarely == 0:
            self.world.log.fates.append(fate)

    @rule(rarely=RARELY)
    def owner_is_killed(self, rarely: int) -> None:
        if rarely == 0:
            self.world.start()

    @rule(created=st.booleans(), rarely=RARELY)
    def next_job_fails(self, created: bool, rarely: int) -> None:  # noqa: FBT001 - Hypothesis
        if rarely == 0:
            self.world.company.people("fail_jobs", count=1, created=created)

    @rule(job=st.sampled_from([0, 2, 50]), late=st.sampled_from([0, 3, 40]))
    def cinx_is_slow(self, job: int, late: int) -> None:
        self.world.company.settings(job_seconds=job, poco_late_seconds=late)

    @rule(keeps=st.booleans(), in_lists=st.booleans())
    def cinx_keeps_references_or_not(self, keeps: bool, in_lists: bool) -> None:  # noqa: FBT001 - Hypothesis
        self.world.company.settings(keep_references=keeps, references_in_lists=in_lists)

    @rule(operation=st.sampled_from(["submit_poco", "lock_poco", "unlock_poco", "accept_poco", "decline_poco"]))
    def a_person_moves_a_poco_on(self, operation: str) -> None:
        allowed = {"submit_poco": "IN-PROCESS", "accept_poco": "SUBMITTED", "decline_poco": "SUBMITTED"}
        for poco in self.world.company.made():
            if allowed.get(operation) in (None, poco["detail"]["workflow_status"]):
                self.world.company.people(operation, cinx_guid=poco["cinx_guid"])

    @precondition(lambda self: len(self.world.company.pocos) < 8)
    @rule(amount=AMOUNTS, number=CHANGE_ORDERS)
    def a_person_orders_by_hand(self, amount: int, number: str) -> None:
        items = [{"quantity": 1, "unit_price": amount, "description": "By hand"}]
        self.world.company.people("create_poco", po="PO-123", description=f"By hand {number}", items=items)

    @precondition(lambda self: any(outcome.kind.value == "needs_review" for outcome in self.world.log.outcomes))
    @rule()
    def a_person_decides(self) -> None:
        """Only what CINX holds is adopted, and only what it certainly does not hold is resubmitted."""
        self.world.company.planned.clear()
        self.world.settle()
        for letter in self.world.letters():
            one = CODEC.decode(letter.record_value or b"", CinxCommand)
            if not self._is_held(one.origin_id) or self.world.company.late:
                continue
            held = self.world.company.orders(one.origin_id)
            self.decisions += 1
            decided = replace(
                one,
                command_id=f"decision {self.decisions}",
                operation=Operation.ADOPT if held else Operation.RESUBMIT,
                idempotency_key=f"{one.idempotency_key}/{self.decisions}",
                letter_id=letter.letter_id,
                adopt_remote_id=held[-1]["cinx_guid"] if held else None,
            )
            self.world.submit(decided)
            self.world.settle(10)

    def teardown(self) -> None:
        self.world.company.planned.clear()
        self.world.log.fates.clear()
        self.world.settle()
        held = {one.origin_id for one in self.world.sent if self._is_held(one.origin_id)}
        held |= self.world.behind_a_review()
        ended = {outcome.command_id for outcome in self.world.log.outcomes if outcome.kind.is_terminal}
        waiting = {one.command_id for one in self.world.sent if one.origin_id in held} - ended
        assert_every_command_ended_once(self.world, waiting=frozenset(waiting))
        assert_nothing_was_ordered_twice(self.world)
        assert_none_is_lost_in_silence(self.world)
        assert_writes_tell_what_is_ordered(self.world)
        self.world.close()

    def _is_held(self, origin_id: str) -> bool:
        entry = self.world.state.store.entry(origin_id)
        return entry is not None and entry.review is not None


TestNemesis = Nemesis.TestCase
TestNemesis.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
