"""The effects of all writes add up to what the remote holds of ours, whatever was lost, read or struck in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from relay.domain.change_order import Status
from relay.domain.writes.balance import (
    EMPTY,
    UNKNOWN,
    Balance,
    after_answer,
    in_range,
    known_before,
    with_write_effects,
)

CENTS = st.integers(min_value=-100_000, max_value=100_000).map(lambda cents: Decimal(cents) / 100)
PARTS = st.sampled_from(["line:1", "line:2", "line:3"])


@dataclass
class Contract:
    """One change order at a remote, and what the writer knows and tells of it."""

    lines: dict[str, Decimal] = field(default_factory=dict)
    status: Status = Status.PENDING
    balance: Balance = EMPTY
    approved: Decimal = Decimal(0)
    pending: Decimal = Decimal(0)
    tellings: int = 0

    def answered(self, amounts: dict[str, Decimal], status: Status | None, *, is_told: bool = True) -> None:
        """An answer is recorded; ``amounts`` are those that the writer recognises, not all that are there."""
        self.balance = after_answer(self.balance, amounts=amounts, there=frozenset(self.lines), status=status)
        if is_told:
            self.balance, effects = with_write_effects(self.balance)
            self.tellings += (effects.approved is not None) + (effects.pending is not None)
            self.approved += effects.approved or 0
            self.pending += effects.pending or 0

    def held(self, status: Status) -> Decimal:
        total = sum(self.lines.values(), Decimal(0))
        return total if self.status is status else Decimal(0)


Line = tuple[str, Decimal]
ACTIONS = st.one_of(
    st.tuples(st.just("write"), st.dictionaries(PARTS, CENTS, max_size=3)),
    st.tuples(st.just("write_unknown"), st.dictionaries(PARTS, CENTS, max_size=3)),
    st.tuples(st.just("read"), st.dictionaries(PARTS, CENTS, max_size=3)),
    st.tuples(st.just("remove"), PARTS),
    st.tuples(st.just("status"), st.sampled_from(list(Status))),
    st.tuples(st.just("status_struck"), st.none()),
    st.tuples(st.just("gone"), st.none()),
)


def act(contract: Contract, action: str, value: object) -> None:
    match action, value:
        case "write", dict(amounts):
            contract.lines |= amounts
            contract.answered(amounts, contract.status)
        case "write_unknown", dict(amounts):  # The answer says something else than was sent: its amounts are not known.
            new = {part: amount for part, amount in amounts.items() if part not in contract.lines}
            contract.lines |= new
            contract.answered({}, contract.status)
        case "read", dict(amounts):  # A look, which tells of no write, recognises what is there.
            known = {part: contract.lines[part] for part in amounts if part in contract.lines}
            contract.answered(known, None, is_told=False)
        case "remove", str(part):
            contract.lines.pop(part, None)
            contract.answered({}, None)
        case "status", Status() as status:
            contract.status = status
            contract.answered({}, status)
        case "status_struck", None:
            contract.answered({}, None)
        case "gone", None:
            contract.lines.clear()
            contract.answered({}, None, is_told=False)


@given(st.lists(ACTIONS, max_size=30))
def test_effects_add_up_to_what_is_held(actions: Sequence[tuple[str, object]]) -> None:
    contract = Contract()
    for action, value in actions:
        act(contract, action, value)
    contract.answered(dict(contract.lines), contract.status)
    assert contract.approved == contract.held(Status.APPROVED)
    assert contract.pending == contract.held(Status.PENDING)


@given(st.lists(ACTIONS, max_size=20))
def test_what_changes_nothing_is_not_told_again(actions: Sequence[tuple[str, object]]) -> None:
    contract = Contract()
    for action, value in actions:
        act(contract, action, value)
    contract.answered(dict(contract.lines), contract.status)
    before = contract.tellings
    contract.answered(dict(contract.lines), contract.status)
    assert contract.tellings == before


def test_an_unknown_amount_is_no_zero() -> None:
    there = frozenset({"line:1", "line:2"})
    balance = after_answer(EMPTY, amounts={"line:1": Decimal(5)}, there=there, status=Status.PENDING)
    assert balance.total is None
    balance, effects = with_write_effects(balance)
    assert (effects.approved, effects.pending) == (None, None)
    balance = after_answer(balance, amounts={"line:2": Decimal(7)}, there=there, status=None)
    assert with_write_effects(balance)[1].pending == Decimal(12)


def test_an_unknown_status_is_told_once_it_is_known() -> None:
    there = frozenset({"poco"})
    balance = after_answer(EMPTY, amounts={"poco": Decimal(5)}, there=there, status=None)
    balance, effects = with_write_effects(balance)
    assert effects.approved is None
    balance = after_answer(balance, amounts={}, there=there, status=Status.APPROVED)
    assert with_write_effects(balance)[1].approved == Decimal(5)


def test_a_struck_part_keeps_the_amount_that_the_remote_accepted() -> None:
    """A comparison strikes the hash; the line is there until the remote says otherwise."""
    there = frozenset({"line:1"})
    balance, _ = with_write_effects(
        after_answer(EMPTY, amounts={"line:1": Decimal(9)}, there=there, status=Status.APPROVED)
    )
    balance, effects = with_write_effects(after_answer(balance, amounts={}, there=there, status=None))
    assert effects == type(effects)()
    assert balance.total == Decimal(9)


def test_what_was_written_before_amounts_were_kept_is_told_from_the_next_change_on() -> None:
    there = frozenset({"line:1"})
    assert UNKNOWN.total is None
    balance = after_answer(UNKNOWN, amounts={}, there=there, status=Status.PENDING)
    balance, effects = with_write_effects(balance)
    assert balance.total is None
    assert effects.pending is None
    balance, effects = with_write_effects(
        after_answer(balance, amounts={"line:1": Decimal(4)}, there=there, status=None)
    )
    assert effects.pending is None
    _, effects = with_write_effects(after_answer(balance, amounts={"line:1": Decimal(6)}, there=there, status=None))
    assert effects.pending == 2


def test_a_lost_ledger_tells_nothing_twice() -> None:
    there = frozenset({"line:1"})
    read = after_answer(EMPTY, amounts={"line:1": Decimal(4)}, there=there, status=Status.APPROVED)
    balance, effects = with_write_effects(known_before(read))
    assert effects.approved is None
    assert with_write_effects(replace(balance, status=Status.VOID))[1].approved == Decimal(-4)


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_a_sum_that_no_record_holds_is_unknown(amount: Decimal) -> None:
    kept = in_range(amount)
    assert kept is None or (abs(kept) < Decimal(10) ** 14 and kept == round(kept, 4))
