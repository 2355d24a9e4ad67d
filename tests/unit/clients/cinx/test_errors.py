from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from relay.clients.cinx import CinxClient, ImportAnswer
from relay.clients.http.terms import CallTerms
from relay.domain.failures import (
    Ambiguous,
    CallFailure,
    Denied,
    Rejected,
    TenantBlocked,
    Throttled,
    Unavailable,
)
from tests.hostile_answers import LONG_TEXT
from tests.unit.clients.cinx.fake_cinx import API_TOKEN, EMAIL, GUID, IMPORT, PASSWORD, SUB, FakeCinx, company, frame
from tests.unit.clients.remote import CountingGovernor, answer

CODES: list[tuple[int, type[CallFailure], type[CallFailure]]] = [
    (400, Rejected, Rejected),
    (401, TenantBlocked, TenantBlocked),
    (403, Denied, Denied),
    (404, Denied, Denied),
    (406, Rejected, Rejected),
    (422, Rejected, Rejected),
    (429, Throttled, Throttled),
    (500, Ambiguous, Unavailable),
    (503, Ambiguous, Unavailable),
]


def layers(code: int) -> list[httpx.Response]:
    """The same refusal in each of the places where CINX may put it."""
    return [
        frame([], code, "refused", http=code),
        frame([], code, "refused"),
        frame([], str(code), "refused"),
        frame([{"status_code": code, "status_message": "refused"}]),
        frame([{"status_code": str(code), "status_message": "refused"}]),
    ]


def test_an_answer_to_wait_says_nothing_of_an_import() -> None:
    cinx = FakeCinx()
    busy = answer("busy", 503, {"Retry-After": "2"})
    cinx.on("POST", IMPORT, busy)
    cinx.on("PUT", IMPORT, busy)
    cinx.on("GET", f"{SUB}/pocos", busy)
    governor = CountingGovernor()
    client = cinx.client(governor)
    for act in (client.create_poco, client.modify_poco):
        with pytest.raises(Ambiguous):
            act({})
    assert governor.refusals == 2, "it is waited all the same"
    with pytest.raises(Throttled):
        client.pocos()


@pytest.mark.parametrize(("code", "writing", "reading"), CODES)
@pytest.mark.parametrize("place", range(5))
def test_a_refusal_means_the_same_in_every_layer(
    code: int, place: int, writing: type[CallFailure], reading: type[CallFailure]
) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", layers(code)[place])
    cinx.on("POST", IMPORT, layers(code)[place])
    client = cinx.client()
    with pytest.raises(reading, match="refused"):
        client.pocos()
    with pytest.raises(writing, match="refused"):
        client.create_poco({})


@pytest.mark.parametrize("body", [b"", b"<html>down</html>", b"[]", b'{"rows": []}', b'{"response": 3, "rows": []}',
                                  b'{"response": {}, "rows": [1]}', b'{"response": {}, "rows": {}}'])  # fmt: skip
def test_a_listing_that_is_no_envelope_is_read_again_later(body: bytes) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", answer(body))
    with pytest.raises(Unavailable):
        cinx.client().pocos()


def test_an_empty_response_object_beside_good_rows_is_good() -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", answer({"response": {}, "rows": [{"cinx_guid": GUID}]}))
    assert [row.guid for row in cinx.client().pocos().rows] == [GUID]


def test_the_older_envelope_with_its_time_outside_is_read() -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", frame([{"cinx_guid": GUID}], start_time=1.5))
    assert len(cinx.client().pocos().rows) == 1


def test_every_call_carries_the_login_and_the_found_token() -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", frame([]))
    client = cinx.client()
    client.pocos()
    client.pocos()
    login = base64.b64encode(f"{EMAIL}:{PASSWORD}".encode("latin-1")).decode()
    assert {request.headers["authorization"] for request in cinx.requests} == {f"Basic {login}"}
    assert [request.url.path for request in cinx.requests] == ["/2.0/subs", f"{SUB}/pocos", f"{SUB}/pocos"]


def test_a_configured_token_needs_no_look_up() -> None:
    cinx = FakeCinx()
    cinx.on("GET", "/2.0/sub/other-token/pocos", frame([]))
    cinx.client(api_token="other-token").pocos()
    assert len(cinx.requests) == 1


@pytest.mark.parametrize(
    ("rows", "configured", "words"),
    [
        ([], None, "enabled for API access"),
        ([company(None)], None, "enabled for API access"),
        ([company(), company("other-token", name="Beta")], None, "Acme, Beta"),
        ([company(code=401, reason="Subscription expired on [2017-11-22]")], None, r"expired on \[2017-11-22\]"),
        ([company(code="401", reason="Subscription expired")], None, "Subscription expired"),
        ([company()], "unknown-token", "belongs to no company"),
        ([company(code=401), company("other-token")], API_TOKEN.upper(), "not valid"),
    ],
)
def test_what_subs_says_decides_whether_the_tenant_may_work(
    rows: list[dict[str, Any]], configured: str | None, words: str
) -> None:
    cinx = FakeCinx()
    cinx.on("GET", "/2.0/subs", frame(rows))
    with pytest.raises(TenantBlocked, match=words):
        cinx.client(api_token=configured).probe_tenant()


def test_the_configured_companys_row_counts_alone() -> None:
    cinx = FakeCinx()
    cinx.on("GET", "/2.0/subs", frame([company("other-token", code=401), company(name="Ours")]))
    assert cinx.client(api_token=API_TOKEN).probe_tenant().org_name == "Ours"


def test_a_slot_is_given_back_where_the_token_cannot_be_found() -> None:
    cinx, governor = FakeCinx(), CountingGovernor()
    cinx.on("GET", "/2.0/subs", frame([]))
    governor.acquire(0)
    with pytest.raises(TenantBlocked):
        cinx.client(governor).create_poco({}, terms=CallTerms(admitted=True))
    assert governor.taken == governor.begun + governor.given_back


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_look_blocks_the_account(status: int) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", answer("", status, {"Location": "/login"}))
    with pytest.raises(TenantBlocked, match=r"redirects elsewhere.*base_url"):
        cinx.client().pocos()


@pytest.mark.parametrize(
    ("status", "failure"), [(301, TenantBlocked), (302, Ambiguous), (303, Ambiguous), (307, TenantBlocked)]
)
def test_an_import_that_is_said_to_be_found_elsewhere_may_have_been_taken(
    status: int, failure: type[CallFailure]
) -> None:
    cinx = FakeCinx()
    cinx.on("POST", IMPORT, answer("", status, {"Location": "/jobs/1"}))
    with pytest.raises(failure):
        cinx.client().create_poco({})


ABSENT = [
    frame([], 500, "Failed to find a PO Change Order with the given id of [x]"),
    frame([], 500, "Failed to find a PO Change Order with the given id of [x]", http=500),
    frame([], 404, "No such document"),
    frame([]),
]


@pytest.mark.parametrize("reply", ABSENT)
@pytest.mark.parametrize(
    ("path", "read"),
    [
        (f"{SUB}/poco/{GUID}", lambda c: c.poco(GUID)),
        (f"{SUB}/po/{GUID}", lambda c: c.purchase_order(GUID)),
    ],
)
def test_a_record_that_is_gone_is_none(reply: httpx.Response, path: str, read: Callable[[CinxClient], object]) -> None:
    cinx = FakeCinx()
    cinx.on("GET", path, reply)
    assert read(cinx.client()) is None


TROUBLE = [
    frame([], 500, "Internal Server Error"),
    frame([], 500, "Unknown error"),
    frame([], 500, "The service could not be found"),
    frame([], 401, "User not found"),
    frame([], 403, "There exists no right to this document"),
    frame([], 429, "Too many requests were found"),
    frame([], 503, "No server found"),
    answer("down", 502),
    answer("", 500),
    answer("x", 404),
]


@pytest.mark.parametrize("reply", TROUBLE)
def test_trouble_is_not_taken_for_absence(reply: httpx.Response) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/poco/{GUID}", reply)
    with pytest.raises((Unavailable, Denied, TenantBlocked, Throttled)):
        cinx.client().poco(GUID)


IMMEDIATE: list[tuple[Any, ImportAnswer]] = [
    ({"job_id": "J1"}, ImportAnswer(job_id="J1")),
    ({"response": {"status_code": 200, "job_id": "J1"}, "rows": []}, ImportAnswer(job_id="J1")),
    ({"response": {"status_code": 200}, "rows": [{"job_id": "J1"}]}, ImportAnswer(job_id="J1")),
    ({"response": {"status_code": 202}, "rows": [{"job_id": "J1", "status_code": 202}]}, ImportAnswer(job_id="J1")),
    ({"response": {"status_code": 200}, "rows": [{"job_id": "J1", "status_code": 0}]}, ImportAnswer(job_id="J1")),
    ({"response": {"status_code": 200}, "rows": [{"job_id": "J1", "status_code": "102"}]}, ImportAnswer(job_id="J1")),
    ({"response": {}, "rows": [{"cinx_id": {"type": "PIG-UPLOAD", "domain": "pig", "id": "J1"}}]},
     ImportAnswer(job_id="J1")),
    ({"response": {}, "rows": [{"cinx_id": {"domain": "pig", "id": "J1"}}]}, ImportAnswer(job_id="J1")),
    ({"response": {}, "rows": [{"cinx_id": {"type": "BOM-PO-MEMO", "domain": "org", "id": GUID.upper()}}]},
     ImportAnswer(guid=GUID, kind="BOM-PO-MEMO")),
    ({"response": {}, "rows": [{"cinx_guid": GUID}]}, ImportAnswer(guid=GUID)),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), IMMEDIATE)
def test_the_job_is_found_wherever_the_immediate_answer_names_it(body: Any, expected: ImportAnswer) -> None:
    cinx = FakeCinx()
    cinx.on("POST", IMPORT, answer(body))
    assert cinx.client().create_poco({"description": "x"}) == expected


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b"[]", b'{"response": {}, "rows": []}', b'{"job_id": ""}', b'{"job']
)
def test_an_accepted_import_that_names_no_job_is_in_doubt(body: bytes) -> None:
    cinx = FakeCinx()
    cinx.on("POST", IMPORT, answer(body))
    with pytest.raises(Ambiguous):
        cinx.client().create_poco({})


@pytest.mark.parametrize("error", [httpx.ReadTimeout("x"), httpx.ReadError("x"), httpx.RemoteProtocolError("x")])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_import_whose_answer_is_lost_is_in_doubt_and_never_repeated(error: Exception, method: str) -> None:
    cinx = FakeCinx()
    cinx.on(method, IMPORT, error)
    client = cinx.client()
    with pytest.raises(Ambiguous):
        (client.create_poco if method == "POST" else client.modify_poco)({})
    assert len(cinx.sent(IMPORT)) == 1


@pytest.mark.parametrize(
    ("settings", "query"),
    [
        ({}, {"body": "json"}),
        ({"synchronous": True}, {"body": "json", "synchronous": "1"}),
        ({"synchronous": True, "auto_submit": True}, {"body": "json", "synchronous": "1", "auto_submit": "1"}),
    ],
)
def test_the_import_is_addressed_as_documented(settings: dict[str, Any], query: dict[str, str]) -> None:
    cinx = FakeCinx()
    cinx.on("PUT", IMPORT, answer({"job_id": "J1"}))
    cinx.client(**settings).modify_poco({"cinx_guid": GUID, "locked": False, "quantity": 0, "note": None})
    (request,) = cinx.sent(IMPORT)
    assert dict(request.url.params) == query
    assert request.content == f'{{"cinx_guid":"{GUID}","locked":false,"quantity":0,"note":null}}'.encode()


@pytest.mark.parametrize("status", [404, 405, 410])
def test_an_import_that_is_gone_holds_the_tenant(status: int) -> None:
    cinx = FakeCinx()
    cinx.on("POST", IMPORT, answer("<html>no</html>", status))
    with pytest.raises(TenantBlocked, match="not available"):
        cinx.client().create_poco({})


@pytest.mark.parametrize(
    "reply",
    [
        answer("<html>no</html>", 404),
        answer("", 403),
        frame([], 404, "No such call"),
        frame([], 404, "No such call", http=404),
        frame([], 500, "Internal Server Error", http=500),
        frame([]),
        frame([{"doc_info": {}}]),
        frame([{"template": []}]),
    ],
)
def test_without_a_template_pocos_cannot_be_imported_here(reply: httpx.Response) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/template/poco", reply)
    with pytest.raises(TenantBlocked, match="not available"):
        cinx.client().poco_template()


@pytest.mark.parametrize("reply", [answer("x", 502), httpx.ReadTimeout("x"), answer("x", 429), answer(b"<html>")])
def test_a_server_in_trouble_says_nothing_about_the_template(reply: httpx.Response | Exception) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/template/poco", reply)
    with pytest.raises((Unavailable, Throttled)):
        cinx.client().poco_template()


def test_words_of_any_length_are_short_in_a_failure() -> None:
    """It goes on into holds, which have to fit their topics."""
    cinx = FakeCinx()
    for said in layers_saying(LONG_TEXT, 401):
        cinx.on("GET", f"{SUB}/pocos", said)
        with pytest.raises(TenantBlocked, match="the login is refused") as blocked:
            cinx.client().pocos()
        assert len(blocked.value.message) < 10_000
    cinx.on("GET", "/2.0/subs", frame([company(name=LONG_TEXT, code=402, reason=LONG_TEXT)]))
    with pytest.raises(TenantBlocked) as blocked:
        cinx.client().probe_tenant()
    assert len(blocked.value.message) < 10_000


def layers_saying(words: str, code: int) -> list[httpx.Response]:
    return [frame([], code, words), frame([{"status_code": code, "status_message": words}])]


@pytest.mark.parametrize(
    "named",
    [
        {"job_id": LONG_TEXT},
        {"rows": [{"job_id": LONG_TEXT}]},
        {"cinx_id": {"id": LONG_TEXT, "type": "PIG-UPLOAD"}},
        {"rows": [{"cinx_guid": LONG_TEXT}]},
    ],
    ids=["job", "row's job", "upload", "guid"],
)
def test_an_id_that_no_intent_holds_leaves_an_import_in_doubt(named: dict[str, Any]) -> None:
    cinx = FakeCinx()
    cinx.on("POST", IMPORT, answer(named))
    with pytest.raises(Ambiguous, match="names neither a job nor a document"):
        cinx.client().create_poco({})
