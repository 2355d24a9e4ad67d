from __future__ import annotations

from producers.cinx.listing import OPEN_AT_ONCE, READ_AT_ONCE, PocoSelector, differs, row_hash
from tests.unit.producers.cinx.samples import account_state, poll_state, row, rows


def test_a_row_differs_when_its_bytes_do_or_nothing_is_known_of_it() -> None:
    assert not differs(row("a"), poll_state("a"))
    assert differs(row("a", description="x"), poll_state("a"))
    assert differs(row("a"), poll_state("a", deleted=True))
    assert differs(row("a"), poll_state("a", row=None))
    assert differs(row("a"), None)


def test_a_poll_reads_what_changed_and_what_was_postponed_and_nothing_else() -> None:
    account = account_state(poll_state("a"), poll_state("b"), poll_state("c"))
    account.postponed = frozenset({"c", "gone"})
    selection = PocoSelector().select(rows(row("a"), row("b", item_count=2), row("c"), row("d")), account, sweep=False)
    assert (selection.guids, selection.is_complete) == (("b", "d", "c"), True)


def test_open_pocos_are_read_in_turn_although_their_rows_are_the_same() -> None:
    listed = rows(*(row(f"g{number:02}", workflow_status="IN-PROCESS") for number in range(OPEN_AT_ONCE + 5)))
    account = account_state(*(poll_state(guid, row=row_hash(one)) for guid, one in listed.items()))
    selector = PocoSelector()
    first = selector.select(listed, account, sweep=False).guids
    second = selector.select(listed, account, sweep=False).guids
    assert len(first) == len(second) == OPEN_AT_ONCE
    assert set(first) | set(second) == listed.keys()
    listed["g00"] = row("g00")
    assert "g00" in selector.select(listed, account, sweep=False).guids, "its row has changed"
    submitted = account_state(*account.states.values(), poll_state("g00"))
    for _ in range(3):
        assert "g00" not in selector.select(listed, submitted, sweep=False).guids


def test_a_long_sweep_goes_on_with_the_next_poll_until_every_one_was_read() -> None:
    listed = rows(*(row(f"g{number:04}") for number in range(READ_AT_ONCE * 2 + 1)))
    account, selector = account_state(*map(poll_state, listed)), PocoSelector()
    read: list[str] = []
    for expected in (False, False, True):
        selection = selector.select(listed, account, sweep=True)
        selector.note_read(selection.guids, sweep=True, ended=selection.is_complete)
        read += selection.guids
        assert selection.is_complete is expected
    assert sorted(read) == sorted(listed)
    assert len(selector.select(listed, account, sweep=True).guids) == READ_AT_ONCE, "the next sweep begins anew"
