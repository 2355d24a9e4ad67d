"""Whatever a remote answers, a call ends in a value or in a failure class, in bounded time and memory."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from relay.clients.cinx import CinxClient
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.procore import ProcoreClient
from relay.clients.rate import ConstructionOnlineRate, Governor, ProcoreRate, SteadyPace
from relay.domain.failures import CallFailure
from tests.unit.clients.procore.fake_remote import token
from tests.unit.clients.remote import FakeRemote

LARGEST = 256 * 1024
MOST_MEMORY = 40 * LARGEST
MOST_SECONDS = 10.0

# Each stands where a member is expected; what was found once stays.
TOKENS = [
    "1e5000000", "-1e-400000000", "9" * 400, "1e99999999999999999999", "18446744073709551616", "0.1", "null", "true",
    r'"half \ud83d"', r'"\ude00"', '"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"', '"1e5000000"',
    '"\u00b2"', "[" * 200 + "]" * 200, '{"errors":' * 50 + '"x"' + "}" * 50, "[]", "{}", "[[]]", '[{"id": null}]', '""',
    "200", "404", "500", "102",
]  # fmt: skip
NAMES = [
    "id", "ID", "origin_id", "number", "title", "status", "status_code", "status_message", "message", "errors", "rows",
    "response", "entities", "line_items", "access_token", "expires_in", "cinx_api_token", "org", "subscription",
    "cinx_guid", "links", "amount", "grand_total", "updated_at", "login", "total_count", "record_count", "guid", "data",
]  # fmt: skip
MEMBERS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TOKENS)), max_size=6).map(
    lambda members: "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"
)
OBJECTS = st.lists(MEMBERS, max_size=3).map(",".join)
JSON = st.one_of(
    MEMBERS,
    OBJECTS.map(lambda rows: f"[{rows}]"),
    st.builds(lambda meta, rows: f'{{"response":{meta},"rows":[{rows}]}}', MEMBERS, OBJECTS),
    st.builds(lambda rows, errors: f'{{"entities":[{rows}],"errors":[{errors}]}}', OBJECTS, OBJECTS),
    st.sampled_from(TOKENS),
).map(str.encode)
UNITS = [
    b"<", b"<script ", b"[", b"[],", b'{"a":', b" ", b"\\ud83d", b"1", b"1s ", b"://", b"&#", b'"', b"\x00", b"\xff",
]  # fmt: skip
SIZES = [1_000, 60_000, 300_000, 2_000_000]
REPEATED = st.builds(lambda unit, size: unit * (size // len(unit)), st.sampled_from(UNITS), st.sampled_from(SIZES))
BODIES = JSON | REPEATED | st.binary(max_size=50)
MOMENTS = [
    "Mon, 01 Jan 99999999999999 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sat, 01 Jan 0001 00:00:00 +2359", "1e400", "nan", "-1", "7", "9" * 400, "", ",", "0x1", "1_0", "\u00b2", "soon",
]  # fmt: skip
HEADER_NAMES = [
    "Date", "Retry-After", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "Total", "Per-Page",
    "Link", "Location", "Content-Type", "Set-Cookie",
]  # fmt: skip
LINES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20)
HEADERS = st.dictionaries(
    st.sampled_from(HEADER_NAMES), st.sampled_from([*MOMENTS, "25", "3600", "0"]) | LINES, max_size=5
)
CODINGS = st.sampled_from(["", "", "", "gzip", "gzip", "gzip, gzip", "deflate", "br", "identity", "utf-8"])
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503])


def constructiononline(remote: FakeRemote, governor: Governor) -> list[Callable[[], object]]:
    client = ConstructionOnlineClient(
        email="a@b.example",
        password="password-1",
        api_key="api-key-1",
        base_url="https://co.test",
        wiring=remote.wiring(governor, largest_answer=LARGEST),
    )
    return [client.change_orders, lambda: client.change_order(7), client.probe_tenant]


def procore(remote: FakeRemote, governor: Governor) -> list[Callable[[], object]]:
    client = ProcoreClient(
        company_id=7,
        client_id="client-id-1",
        client_secret="client-secret-1",
        api_url="https://api.test",
        login_url="https://login.test",
        wiring=remote.wiring(governor, largest_answer=LARGEST),
    )
    orders = client.potential_change_orders
    return [
        client.probe_tenant,
        lambda: orders.sync(315, 44021, [{"origin_id": "x"}]),
        lambda: client.packages.find(315),
    ]


def cinx(remote: FakeRemote, governor: Governor) -> list[Callable[[], object]]:
    client = CinxClient(
        email="a@b.example",
        password="password-1",
        api_token="api-token-1",
        base_url="https://cinx.test",
        wiring=remote.wiring(governor, largest_answer=LARGEST),
    )
    return [
        client.pocos,
        lambda: client.create_poco({"description": "x"}),
        lambda: client.job("J1"),
        client.probe_tenant,
        client.poco_template,
    ]


SYSTEMS: list[tuple[Any, Callable[[], Governor]]] = [
    (constructiononline, ConstructionOnlineRate),
    (procore, ProcoreRate),
    (cinx, SteadyPace),
]


class Stream(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), 65_536):
            yield self._body[start : start + 65_536]


def texts_in(value: object) -> Iterator[str]:
    """Every text that a result or a failure hands on."""
    if isinstance(value, CallFailure):
        yield from (value.message, value.remote_answer)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for member in pair for text in texts_in(member))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (text for element in value for text in texts_in(element))
    elif is_dataclass(value):
        yield from (text for field in fields(value) for text in texts_in(getattr(value, field.name)))


# Without the search for a smaller example, which would take minutes: what is found is added as an example.
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(SYSTEMS), st.integers(0, 4), STATUSES, HEADERS, CODINGS, BODIES, st.booleans())
@example(SYSTEMS[1], 1, 200, {"Date": MOMENTS[0], "X-Rate-Limit-Limit": "25"}, "", b"{}", False)
@example(SYSTEMS[1], 0, 500, {}, "", b"<" * 200_000, False)
@example(SYSTEMS[2], 0, 200, {}, "", b'{"response":{"status_code":1e300000},"rows":[]}', False)
@example(SYSTEMS[1], 0, 200, {}, "", b'{"id":1e5000000}', False)
@example(SYSTEMS[1], 0, 200, {}, "", b'{"access_token":"abcdef","expires_in":1e400}', True)
@example(SYSTEMS[0], 0, 200, {}, "", rb'[{"ID":1,"NAME":"half \ud83d"}]', False)
@example(SYSTEMS[1], 1, 422, {}, "", rb'{"errors":{"title":["half \ud83d"]}}', False)
@example(SYSTEMS[0], 0, 200, {}, "gzip", b"[" + b"{}," * 20_000 + b"{}]", False)
def test_every_answer_ends_in_a_value_or_a_failure_class(
    system: tuple[Any, Callable[[], Governor]],
    operation: int,
    status: int,
    headers: dict[str, str],
    coding: str,
    body: bytes,
    login: bool,  # noqa: FBT001 - whether Procore's login service answers so, too
) -> None:
    build, make_governor = system
    remote = FakeRemote()
    packed = gzip.compress(body, 1) if coding.startswith("gzip") else body

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token" and not login:
            granted: httpx.Response = token()
            return granted
        lines = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return httpx.Response(status, headers=[*lines, (b"Content-Encoding", coding.encode())], stream=Stream(packed))

    remote.handle = handle  # type: ignore[method-assign]
    operations = build(remote, make_governor())
    tracemalloc.start()
    started = time.process_time()
    try:
        ended = operations[operation % len(operations)]()
    except CallFailure as failure:
        ended = failure
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < MOST_SECONDS
    assert peak < MOST_MEMORY + len(body) * 2
    for text in texts_in(ended):
        text.encode()
