from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from relay.clients.http.terms import CallTerms
from relay.clients.http.transport import OWN_CONNECTION
from relay.clients.procore import ProcoreClient, Refusal
from relay.domain.commands import ContractKind
from relay.domain.failures import (
    Ambiguous,
    CallFailure,
    Denied,
    Rejected,
    TenantBlocked,
    Throttled,
    Unavailable,
)
from tests.unit.clients.procore.fake_remote import BASE, FakeProcore
from tests.unit.clients.remote import CountingGovernor, answer

SYNC = f"{BASE}/potential_change_orders/sync"
ELEMENTS = [{"origin_id": "cor:a:b:1:main", "title": "x"}]


def write(client: ProcoreClient) -> None:
    client.potential_change_orders.sync(315, 44021, ELEMENTS)


def read(client: ProcoreClient) -> None:
    client.potential_change_orders.find(315)


CASES: list[tuple[int, Any, type[CallFailure], type[CallFailure]]] = [
    (400, {"errors": {"title": ["can't be blank"]}}, Rejected, Rejected),
    (405, "", Rejected, Rejected),
    (406, "", Rejected, Rejected),
    (413, "", Rejected, Rejected),
    (422, {"errors": {"status": ["is locked"]}}, Rejected, Rejected),
    (302, "", TenantBlocked, TenantBlocked),
    (401, {"errors": "Unauthorized"}, Denied, Denied),
    (403, {"errors": "You have no permission"}, Denied, Denied),
    (404, {"errors": "Not found"}, Denied, Denied),
    (403, {"errors": ["App is not connected to this company."]}, TenantBlocked, TenantBlocked),
    (403, {"message": "app is NOT connected to this company"}, TenantBlocked, TenantBlocked),
    (408, "", Ambiguous, Unavailable),
    (409, {"errors": {"base": ["conflict"]}}, Ambiguous, Unavailable),
    (500, "<html><h1>Oops</h1></html>", Ambiguous, Unavailable),
    (502, "", Ambiguous, Unavailable),
    (503, "", Ambiguous, Unavailable),
    (504, "", Ambiguous, Unavailable),
    (429, "limit reached", Throttled, Throttled),
]


@pytest.mark.parametrize(("status", "body", "writing", "reading"), CASES)
def test_each_status_means_what_may_be_done_about_it(
    status: int, body: Any, writing: type[CallFailure], reading: type[CallFailure]
) -> None:
    procore = FakeProcore()
    content = body.encode() if isinstance(body, str) else body
    procore.on("PATCH", SYNC, answer(content, status))
    procore.on("GET", f"{BASE}/potential_change_orders", answer(content, status))
    for act, expected in ((write, writing), (read, reading)):
        with pytest.raises(expected) as caught:
            act(procore.client())
        assert type(caught.value) is expected
        assert caught.value.status == status


def test_an_answer_to_wait_says_nothing_of_what_must_not_be_made_twice() -> None:
    """Something between may say 503 after Procore has taken it; a sync is harmless to repeat, a 429 Procore's own."""
    procore = FakeProcore()
    asked_to_wait = {"Retry-After": "7"}
    procore.on("POST", f"{BASE}/change_order_packages", answer("", 503, asked_to_wait), answer("", 429, asked_to_wait))
    procore.on("PATCH", SYNC, answer("", 503, asked_to_wait))
    procore.on("GET", f"{BASE}/potential_change_orders", answer("", 503, asked_to_wait))
    governor = CountingGovernor()
    client = procore.client(governor)
    with pytest.raises(Ambiguous):
        client.packages.create(315, 44021, {"title": "x"})
    assert governor.refusals == 1, "it is waited all the same"
    for act in (lambda c: c.packages.create(315, 44021, {"title": "x"}), write, read):
        with pytest.raises(Throttled):
            act(client)


EXCEPTIONS: list[tuple[Exception, type[CallFailure], type[CallFailure]]] = [
    (httpx.ConnectError("refused"), Unavailable, Unavailable),
    (httpx.ConnectTimeout("slow"), Unavailable, Unavailable),
    (httpx.PoolTimeout("full"), Unavailable, Unavailable),
    (httpx.ReadTimeout("slow"), Ambiguous, Unavailable),
    (httpx.WriteTimeout("slow"), Ambiguous, Unavailable),
    (httpx.ReadError("reset"), Ambiguous, Unavailable),
    (httpx.WriteError("reset"), Ambiguous, Unavailable),
    (httpx.RemoteProtocolError("cut"), Ambiguous, Unavailable),
    (httpx.DecodingError("damaged"), Ambiguous, Unavailable),
    (RuntimeError("a transport's own"), Ambiguous, Unavailable),
]


@pytest.mark.parametrize(("error", "writing", "reading"), EXCEPTIONS)
def test_each_broken_exchange_means_what_may_be_done_about_it(
    error: Exception, writing: type[CallFailure], reading: type[CallFailure]
) -> None:
    procore = FakeProcore()
    procore.on("PATCH", SYNC, error)
    procore.on("GET", f"{BASE}/potential_change_orders", error)
    for act, expected in ((write, writing), (read, reading)):
        with pytest.raises(expected):
            act(procore.client())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"entities": [',
        b"[]",
        b"{}",
        b'{"entities": 3}',
        b'{"entities": [3]}',
        b'{"errors": {}}',
        b'{"entities": [{"origin_id": "cor:a:b:1:main"}]}',
        b"\xff",
    ],
)
def test_a_sync_answer_that_cannot_be_read_is_ambiguous(body: bytes) -> None:
    procore = FakeProcore()
    procore.on("PATCH", SYNC, answer(body))
    with pytest.raises(Ambiguous):
        write(procore.client())


@pytest.mark.parametrize("body", [b"", b"{}", b'{"id": null}', b'{"id": "x"}', b'[{"id": 1}, {"id": 2}]', b"3"])
def test_a_created_package_that_cannot_be_read_is_ambiguous(body: bytes) -> None:
    procore = FakeProcore()
    procore.on("POST", f"{BASE}/change_order_packages", answer(body, 201))
    with pytest.raises(Ambiguous):
        procore.client().packages.create(315, 44021, {"title": "x"})


def test_the_sentence_of_a_refusal_is_procores_own() -> None:
    procore = FakeProcore()
    procore.on("PATCH", SYNC, answer({"errors": {"status": ["is not included in the list"], "base": ["no"]}}, 422))
    with pytest.raises(Rejected, match="status is not included in the list; no") as caught:
        write(procore.client())
    assert caught.value.reason == "procore.rejected"
    assert "is not included" in caught.value.remote_answer


@pytest.mark.parametrize("status", [401, 403, 404])
def test_who_is_refused_even_at_the_probe_is_blocked(status: int) -> None:
    procore = FakeProcore()
    procore.on("GET", f"{BASE}/me", answer({"errors": "no"}, status))
    with pytest.raises(TenantBlocked, match="service account"):
        procore.client().probe_tenant()


def test_a_project_that_is_not_permitted_is_denied_at_its_probe() -> None:
    with pytest.raises(Denied):
        FakeProcore().client().probe_project(315)


def test_every_slot_is_used_or_given_back() -> None:
    procore = FakeProcore()
    governor = CountingGovernor()
    client = procore.client(governor)
    procore.on("PATCH", SYNC, answer("", 401), answer({"entities": [], "errors": []}))
    governor.acquire(0)
    client.potential_change_orders.sync(315, 44021, ELEMENTS, terms=CallTerms(admitted=True))
    assert (governor.taken, governor.begun, governor.ended) == (2, 2, 2)


def test_a_spent_budget_stops_repeating_a_refused_write_with_nothing_in_doubt() -> None:
    procore = FakeProcore()
    governor = CountingGovernor()
    governor.acquire(0)
    governor.closed_for = 12.0
    procore.on("PATCH", SYNC, answer("", 401))
    with pytest.raises(Throttled) as caught:
        procore.client(governor).potential_change_orders.sync(1, 2, ELEMENTS, terms=CallTerms(admitted=True))
    assert caught.value.wait_seconds == 12.0


def test_nothing_leaves_after_the_send_window() -> None:
    procore = FakeProcore()
    client = procore.client()
    client.potential_change_orders._session._tokens.current()
    with pytest.raises(Unavailable, match="send window"):
        client.potential_change_orders.sync(1, 2, ELEMENTS, terms=CallTerms(not_after=procore.clock.now - 1))
    assert procore.sent(SYNC) == []


WRITES: list[tuple[str, str, Callable[[ProcoreClient], object]]] = [
    ("PATCH", SYNC, lambda c: c.potential_change_orders.sync(1, 2, ELEMENTS, idempotency_key="k-1")),
    (
        "PATCH",
        f"{BASE}/potential_change_orders/9/line_items/sync",
        lambda c: c.line_items.sync(1, 9, ELEMENTS, idempotency_key="k-1"),
    ),
    (
        "DELETE",
        f"{BASE}/potential_change_orders/9/line_items/5",
        lambda c: c.line_items.delete(1, 9, 5, idempotency_key="k-1"),
    ),
    ("POST", f"{BASE}/change_order_packages", lambda c: c.packages.create(1, 2, {"title": "x"}, idempotency_key="k-1")),
    ("PATCH", f"{BASE}/change_order_packages/7", lambda c: c.packages.update(1, 7, {}, idempotency_key="k-1")),
    ("POST", f"{BASE}/change_order_requests", lambda c: c.requests.create(1, 2, {}, idempotency_key="k-1")),
    ("PATCH", f"{BASE}/change_order_requests/sync", lambda c: c.requests.sync(1, 2, ELEMENTS, idempotency_key="k-1")),
]


@pytest.mark.parametrize(("method", "path", "act"), WRITES)
def test_every_write_carries_its_idempotency_token_and_is_in_doubt_without_answer(
    method: str, path: str, act: Callable[[ProcoreClient], object]
) -> None:
    procore = FakeProcore()
    procore.on(method, path, httpx.ReadTimeout("slow"))
    with pytest.raises(Ambiguous):
        act(procore.client())
    (sent,) = procore.sent(path)
    assert sent.headers["idempotency-token"] == "k-1"
    assert method == "DELETE" or sent.headers["content-type"] == "application/json"
    assert sent.extensions[OWN_CONNECTION] is (method == "POST"), "what may not be repeated meets no closing connection"


def test_the_body_says_what_the_documentation_says() -> None:
    procore = FakeProcore()
    procore.on("PATCH", SYNC, answer({"entities": [], "errors": []}))
    procore.on("POST", f"{BASE}/change_order_packages", answer({"id": 1}, 201))
    client = procore.client()
    element = {"origin_id": "ü", "grand_total": Decimal("5400.10"), "schedule_impact_amount": 2}
    client.potential_change_orders.sync(315, 44021, [element])
    client.packages.create(315, 44021, {"title": "x", "due_date": None})
    (sent,) = procore.sent(SYNC)
    assert dict(sent.url.params) == {"project_id": "315", "contract_id": "44021"}
    assert sent.content == (
        '{"updates":[{"origin_id":"ü","grand_total":"5400.10","schedule_impact_amount":2}]}'.encode()
    )
    (made,) = procore.sent(f"{BASE}/change_order_packages")
    assert made.content == b'{"project_id":315,"contract_id":44021,"change_order":{"title":"x","due_date":null}}'


def test_filters_are_written_as_documented() -> None:
    procore = FakeProcore()
    path = f"{BASE}/potential_change_orders"
    procore.on("GET", path, answer([]))
    window = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, 1, 2, 3, 999, tzinfo=UTC))
    procore.client().potential_change_orders.find(
        315, contract_id=44021, origin_id="cor:a", ids=[1, 2], updated=window, include_deleted=True
    )
    (sent,) = procore.sent(path)
    assert sent.url.params.multi_items() == [
        ("project_id", "315"),
        ("filters[contract_id]", "44021"),
        ("filters[origin_id]", "cor:a"),
        ("filters[id][]", "1"),
        ("filters[id][]", "2"),
        ("filters[updated_at]", "2026-03-01T00:00:00Z...2026-03-02T01:02:03Z"),
        ("filters[include_deleted]", "with"),
        ("page", "1"),
        ("per_page", "100"),
    ]


@pytest.mark.parametrize("kind", list(ContractKind))
def test_contracts_are_found_by_kind_and_external_id(kind: ContractKind) -> None:
    procore = FakeProcore()
    path = f"{BASE}/{kind.value}_contracts"
    rows = [{"id": 1, "origin_id": "ERP-1", "status": "Out For Bid"}, {"id": 2, "origin_id": "ERP-2"}]
    procore.on("GET", path, answer(rows, headers={"Total": "2"}))
    procore.on("GET", f"{path}/1", answer({"id": 1, "status": "Out For Bid"}))
    client = procore.client()
    assert [one.id for one in client.contracts.find(315, kind, origin_id="ERP-1")] == [1]
    filtered = "filters[origin_id]" in procore.sent(path)[0].url.params
    assert filtered is (kind is not ContractKind.PRIME)
    found = client.contracts.show(315, kind, 1)
    assert found is not None
    assert found.status == "Out For Bid"
    procore.on("GET", path, answer([], headers={"Total": "0"}))
    assert client.contracts.show(315, kind, 3) is None
    procore.on("GET", path, answer(b"", 404))
    with pytest.raises(Denied):
        client.contracts.show(315, kind, 3)


def test_a_prime_contract_is_also_found_as_the_first_of_its_project() -> None:
    procore = FakeProcore()
    procore.on("GET", f"{BASE}/prime_contracts", answer(b"", 404))
    procore.on("GET", f"{BASE}/prime_contract", answer({"id": "44023", "number": "1"}))
    contracts = procore.client().contracts
    found = contracts.show(315, ContractKind.PRIME, 44023)
    assert found is not None
    assert found.number == "1"
    with pytest.raises(Denied):
        contracts.show(315, ContractKind.PRIME, 44024)


@pytest.mark.parametrize("kind", [ContractKind.WORK_ORDER, ContractKind.PURCHASE_ORDER])
def test_a_commitment_that_no_list_shows_is_found_by_its_page(kind: ContractKind) -> None:
    procore = FakeProcore()
    procore.on("GET", f"{BASE}/{kind.value}_contracts", answer([]))
    procore.on("GET", f"{BASE}/{kind.value}_contracts/7", answer({"id": 7, "status": "Draft"}))
    found = procore.client().contracts.show(315, kind, 7)
    assert found is not None
    assert found.status == "Draft"


def test_who_may_list_a_projects_change_orders_is_permitted_in_it() -> None:
    procore = FakeProcore()
    procore.on("GET", f"{BASE}/projects/315", answer(b"", 404))
    procore.on("GET", f"{BASE}/potential_change_orders", answer([]))
    procore.client().probe_project(315)
    procore.on("GET", f"{BASE}/potential_change_orders", answer(b"", 404))
    with pytest.raises(Denied, match="show_project"):
        procore.client().probe_project(315)


@pytest.mark.parametrize("body", [{"login": "svc"}, {"id": "9"}, {}, []])
def test_whoever_is_answered_is_not_blocked(body: Any) -> None:
    procore = FakeProcore()
    procore.on("GET", f"{BASE}/me", answer(body))
    procore.client().probe_tenant()


@pytest.mark.parametrize(
    ("errors", "taken"),
    [
        ({"number": ["has already been taken"]}, {"number"}),
        ({"number": ["must be unique"]}, {"number"}),
        ({"origin_id": ["is already in use"]}, {"origin_id"}),
        ({"base": ["Number has already been taken"]}, {"number"}),
        ({"base": ["Origin ID already exists in this company"]}, {"origin_id"}),
        ({"base": ["Duplicate entry"]}, {"base"}),
        ({"number": ["is too long"], "title": ["can't be blank"]}, set()),
    ],
)
def test_a_value_that_another_record_has_is_recognised(errors: dict[str, list[str]], taken: set[str]) -> None:
    assert Refusal({field: tuple(said) for field, said in errors.items()}).says_taken == taken


def test_a_sync_that_types_its_errors_as_one_entry_is_read() -> None:
    procore = FakeProcore()
    body = {"entities": [], "errors": {"origin_id": "cor:a:b:1:main", "errors": {"title": ["can't be blank"]}}}
    procore.on("PATCH", SYNC, answer(body))
    found = procore.client().potential_change_orders.sync(315, 44021, ELEMENTS)
    assert found.refused["cor:a:b:1:main"].sentence == "title can't be blank"


def test_a_hidden_order_is_found_by_its_package() -> None:
    procore = FakeProcore()
    path = f"{BASE}/projects/315/commitment_change_orders"
    procore.on("GET", path, answer([{"id": 880, "legacy_package_id": 51007, "batch_id": "51007"}]))
    (found,) = procore.client().contract_change_orders.find(315, ContractKind.WORK_ORDER, legacy_package_id=51007)
    assert (found.id, found.legacy_package_id, found.batch_id) == (880, 51007, 51007)
    (sent,) = procore.sent(path)
    assert dict(sent.url.params) == {"filters[legacy_package_id]": "51007"}
