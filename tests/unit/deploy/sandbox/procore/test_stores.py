"""The look-ups of the simulated Procore agree with a search through all records, whatever is done to them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.procore.records import Pco
from deploy.sandbox.procore.stores import Documents

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
ORIGINS = (None, "A", "B", "C")
NUMBERS = ("001", "002", "003", "A-1")

step = st.tuples(
    st.sampled_from(("add", "change", "delete")),
    st.integers(0, 5),
    st.sampled_from(ORIGINS),
    st.sampled_from(NUMBERS),
    st.sampled_from((None, 7, 8)),
    st.sampled_from((1, 2)),
)


def living(store: Documents[Pco]) -> list[Pco]:
    return [one for one in store.rows.values() if one.deleted_at is None]


def free(store: Documents[Pco], contract: int, number: str, origin: str | None, but: Pco | None) -> bool:
    """Whether the API would let a record have these keys."""
    others = [one for one in living(store) if one is not but]
    numbers = {(one.contract_id, one.number) for one in others}
    origins = {one.origin_id for one in others if one.origin_id}
    return (contract, number) not in numbers and origin not in origins


def pco(store: Documents[Pco], contract: int, number: str, origin: str | None, parent: int | None) -> Pco:
    return Pco(
        id=1000 + len(store.rows),
        project_id=315,
        contract_id=contract,
        number=number,
        position=1,
        created_at=NOW,
        updated_at=NOW,
        created_by=1,
        origin_id=origin,
        parent_id=parent,
    )


@given(st.lists(step, max_size=40))
def test_look_ups_agree_with_a_search(steps: list[tuple[str, int, str | None, str, int | None, int]]) -> None:
    store: Documents[Pco] = Documents()
    for action, place, origin, number, parent, contract in steps:
        rows = living(store)
        if action == "add" and free(store, contract, number, origin, None):
            store.add(pco(store, contract, number, origin, parent))
        elif action == "change" and rows:
            one = rows[place % len(rows)]
            if free(store, one.contract_id, number, origin, one):
                store.change(one, {"origin_id": origin, "number": number, "parent_id": parent})
        elif action == "delete" and rows:
            store.delete(rows[place % len(rows)], NOW)
        agree(store)


def agree(store: Documents[Pco]) -> None:
    rows = living(store)
    for origin in ("A", "B", "C"):
        assert store.with_origin(origin) == next((one for one in rows if one.origin_id == origin), None)
    for contract in (1, 2):
        assert list(store.of_contract(contract)) == [one for one in rows if one.contract_id == contract]
        assert store.free_number(contract) not in {one.number for one in rows if one.contract_id == contract}
        for number in NUMBERS:
            found = [one for one in rows if (one.contract_id, one.number) == (contract, number)]
            assert store.with_number(contract, number) == (found[0] if found else None)
    for parent in (7, 8):
        children = {one.id for one in store.below(parent)}
        assert children == {one.id for one in rows if one.parent_id == parent}
