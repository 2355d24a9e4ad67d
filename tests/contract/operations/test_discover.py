"""``cor discover`` against the simulated systems: what they saw is reads and logins alone."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from operations.check.targets.prove import prove_targets
from operations.survey.calls import Calls
from relay.domain.commands import ContractKind
from relay.domain.routes import CrosswalkEntry, RouteMode
from relay.engine.configuration import load_configuration
from relay.engine.configuration.document import read_document
from relay.engine.settings import read_settings
from tests.contract.operations.conftest import LOGIN, Office
from tests.contract.operations.test_check_targets import SETTINGS


@pytest.fixture
def out(office: Office) -> Path:
    return office.folder / "out"


def discover(office: Office, *options: str) -> Any:
    ended = office.cor("discover", "--json", *options)
    assert ended.code == 0
    assert all("waits for the rate budget of" in line for line in ended.err.splitlines()), ended.err
    return ended.json


def order_with(office: Office, *codes: tuple[int | None, int, float], project: int = 901) -> None:
    """A change order whose items have these codes, classes and costs."""
    items = [
        {"NAME": f"Item of {code}", "COST_CODE_ID": code, "CLASSIFICATION": kind, "RATE": cost}
        for code, kind, cost in codes
    ]
    office.systems["constructiononline"].people("create_change_order", project=project, name="Rebar", items=items)


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "cost-codes.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_what_the_accounts_can_see_is_listed_and_nothing_is_changed(office: Office) -> None:
    office.systems["procore"].people("load_typed_in", contract=44021, count=3)
    office.forget()
    found = discover(office)
    company, orders = found["accounts"]["procore:acme"], found["accounts"]["cinx:acme"]
    assert {"id": "901", "number": None, "name": "Pier 9"} in found["accounts"]["constructiononline:acme"]["projects"]
    assert {"id": "315", "number": "2026-009", "name": "Pier 9"} in company["projects"]
    contracts = {row["id"]: row for row in company["contracts"]}
    assert contracts["44021"] == {
        "project": "315",
        "id": "44021",
        "kind": "work_order",
        "number": "SC-001",
        "title": "Concrete and reinforcing",
        "vendor": "Granite Foundations LLC",
        "status": "Approved",
        "tiers": "2",
    }
    assert contracts["44023"]["tiers"] is None
    assert {row["kind"] for row in company["contracts"]} == {kind.value for kind in ContractKind}
    assert {"project": "316", "code": "03-300", "name": "Cast-in-Place Concrete"} in company["cost_codes"]
    assert {"project": "317", "code": "L", "name": "Labor"} in company["line_item_types"]
    assert "ea" in [row["name"] for row in company["units"]]
    assert {row["number"]: row["vendor"] for row in orders["purchase_orders"]}["PO-123"] == "Hilti"
    assert "26-500" in [row["code"] for row in orders["cost_codes"]]
    assert "TAX-03" in [row["code"] for row in orders["tax_groups"]]
    assert found["not_read"] == []
    assert found["calls"]["made"] == len(office.asked())
    assert office.only_read()


def test_calls_are_said_before_they_are_made_and_no_secret_is(office: Office) -> None:
    ended = office.cor("discover", "cinx:acme", "--calls", "2")
    assert ended.code == 0
    assert "1/2 GET" in ended.out
    assert "2/2 GET" in ended.out
    assert "/2.0/sub/[secret]/projects?offset=0&limit=50" in ended.out
    assert "cinx:acme: cost codes; cinx:acme: tax groups and 1 more: 2 calls are made, as many as --calls" in ended.out
    assert len(office.asked()) == 2
    assert office.systems["cinx"].state()["token"] not in ended.out


def test_a_second_run_goes_on_where_the_calls_of_the_first_were_spent(office: Office, out: Path) -> None:
    asked: list[tuple[str, str]] = []
    for run in range(6):
        office.forget()
        found = discover(office, "--calls", "9", "--write", str(out))
        assert len(office.asked()) <= 9
        asked += [(system, path) for system, _, path in office.asked()]
        if not found["not_read"]:
            break
        assert run < 5, "every run gets further"
    lists = [path for _, path in asked if path not in (LOGIN, "/2.0/subs")]
    assert lists.count("/rest/v1.0/prime_contracts") == 3
    assert len([path for path in lists if path.endswith("/pos")]) == 1
    assert [route.name for route in load_configuration(out / "cor.yaml").routing.routes] == [
        "pier-9",
        "2026-014-mill-street",
    ]
    office.forget()
    assert discover(office, "--write", str(out))["calls"]["made"] == 0
    assert discover(office, "--write", str(out), "--again")["calls"]["made"] > 20
    assert office.only_read()


def test_read_anew_for_one_account_what_others_have_stays(office: Office, out: Path) -> None:
    discover(office, "--write", str(out))
    office.forget()
    discover(office, "cinx:acme", "--write", str(out), "--again")
    assert {system for system, _, _ in office.asked()} == {"cinx"}
    office.forget()
    assert discover(office, "--write", str(out))["calls"]["made"] == 0


def test_a_route_is_guessed_by_number_or_name_and_names_what_is_known(office: Office, out: Path) -> None:
    office.systems["procore"].people("load_typed_in", contract=44023, count=2)
    found = discover(office, "--write", str(out))
    routes = load_configuration(out / "cor.yaml").routing.routes
    assert {(route.name, route.source.project, route.mode) for route in routes} == {
        ("pier-9", "901", RouteMode.OBSERVE),
        ("2026-014-mill-street", "902", RouteMode.OBSERVE),
    }
    pier, mill = routes
    (owner,) = pier.targets
    assert (owner.name, owner.destination.name) == ("owner", "315/44023")
    assert mill.targets == ()  # Nothing tells the tiers of its contracts.
    text = (out / "cor.yaml").read_text(encoding="utf-8")
    assert "project 316 has its number 2026-014 in the name" in text
    assert "contract_id: 44021, contract: work_order" in text
    assert "Granite Foundations LLC" in text
    assert found["written"]["without_route"] == [
        "constructiononline:acme project 903 (Nowhere Else): no project that was read has its number or name"
    ]


def test_what_a_person_has_written_stays_to_the_byte(office: Office, out: Path) -> None:
    discover(office, "--write", str(out))
    file = out / "cor.yaml"
    text = file.read_text(encoding="utf-8")
    edited = text.replace("mode: observe  # dry_run", "since:   2026-01-01   # by Ann\n    mode: observe  # dry_run", 1)
    edited = edited.replace("# The three logins.", "#  the   logins, é\n")
    edited += "redrive:   # at the end\n  - {reason: procore.unavailable}\n"
    file.write_text(edited, encoding="utf-8")
    office.systems["constructiononline"].people("create_project", id=904, name="Lakeside Clinic")
    found = discover(office, "--write", str(out), "--again")
    after = file.read_text(encoding="utf-8")
    assert found["written"]["routes"] == 1
    start = edited.index("redrive:")
    assert after.startswith(edited[:start])
    assert after.endswith(edited[start:])
    assert [route.name for route in load_configuration(file).routing.routes][-1] == "lakeside-clinic"
    assert "purchase_order: " in after[start:]
    assert "PO-200" in after[start:]


def test_codes_are_counted_and_what_is_filled_in_stays_and_is_obeyed(office: Office, out: Path) -> None:
    order_with(office, (371, 2, 100.5), (371, 2, 50), (372, 1, 10), (None, 4, 7))
    found = discover(office, "--write", str(out))
    assert found["written"]["unmapped"] == 2
    first = rows(out)
    assert [(row["code"], row["classification"], row["seen"], row["amount"]) for row in first] == [
        ("371", "labor", "2", "150.50"),
        ("372", "material", "1", "10.00"),
        ("", "equipment", "1", "7.00"),
    ]
    assert first[0]["name"] == "Item of 371"
    sheet = out / "cost-codes.csv"
    text = sheet.read_text(encoding="utf-8-sig").replace("150.50,,,", '150.50,="03-300",L,').replace(",", ";")
    lines = [f"{line};{'remarks' if at == 0 else 'by phone' if at == 1 else ''}" for at, line in
             enumerate(text.splitlines())]  # fmt: skip
    sheet.write_text("\r\n".join(lines), encoding="utf-8")
    order_with(office, (373, 5, 1), (371, 2, 1))
    assert discover(office, "--write", str(out), "--again")["written"]["unmapped"] == 2
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        after = list(csv.DictReader(file, delimiter=";"))
    assert [row["code"] for row in after] == ["372", "373", "", "371"]
    mapped = after[-1]
    assert (mapped["seen"], mapped["target_code"], mapped["target_type"]) == ("3", '="03-300"', "L")
    assert (mapped["target_name"], mapped["remarks"]) == ("Cast-in-Place Concrete", "by phone")
    route = load_configuration(out / "cor.yaml").routing.routes[0]
    assert [(one.code, one.cost_code, one.line_item_type) for one in route.crosswalk] == [("371", "03-300", "L")]
    assert isinstance(route.crosswalk[0], CrosswalkEntry)


def test_a_spreadsheet_that_cannot_be_read_whole_is_left_alone(office: Office, out: Path) -> None:
    discover(office, "--write", str(out))
    wrong = "code,classification,target_code\n371,labour,03-300\n"
    (out / "cost-codes.csv").write_text(wrong, encoding="utf-8")
    before = (out / "cor.yaml").read_bytes()
    office.systems["constructiononline"].people("create_project", id=904, name="Lakeside Clinic")
    ended = office.cor("discover", "--write", str(out), "--again")
    assert ended.code == 2
    assert "cost-codes.csv:2: classification: found 'labour'" in ended.err
    assert (out / "cost-codes.csv").read_text(encoding="utf-8") == wrong
    assert (out / "cor.yaml").read_bytes() == before


def test_what_is_refused_is_said_and_everything_else_is_read(office: Office) -> None:
    office.systems["procore"].fault("status", {"path": "/prime_contracts"}, status=403, times=100)
    (office.folder / "password").write_text("not the password", encoding="utf-8")
    found = discover(office)
    assert {row["account"] for row in found["not_read"]} == {"constructiononline:acme", "cinx:acme", "procore:acme"}
    refused = [row["what"] for row in found["not_read"] if row["account"] == "procore:acme"]
    assert refused == [f"procore:acme: prime contracts of project {number}" for number in (315, 316, 317)]
    assert len(found["accounts"]["procore:acme"]["contracts"]) == 5
    assert [path for system, _, path in office.asked() if system == "cinx"] == ["/2.0/subs"]
    assert office.only_read()


def test_where_every_login_is_refused_it_has_failed_and_each_refusal_is_said_once(office: Office, out: Path) -> None:
    for secret in ("password", "client-secret"):
        (office.folder / secret).write_text("not the secret", encoding="utf-8")
    ended = office.cor("discover", "--write", str(out))
    assert ended.code == 1
    refusals = [line for line in ended.out.splitlines() if line.startswith("not read  ")]
    assert len(refusals) == 3, ended.out
    assert all(any(line.startswith(f"not read  {name}:") for line in refusals) for name in ("procore", "cinx"))
    assert "Nothing could be read, and no file was written." in ended.out
    assert not out.exists()
    again = office.cor("discover", "--json")
    assert (again.code, len(again.json["not_read"])) == (1, 9)


def test_a_system_that_is_silent_is_asked_once(office: Office) -> None:
    office.systems["cinx"].fault("drop_before", {"path": "/pos"}, times=100)
    procore = office.systems["procore"].fault("drop_before", {}, times=100)
    found = discover(office)
    silent = [row["why"] for row in found["not_read"] if row["account"] == "procore:acme"]
    assert (len(silent), len(set(silent))) == (2, 1)
    assert [row["what"] for row in found["not_read"] if row["account"] == "cinx:acme"] == ["cinx:acme: purchase orders"]
    office.systems["procore"].disarm(procore)


def test_an_account_that_is_not_configured_is_wrong_usage(office: Office) -> None:
    ended = office.cor("discover", "procore:other")
    assert ended.code == 2
    assert "constructiononline:acme, procore:acme, cinx:acme" in ended.err
    assert office.asked() == []


def test_a_system_that_does_not_answer_is_said_and_read_once_it_does(office: Office, out: Path) -> None:
    file = office.folder / "start.yaml"
    as_it_is = file.read_text(encoding="utf-8")
    nobody = "http://127.0.0.1:1"
    file.write_text(as_it_is.replace(office.systems["cinx"].url, nobody), encoding="utf-8")
    found = discover(office, "--write", str(out))
    assert {row["account"] for row in found["not_read"]} == {"cinx:acme"}
    assert all(row["why"] for row in found["not_read"])
    assert len(found["accounts"]["procore:acme"]["contracts"]) == 8
    assert office.systems["cinx"].history() == []
    written = out / "cor.yaml"  # The accounts were copied into it; from now on it is what counts.
    assert nobody in written.read_text(encoding="utf-8")
    file.write_text(as_it_is, encoding="utf-8")
    office.forget()
    again = discover(office, "--write", str(out))
    assert again["not_read"] == []
    assert {system for system, _, path in office.asked() if path != LOGIN} == {"cinx"}
    assert len(again["accounts"]["cinx:acme"]["purchase_orders"]) == 8


@pytest.mark.longest
def test_what_is_throttled_is_said_and_the_next_run_goes_on_there(office: Office, out: Path) -> None:
    procore = office.systems["procore"]
    procore.fault("status", {"path": "/cost_codes"}, status=429, times=100)
    found = discover(office, "--write", str(out))
    unread = [row for row in found["not_read"] if row["account"] == "procore:acme"]
    assert {row["what"] for row in unread} >= {"procore:acme: cost codes of project 315"}
    (why,) = {row["why"] for row in unread}
    assert re.search(r"\(429\).*; try again in \d+ (s|min|h)$", why), why
    assert found["accounts"]["procore:acme"]["contracts"]
    assert found["accounts"]["cinx:acme"]["purchase_orders"]
    asked = [path for system, _, path in office.asked() if system == "procore" and path.endswith("/cost_codes")]
    assert len(asked) <= 4, "what is throttled is not asked again and again"
    procore.disarm()
    office.forget()
    again = discover(office, "--write", str(out))
    assert again["not_read"] == []
    assert {row["project"] for row in again["accounts"]["procore:acme"]["cost_codes"]} == {"315", "316", "317"}
    paths = [path for _, _, path in office.asked()]
    assert paths.count("/rest/v1.0/prime_contracts") == 2, "those of the first project are known"
    assert office.only_read()


def test_what_is_written_is_accepted_by_the_check_once_the_codes_are_mapped(office: Office, out: Path) -> None:
    office.systems["procore"].people("load_typed_in", contract=44023, count=2)
    order_with(office, (371, 2, 100))
    discover(office, "--write", str(out))
    file, sheet = out / "cor.yaml", out / "cost-codes.csv"

    def wrong() -> list[str]:
        results = prove_targets(
            load_configuration(file),
            read_document(file),
            read_settings(SETTINGS),
            Calls(100, lambda number, most, sent: None),
            lambda: None,
        )
        return [f"{result.check}: {result.said}" for result in results if not result.ok]

    (unmapped,) = wrong()
    assert "the cost code '371' (not known) would be sent there" in unmapped
    text = sheet.read_text(encoding="utf-8-sig")
    sheet.write_text(text.replace("100.00,,,", "100.00,03-300,L,"), encoding="utf-8")
    assert wrong() == []
    assert office.only_read()
