"""Routes of several projects to contracts of one Procore project, under one target name and by rules of their own."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.commands import Operation, ProcoreCommand
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.engine.topics import PROCORE
from tests.integration.producers.conftest import ProcoreFlow

ROUTE = """
  - from: {{system: constructiononline, account: acme, project: {project}}}
    mode: live
    targets:
      - {{system: procore, account: acme, project_id: 315, contract_id: {contract}, contract: {kind}, tiers: 2,
         person_edit: {rule}}}
"""
ASKS, KEEPS, OVERWRITES = 1321036, 1321037, 1321038
ROUTES = "".join(
    ROUTE.format(project=project, contract=contract, kind=kind, rule=rule)
    for project, contract, kind, rule in (
        (ASKS, 44021, "work_order", "letter"),
        (KEEPS, 44022, "purchase_order", "keep_theirs"),
        (OVERWRITES, 44021, "work_order", "overwrite"),
    )
)


@pytest.fixture
def flow(procore_flow: ProcoreFlow) -> ProcoreFlow:
    for project in (KEEPS, OVERWRITES):
        procore_flow.source.people("create_project", id=project, name=f"Project {project}")
    procore_flow.configure(ROUTES)
    return procore_flow


def made(flow: ProcoreFlow, project: int, name: str) -> str:
    """The change order's key."""
    items = [{"NAME": "Rebar", "RATE": 5, "RATE_QTY": 2}]
    row = flow.source.people("create_change_order", project=project, name=name, items=items)
    return f"constructiononline:acme:{row['ID']}"


def order(flow: ProcoreFlow, key: str) -> dict[str, Any]:
    rows = flow.sandbox.state()["potential_change_orders"]
    (found,) = [row for row in rows if row["origin_id"] == f"cor:{key}:main"]
    return dict(found)


def last_look(flow: ProcoreFlow, key: str) -> ChangeOrderOutcome:
    """How the last look at the record ended."""
    return [one for one in flow.verified() if one.change_order_key == key][-1]


def looks(flow: ProcoreFlow, key: str) -> list[ProcoreCommand]:
    every = [*flow.records(PROCORE.commands), *flow.records(PROCORE.backfill)]
    commands = [flow.codec.decode(one.value or b"", ProcoreCommand) for one in every]
    return [one for one in commands if one.operation is Operation.VERIFY and one.change_order_key == key]


def test_each_record_is_judged_in_its_own_contract_and_by_its_own_rules(flow: ProcoreFlow) -> None:
    asked, overwritten = made(flow, ASKS, "Asked"), made(flow, OVERWRITES, "Overwritten")
    kept, deleted = made(flow, KEEPS, "Kept"), made(flow, KEEPS, "Deleted")
    flow.carry()
    flow.look()
    assert [order(flow, key)["contract_id"] for key in (asked, overwritten, kept, deleted)] == [
        44021,
        44021,
        44022,
        44022,
    ]
    for key in (asked, overwritten, kept):
        flow.sandbox.people("edit", id=order(flow, key)["id"], set={"title": "By hand"})
    flow.sandbox.people("delete", id=order(flow, deleted)["id"])
    flow.look()
    letters = {letter.change_order_key: letter for letter in flow.letters().values()}
    assert {key: letter.reason for key, letter in letters.items()} == {
        asked: "procore.person_edit",
        deleted: "procore.deleted_by_person",
    }
    assert "contract 44022" in letters[deleted].sentence
    assert 44021 in {one.destination.contract_id for one in looks(flow, deleted)}, "no look names another contract"
    assert (last_look(flow, kept).kind, last_look(flow, kept).reason) == (
        OutcomeKind.UNCHANGED,
        "procore.kept_theirs",
    )
    assert last_look(flow, overwritten).kind is OutcomeKind.APPLIED
    titles = {key: order(flow, key)["title"] for key in (asked, overwritten, kept)}
    assert titles == {asked: "By hand", overwritten: "Overwritten", kept: "By hand"}
