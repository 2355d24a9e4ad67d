"""Whatever a remote does with our secrets, nothing that is told, logged or raised holds them."""

from __future__ import annotations

import base64
import html
import json
import logging
import time
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from relay.clients.cinx import CinxClient
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.http.redaction import HIDDEN, Redactor
from relay.clients.procore import ProcoreClient
from relay.domain.failures import CallFailure
from tests.unit.clients.cinx.fake_cinx import API_TOKEN, EMAIL, PASSWORD, FakeCinx, company, frame
from tests.unit.clients.procore.fake_remote import BASE, CLIENT_ID, SECRET, FakeProcore
from tests.unit.clients.remote import FakeRemote, answer

API_KEY = "api-key-9f8e7d"
LOGIN = base64.b64encode(f"{EMAIL}:{PASSWORD}".encode("latin-1")).decode()
ACCESS = "access-token-1"

FORMS: list[Callable[[str], str]] = [
    str, quote, quote_plus, str.upper, lambda secret: quote(secret, safe=""), lambda secret: json.dumps(secret)[1:-1],
    lambda secret: secret.replace("/", "\\/"), lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    html.escape, lambda secret: html.escape(secret, quote=False), lambda secret: quote(quote(secret, safe=""), safe=""),
    lambda secret: json.dumps(json.dumps(secret)[1:-1])[1:-1], lambda secret: html.escape(html.escape(secret)),
    lambda secret: html.escape(quote_plus(secret)), lambda secret: html.escape(json.dumps(secret)[1:-1]),
]  # fmt: skip


def constructiononline_client(remote: FakeRemote) -> ConstructionOnlineClient:
    return ConstructionOnlineClient(
        email=EMAIL, password=PASSWORD, api_key=API_KEY, base_url="https://co.test/api", options=remote.options()
    )


def constructiononline(remote: FakeRemote) -> Callable[[], object]:
    return constructiononline_client(remote).change_orders


def constructiononline_project(remote: FakeRemote) -> Callable[[], object]:
    client = constructiononline_client(remote)
    return lambda: client.change_orders(project_id=7)


def constructiononline_order(remote: FakeRemote) -> Callable[[], object]:
    client = constructiononline_client(remote)
    return lambda: client.change_order(7)


def procore_reading(remote: FakeProcore) -> Callable[[], object]:
    client = remote.client()
    return lambda: client.packages.find(315)


def procore_writing(remote: FakeProcore) -> Callable[[], object]:
    client: ProcoreClient = remote.client()
    return lambda: client.potential_change_orders.sync(315, 44021, [{"origin_id": "x"}])


def procore_token(remote: FakeProcore) -> Callable[[], object]:
    return procore_reading(remote)


def procore_login(remote: FakeProcore) -> Callable[[], object]:
    del remote.routes["POST", "/oauth/token"]
    return procore_reading(remote)


def cinx_reading(remote: FakeCinx) -> Callable[[], object]:
    client: CinxClient = remote.client()
    return client.pocos


def cinx_writing(remote: FakeCinx) -> Callable[[], object]:
    client = remote.client()
    return lambda: client.create_poco({"description": "x"})


def cinx_job(remote: FakeCinx) -> Callable[[], object]:
    client = remote.client(api_token=API_TOKEN)
    return lambda: client.job("J1")


ACTS: list[tuple[Any, Any, list[str]]] = [
    (FakeRemote, constructiononline, [PASSWORD, API_KEY, LOGIN]),
    (FakeProcore, procore_reading, [SECRET, CLIENT_ID, ACCESS]),
    (FakeProcore, procore_writing, [SECRET, CLIENT_ID, ACCESS]),
    (FakeCinx, cinx_reading, [PASSWORD, API_TOKEN, LOGIN]),
    (FakeCinx, cinx_writing, [PASSWORD, API_TOKEN, LOGIN]),
    (FakeCinx, cinx_job, [PASSWORD, API_TOKEN, LOGIN]),
]


FURTHER_ACTS: list[tuple[Any, Any, list[str]]] = [
    (FakeProcore, procore_login, [SECRET, CLIENT_ID]),
    (FakeRemote, constructiononline_project, [PASSWORD, API_KEY, LOGIN]),
    (FakeRemote, constructiononline_order, [PASSWORD, API_KEY, LOGIN]),
]


def echoing(status: int, secret: str, shape: str) -> httpx.Response:
    texts = {
        "json": json.dumps({"errors": {"base": [f"bad {secret} given"]}}, ensure_ascii=False),
        "envelope": json.dumps({"response": {"status_code": status, "message": f"sub/{secret}/pocos"}, "rows": []}),
        "html": f"<html><title>{secret}</title><p>GET /sub/{secret}/pocos Authorization: Bearer {secret}</p></html>",
        "sync": json.dumps({"errors": [{"errors": {"base": [f"bad {secret}"]}}]}, ensure_ascii=False),
        "job": json.dumps({"response": {}, "rows": [{"status_code": 500, "status_message": f"for {secret}"}]}),
        "half": f'{{"access_token": "{secret}',
        "long": "x" * 3995 + secret,
    }
    return answer(texts[shape].encode(), status, {"X-Echo": "1"})


def everything_told(act: Callable[[], object], remote: FakeRemote) -> str:
    records: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(self.format(record))

    root, keep = logging.getLogger(), Keep(level=logging.DEBUG)
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    told: list[Any] = []
    failed: CallFailure | None = None
    try:
        with capture_logs() as logs:
            try:
                found = act()
                told += [] if isinstance(found, list) else [found]  # Records are data, kept byte for byte.
            except CallFailure as failure:
                failed = failure
                told += [str(failure), repr(failure), failure.message, failure.remote_answer, vars(failure)]
                told.append("".join(traceback.format_exception(failure)))
        told += [logs, remote.reports, records]
    finally:
        root.removeHandler(keep)
        root.setLevel(level)
    assert failed is None or failed.__cause__ is None
    return repr(told)


def the_reply(reply: Any, request: httpx.Request) -> httpx.Response:
    found: httpx.Response = reply(request) if callable(reply) else reply
    return found


def shows(text: str, secret: str) -> bool:
    return any(form(secret).lower() in text.lower() for form in FORMS)


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(ACTS), st.integers(0, 2), st.sampled_from(FORMS),
    st.sampled_from([200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503]),
    st.sampled_from(["json", "envelope", "html", "half", "long", "sync", "job"]),
)  # fmt: skip
def test_no_answer_brings_a_secret_into_what_is_told(
    case: tuple[Any, Any, list[str]], which: int, form: Callable[[str], str], status: int, shape: str
) -> None:
    make, build, secrets = case
    remote = make()
    reply = echoing(status, form(secrets[which]), shape)
    known = dict(remote.routes)

    def handle(request: httpx.Request) -> httpx.Response:
        remote.requests.append(request)
        replies = known.get((request.method, request.url.path))
        if replies is None:
            return reply
        return the_reply(replies[0], request)

    remote.handle = handle
    told = everything_told(build(remote), remote)
    for secret in secrets:
        assert not shows(told, secret), (secret, told)


CUT_SHORT = ["message", "sync", "envelope", "html"]


def cut_short(shape: str, status: int, secret: str) -> httpx.Response:
    """A sentence that is cut in the middle of a secret."""
    words = "x" * 487 + " " + secret
    bodies: dict[str, Any] = {
        "message": {"message": words},
        "sync": {"entities": [], "errors": [{"errors": {"base": [{"message": words}]}}]},
        "envelope": {"response": {"status_code": status, "message": words}, "rows": []},
    }
    body = bodies.get(shape) or f"<html>{words}</html>".encode()
    return answer(body, status)


@pytest.mark.parametrize(("make", "build", "secrets"), [*ACTS, *FURTHER_ACTS])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 500])
@pytest.mark.parametrize("shape", CUT_SHORT)
def test_no_half_of_a_secret_is_left_where_a_sentence_is_cut(
    make: Any, build: Any, secrets: list[str], status: int, shape: str
) -> None:
    for secret in secrets:
        remote, reply = make(), cut_short(shape, status, secret)

        def handle(
            request: httpx.Request, reply: httpx.Response = reply, remote: FakeRemote = remote
        ) -> httpx.Response:
            remote.requests.append(request)
            replies = remote.routes.get((request.method, request.url.path))
            return reply if replies is None else the_reply(replies[0], request)

        remote.handle = handle
        told = everything_told(build(remote), remote)
        assert not shows(told, secret[:9]), (secret, told)


@pytest.mark.parametrize(("make", "build", "secrets"), ACTS)
@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.InvalidURL, RuntimeError],
)
def test_no_broken_exchange_brings_a_secret_into_what_is_told(
    make: Any, build: Any, secrets: list[str], error: type[Exception]
) -> None:
    remote = make()
    known = dict(remote.routes)

    def handle(request: httpx.Request) -> httpx.Response:
        replies = known.get((request.method, request.url.path))
        if replies is not None:
            return the_reply(replies[0], request)
        raise error(f"{request.method} {request.url} {dict(request.headers)} {request.content!r}")

    remote.handle = handle
    told = everything_told(build(remote), remote)
    for secret in secrets:
        assert not shows(told, secret), (secret, told)


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("shape", ["json", "html", "half", "long"])
@pytest.mark.parametrize("secret", [SECRET, CLIENT_ID])
def test_the_login_services_answer_brings_no_secret_into_what_is_told(status: int, shape: str, secret: str) -> None:
    remote = FakeProcore()
    remote.on("POST", "/oauth/token", echoing(status, secret, shape))
    assert not shows(everything_told(procore_reading(remote), remote), secret)


def test_a_token_in_an_answer_that_breaks_off_is_hidden_though_nobody_knows_it() -> None:
    remote = FakeCinx()
    remote.on("GET", "/2.0/subs", answer(b'{"rows": [{"cinx_api_token": "' + API_TOKEN.encode() + b'", "org"'))
    assert not shows(everything_told(cinx_reading(remote), remote), API_TOKEN)


@pytest.mark.parametrize("secret", [API_TOKEN, PASSWORD, LOGIN])
def test_what_cinx_calls_a_company_brings_no_secret_into_what_is_told(secret: str) -> None:
    remote = FakeCinx()
    remote.on("GET", "/2.0/subs", frame([company(name=f"Acme {secret}", code=402, reason=f"{secret} has expired")]))
    told = everything_told(cinx_reading(remote), remote)
    assert "has expired" in told
    assert not shows(told, secret)


def test_the_token_in_a_good_answer_does_not_stay_in_its_native_bytes() -> None:
    remote = FakeCinx()
    row = {"cinx_guid": "g", "links": [{"type": "t", "value": f"https://cinx.test/sub/{API_TOKEN.upper()}/poco/g"}]}
    remote.on("GET", f"/2.0/sub/{API_TOKEN}/pocos", frame([row]))
    (found,) = remote.client().pocos().rows
    assert not shows(repr(found), API_TOKEN)
    assert HIDDEN in found.native.raw.decode()


def test_what_subs_tells_does_not_show_the_token() -> None:
    remote = FakeCinx()
    remote.on("GET", "/2.0/subs", frame([company()]))
    assert not shows(repr(remote.client().probe_tenant()), API_TOKEN)


@given(st.text(min_size=4, max_size=40), st.sampled_from(FORMS), st.text(max_size=20), st.text(max_size=20))
def test_a_known_secret_is_hidden_in_every_form_that_the_wire_gives_it(
    secret: str, form: Callable[[str], str], before: str, after: str
) -> None:
    redactor = Redactor()
    redactor.know(secret)
    if form is str.upper and secret.upper().lower() != secret.lower():
        return  # Letters whose capital is another word, such as ß, are no form that a remote gives a secret.
    hidden = redactor.clean(f"{before} {form(secret)} {after}")
    assert form(secret) not in hidden.replace(HIDDEN, "") or form(secret) in f"{before}  {after}"


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_of_marks_is_hidden_in_every_form(form: Callable[[str], str]) -> None:
    """The marks that each form writes in another way; a search seldom draws them."""
    redactor, secret = Redactor(), """p&ss <w"o'r>d/\\+%"""
    redactor.know(secret)
    assert redactor.clean(f"said: {form(secret)}.") == f"said: {HIDDEN}."


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("grant_type=x&password=hunter22&user=a", "grant_type=x&password=[secret]&user=a"),
        ("cinx_api_token=tok-12345", "cinx_api_token=[secret]"),
        ("X-API-KEY: abcdef123 sent", "X-API-KEY: [secret] sent"),
        ("APIKey: 9f8e7d6c", "APIKey: [secret]"),
        ("Authorization: Negotiate abcdefgh", "Authorization: Negotiate [secret]"),
        ("Cookie: session=abcdef", "Cookie: [secret]"),
        ('"client_secret" : "abcd efgh"', '"client_secret" : "[secret]"'),
        (r"{\"password\":\"abcd efgh\"}", r"{\"password\":\"[secret]\"}"),
        ("{'access_token': 'abcdefg'}", "{'access_token': '[secret]'}"),
        ("at https://user:pass@host/x", "at https://user:[secret]@host/x"),
        ("Bearer abcdefgh", "Bearer [secret]"),
        ("The API key: check it. token: expired", "The API key: check it. token: expired"),
        ("https://host:8443/x and a@b", "https://host:8443/x and a@b"),
    ],
)
def test_a_credential_that_was_not_told_is_hidden_by_what_stands_before_it(text: str, hidden: str) -> None:
    assert Redactor().clean(text) == hidden


@pytest.mark.parametrize(
    "unit", ["Bearer ", "://", "://a:", '"', '"_token"', "password=", "cookie: ", "a.", "sub/", "\\"]
)
def test_no_text_is_slow_to_clean(unit: str) -> None:
    redactor = Redactor()
    redactor.know(*(f"secret-{number}-&<" for number in range(64)))
    started = time.process_time()
    redactor.clean(unit * (65_536 // len(unit)))
    assert time.process_time() - started < 3  # A tenth of a second for what is quoted at most.


def test_a_secret_at_the_end_of_a_long_sentence_is_not_cut_in_two() -> None:
    remote = FakeProcore()
    client = remote.client()
    remote.on("GET", f"{BASE}/me", answer({"errors": "x" * 480 + " " + SECRET + "y"}, 500))
    with pytest.raises(CallFailure) as caught:
        client.probe_tenant()
    assert SECRET[:8] not in caught.value.message
