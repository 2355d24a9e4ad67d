"""``cor plan``: what would be carried, refused and held, with the words in which the writers then say it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.integration.plan.conftest import TOWER, Site, order

WRONG = """
  - name: {name}
    from: {{{{system: constructiononline, account: acme, project: {project}}}}}
    mode: {{mode}}
    history: true
    targets: [{{{{{target}}}}}]
"""
PROCORE = "name: main, system: procore, account: acme, tiers: 2, "
ROUTES = (
    WRONG.format(name="kind", project=911, target=PROCORE + "project_id: 315, contract_id: 44021, contract: prime"),
    WRONG.format(name="lost", project=912, target="name: steel, system: cinx, account: acme, purchase_order: PO-999"),
    WRONG.format(
        name="codes",
        project=913,
        target=PROCORE + "project_id: 317, contract_id: 44027, contract: work_order",
    ),
    WRONG.format(
        name="denied",
        project=914,
        target=PROCORE + "project_id: 316, contract_id: 44024, contract: work_order",
    ),
)


def test_what_would_be_refused_is_refused_by_the_writers_in_the_same_words(site: Site) -> None:
    site.configure(*ROUTES)
    site.procore.people("block_project", project=316)
    site.observe(*(order(str(100 + number), project="911") for number in range(18)))
    site.observe(*(order(str(200 + number), project="912") for number in range(6)))
    site.observe(*(order(str(300 + number), project="913", cost_code="99-999") for number in range(3)))
    site.observe(order("400", project="914"))
    plan = site.plan()
    assert plan["counts"] == {"refused": 27, "on_hold": 1}
    assert site.only_read()
    assert not [*site.writes(), *site.outcomes(), *site.letters()]
    site.configure(*ROUTES, mode="live")
    with site.running():
        site.wait(lambda: len(site.refusals()) == 27 and len(site.letters()) == 28)
    refusals = site.refusals()
    for row in plan["rows"]:
        told = (row["reason"], row["sentence"])
        if row["action"] == "refused":
            assert refusals[row["origin_id"]] == told
        else:
            assert row["change_order_key"].endswith(":400")
            assert told == ("denied", site.holds()["procore:acme/project:316"].sentence)
    assert {row["reason"] for row in plan["rows"]} == {
        "procore.contract_kind", "cinx.po_not_found", "procore.cost_code_unknown", "denied",
    }  # fmt: skip


def test_a_refused_code_is_named_where_the_spreadsheet_says_it(site: Site) -> None:
    sheet = site.folder / "cost-codes.csv"
    sheet.write_text("code,target_code,target_type\n371,03-300,Gold\n372,99-999,\n", encoding="utf-8")
    site.configure(TOWER.replace("history: true", "history: true\n    cost_codes_file: cost-codes.csv"))
    site.observe(order("1", cost_code="372"), order("2", cost_code="371"), order("3", cost_code=None))
    rows = {(row["number"], row["system"]): row for row in site.plan()["rows"]}
    assert {place: row["stated_at"] for place, row in rows.items() if row["stated_at"]} == {
        ("CO-1", "procore"): f"{sheet}:3: target_code",
        ("CO-1", "cinx"): f"{sheet}:3: target_code",
        ("CO-2", "procore"): f"{sheet}:2: target_type",
    }
    told = site.cor("plan").out
    assert f"Stated at {sheet}:3: target_code. (procore.cost_code_unknown)" in told
    assert "or map it on the route in cost_codes_file or under cost_codes. Stated at" in told


def test_a_plan_says_what_changes_and_what_it_takes(site: Site) -> None:
    site.configure(TOWER, mode="live")
    site.observe(order("1"), order("2"))
    with site.running():
        site.carried()
    site.observe(order("2", 250), order("3"), order("4"))
    site.cor("hold", "--change-order", "4", "--why", "a dispute", "--wait", "0")
    site.forget()
    table, book = site.folder / "plan.csv", site.folder / "plan.xlsx"
    ended = site.cor("plan", "--json", "--csv", str(table), "--xlsx", str(book))
    assert ended.code == 3, ended.err
    assert site.only_read()
    rows = {(row["number"], row["target"]): row for row in ended.json["rows"]}
    assert {place: row["action"] for place, row in rows.items()} == {
        ("CO-1", "tower/owner"): "unchanged",
        ("CO-1", "tower/steel"): "unchanged",
        ("CO-2", "tower/owner"): "refused",
        ("CO-2", "tower/steel"): "changed",
        ("CO-3", "tower/owner"): "new",
        ("CO-3", "tower/steel"): "new",
        ("CO-4", "tower/owner"): "on_hold",
        ("CO-4", "tower/steel"): "on_hold",
    }
    assert rows["CO-2", "tower/owner"]["reason"] == "procore.approved_change"
    assert "a dispute" in rows["CO-4", "tower/owner"]["sentence"]
    changes = {change["name"]: change for change in rows["CO-2", "tower/steel"]["changes"]}
    assert (changes["poco: amount"]["before"], changes["poco: amount"]["after"]) == ("100.00", "250.00")
    assert not changes["poco: user_comment"]["known"]
    names = ("approved", "pending", "refused")
    sums = {one["side"]: [Decimal(one[name]) for name in names] for one in ended.json["sums"]}
    assert sums == {"owner": [100, 0, 250], "cost": [250, 0, 0]}
    assert ended.json["calls_made"] == len(site.asked("procore")) + len(site.asked("cinx")) + 1
    assert len(table.read_text(encoding="utf-8-sig").splitlines()) == 1 + len(rows)
    assert book.stat().st_size > 0
    unread = site.cor("plan", "--read", "0", "--change-order", "2")
    assert "Plan " in unread.out
    assert "takes the reading of a record of its own" in unread.out


def test_what_the_calls_do_not_suffice_for_is_not_read(site: Site) -> None:
    site.configure(TOWER)
    site.observe(order("1"), order("2"))
    plan = site.plan("--calls", "3")
    assert plan["calls_made"] == 3
    assert plan["counts"] == {"not_read": 4}
    assert {row["sentence"] for row in plan["rows"]} == {"3 calls are made, as many as --calls allows."}
    site.procore.people("refuse_credentials")
    site.cinx.settings(job_seconds=0)
    blocked = {row["system"]: row for row in site.plan()["rows"]}
    assert (blocked["procore"]["action"], blocked["cinx"]["action"]) == ("on_hold", "new")
    assert blocked["procore"]["reason"] == "tenant_blocked"


def test_a_wait_for_the_rate_budget_is_said_and_json_stays_json(site: Site) -> None:
    site.configure(TOWER)
    site.observe(order("1"))
    site.procore.fault(
        "status", {"path": "/potential_change_orders"}, status=429, headers={"Retry-After": "3"}, times=1
    )
    ended = site.cor("plan", "tower", "--json")
    assert {row["action"] for row in ended.json["rows"]} == {"new"}
    assert "waits for the rate budget of procore:acme: " in ended.err


def test_routes_are_named_as_people_type_them(site: Site) -> None:
    site.configure(TOWER, mode="live")
    site.observe(order("1"))
    for named in (("tower",), ("--route", "tower"), ("tower", "--route", "tower")):
        assert site.cor("plan", *named, "--json").json["routes"] == ["tower"]
    assert "there is no route 'towr'" in site.cor("plan", "towr").err
    assert site.cor("go-live", "--route", "tower", "--dry-run", "--json").json["route"] == "tower"


GONE = (
    WRONG.format(
        name="contract", project=915, target=PROCORE + "project_id: 315, contract_id: 44022, contract: purchase_order"
    ),
    WRONG.format(name="order", project=916, target="name: steel, system: cinx, account: acme, purchase_order: PO-500"),
)


def test_a_contract_and_an_order_that_are_gone_are_refused_as_the_writers_then_refuse_them(site: Site) -> None:
    site.configure(*GONE)
    site.procore.people("delete_contract", contract=44022)
    site.cinx.people("delete_po", po="PO-500")
    site.observe(order("1", project="915"), order("2", project="916"))
    told = {row["origin_id"]: (row["reason"], row["sentence"]) for row in site.plan()["rows"]}
    site.configure(*GONE, mode="live")
    with site.running():
        site.wait(lambda: len(site.refusals()) == 2)
    assert site.refusals() == told
    assert {reason for reason, _ in told.values()} == {"procore.contract_unknown", "cinx.po_not_found"}


@pytest.mark.longest
def test_what_is_answered_is_planned_and_of_the_rest_it_is_said_why_it_is_not(site: Site) -> None:
    site.configure(TOWER)
    site.observe(order("1"))
    silent = site.cinx.fault("drop_before", {"path": "/pos"}, times=100)
    rows = {row["system"]: row for row in site.plan()["rows"]}
    assert (rows["procore"]["action"], rows["cinx"]["action"]) == ("new", "not_read")
    assert rows["cinx"]["sentence"]
    site.cinx.disarm(silent)

    throttled = site.procore.fault("status", {"path": "/potential_change_orders"}, status=429, times=100)
    site.forget()
    rows = {row["system"]: row for row in site.plan()["rows"]}
    assert rows["cinx"]["action"] == "new"
    assert rows["procore"]["action"] in ("not_read", "on_hold")
    assert rows["procore"]["sentence"]
    assert len(site.asked("procore")) < 10, "what is throttled is not asked again and again"
    site.procore.disarm(throttled)

    denied = site.procore.fault("status", {"path": "/potential_change_orders"}, status=403, times=100)
    rows = {row["system"]: row for row in site.plan()["rows"]}
    assert rows["cinx"]["action"] == "new"
    assert rows["procore"]["action"] in ("refused", "on_hold")
    assert "403" in rows["procore"]["sentence"] or "denied" in rows["procore"]["sentence"].lower(), rows["procore"]
    site.procore.disarm(denied)
    assert {row["action"] for row in site.plan()["rows"]} == {"new"}
    assert site.only_read()
