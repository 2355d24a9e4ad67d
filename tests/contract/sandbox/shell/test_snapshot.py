"""A simulator that is given another's snapshot goes on exactly where that one stood."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Control, ControlRefused, Simulated, simulated
from deploy.sandbox.procore.rates import Window
from deploy.sandbox.procore.records import Line
from deploy.sandbox.shell import Clock, Refused
from deploy.sandbox.shell.json_text import parse, render
from deploy.sandbox.shell.snapshot import restored, taken

MOMENT = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)


def there_and_back(value: object, clock: Clock | None = None) -> Any:
    """By way of text, as it is sent."""
    return restored(parse(render(taken(value))), clock or Clock())


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        "text",
        1.5,
        Decimal("5.00"),
        Decimal(5),
        MOMENT,
        date(2026, 3, 1),
        timedelta(seconds=1.25),
        [1, [2]],
        (1, "a"),
        {3, 1},
        frozenset({2}),
        deque([1, 2]),
        Counter({4: 2}),
        {"decimal": "no number", 5: (1, None), (1, 2): {"x": Decimal("0.0")}},
    ],
)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    found = there_and_back(value)
    assert found == value
    assert type(found) is type(value)
    assert repr(found) == repr(value)


def test_what_two_share_they_share_afterwards() -> None:
    shared = Window(rolls=True)
    one, other = there_and_back([shared, {"it": shared}])
    assert one == shared
    assert other["it"] is one


def test_the_clock_is_that_of_the_new_simulator() -> None:
    clock = Clock()
    assert there_and_back([Clock()], clock) == [clock]


def test_a_member_that_is_new_has_its_default_and_one_without_is_refused() -> None:
    line = Line(id=1, pco_id=2, position=1, created_at=MOMENT, updated_at=MOMENT, uom="ea")
    snapshot = taken(line)
    del snapshot["object"][2]["uom"]
    assert restored(snapshot, Clock()).uom is None
    del snapshot["object"][2]["position"]
    with pytest.raises(Refused, match=r"no position of a procore\.records\.Line"):
        restored(snapshot, Clock())


@pytest.mark.parametrize(
    ("snapshot", "why"),
    [
        ({"object": [1, "procore.records.Barn", {}]}, "does not have"),
        ({"object": [1, "procore.barn.Barn", {}]}, "does not have"),
        ({"object": [1, "procore.records.ZERO", {}]}, "is no class"),
        ({"barn": 1}, "has no 'barn'"),
        ({"tuple": [], "list": []}, "have one member"),
    ],
)
def test_what_is_no_snapshot_of_this_version_is_refused(snapshot: object, why: str) -> None:
    with pytest.raises(Refused, match=why):
        restored(snapshot, Clock())


@dataclass
class Stranger:
    """A class that no simulator has."""

    members: list[int] = field(default_factory=list)


@pytest.mark.parametrize("value", [Stranger(), Decimal, print])
def test_what_a_simulator_does_not_hold_is_not_written(value: object) -> None:
    with pytest.raises(TypeError, match="no form"):
        taken(value)


def test_a_simulator_is_taken_back_and_faults_and_history_begin_anew(control: Control, caller: httpx.Client) -> None:
    control.settings(step=3)
    caller.get("/a")
    before = control.snapshot()
    caller.get("/b")
    control.fault("reset", times=0)
    control.restore(before)
    assert control.state()["calls"] == ["GET /a "]
    assert control.history() == []
    assert control.faults() == {"faults": [], "held": []}
    assert caller.get("/c").json()["count"] == 6


def test_a_wrong_snapshot_changes_nothing(control: Control, caller: httpx.Client) -> None:
    caller.get("/a")
    with pytest.raises(ControlRefused, match="has no 'barn'"):
        control.restore({"barn": 1})
    assert len(control.history()) == 1


def lived_in_constructiononline(sandbox: Simulated) -> None:
    sandbox.people("load_company", change_orders=30, fees=True)
    sandbox.people("unlist", ids=[sandbox.state()["change_orders"][0]["ID"]])
    sandbox.people("delete_change_order", id=sandbox.state()["change_orders"][1]["ID"])


def lived_in_procore(sandbox: Simulated) -> None:
    sandbox.people("load_typed_in", contract=44021, count=20)
    sandbox.people("spoil", origin_id="cor:x", how="mislaid")
    client = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "grant_type": "client_credentials"}
    token = httpx.post(f"{sandbox.url}/oauth/token", data=client).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Procore-Company-Id": "4200"}
    assert httpx.get(f"{sandbox.url}/rest/v1.0/companies", headers=headers).status_code == 200


def lived_in_cinx(sandbox: Simulated) -> None:
    sandbox.people("load_sample")
    sandbox.people("fail_jobs", count=2)
    items = [{"description": "Lamp", "quantity": 1, "unit_price": 3, "item_type": "MATERIAL"}]
    sandbox.people("create_poco", po="PO-124", items=items, submitted=True)
    sandbox.settings(job_seconds=3600)


LIVES: dict[str, tuple[Callable[[Simulated], None], str, dict[str, object]]] = {
    "constructiononline": (lived_in_constructiononline, "create_project", {"name": "Barn"}),
    "procore": (lived_in_procore, "create_pco", {"contract": 44022, "title": "Barn"}),
    "cinx": (lived_in_cinx, "create_po", {"number": "PO-900"}),
}


@pytest.mark.parametrize("name", LIVES)
def test_a_new_process_goes_on_where_the_other_stood(name: str) -> None:
    live, operation, body = LIVES[name]
    with simulated(name) as before, simulated(name) as after:
        live(before)
        snapshot = before.snapshot()
        after.restore(snapshot)
        assert after.snapshot() == snapshot
        assert timeless(after.state()) == timeless(before.state())
        assert id_of(after.people(operation, **body)) == id_of(before.people(operation, **body))


def timeless(state: dict[str, Any]) -> dict[str, Any]:
    """Without what runs down."""
    return {part: value for part, value in state.items() if part != "rates"}


def id_of(made: dict[str, Any]) -> object:
    return next(made[name] for name in ("ID", "id", "cinx_guid") if name in made)
