from __future__ import annotations

from datetime import date

import pytest

from deploy.sandbox.process import Simulated
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.domain.failures import CallFailure, Denied, TenantBlocked, Unavailable
from relay.domain.sources.constructiononline import record_id


def test_change_orders_and_items_are_read_with_their_own_bytes(constructiononline: ConstructionOnlineClient) -> None:
    orders = constructiononline.change_orders()
    assert orders
    one = constructiononline.change_order(orders[0].data["ID"])
    assert one is not None
    assert one.data["ID"] == orders[0].data["ID"]
    assert str(one.data["ID"]).encode() in one.raw
    for item in constructiononline.items():
        assert constructiononline.item(item.data["ID"]) is not None


def test_what_does_not_exist_is_none(constructiononline: ConstructionOnlineClient) -> None:
    assert constructiononline.change_order(999_999_999) is None
    assert constructiononline.item(999_999_999) is None


@pytest.mark.parametrize("missing", ["message", "resource", "silent", "null", "empty_body"])
def test_one_that_is_missing_is_none_however_that_is_said(
    constructiononline: ConstructionOnlineClient, constructiononline_sandbox: Simulated, missing: str
) -> None:
    constructiononline_sandbox.settings(missing_record=missing)
    assert constructiononline.change_order(999_999_999) is None
    assert constructiononline.item(999_999_999) is None


NO_CONTROLLER = '{"Message": "No HTTP resource was found.", "MessageDetail": "No type matches the controller."}'


@pytest.mark.parametrize(("body", "failure"), [(NO_CONTROLLER, TenantBlocked), ("<html>404</html>", Denied)])
def test_a_404_that_is_not_about_the_record_does_not_make_it_missing(
    constructiononline: ConstructionOnlineClient,
    constructiononline_sandbox: Simulated,
    body: str,
    failure: type[CallFailure],
) -> None:
    constructiononline_sandbox.fault("status", status=404, body=body)
    with pytest.raises(failure):
        constructiononline.change_order(498099)


NO_RECORD = '{"Message": "Not found.", "MessageDetail": "Change order 498099 does not exist."}'


def test_details_of_a_missing_record_are_not_about_the_address(
    constructiononline: ConstructionOnlineClient, constructiononline_sandbox: Simulated
) -> None:
    constructiononline_sandbox.fault("status", status=404, body=NO_RECORD, times=2)
    assert constructiononline.change_order(498099) is None
    with pytest.raises(Denied):
        constructiononline.change_orders(project_id=7)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_record_or_project_is_denied_and_a_refused_account_is_blocked(
    constructiononline: ConstructionOnlineClient, constructiononline_sandbox: Simulated, status: int
) -> None:
    constructiononline_sandbox.fault("status", status=status, times=0)
    for one in (
        lambda: constructiononline.change_order(498099),
        lambda: constructiononline.change_orders(project_id=7),
        lambda: constructiononline.items(change_order_id=498099),
    ):
        with pytest.raises(Denied):
            one()
    with pytest.raises(TenantBlocked):
        constructiononline.change_orders(from_date=date(2026, 3, 1))
    with pytest.raises(TenantBlocked):
        constructiononline.probe_tenant()


@pytest.mark.parametrize("form", ["text", "separated", "fraction"])
def test_a_record_is_known_by_its_id_however_numbers_are_written(
    constructiononline: ConstructionOnlineClient, constructiononline_sandbox: Simulated, form: str
) -> None:
    constructiononline_sandbox.settings(numbers=form)
    one = constructiononline.change_order(498099)
    assert one is not None
    assert record_id(one.data) == "498099"


def test_another_record_than_the_one_asked_for_proves_nothing(
    constructiononline: ConstructionOnlineClient, constructiononline_sandbox: Simulated
) -> None:
    constructiononline_sandbox.fault("status", status=200, body='{"ID": 5}')
    with pytest.raises(Unavailable, match="498099"):
        constructiononline.change_order(498099)


def test_projects_are_read_and_the_probe_is_harmless(
    constructiononline: ConstructionOnlineClient, constructiononline_sandbox: Simulated
) -> None:
    assert constructiononline.projects()
    assert isinstance(constructiononline.deleted_projects(), list)
    constructiononline.probe_tenant()
    assert {one["method"] for one in constructiononline_sandbox.history()} == {"GET"}


@pytest.mark.parametrize(
    ("password", "key"), [("wrong-password", "sandbox-api-key"), ("sandbox-password", "wrong-key")]
)
def test_wrong_credentials_hold_the_tenant(constructiononline_sandbox: Simulated, password: str, key: str) -> None:
    base = f"{constructiononline_sandbox.url}/api"
    with (
        ConstructionOnlineClient(email="relay@acme.example", password=password, api_key=key, base_url=base) as client,
        pytest.raises(TenantBlocked),
    ):
        client.probe_tenant()


@pytest.mark.parametrize("kind", ["drop_before", "half_body", "html", "wrong_json", "reset"])
def test_a_reading_that_fails_is_simply_read_again(
    constructiononline: ConstructionOnlineClient, constructiononline_sandbox: Simulated, kind: str
) -> None:
    constructiononline_sandbox.fault(kind)
    with pytest.raises(Unavailable):
        constructiononline.change_orders()
    assert constructiononline.change_orders()
