from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Control, ControlRefused


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """For requests that block while the test goes on."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def acted(control: Control) -> int:
    return len(control.state()["calls"])


def only(control: Control) -> tuple[object, ...]:
    [row] = control.history()
    return row["applied"], row["answered"], row["fault"], row["phase"]


@pytest.mark.parametrize(
    ("kind", "options", "applied", "error"),
    [
        ("drop_before", {}, 0, httpx.RemoteProtocolError),
        ("drop_before", {"how": "reset"}, 0, httpx.ReadError),
        ("reset", {}, 0, httpx.ReadError),
        ("apply_and_drop", {}, 1, httpx.RemoteProtocolError),
        ("apply_and_drop", {"how": "reset"}, 1, httpx.ReadError),
        ("half_body", {}, 1, httpx.RemoteProtocolError),
        ("half_body", {"how": "reset"}, 1, httpx.ReadError),
    ],
)
def test_a_connection_that_ends_early(
    control: Control, caller: httpx.Client, kind: str, options: dict[str, Any], applied: int, error: type[Exception]
) -> None:
    control.fault(kind, **options)
    with pytest.raises(error):
        caller.post("/x")
    assert acted(control) == applied
    assert only(control) == (applied, False, kind, "done")


def test_the_answer_to_a_request_that_was_applied_and_dropped_is_on_record(
    control: Control, caller: httpx.Client
) -> None:
    control.fault("apply_and_drop")
    with pytest.raises(httpx.RemoteProtocolError):
        caller.post("/x", content="order")
    [row] = control.history()
    assert row["status"] == 200
    assert '"count": 1' in row["answer"]
    assert row["body"] == "order"


def test_the_next_request_on_a_new_connection_is_answered(control: Control, caller: httpx.Client) -> None:
    control.fault("reset")
    with pytest.raises(httpx.ReadError):
        caller.get("/x")
    assert caller.get("/x").json()["count"] == 1


def test_a_late_request_is_applied_when_it_is_released(control: Control, caller: httpx.Client) -> None:
    control.fault("apply_late")
    with pytest.raises(httpx.RemoteProtocolError):
        caller.post("/x")
    [held] = control.history(phase="held", wait=10)
    assert (held["applied"], acted(control)) == (0, 0)
    assert control.faults()["held"] == [held["n"]]
    assert control.release(n=held["n"]) == [held["n"]]
    [late] = control.history(applied=1, wait=10)
    assert late["applied_at"] > late["at"]
    assert acted(control) == 1
    assert control.faults()["held"] == []


def test_a_late_request_is_applied_after_its_time(control: Control, caller: httpx.Client) -> None:
    control.fault("apply_late", seconds=0.01, status=504)
    assert caller.post("/x").status_code == 504
    assert len(control.history(applied=1, wait=10)) == 1


def test_a_late_request_of_before_a_reset_is_never_applied(control: Control, caller: httpx.Client) -> None:
    control.fault("apply_late")
    with pytest.raises(httpx.RemoteProtocolError):
        caller.post("/x")
    control.history(phase="held", wait=10)
    control.reset()
    caller.get("/after")
    assert control.state()["calls"] == ["GET /after "]


@pytest.mark.parametrize(("when", "applied"), [("before", 1), ("after", 0)])
def test_a_held_request_is_answered_when_it_is_released(
    control: Control, caller: httpx.Client, aside: ThreadPoolExecutor, when: str, applied: int
) -> None:
    fault = control.fault("hold", when=when)
    answer = aside.submit(caller.post, "/x")
    assert len(control.history(phase="held", wait=10)) == 1
    assert acted(control) == applied
    assert not answer.done()
    control.release(fault=fault)
    assert answer.result().json()["count"] == 1
    assert only(control) == (1, True, "hold", "done")


def test_others_are_served_while_one_is_held(control: Control, caller: httpx.Client, aside: ThreadPoolExecutor) -> None:
    control.fault("hold", {"path": "^/slow$"})
    slow = aside.submit(caller.get, "/slow")
    control.history(phase="held", wait=10)
    assert caller.get("/fast").json()["count"] == 2
    control.release()
    assert slow.result().json()["count"] == 1


def test_a_release_names_one_of_several(control: Control, caller: httpx.Client, aside: ThreadPoolExecutor) -> None:
    control.fault("hold", times=0)
    first, second = aside.submit(caller.get, "/1"), aside.submit(caller.get, "/2")
    rows = control.history(phase="held", count=2, wait=10)
    number = next(row["n"] for row in rows if row["path"] == "/2")
    assert control.release(n=number) == [number]
    assert second.result().status_code == 200
    assert not first.done()
    control.release()
    assert first.result().status_code == 200


def test_a_client_that_gave_up_is_not_counted_as_answered(control: Control, caller: httpx.Client) -> None:
    control.fault("delay", seconds=600)
    with pytest.raises(httpx.ReadTimeout):
        caller.post("/x", timeout=0.05)
    control.history(phase="held", wait=10)
    control.release()
    [row] = control.history(phase="done", wait=10)
    assert (row["applied"], row["answered"], row["status"]) == (1, False, 200)


def test_a_delayed_request_may_be_applied_after_the_delay(control: Control, caller: httpx.Client) -> None:
    control.fault("delay", seconds=600, when="after")
    with pytest.raises(httpx.ReadTimeout):
        caller.post("/x", timeout=0.05)
    assert acted(control) == 0
    control.history(phase="held", wait=10)
    control.release()
    control.history(applied=1, wait=10)
    assert acted(control) == 1


def test_a_dripping_answer_arrives_whole(control: Control, caller: httpx.Client) -> None:
    control.fault("drip", seconds=0.001, bytes=3)
    assert caller.post("/x", content="abc").json() == {"count": 1, "query": [], "body": "abc"}
    assert only(control) == (1, True, "drip", "done")


def test_a_status_with_headers_and_body(control: Control, caller: httpx.Client) -> None:
    control.fault("status", status=429, headers={"Retry-After": 7}, body='{"errors": "slow down"}')
    answer = caller.post("/x")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json() == {"errors": "slow down"}
    [row] = control.history()
    assert (row["applied"], row["answered"], row["status"]) == (0, True, 429)


def test_an_error_status_although_it_was_applied(control: Control, caller: httpx.Client) -> None:
    control.fault("status", status=500, apply=True)
    assert caller.post("/x").status_code == 500
    assert acted(control) == 1
    [row] = control.history()
    assert row["status"] == 500


def test_an_html_page(control: Control, caller: httpx.Client) -> None:
    control.fault("html")
    answer = caller.get("/x")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")
    assert acted(control) == 0


def test_a_body_that_is_no_json(control: Control, caller: httpx.Client) -> None:
    control.fault("wrong_json")
    answer = caller.get("/x")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting"):
        answer.json()
    assert acted(control) == 1


def test_a_request_that_is_delivered_twice(control: Control, caller: httpx.Client) -> None:
    control.fault("duplicate")
    assert caller.post("/x").json()["count"] == 2
    [row] = control.history()
    assert row["applied"] == 2


def test_a_fault_takes_as_many_as_it_says_after_those_it_skips(control: Control, caller: httpx.Client) -> None:
    fault = control.fault("status", status=503, times=2, skip=1)
    assert [caller.get("/x").status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    [row] = control.faults()["faults"]
    assert (row["id"], row["taken"], row["left"]) == (fault, 2, 0)


def test_a_fault_without_end_ends_when_it_is_removed(control: Control, caller: httpx.Client) -> None:
    fault = control.fault("status", times=0)
    assert {caller.get("/x").status_code for _ in range(3)} == {503}
    control.disarm(fault)
    assert caller.get("/x").status_code == 200
    assert control.faults()["faults"] == []


@pytest.mark.parametrize(
    ("match", "method", "target", "body", "taken"),
    [
        ({"method": "POST"}, "POST", "/x", "", 1),
        ({"method": "POST"}, "PUT", "/x", "", 0),
        ({"path": r"^/pos/\d+$"}, "GET", "/pos/12", "", 1),
        ({"path": r"^/pos/\d+$"}, "GET", "/pos/12/pocos", "", 0),
        ({"query": "number=7"}, "GET", "/x?number=7", "", 1),
        ({"query": "number=7"}, "GET", "/x/number=7", "", 0),
        ({"body": "cor:1"}, "POST", "/x", "origin cor:1", 1),
        ({"body": "cor:1"}, "POST", "/x", "origin cor:2", 0),
    ],
)
def test_what_a_fault_matches(
    control: Control, caller: httpx.Client, match: dict[str, str], method: str, target: str, body: str, taken: int
) -> None:
    control.fault("status", match)
    assert (caller.request(method, target, content=body).status_code == 503) == taken


def test_the_first_fault_that_matches_takes_the_request(control: Control, caller: httpx.Client) -> None:
    control.fault("status", {"path": "none"}, status=500)
    control.fault("status", status=501)
    control.fault("status", status=502)
    assert [caller.get("/x").status_code for _ in range(3)] == [501, 502, 200]


def test_chance_is_the_same_for_the_same_seed(control: Control, caller: httpx.Client) -> None:
    def run(seed: int) -> list[int]:
        control.disarm()
        control.fault("status", times=0, chance=0.5, seed=seed)
        return [caller.get("/x").status_code for _ in range(20)]

    first = run(1)
    assert set(first) == {200, 503}
    assert run(1) == first
    assert run(2) != first


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "nonsense"}, "kind is one of"),
        ({"kind": "status", "statuss": 1}, "no statuss"),
        ({"kind": "status", "match": {"paths": "x"}}, "matched by paths"),
        ({"kind": "status", "match": {"path": "("}}, "no pattern"),
        ({"kind": "reset", "how": "softly"}, "one of close, reset"),
        ({"kind": "delay", "seconds": "long"}, "seconds is a number"),
    ],
)
def test_a_wrong_fault_is_refused_and_none_is_armed(control: Control, fault: dict[str, object], reason: str) -> None:
    with pytest.raises(ControlRefused, match=reason):
        control.call("POST", "faults", [{"kind": "html"}, fault])
    assert control.faults()["faults"] == []


def test_control_is_never_faulty(control: Control) -> None:
    control.fault("reset", times=0)
    assert control.state()["calls"] == []


def test_history_and_state_agree_under_many_faults_and_clients(
    control: Control, shell_url: str, aside: ThreadPoolExecutor
) -> None:
    kinds = ("drop_before", "apply_and_drop", "half_body", "duplicate", "reset")
    for number, kind in enumerate(kinds):
        control.fault(kind, times=0, chance=0.15, seed=number)

    def run(_: int) -> int:
        with httpx.Client(base_url=shell_url) as client:
            return sum(succeeds(client) for _ in range(25))

    successes = sum(aside.map(run, range(4)))
    rows = control.history()
    assert len(rows) == 100
    assert len({row["n"] for row in rows}) == 100
    assert sum(row["answered"] for row in rows) == successes
    assert sum(row["applied"] for row in rows) == acted(control)
    assert {row["fault"] for row in rows} == {None, *kinds}


def succeeds(client: httpx.Client) -> bool:
    try:
        return client.post("/x", content="data").status_code == 200
    except httpx.TransportError:
        return False
