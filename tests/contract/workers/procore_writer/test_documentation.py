"""docs/procore.md says what the writer sends, no more and no less, and names every reason."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.process import Simulated, simulated
from deploy.sandbox.procore.shapes import LINE, PACKAGE, PCO_SYNC, REQUEST
from relay.domain.commands import ProcoreRules
from relay.domain.mapping import reasons as mapping
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, new_adapter, payload

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "procore.md").read_text(encoding="utf-8")


def table(heading: str) -> list[tuple[list[str], str]]:
    """The rows below a heading: what the first cell names, and the second cell."""
    section = re.split(r"\n##+ ", PAGE.partition(f"# {heading}\n")[2])[0]
    rows = [one.split("|") for one in section.splitlines() if one.startswith("| `")]
    return [(re.findall(r"`([^`]+)`", row[1]), row[2].strip()) for row in rows]


def fields(heading: str) -> dict[str, str]:
    pairs = [(name, word) for names, word in table(heading) for name in names]
    assert len(pairs) == len(dict(pairs)), "a field stands twice"
    return dict(pairs)


# -- fields


@pytest.fixture(scope="module")
def sent() -> Iterator[dict[str, set[str]]]:
    """The members of everything that the writer sends, over two and three tiers, by the end of the path."""
    with simulated("procore") as procore:
        _write(procore, 2)
        procore.people("set_tiers", project=315, side="commitment", tiers=3)
        _write(procore, 3)
        yield _members(procore)


def _write(procore: Simulated, tiers: int) -> None:
    """An approved change order with all that the domain can say, then a revision of it that says less."""
    adapter = new_adapter(procore.url)
    driver, rules = Driver(adapter), ProcoreRules(package="per_change_order", approved_change="reopen")
    there: dict[str, Any] = {"destination": replace(WORK_ORDER, tiers=tiers), "rules": rules}
    codes = {"unit": "ea", "cost_code": "03-300", "line_item_type": "Subcontract"}
    calculated = line("1", "100", quantity=Decimal(4), unit_cost=Decimal(25), **codes)
    more: dict[str, Any] = {"description": "Words", "due_date": "2026-05-01T00:00:00Z", "schedule_days": 3}
    number = f"T-{tiers}"
    driver.one(command(number, payload(calculated, number=number, status="approved", **more), **there))
    driver.one(command(number, payload(line("1", "90"), number=number), sequence=2, **there))
    adapter.close()


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
    ("kind", "heading", "writable"),
    [
        ("potential_change_orders", "Potential change order", PCO_SYNC.writable),
        ("line_items", "Line item", LINE.writable),
        ("change_order_packages", "Package", PACKAGE.writable),
        ("change_order_requests", "Change order request (three tiers)", REQUEST.writable),
    ],
)
def test_every_field_is_mapped_or_deliberately_never_sent(
    sent: dict[str, set[str]], kind: str, heading: str, writable: dict[str, Any]
) -> None:
    told = fields(heading)
    assert set(told) - {"id"} == set(writable)
    assert set(told.values()) == {"mapped", "never"}
    assert {name for name, word in told.items() if word == "mapped"} == sent[kind]


# -- reasons


def in_code() -> set[str]:
    """Every text of the writer that is a reason."""
    found = {mapping.about("procore", what) for what in mapping.ABOUT_A_TARGET}
    for file in (ROOT / "workers" / "procore_writer").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and re.fullmatch(r"procore\.[a-z_]+", str(node.value)):
                found.add(str(node.value))
    return found


def test_every_reason_is_told() -> None:
    told = {name for names, _ in table("Reasons of letters") for name in names}
    reasons = in_code()
    assert len(reasons) > 40
    assert reasons - told == set()


def test_no_reason_is_told_that_does_not_exist() -> None:
    told = {name for names, _ in table("Reasons of letters") for name in names}
    files = [file for place in ("relay", "workers") for file in (ROOT / place).rglob("*.py")]
    sources = "".join(file.read_text(encoding="utf-8") for file in files)
    endings = {name.removeprefix("procore.") for name in told - in_code()}
    derived = {one for one in endings if re.search(r"_(ambiguous|missing|denied)$", one)}
    assert {one for one in endings - derived if f".{one}" not in sources and f'"{one}"' not in sources} == set()
