"""Records that cannot be read: they are not forgotten, and keep no others waiting."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from producers.procore.marks import OVERLAP
from producers.procore.poll import READ_AT_ONCE
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.failures import CallFailure
from tests.contract.producers.procore.procore_poller import (
    LINE,
    PROJECT,
    Poller,
    TwoProjects,
    is_loaded,
    pco,
    shows,
)
from tests.procore_shows import shown_as


def test_records_that_move_while_they_are_read_keep_no_others_waiting(
    sandbox: Simulated, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    poller.poll(sweep=True)
    moving = {pco(sandbox, f"T{number}", lines=[LINE]) for number in range(READ_AT_ONCE)}
    healthy = str(pco(sandbox, "Door"))
    shown_as(monkeypatch, lambda shown: shown | ({"line_items": [{"id": 1}]} if shown["id"] in moving else {}))
    assert poller.poll() == []
    assert [event.change_order_id for event in poller.poll()] == [healthy]


RECORDS = r"potential_change_orders/\d+$"


@pytest.mark.parametrize("kind", ["status", "half_body"])
def test_what_was_read_before_a_call_failed_is_published_and_nothing_is_forgotten(
    sandbox: Simulated, poller: Poller, kind: str
) -> None:
    made = {str(pco(sandbox, f"T{number}")) for number in range(5)}
    sandbox.fault(kind, {"path": RECORDS}, skip=3)
    first = poller.poll(sweep=True)
    assert len(first) == 3
    assert not is_loaded(poller)
    events = [*first, *poller.poll(sweep=True)]
    assert is_loaded(poller)
    assert sorted(event.change_order_id for event in events) == sorted(made)
    assert {event.change for event in events} == {Change.SNAPSHOT}


def test_what_a_poll_has_read_that_ends_in_an_error_of_the_process_is_read_again(
    later: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows do not show what a first load has still to read."""
    poller, made = Poller(later.url, PROJECT), {str(pco(later, f"T{number}")) for number in range(READ_AT_ONCE + 5)}
    later.advance((OVERLAP * 2).total_seconds())
    poller.ahead += OVERLAP * 2
    made.add(str(pco(later, "Newest")))
    events, failing = poller.poll(sweep=True), iter([False, False, True])

    def scarce(shown: dict[str, Any]) -> dict[str, Any]:
        if next(failing, False):
            raise MemoryError
        return shown

    shown_as(monkeypatch, scarce)
    with pytest.raises(MemoryError):
        poller.poll(sweep=True)
    events += poller.poll(sweep=True)
    assert {event.change_order_id for event in events} == made
    assert is_loaded(poller)
    poller.source.close()


def test_a_record_whose_call_fails_each_time_keeps_no_others_waiting(sandbox: Simulated, poller: Poller) -> None:
    poller.poll(sweep=True)
    number = pco(sandbox, "Broken")
    healthy = {str(pco(sandbox, f"T{at}")) for at in range(3)}
    sandbox.fault("status", {"path": f"potential_change_orders/{number}$"}, status=500, times=0)
    with pytest.raises(CallFailure):
        poller.poll()
    assert {event.change_order_id for event in poller.poll()} == healthy
    sandbox.disarm()
    assert [event.change_order_id for event in poller.poll()] == [str(number)]


def test_a_record_whose_call_fails_each_time_keeps_no_sweep_and_no_project_waiting(two: TwoProjects) -> None:
    poller, broken = two.poller, pco(two.company, "Broken")
    two.company.fault("status", {"path": f"potential_change_orders/{broken}$"}, status=500, times=0)
    known = poller.state.states[str(two.other)]
    poller.state.apply(replace(known, change_order_id="7777777"))
    events, swept = list[ChangeOrderObserved](), False
    for _ in range(4):
        with suppress(CallFailure):
            result = poller.source.poll(poller.state, sweep=True)
            events, swept = [*events, *poller.take(result)], swept or result.swept
        if swept:
            break
    assert swept
    assert [(event.change_order_id, event.change) for event in events] == [("7777777", Change.DELETED)]
    two.edit(two.other, "Seen all the same")
    assert two.titles() == ["Seen all the same"]
    two.company.disarm()
    assert two.titles() == ["Broken"]


def test_a_deletion_that_a_sweep_has_found_is_told_though_nothing_could_be_read(
    sandbox: Simulated, poller: Poller
) -> None:
    pco(sandbox)
    poller.poll(sweep=True)
    (known,) = poller.state.states.values()
    poller.state.apply(replace(known, change_order_id="7777777"))
    sandbox.fault("status", {"path": RECORDS}, status=500)
    with pytest.raises(CallFailure):
        poller.poll(sweep=True)
    assert [(event.change_order_id, event.change) for event in poller.poll(sweep=True)] == [("7777777", Change.DELETED)]


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_record_that_is_refused_is_read_once_it_is_not_whatever_others_do_meanwhile(
    later: Simulated, status: int
) -> None:
    poller, first, other = Poller(later.url, PROJECT), pco(later), pco(later, "Slab")
    poller.poll(sweep=True)
    later.people("edit", kind="pco", id=first, set={"title": "Footing C4"})
    later.fault("status", {"path": f"potential_change_orders/{first}$"}, status=status, times=0)
    for number in range(3):
        later.advance(OVERLAP.total_seconds())
        poller.ahead += OVERLAP
        later.people("edit", kind="pco", id=other, set={"title": f"Slab {number}"})
        result = poller.source.poll(poller.state, sweep=False)
        assert [event.change_order_id for event in poller.take(result)] == [str(other)]
        assert result.postponed == {str(first)}
    later.disarm()
    assert [event.change_order.title for event in poller.poll()] == ["Footing C4"]
    assert poller.source.poll(poller.state, sweep=False).postponed == frozenset()
    poller.source.close()


def test_records_that_are_refused_take_one_call_a_poll_and_come_at_once_when_they_are_not(
    sandbox: Simulated, poller: Poller
) -> None:
    made = {str(pco(sandbox, f"T{number}")) for number in range(8)}
    sandbox.fault("status", {"path": RECORDS}, status=403, times=0)
    assert poller.poll(sweep=True) == []
    assert is_loaded(poller)
    sandbox.forget()
    healthy = str(pco(sandbox, "Door"))
    sandbox.disarm()
    sandbox.fault("status", {"path": f"potential_change_orders/({'|'.join(made)})$"}, status=403, times=0)
    assert [event.change_order_id for event in poller.poll()] == [healthy]
    assert shows(sandbox) == 2
    assert poller.poll() == []
    assert shows(sandbox) == 1
    sandbox.disarm()
    events = [*poller.poll(), *poller.poll()]
    assert {event.change_order_id for event in events} == made
    assert {event.change for event in events} == {Change.SNAPSHOT}


def test_a_record_that_is_refused_and_then_deleted_is_not_asked_for_any_more(
    sandbox: Simulated, poller: Poller
) -> None:
    poller.poll(sweep=True)
    number = pco(sandbox)
    sandbox.fault("status", {"path": RECORDS}, status=403)
    assert poller.poll() == []
    sandbox.people("delete", kind="pco", id=number)
    sandbox.forget()
    assert poller.poll() == []
    assert shows(sandbox) == 0
