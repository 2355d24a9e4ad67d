"""What ``cor check`` proves of sources and targets, against the simulated systems; they see reads and logins alone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from operations.check.result import CheckResult
from operations.check.targets.prove import prove_targets
from operations.survey.calls import Calls
from operations.survey.seen_items import SeenItem
from relay.domain.change_order import Classification, Item
from relay.engine.configuration import load_configuration
from relay.engine.configuration.document import read_document
from relay.engine.settings import read_settings
from tests.contract.operations.conftest import Office

SETTINGS = {"COR_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "COR_HTTP_DEADLINE": "20"}
FROM = "from: {system: constructiononline, account: acme, project: %d}"

RIGHT = f"""
routes:
  - name: pier
    {FROM % 901}
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
      - {{name: rebar, system: procore, account: acme, project_id: 315, contract_id: 44021, contract: work_order,
         tiers: 2, line_item_type: L}}
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-123}}
"""

FOUR_WRONG = f"""
routes:
  - name: nowhere
    {FROM % 99901}
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
  - name: pier
    {FROM % 901}
    targets:
      - {{name: lost, system: procore, account: acme, project_id: 99315, contract_id: 44021, contract: work_order,
         tiers: 2}}
      - name: rebar
        system: procore
        account: acme
        project_id: 315
        contract_id: 44021
        contract: prime
        tiers: 2
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-999}}
      - {{name: light, system: cinx, account: acme, purchase_order: PO-124}}
"""


def proven(
    office: Office, routes: str, *, calls: int = 100, observed: Sequence[SeenItem] | None = None
) -> dict[str, CheckResult]:
    """The results by name, without the system's address in front."""
    file = office.configure(routes)
    configuration, document = load_configuration(file), read_document(file)
    office.forget()
    budget = Calls(calls, lambda number, most, sent: None)
    budget.unheard = True  # No Kafka is there to be asked.
    results = prove_targets(configuration, document, read_settings(SETTINGS), budget, lambda: observed)
    found = {result.check: result for result in results}
    assert office.only_read()
    assert budget.made == len(office.asked()) <= calls
    return found


def seen(code: str | None, unit: str | None = None, kind: Classification = Classification.LABOR) -> SeenItem:
    cost = Decimal(100)
    item = Item(item_id="1", name="Item", cost=cost, client_price=cost, cost_code=code, classification=kind,
                unit=unit, quantity=Decimal(2), unit_cost=Decimal(50))  # fmt: skip
    return SeenItem(system="constructiononline", account="acme", project="901", item=item)


def test_four_things_that_are_wrong_are_four_lines_with_key_line_request_and_answer(office: Office) -> None:
    found = proven(office, FOUR_WRONG)
    wrong = {name: result for name, result in found.items() if not result.ok}
    assert len(found) == 7
    text = (office.folder / "start.yaml").read_text(encoding="utf-8").splitlines()
    line = {key: next(at for at, one in enumerate(text, 1) if key in one) for key in ("99901", "99315", "PO-999")}
    prime = next(at for at, one in enumerate(text, 1) if one.strip() == "contract: prime")
    expected = {
        "source constructiononline:acme project 99901": (
            line["99901"], "routes[0].from.project", "'99901' is not among them", "GET", "/api/v2/Projects", "200"),
        "target pier/lost in procore:acme": (
            line["99315"], "routes[1].targets[0].project_id", "does not exist", "GET", "99315", "404"),
        "target pier/rebar in procore:acme": (
            prime, "routes[1].targets[1].contract", "is a work_order", "GET", "prime_contract", ""),
        "target pier/steel in cinx:acme": (
            line["PO-999"], "routes[1].targets[2].purchase_order", "no purchase order numbered exactly 'PO-999'",
            "GET", "/pos?number=PO-999", "200"),
    }  # fmt: skip
    assert wrong.keys() == expected.keys()
    for name, (number, key, words, method, path, status) in expected.items():
        said, (exchange,) = wrong[name].said, wrong[name].exchanges
        assert said.startswith(f"{office.folder / 'start.yaml'}:{number}: {key}: ")
        assert words in said
        assert exchange.sent.startswith(method)
        assert path in exchange.sent
        assert exchange.answer.startswith(status)


def test_what_is_right_is_said_in_one_line_and_lists_are_read_once_for_all(office: Office) -> None:
    office.systems["procore"].people("load_typed_in", contract=44021, count=1)
    items = [seen("03-300", "hr"), seen("05-120")]
    found = proven(office, RIGHT, observed=items)
    assert [result.ok for result in found.values()] == [True] * 4
    owner, rebar = found["target pier/owner in procore:acme"], found["target pier/rebar in procore:acme"]
    assert "prime PC-001 Prime contract (Approved); cannot tell the tiers" in owner.said
    assert "tiers 2; 2 cost codes known; 1 line item type known; 1 unit known; by 2 observed items" in rebar.said
    assert (
        "purchase order PO-123 of Hilti may be changed; 2 cost codes known"
        in found["target pier/steel in cinx:acme"].said
    )
    paths = [path for _, _, path in office.asked()]
    assert paths.count("/rest/v1.0/cost_codes") == 1
    assert paths.count("/rest/v1.0/projects/315") == 1


@pytest.mark.parametrize(
    ("items", "target", "words"),
    [
        ([seen("98-765")], "owner in procore", "the cost code '98-765' (not known) would be sent there. Add it"),
        ([seen("03-300", "furlong")], "rebar in procore", "the unit 'furlong' (not known)"),
        ([seen("06-100")], "steel in cinx", "the cost code '06-100' (not known)"),
    ],
)  # fmt: skip
def test_a_code_or_a_unit_that_would_be_sent_and_is_not_known_is_wrong(
    office: Office, items: list[SeenItem], target: str, words: str
) -> None:
    found = proven(office, RIGHT, observed=items)
    result = found[f"target pier/{target}:acme"]
    assert not result.ok
    assert words in result.said


SPREADSHEET = RIGHT.replace(f"    {FROM % 901}\n", f"    {FROM % 901}\n    cost_codes_file: cost-codes.csv\n")


def test_a_wrong_code_is_named_where_the_spreadsheet_says_it(office: Office) -> None:
    sheet = office.folder / "cost-codes.csv"
    sheet.write_bytes(
        b"\xef\xbb\xbfcode;classification;target_code;target_type\r\n371;;03-300;Gold\r\n372;;03-999;L\r\n380;;;\r\n"
    )
    found = proven(office, SPREADSHEET, observed=[seen("372"), seen("380")])
    said = found["target pier/owner in procore:acme"].said
    assert said.startswith(
        f"{sheet}:3: target_code: the cost codes '03-999' (not known), '380' (not known; {sheet}:4: "
    )
    assert "map it in cost_codes_file" in said
    assert f"{sheet}:3: target_code: the cost codes '03-999'" in found["target pier/steel in cinx:acme"].said
    types = proven(office, SPREADSHEET, observed=[seen("371")])
    assert types["target pier/owner in procore:acme"].said.startswith(
        f"{sheet}:2: target_type: the line item type 'Gold'"
    )


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ('cost_codes: {"372": 03-999}', "cost_codes.372"),
        ('crosswalk: [{code: "372", cost_code: 03-999}]', "crosswalk[0].cost_code"),
        ("history: true", "targets[0]"),
    ],
)
def test_a_wrong_code_is_named_where_the_file_says_it(office: Office, rule: str, place: str) -> None:
    routes = RIGHT.replace(f"    {FROM % 901}\n", f"    {FROM % 901}\n    {rule}\n")
    code = "03-999" if place == "targets[0]" else "372"
    said = proven(office, routes, observed=[seen(code)])["target pier/owner in procore:acme"].said
    assert f": routes[0].{place}: the cost code '03-999' (not known) would be sent there" in said


def test_other_tiers_and_types_and_a_closed_order_are_wrong(office: Office) -> None:
    office.systems["procore"].people("load_typed_in", contract=44021, count=1)
    office.systems["cinx"].people("set_po", po="PO-123", set={"procurement_status": "CLOSED"})
    routes = RIGHT.replace("tiers: 2, line_item_type: L", "tiers: 3, line_item_type: L")
    routes = routes.replace("contract: prime, tiers: 2", "contract: prime, tiers: 2, line_item_type: Gold")
    found = proven(office, routes, observed=[seen("03-300")])
    wrong = {name: result.said for name, result in found.items() if not result.ok}
    assert len(wrong) == 3
    assert (
        "targets[1].tiers: stated 3, and the change orders of the contract have 2"
        in wrong["target pier/rebar in procore:acme"]
    )
    assert "'Gold' (not known)" in wrong["target pier/owner in procore:acme"]
    assert "is CLOSED in CINX. Open it again there" in wrong["target pier/steel in cinx:acme"]


def test_before_anything_was_observed_items_are_read_as_the_source_lists_them(office: Office) -> None:
    items = [{"NAME": "Rebar", "COST_CODE_ID": 371, "CLASSIFICATION": 1, "RATE": 10}]
    office.systems["constructiononline"].people("create_change_order", project=901, name="Rebar", items=items)
    found = proven(office, RIGHT)
    assert "the cost code '371' (not known)" in found["target pier/owner in procore:acme"].said
    assert [path for _, _, path in office.asked()].count("/api/ChangeOrderItems") == 1
    mapped = RIGHT.replace("    targets:", '    cost_codes: {"371": "03-300"}\n    targets:')
    found = proven(office, mapped)
    assert [name for name, result in found.items() if not result.ok] == []
    assert "by 1 listed items" in found["target pier/owner in procore:acme"].said


def test_what_the_calls_do_not_reach_is_said_and_is_not_wrong(office: Office) -> None:
    found = proven(office, RIGHT, calls=3)
    assert [result.ok for result in found.values()] == [True] * 4
    assert (
        found["target pier/steel in cinx:acme"].said == "cannot tell more: 3 calls are made, as many as --calls allows"
    )


def test_a_login_that_is_refused_proves_nothing_and_is_tried_once(office: Office) -> None:
    (office.folder / "client-secret").write_text("wrong", encoding="utf-8")
    found = proven(office, RIGHT.replace("project_id: 315, contract_id: 44021", "project_id: 316, contract_id: 44024"))
    unproven = [name for name, result in found.items() if not result.ok]
    assert unproven == ["target pier/owner in procore:acme", "target pier/rebar in procore:acme"]
    assert "could not be proven: " in found[unproven[0]].said
    assert len([one for one in office.asked() if one[0] == "procore"]) == 1
