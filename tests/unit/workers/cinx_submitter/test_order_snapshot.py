from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.workers.cinx_submitter import factories
from workers.cinx_submitter.order_snapshot import OrderSnapshot

GUIDS = st.uuids().map(str)


@given(
    pocos=st.frozensets(GUIDS),
    whole=st.booleans(),
    target=st.none() | GUIDS,
    held=st.none() | st.text(min_size=1),
    repeatable=st.booleans(),
)
def test_what_was_noted_before_is_read_as_it_was_written(
    pocos: frozenset[str],
    whole: bool,  # noqa: FBT001 - Hypothesis
    target: str | None,
    held: str | None,
    repeatable: bool,  # noqa: FBT001 - Hypothesis
) -> None:
    before = OrderSnapshot(
        order=factories.ORDER, pocos=pocos, whole=whole, target=target, held=held, repeatable=repeatable
    )
    assert OrderSnapshot.unpack(before.packed()) == before


def test_a_snapshot_is_stored_as_earlier_releases_store_and_read_it() -> None:
    whole = OrderSnapshot(order="po", pocos=frozenset({"b", "a"}))
    assert whole.packed() == ("order:po", "a", "b")
    changed = OrderSnapshot(order="po", pocos=frozenset({"b", "a"}), whole=False, target="b", held="hash")
    assert changed.packed() == ("order:po", "partial", "changed:b", "held:hash", "a", "b")
    assert OrderSnapshot.unpack(()) == OrderSnapshot(order="")
