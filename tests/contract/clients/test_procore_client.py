from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from relay.clients.http.remote import ClientOptions
from relay.clients.procore import ProcoreClient
from relay.clients.rate import ProcoreRate
from relay.domain.commands import ContractKind
from relay.domain.failures import Ambiguous, CallFailure, Denied, TenantBlocked, Throttled, Unavailable

PROJECT, WORK_ORDER, PRIME = 315, 44021, 44023


def order(which: int = 1, **members: Any) -> dict[str, Any]:
    return {"origin_id": f"cor:constructiononline:acme:{which}:main", "title": f"CO {which}", **members}


def test_the_service_account_and_what_it_may_see(procore: ProcoreClient) -> None:
    assert procore.probe_tenant().id
    procore.probe_project(PROJECT)
    assert procore.references.project(PROJECT).id == PROJECT
    assert PROJECT in {one.id for one in procore.references.projects()}
    with pytest.raises(Denied):
        procore.probe_project(999_999)


def test_what_is_synced_is_listed_shown_and_found_by_its_origin_id(procore: ProcoreClient) -> None:
    got = procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [order(1), order(2)], idempotency_key="k")
    assert got.accepted.keys() == {order(1)["origin_id"], order(2)["origin_id"]}
    one = got.accepted[order(1)["origin_id"]]
    rows = procore.potential_change_orders.find(PROJECT, contract_id=WORK_ORDER)
    assert one.id in {row.id for row in rows}
    assert {row.tiers for row in rows} == {2}
    shown = procore.potential_change_orders.show(PROJECT, WORK_ORDER, one.id)
    assert (shown.origin_id, shown.title) == (one.origin_id, "CO 1")
    assert [x.id for x in procore.potential_change_orders.find(PROJECT, origin_id=order(1)["origin_id"])] == [one.id]
    with pytest.raises(Denied):
        procore.potential_change_orders.show(PROJECT, PRIME, one.id)


@pytest.mark.parametrize("echo", ["attributes", "anonymous"])
@pytest.mark.parametrize("entities", ["updates", "reverse", "shuffle"])
def test_good_and_bad_elements_of_one_call_are_told_apart(
    procore: ProcoreClient, procore_sandbox: Simulated, echo: str, entities: str
) -> None:
    procore_sandbox.settings(error_echo=echo, entities_order=entities)
    elements = [order(n, status="bogus" if n == 3 else "pending") for n in range(6)]
    got = procore.potential_change_orders.sync(PROJECT, WORK_ORDER, elements)
    assert got.refused.keys() == {order(3)["origin_id"]}
    assert "status" in got.refused[order(3)["origin_id"]].errors
    assert len(got.accepted) == 5
    assert all(one.title == f"CO {origin.split(':')[3]}" for origin, one in got.accepted.items())
    assert (got.missing, got.anonymous) == (frozenset(), ())


def test_several_nameless_refusals_stay_in_doubt(procore: ProcoreClient, procore_sandbox: Simulated) -> None:
    procore_sandbox.settings(error_echo="anonymous")
    elements = [order(n, status="bogus" if n < 2 else "pending") for n in range(4)]
    got = procore.potential_change_orders.sync(PROJECT, WORK_ORDER, elements)
    assert got.missing == {order(0)["origin_id"], order(1)["origin_id"]}
    assert (len(got.anonymous), len(got.accepted)) == (2, 2)


def test_a_number_that_is_taken_is_said_so(procore: ProcoreClient) -> None:
    procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [order(1, number="007")])
    got = procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [order(2, number="007")])
    assert got.refused[order(2)["origin_id"]].says_taken == {"number"}


def test_lines_are_synced_listed_and_removed(procore: ProcoreClient) -> None:
    one = procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [order(1)]).accepted[order(1)["origin_id"]]
    code = procore.references.cost_codes(PROJECT)[0]
    lines = [
        {"origin_id": f"{one.origin_id}:item:{n}", "amount": Decimal("850.10"), "quantity": Decimal(1),
         "unit_cost": Decimal("850.10"), "description": "Chandelier", "cost_code_id": code.id,
         "extended_type": "manual"}
        for n in range(400)
    ]  # fmt: skip
    got = procore.line_items.sync(PROJECT, one.id, lines)
    assert len(got.accepted) == 400
    listed = procore.line_items.find(PROJECT, one.id)
    assert {line.origin_id for line in listed} == {line["origin_id"] for line in lines}
    assert {(line.amount, line.cost_code_id) for line in listed} == {(Decimal("850.10"), code.id)}
    procore.line_items.delete(PROJECT, one.id, listed[0].id)
    assert len(procore.line_items.find(PROJECT, one.id)) == 399
    with pytest.raises(Denied) as caught:
        procore.line_items.delete(PROJECT, one.id, listed[0].id)
    assert caught.value.status == 404


def test_a_package_is_made_linked_found_and_changed(procore: ProcoreClient) -> None:
    fields = {"title": "CCO", "origin_id": "cor:a:b:1:main:package", "status": "draft"}
    package = procore.packages.create(PROJECT, WORK_ORDER, fields, idempotency_key="k")
    (found,) = [
        one for one in procore.packages.find(PROJECT, contract_id=WORK_ORDER) if one.origin_id == fields["origin_id"]
    ]
    assert found.id == package.id
    link = order(1, change_order_request={"change_order_package_id": package.id})
    pco = procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [link]).accepted[link["origin_id"]]
    assert procore.packages.update(PROJECT, package.id, {"title": "CCO 2"}).title == "CCO 2"
    assert procore.packages.show(PROJECT, package.id).title == "CCO 2"
    linked = procore.contract_change_orders.find(PROJECT, ContractKind.WORK_ORDER, legacy_package_id=package.id)
    assert [one.id for one in linked] == [pco.id]


@pytest.mark.parametrize("kind", list(ContractKind))
def test_contracts_are_listed_and_shown(procore: ProcoreClient, kind: ContractKind) -> None:
    contracts = procore.contracts.find(PROJECT, kind)
    assert contracts
    found = procore.contracts.show(PROJECT, kind, contracts[0].id)
    assert found is not None
    assert found.number == contracts[0].number
    assert procore.contracts.show(PROJECT, kind, 999_999) is None
    with pytest.raises(Denied):
        procore.contracts.show(999_999, kind, contracts[0].id)


def test_the_lists_that_lines_refer_to(procore: ProcoreClient) -> None:
    assert any(one.full_code for one in procore.references.cost_codes(PROJECT))
    assert any(one.code for one in procore.references.line_item_types(PROJECT))
    assert any(one.name for one in procore.references.units_of_measure())
    assert any(one.reason for one in procore.references.change_reasons())


@pytest.mark.parametrize("settings", [{}, {"order": "shuffle"}, {"largest_page": 37}])
def test_a_long_list_is_read_to_its_end(
    procore: ProcoreClient, procore_sandbox: Simulated, settings: dict[str, Any]
) -> None:
    before = {row.id for row in procore.potential_change_orders.find(PROJECT)}
    procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [order(n) for n in range(250)])
    procore_sandbox.settings(**settings)
    rows = procore.potential_change_orders.find(PROJECT)
    assert len({row.id for row in rows}) == len(rows)
    if settings.get("order") != "shuffle":
        assert len({row.id for row in rows} - before) == 250


def test_an_expired_token_is_replaced_without_anyone_noticing(
    procore: ProcoreClient, procore_sandbox: Simulated
) -> None:
    procore.probe_tenant()
    procore_sandbox.advance(6000)
    assert procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [order(1)]).accepted


def test_wrong_credentials_hold_the_tenant(procore_sandbox: Simulated) -> None:
    with (
        ProcoreClient(company_id=4200, client_id="sandbox-client", client_secret="wrong-secret",
                      api_url=procore_sandbox.url, login_url=procore_sandbox.url) as client,
        pytest.raises(TenantBlocked),
    ):  # fmt: skip
        client.potential_change_orders.find(PROJECT)


@pytest.mark.parametrize(
    ("kind", "failure", "made"),
    [("drop_before", Ambiguous, 0), ("apply_and_drop", Ambiguous, 1), ("half_body", Ambiguous, 1),
     ("html", Ambiguous, 0), ("wrong_json", Ambiguous, 1)],
)  # fmt: skip
def test_a_lost_answer_is_doubt_and_the_same_bytes_again_settle_it(
    procore: ProcoreClient, procore_sandbox: Simulated, kind: str, failure: type[CallFailure], made: int
) -> None:
    procore_sandbox.fault(kind, {"method": "PATCH", "path": "sync"})
    with pytest.raises(failure):
        procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [order(1)])
    assert len(procore.potential_change_orders.find(PROJECT, origin_id=order(1)["origin_id"])) == made
    procore.potential_change_orders.sync(PROJECT, WORK_ORDER, [order(1)])
    assert len(procore.potential_change_orders.find(PROJECT, origin_id=order(1)["origin_id"])) == 1


@pytest.mark.parametrize("retry_after", ["absent", "seconds", "date"])
@pytest.mark.parametrize("body", ["text", "json", "empty"])
def test_a_refusal_for_the_rate_says_how_long_to_wait(
    procore_sandbox: Simulated, procore: ProcoreClient, retry_after: str, body: str
) -> None:
    procore.probe_tenant()
    procore_sandbox.settings(hourly_limit=1, throttle_retry_after=retry_after, throttle_body=body)
    with pytest.raises(Throttled) as caught:
        procore.probe_tenant()
    assert 3000 < caught.value.wait_seconds <= 3700


def test_the_governor_spends_the_whole_short_window_and_nothing_is_refused(procore_sandbox: Simulated) -> None:
    procore_sandbox.settings(hourly_limit=3600, spike_limit=20)
    rate = ProcoreRate()
    with ProcoreClient(company_id=4200, client_id="sandbox-client", client_secret="sandbox-secret",
                       api_url=procore_sandbox.url, login_url=procore_sandbox.url,
                       options=ClientOptions(governor=rate)) as client:  # fmt: skip
        for _ in range(20):
            client.probe_tenant()
        with pytest.raises(Throttled) as caught:
            client.probe_tenant()
    assert caught.value.status is None
    assert 0 < caught.value.wait_seconds <= 12
    assert {one["status"] for one in procore_sandbox.history()} == {200}


def test_heavy_load_waits_as_long_as_it_says(procore_sandbox: Simulated, procore: ProcoreClient) -> None:
    procore.probe_tenant()
    procore_sandbox.settings(heavy_load_seconds=9)
    with pytest.raises(Throttled) as caught:
        procore.probe_tenant()
    assert caught.value.status == 503


def test_a_reading_that_fails_is_simply_read_again(procore: ProcoreClient, procore_sandbox: Simulated) -> None:
    procore_sandbox.fault("half_body", {"method": "GET", "path": "/potential_change_orders"})
    with pytest.raises(Unavailable):
        procore.potential_change_orders.find(PROJECT)
    assert procore.potential_change_orders.find(PROJECT) is not None


def test_one_page_tells_tiers_and_contracts_tell_their_vendors(
    procore_sandbox: Simulated, procore: ProcoreClient
) -> None:
    procore_sandbox.people("load_typed_in", contract=44021, count=120)
    procore_sandbox.forget()
    rows = procore.potential_change_orders.first_rows(PROJECT, contract_id=44021)
    assert (len(rows), {row.tiers for row in rows}) == (100, {2})
    assert procore.potential_change_orders.first_rows(PROJECT, contract_id=44023) == []
    assert [one["path"] for one in procore_sandbox.history()].count("/rest/v1.0/potential_change_orders") == 2
    (contract,) = procore.contracts.find(PROJECT, ContractKind.WORK_ORDER)
    assert contract.vendor == "Granite Foundations LLC"
    (prime,) = procore.contracts.find(PROJECT, ContractKind.PRIME)
    assert prime.vendor is None


def test_each_call_is_announced_before_anything_is_sent_and_may_be_stopped(procore_sandbox: Simulated) -> None:
    announced: list[str] = []

    class Stop(Exception):
        pass

    def announce(sent: str) -> None:
        announced.append(sent)
        if len(announced) > 2:
            raise Stop

    with ProcoreClient(company_id=4200, client_id="sandbox-client", client_secret="sandbox-secret",
                       api_url=procore_sandbox.url, login_url=procore_sandbox.url,
                       options=ClientOptions(on_send=announce)) as client:  # fmt: skip
        assert client.references.projects()
        with pytest.raises(Stop):
            client.references.project(PROJECT)
    assert announced[1].startswith(f"GET {procore_sandbox.url}/rest/v1.0/projects?company_id=4200&page=1")
    assert len(announced) == 3
    assert len(procore_sandbox.history()) == 2
