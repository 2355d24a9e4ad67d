from __future__ import annotations

import pytest

from deploy.sandbox.process import Simulated
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.domain.failures import TenantBlocked, Unavailable


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
