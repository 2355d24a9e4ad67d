"""The protocol under every order of crashes, lost answers, late requests and uncertain commits."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.unit.engine.writer.invariants import check_invariants, what_was_applied_is_told_once
from tests.unit.engine.writer.model import DESTINATION, ROUTED, ProtocolModel, command, map_anew
from tests.unit.engine.writer.virtual_log import TIMING, CommitFate
from tests.unit.engine.writer.virtual_remote import RequestFate

NUMBERS = st.integers(min_value=1, max_value=3)
TITLES = st.sampled_from(["door", "window", "roof", "refused"])
RARELY = st.integers(min_value=0, max_value=5)
STATUSES = st.sampled_from(["pending", "approved"])


class Protocol(RuleBasedStateMachine):
    """Judges by what the remote holds and what the log says, never by the owner's memory."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ProtocolModel()
        self.sequences = Counter[int]()

    @rule(number=NUMBERS, title=TITLES, status=STATUSES, taken=st.booleans())
    def change_order_changes(self, number: int, title: str, status: str, taken: bool) -> None:  # noqa: FBT001 - Hypothesis
        self.sequences[number] += 1
        self.model.submit(command(number, self.sequences[number], title, status))
        if taken:
            self.owner_turns()

    @rule(number=NUMBERS)
    def change_order_is_withdrawn(self, number: int) -> None:
        self.sequences[number] += 1
        self.model.submit(command(number, self.sequences[number], "", "", withdraw=True))

    @rule()
    def owner_turns(self) -> None:
        self.model.receive()
        self.model.work()

    @rule()
    def owner_works(self) -> None:
        self.model.work()

    @rule(fate=st.sampled_from(RequestFate), recorded=st.booleans())
    def request_meets_its_fate(self, fate: RequestFate, recorded: bool) -> None:  # noqa: FBT001 - Hypothesis
        self.model.deliver(fate)
        if recorded:
            self.model.work()

    @rule(seconds=st.sampled_from([0.5, 2.0, 8.0]))
    def time_passes(self, seconds: float) -> None:
        self.model.pass_time(seconds)

    @rule(fate=st.sampled_from([CommitFate.FAILS, CommitFate.STANDS_UNANSWERED]), rarely=RARELY)
    def next_commit_meets_its_fate(self, fate: CommitFate, rarely: int) -> None:
        if rarely == 0:
            self.model.log.fates.append(fate)

    @rule(rarely=RARELY)
    def owner_is_killed(self, rarely: int) -> None:
        if rarely == 0:
            self.model.start()

    @rule(rarely=RARELY)
    def ledger_is_lost(self, rarely: int) -> None:
        if rarely == 0:
            self.model.lose_ledger()

    @rule(rarely=RARELY)
    def remote_goes_down_for_a_while(self, rarely: int) -> None:
        self.model.adapter.down = rarely == 0

    @rule(named=st.booleans(), turns=st.sampled_from([0, 0, 3]))
    def file_changes(self, named: bool, turns: int) -> None:  # noqa: FBT001 - Hypothesis
        """The route goes or comes back, and perhaps time passes over it."""
        self.model.route(*((ROUTED,) if named else ()))
        for _ in range(turns):
            self.owner_turns()
            self.model.pass_time(TIMING.routes_settle_in / 2)

    @rule(rarely=RARELY)
    def a_person_holds_everything(self, rarely: int) -> None:
        if rarely == 0:
            self.model.hold_everything()

    @rule()
    def a_person_releases_everything(self) -> None:
        self.model.release_everything()

    @rule(rarely=RARELY)
    def control_cannot_be_read_for_a_while(self, rarely: int) -> None:
        self.model.control_is_reachable = rarely != 0

    def teardown(self) -> None:
        self.model.release_everything()
        self.model.control_is_reachable = True
        self.model.route(ROUTED)
        self.model.settle()
        map_anew(self.model, DESTINATION)
        check_invariants(self.model)
        what_was_applied_is_told_once(self.model)
        self.model.close()


TestProtocol = Protocol.TestCase
TestProtocol.settings = settings(max_examples=400, stateful_step_count=50, deadline=None)
