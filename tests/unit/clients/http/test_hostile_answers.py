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
from tests.hostile_answers import (
    ANSWERS,
    CODINGS,
    HEADER_NAMES,
    HEADER_VALUES,
    MOMENTS,
    NAMES,
    SIZES,
    STATUSES,
    TOKENS,
    TREE,
    UNITS,
)
from tests.unit.clients.procore.fake_remote import token
from tests.unit.clients.remote import FakeRemote

LARGEST = 256 * 1024
MOST_MEMORY = 40 * LARGEST
MOST_SECONDS = 10.0

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
REPEATED = st.builds(lambda unit, size: unit * (size // len(unit)), st.sampled_from(UNITS), st.sampled_from(SIZES))
WHOLE = st.sampled_from([body for _, _, body in ANSWERS])
BODIES = JSON | REPEATED | st.binary(max_size=50) | WHOLE
LINES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20)
HEADERS = st.dictionaries(st.sampled_from(HEADER_NAMES), st.sampled_from(HEADER_VALUES) | LINES, max_size=5)
CODING = st.just("") | st.sampled_from(CODINGS)
STATUS = st.just(200) | st.sampled_from(STATUSES)


def constructiononline(remote: FakeRemote, governor: Governor) -> list[Callable[[], object]]:
    client = ConstructionOnlineClient(
        email="a@b.example",
        password="password-1",
        api_key="api-key-1",
        base_url="https://co.test",
        options=remote.options(governor, largest_answer=LARGEST),
    )
    return [client.change_orders, lambda: client.change_order(7), client.probe_tenant]


def procore(remote: FakeRemote, governor: Governor) -> list[Callable[[], object]]:
    client = ProcoreClient(
        company_id=7,
        client_id="client-id-1",
        client_secret="client-secret-1",
        api_url="https://api.test",
        login_url="https://login.test",
        options=remote.options(governor, largest_answer=LARGEST),
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
        options=remote.options(governor, largest_answer=LARGEST),
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
@given(st.sampled_from(SYSTEMS), st.integers(0, 4), STATUS, HEADERS, CODING, BODIES, st.booleans())
@example(SYSTEMS[1], 1, 200, {"Date": MOMENTS[0], "X-Rate-Limit-Limit": "25"}, "", b"{}", False)
@example(SYSTEMS[1], 0, 500, {}, "", b"<" * 200_000, False)
@example(SYSTEMS[2], 0, 200, {}, "", b'{"response":{"status_code":1e300000},"rows":[]}', False)
@example(SYSTEMS[1], 0, 200, {}, "", b'{"id":1e5000000}', False)
@example(SYSTEMS[1], 0, 200, {}, "", b'{"access_token":"abcdef","expires_in":1e400}', True)
@example(SYSTEMS[0], 0, 200, {}, "", rb'[{"ID":1,"NAME":"half \ud83d"}]', False)
@example(SYSTEMS[1], 1, 422, {}, "", rb'{"errors":{"title":["half \ud83d"]}}', False)
@example(SYSTEMS[0], 0, 200, {}, "gzip", b"[" + b"{}," * 20_000 + b"{}]", False)
@example(SYSTEMS[1], 1, 422, {}, "", TREE, False)
@example(SYSTEMS[1], 2, 200, {"Link": "<" * 90_000}, "", b'[{"id":1}]', False)
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
