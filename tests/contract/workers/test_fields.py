"""docs/fields.md says what the writers send: no more, no less, and nothing that the systems know is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.cinx.import_fields import POCO
from deploy.sandbox.cinx.templates import Templates
from deploy.sandbox.process import Simulated, simulated
from deploy.sandbox.procore.shapes import LINE, PACKAGE, PCO_SYNC, REQUEST
from relay.clients.cinx import Template
from relay.domain.commands import ProcoreRules
from tests.contract.workers.cinx_submitter.world import World
from tests.contract.workers.cinx_submitter.world import command as cinx_command
from tests.contract.workers.procore_writer.driving import WORK_ORDER, Driver, command, line, new_carrier, payload
from workers.cinx_submitter.fields import check_mapping
from workers.cinx_submitter.halting import Halt

DOCUMENT = Path(__file__).parents[3] / "docs" / "fields.md"
LISTS = ("charges", "credits")


def tables() -> dict[str, dict[str, str]]:
    """What becomes of each field, by the heading above its table."""
    found: dict[str, dict[str, str]] = {}
    for chapter in DOCUMENT.read_text(encoding="utf-8").split("\n## ")[1:]:
        rows = [line.split("|") for line in chapter.splitlines() if line.startswith("| `")]
        fields = [(name, row[2].strip()) for row in rows for name in re.findall(r"`([^`]+)`", row[1])]
        assert len(fields) == len(dict(fields)), "a field stands twice"
        found[chapter.splitlines()[0]] = dict(fields)
    return found


TABLES = tables()
PCO, ITEM = TABLES["Procore: potential change order"], TABLES["Procore: line item"]
GROUP, ASKED = TABLES["Procore: package"], TABLES["Procore: change order request (three tiers)"]
CINX = TABLES["CINX: purchase order change order (POCO)"]


def named(table: dict[str, str], *words: str) -> set[str]:
    return {field for field, word in table.items() if word in words}


# -- Procore


@pytest.fixture(scope="module")
def sent() -> Iterator[dict[str, set[str]]]:
    """The members of everything that the Procore writer sends, over two and three tiers, by the end of the path."""
    with simulated("procore") as procore:
        _write(procore, 2)
        procore.people("set_tiers", project=315, side="commitment", tiers=3)
        _write(procore, 3)
        yield _members(procore)


def _write(procore: Simulated, tiers: int) -> None:
    """An approved change order with all that the domain can say, then a revision of it that says less."""
    carrier = new_carrier(procore.url)
    driver, rules = Driver(carrier), ProcoreRules(package="per_change_order", approved_change="reopen")
    there: dict[str, Any] = {"destination": replace(WORK_ORDER, tiers=tiers), "rules": rules}
    calculated = line(
        "1",
        "100",
        quantity=Decimal(4),
        unit_cost=Decimal(25),
        unit="ea",
        cost_code="03-300",
        line_item_type="Subcontract",
    )
    more: dict[str, Any] = {"description": "Words", "due_date": "2026-05-01T00:00:00Z", "schedule_days": 3}
    number = f"T-{tiers}"
    driver.one(command(number, payload(calculated, number=number, status="approved", **more), **there))
    driver.one(command(number, payload(line("1", "90"), number=number), sequence=2, **there))
    carrier.close()


def _members(procore: Simulated) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for call in procore.history():
        if call["method"] in {"POST", "PATCH"} and not call["path"].startswith("/oauth/"):
            kind = re.sub(r"/\d+$", "", call["path"]).removesuffix("/sync").rpartition("/")[2]
            body = json.loads(call["body"])
            for element in body.get("updates") or [body["change_order"]]:
                found.setdefault(kind, set()).update(element)
    return found


@pytest.mark.parametrize(
    ("kind", "table", "writable"),
    [
        ("potential_change_orders", PCO, PCO_SYNC.writable),
        ("line_items", ITEM, LINE.writable),
        ("change_order_packages", GROUP, PACKAGE.writable),
        ("change_order_requests", ASKED, REQUEST.writable),
    ],
)
def test_procore(sent: dict[str, set[str]], kind: str, table: dict[str, str], writable: dict[str, Any]) -> None:
    assert named(table, "mapped") == sent[kind]
    assert set(table) == set(writable)


# -- CINX


def test_every_field_of_the_poco_has_a_word() -> None:
    paths = {field.path for field in POCO}
    assert {path for path in paths if not path.startswith(LISTS)} | set(LISTS) == set(CINX)


def test_what_is_mapped_is_sent_and_what_is_not_ours_never_is() -> None:
    world = World()
    world.run(cinx_command())
    (job,) = world.company.company.jobs.values()
    world.close()
    paths = set(_paths(job.payload))
    required = {field.path for field in POCO if field.required}
    optional = {"cinx_guid", "items.cinx_guid", "items.cinx_po_item_guid", "items.job_cost.material_cost_code_name"}
    assert named(CINX, "mapped", "mapped, route") - optional <= paths
    assert paths <= named(CINX, "mapped", "mapped, route") | required


def _paths(value: object, before: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, f"{before}.{name}" if before else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, before)
    else:
        yield before


def test_a_route_may_set_what_the_table_says_and_nothing_else() -> None:
    template = Template.read(Templates().rows["poco"])
    assert {path for path in CINX if _may_be_set(template, path)} == named(CINX, "route", "mapped, route")


def _may_be_set(template: Template, path: str) -> bool:
    try:
        check_mapping(template, {path: "text"})
    except Halt:
        return False
    return True
