from __future__ import annotations

import json
import time
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.clients.http.terms import CallTerms
from relay.domain.failures import Throttled, Unavailable
from tests.unit.clients.procore.fake_remote import BASE, FakeProcore
from tests.unit.clients.remote import CountingGovernor, answer

PATH = f"{BASE}/change_order_packages"


def pages(
    ids: Callable[[int], list[int]], *, link: bool = True, total: bool = True, per_page: int | None = 0, cap: int = 2000
) -> Callable[[httpx.Request], httpx.Response]:
    """A list whose content at each request is ``ids(number of the request)``.

    ``per_page``: what it states of it in place of what is so; ``None`` for nothing.
    """
    count = 0

    def reply(request: httpx.Request) -> httpx.Response:
        nonlocal count
        every = ids(count)
        count += 1
        page, size = int(request.url.params["page"]), min(cap, int(request.url.params["per_page"]))
        shown = every[(page - 1) * size : page * size]
        headers: dict[str, str] = {}
        if total:
            headers |= {"Total": str(len(every))}
            headers |= {} if per_page is None else {"Per-Page": str(per_page or size)}
        if link:
            rels = [f'<https://api.test{PATH}?page={page + 1}>; rel="next"'] if page * size < len(every) else []
            headers["Link"] = ", ".join([*rels, '<https://api.test/x?page=9>; rel="last"'])
        return answer([{"id": one} for one in shown], headers=headers)

    return reply


def found(
    procore: FakeProcore, reply: Callable[[httpx.Request], httpx.Response], terms: CallTerms | None = None
) -> list[int]:
    procore.on("GET", PATH, reply)
    return [one.id for one in procore.client().packages.find(315, terms=terms or CallTerms())]


@settings(max_examples=50, deadline=None)
@given(size=st.integers(0, 450), link=st.booleans(), total=st.booleans(), cap=st.integers(7, 300))
def test_every_row_comes_once_whichever_headers_there_are(size: int, cap: int, *, link: bool, total: bool) -> None:
    procore = FakeProcore()
    assert found(procore, pages(lambda _: list(range(size)), link=link, total=total, cap=cap)) == list(range(size))
    needed = max(1, -(-size // min(cap, 100)))
    assert len(procore.sent(PATH)) <= needed + (0 if link or total else 1)


@pytest.mark.parametrize("per_page", [None, 100])
def test_pages_that_are_shorter_than_they_say_are_read_to_the_end(per_page: int | None) -> None:
    procore = FakeProcore()
    assert found(procore, pages(lambda _: list(range(120)), link=False, per_page=per_page, cap=50)) == list(range(120))
    assert len(procore.sent(PATH)) == 3


def test_a_list_that_is_not_paged_and_has_no_headers_is_not_read_for_ever() -> None:
    procore = FakeProcore()
    assert found(procore, lambda _: answer([{"id": 1}, {"id": 2}])) == [1, 2]
    assert len(procore.sent(PATH)) == 2


def test_a_row_that_slips_to_an_earlier_page_while_reading_is_not_lost() -> None:
    procore = FakeProcore()
    assert set(found(procore, pages(lambda n: list(range(250)) if n < 1 else list(range(1, 250))))) >= set(
        range(1, 250)
    )


def test_a_list_in_another_order_at_each_call_is_read_until_nothing_new_comes() -> None:
    procore = FakeProcore()
    half = list(range(150))
    shuffled = [half, half[100:] + half[:100], half, half]
    assert set(found(procore, pages(lambda n: shuffled[min(n, 3)]))) == set(half)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[3]", b'[{"title": "x"}]', b'[{"id": 1}', b'[{"id": true}]'])
def test_a_page_that_cannot_be_read_ends_the_listing_harmlessly(body: bytes) -> None:
    procore = FakeProcore()
    if body == b"":
        assert found(procore, lambda _: answer(body)) == []
        return
    with pytest.raises(Unavailable):
        found(procore, lambda _: answer(body))


def test_a_row_without_an_id_is_kept_apart_where_that_is_asked_for() -> None:
    procore, unreadable = FakeProcore(), list[bytes]()
    procore.on("GET", f"{BASE}/potential_change_orders", answer([{"id": 1}, {"title": "x"}], headers={"Total": "2"}))
    rows = procore.client().potential_change_orders.find(315, unreadable=unreadable)
    assert ({row.id for row in rows}, {json.loads(raw)["title"] for raw in unreadable}) == ({1}, {"x"})
    with pytest.raises(Unavailable):
        procore.client().potential_change_orders.find(315)


def test_the_slot_that_was_taken_serves_the_first_page_only() -> None:
    procore, governor = FakeProcore(), CountingGovernor()
    procore.on("GET", PATH, pages(lambda _: list(range(250))))
    governor.acquire(0)
    procore.client(governor).packages.find(315, terms=CallTerms(admitted=True))
    assert (governor.taken, governor.begun) == (3, 3)


def test_a_long_listing_pauses_where_the_budget_is_spent_and_goes_on() -> None:
    procore, governor = FakeProcore(), CountingGovernor()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        governor.closed_for = 0.0

    def reply(request: httpx.Request) -> httpx.Response:
        governor.closed_for = 5.0
        return pages(lambda _: list(range(250)))(request)

    procore.on("GET", PATH, reply)
    assert len(procore.client(governor).packages.find(315, terms=CallTerms(pause=pause))) == 250
    assert pauses == [5.0, 5.0]
    with pytest.raises(Throttled):
        procore.client(governor).packages.find(315)


def test_a_link_of_any_length_costs_little_time() -> None:
    procore = FakeProcore()
    procore.on("GET", PATH, answer([{"id": 1}], headers={"Link": "<" * 90_000}))
    started = time.process_time()
    assert [one.id for one in procore.client().packages.find(315)] == [1]
    assert time.process_time() - started < 1  # Milliseconds; it used to take seconds.
