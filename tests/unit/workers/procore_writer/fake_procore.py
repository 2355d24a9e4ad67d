"""A remote that takes whatever it is sent, and Hypothesis's commands for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from relay.domain import identity
from relay.domain.commands import (
    ContractKind,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcoreLine,
    ProcorePayload,
    ProcoreRules,
)
from relay.domain.ledger import Intent, LedgerEntry
from relay.domain.ledger_facts import ProcoreFact, ProcorePart
from relay.engine.writer.adapter import Accepted, NotApplied, Plan, PlannedCall, Task, Wait
from relay.engine.writer.state.ledger_updates import with_accepted
from tests.commands import procore_command
from workers.procore_writer.cache.cache import CachedFacts
from workers.procore_writer.cache.contracts import ContractView, Owner, PackageRow
from workers.procore_writer.cache.lookups import Lookup
from workers.procore_writer.content import parts
from workers.procore_writer.plan.next_step import plan
from workers.procore_writer.plan.record_updates import LineRemoval
from workers.procore_writer.plan.steps import Step

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ROOT = "constructiononline:acme:498099"
ORIGIN = identity.origin_id(ROOT, "main")
ANY = Lookup(({"03-210": [("03-210", 5512)], "s": [("S", 301)], "ea": [("ea", "ea")]},))
QUARANTINE = 70.0
PACKAGE = PackageRow(61, "001", "March", "draft", None, None, None)
"""What a person has made in the contract."""


def command(
    content: ProcorePayload | None,
    sequence: int = 1,
    *,
    tiers: int = 2,
    rules: ProcoreRules | None = None,
    operation: Operation = Operation.APPLY,
) -> ProcoreCommand:
    return procore_command(
        "498099",
        content,
        ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=tiers),
        sequence=sequence,
        operation=operation,
        command_id=f"c{sequence}",
        mapped_at=NOW,
        rules=rules or ProcoreRules(),
    )


@dataclass
class FakeProcore:
    """A remote that accepts every call, with the ledger's entry, the cached facts and the last open intent."""

    facts: CachedFacts = field(default_factory=lambda: CachedFacts(installation="test"))
    entry: LedgerEntry | None = None
    intent: Intent | None = None
    sent: list[PlannedCall] = field(default_factory=list)
    now: datetime = NOW

    def plan(self, command: ProcoreCommand) -> Plan:
        task = Task(command=command, entry=self.entry, intent=self.intent)
        return plan(task, self.facts, now=self.now, quarantine=QUARANTINE)

    def run(self, command: ProcoreCommand, *, loses: Callable[[], bool] = lambda: False, most: int = 60) -> Plan:
        """Makes calls until none is left. ``loses``: whether the next answer is lost, and the cache with it."""
        for _ in range(most):
            planned = self.plan(command)
            if isinstance(planned, Wait):
                self.now += timedelta(seconds=planned.seconds)
            elif not isinstance(planned, PlannedCall):
                return planned
            elif not planned.writes:
                self.read(planned)
            elif loses():
                self.crash(planned)
            else:
                self.accept(command, planned)
        raise AssertionError(f"no end: {[call.step for call in self.sent]}")

    def crash(self, planned: PlannedCall) -> None:
        """The answer to ``planned`` and all that was remembered are lost."""
        self.intent = Intent(
            origin_id=ORIGIN,
            command_id="c",
            step=planned.step,
            parts=dict(planned.parts),
            bytes_hash=planned.bytes_hash,
            intended_at=self.now,
            sent=True,
        )
        self.facts = CachedFacts(installation="test")

    def answer(self, command: ProcoreCommand, planned: PlannedCall) -> None:
        """Makes the call, whether it writes or reads."""
        if planned.writes:
            self.accept(command, planned)
        else:
            self.read(planned)

    def read(self, planned: PlannedCall) -> None:
        step = Step(planned.step)
        view = self.facts.view or ContractView.listed(packages=[PACKAGE])
        if step is Step.SURVEY:
            self.facts = replace(self.facts, view=view)
        elif step is Step.OWNER:
            assert isinstance(planned.element, int)
            self.facts = replace(self.facts, view=view.with_owner(planned.element, Owner(None)))
        elif step is Step.TIERS:
            self.facts = replace(self.facts, tiers_just_shown=True)
        elif step is Step.FIND_PACKAGE:
            # A model in which a lost creation never came about.
            self.intent = None
        elif step is Step.FIND_HIDDEN:
            self._record(Accepted(remote={ProcoreFact.PCO: "880123", ProcoreFact.TIERS: "1"}))
        else:
            self.facts = replace(self.facts, cost_codes=ANY, line_item_types=ANY, units=ANY)

    def accept(self, command: ProcoreCommand, planned: PlannedCall) -> None:
        self.sent.append(planned)
        parts, removed = planned.parts, frozenset[str]()
        remote: dict[str, str] = {}
        if planned.step == Step.HEADER.value:
            remote = {ProcoreFact.PCO: "880123", ProcoreFact.TIERS: str(command.destination.tiers)}
        elif planned.step in {Step.PACKAGE.value, Step.UPDATE_PACKAGE.value}:
            remote = {ProcoreFact.PACKAGE: "51007"}
        elif planned.step == Step.REQUEST.value:
            remote = {ProcoreFact.REQUEST: "7700"}
        elif planned.step == Step.LINES.value:
            remote = {part: str(70000 + n) for n, part in enumerate(planned.parts)}
        elif planned.step == Step.REMOVE_LINE.value:
            assert isinstance(planned.element, LineRemoval)
            parts, removed = {}, frozenset({planned.element.part})
            remote = dict.fromkeys(removed, "")
        self._record(Accepted(parts=parts, removed=removed, remote=remote))

    def _record(self, result: Accepted | NotApplied) -> None:
        entry = self.entry or LedgerEntry(
            origin_id=ORIGIN,
            change_order_key=ROOT,
            destination="315/44021",
            seen_sequence=0,
            seen_mapped_at=NOW,
            parts={},
            remote={},
        )
        self.entry = with_accepted(entry, result) if isinstance(result, Accepted) else entry
        self.intent = None

    def hashes(self) -> dict[str, str]:
        """What the remote has accepted."""
        return {name: part.hash for name, part in self.entry.parts.items()} if self.entry else {}

    def is_locked(self) -> bool:
        """Whether lines could not be written now."""
        approved = parts.status_hash(parts.APPROVED)
        held = self.hashes()
        return approved in {
            held.get(ProcorePart.STATUS),
            held.get(ProcorePart.PACKAGE_STATUS),
            held.get(ProcorePart.REQUEST_STATUS),
        }


# -- what can be change for

CENTS = st.decimals(min_value=-99999, max_value=99999, places=2, allow_nan=False)
QUANTITIES = st.none() | st.decimals(min_value=0, max_value=999, places=2, allow_nan=False)
LINES = st.builds(
    ProcoreLine,
    item_id=st.sampled_from(["1", "2", "3", "4"]),
    position=st.integers(1, 9),
    description=st.sampled_from(["", "Rebar", "Küche"]),
    amount=CENTS,
    quantity=QUANTITIES,
    unit_cost=QUANTITIES,
    unit=st.sampled_from([None, "EA"]),
    cost_code=st.sampled_from([None, "03-210"]),
    line_item_type=st.sampled_from([None, "S"]),
)
PAYLOADS = st.builds(
    ProcorePayload,
    title=st.sampled_from(["Footing", "Curb"]),
    status=st.sampled_from(["draft", "pending", "approved", "rejected", "void"]),
    number=st.sampled_from([None, "007", "008"]),
    description=st.sampled_from([None, "words"]),
    due_date=st.sampled_from([None, "2026-03-20T00:00:00Z"]),
    schedule_days=st.sampled_from([None, 0, 2]),
    lines=st.lists(LINES, max_size=4, unique_by=lambda one: one.item_id).map(tuple),
)
RULES = st.builds(
    ProcoreRules,
    package=st.sampled_from(["none", "per_change_order", "existing:61"]),
    approved_change=st.just("reopen"),
    existing=st.just("create"),
    on_withdraw=st.just("void"),
    on_delete=st.just("void"),
)
ZERO = Decimal(0)
EMPTY = ProcorePayload(title="Footing", status="pending")
