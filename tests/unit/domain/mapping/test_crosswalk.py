from __future__ import annotations

from typing import Any

import pytest

from relay.domain.change_order import Classification, Item
from relay.domain.commands import CinxCommand, ProcoreCommand
from relay.domain.mapping import map_event
from relay.domain.routes import CrosswalkEntry, Match, Route
from tests.unit.domain.mapping.samples import NOW, change_order, cinx, event, item, procore, route, routing

LABOR, EQUIPMENT = Classification.LABOR, Classification.EQUIPMENT
CROSSWALK = (
    CrosswalkEntry(code="372", classification=LABOR, cost_code="03-310", line_item_type="Labor"),
    CrosswalkEntry(code="372", cost_code="03-320"),
    CrosswalkEntry(classification=EQUIPMENT, line_item_type="Equipment"),
)


def mapped(shown: Item, taken: Route) -> list[Any]:
    return [command.payload for command in map_event(event(change_order(shown)), routing(taken), NOW).commands]


@pytest.mark.parametrize(
    ("code", "classification", "cost_code", "line_item_type"),
    [
        ("372", LABOR, "03-310", "Labor"),
        ("372", Classification.MATERIAL, "03-320", "Target"),
        ("372", EQUIPMENT, "03-320", "Equipment"),
        ("371", LABOR, "03-300", "Target"),
        ("999", LABOR, "999", "Target"),
        (None, EQUIPMENT, None, "Equipment"),
        (None, LABOR, None, "Target"),
    ],
)
def test_code_and_class_of_an_item_say_its_cost_code_and_its_type(
    code: str | None, classification: Classification, cost_code: str | None, line_item_type: str
) -> None:
    targets = (procore(line_item_type="Target"), cinx())
    taken = route(*targets, cost_codes={"371": "03-300", "372": "unused"}, crosswalk=CROSSWALK)
    there, ordered = mapped(item(cost_code=code, classification=classification), taken)
    assert (there.lines[0].cost_code, there.lines[0].line_item_type) == (cost_code, line_item_type)
    assert ordered.lines[0].cost_code == cost_code


def test_a_match_on_cost_codes_knows_them_by_the_crosswalk() -> None:
    labor = procore("labor", Match(cost_codes=("03-310",)))
    (payload,) = mapped(item(cost_code="372", classification=LABOR), route(labor, crosswalk=CROSSWALK))
    assert len(payload.lines) == 1
    (nothing,) = mapped(item(cost_code="372", classification=EQUIPMENT), route(labor, crosswalk=CROSSWALK))
    assert nothing is None


def test_a_name_and_a_crosswalk_that_says_nothing_of_an_item_change_no_hash() -> None:
    shown = event(change_order(item(cost_code="371", classification=LABOR)))
    targets = (procore(), cinx())
    before = map_event(shown, routing(route(*targets)), NOW).commands
    after = map_event(shown, routing(route(*targets, name="tower", crosswalk=CROSSWALK)), NOW).commands
    assert before == after
    assert [type(command) for command in after] == [ProcoreCommand, CinxCommand]
