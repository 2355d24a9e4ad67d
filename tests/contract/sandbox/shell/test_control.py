from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Control, ControlRefused


def test_a_request_is_recorded_with_what_became_of_it(control: Control, caller: httpx.Client) -> None:
    caller.post("/a%2Fb?x=1&x=2", content="hello", headers={"X-Kind": "test"})
    [row] = control.history()
    assert row["method"] == "POST"
    assert (row["path"], row["target"]) == ("/a/b", "/a%2Fb?x=1&x=2")
    assert row["query"] == [["x", "1"], ["x", "2"]]
    assert row["headers"]["x-kind"] == "test"
    assert (row["body"], row["status"]) == ("hello", 200)
    assert row["answer_headers"] == {"Content-Type": "application/json"}
    assert '"body": "hello"' in row["answer"]
    assert (row["applied"], row["answered"], row["phase"], row["fault"]) == (1, True, "done", None)
    moments = [datetime.fromisoformat(row[name]) for name in ("at", "applied_at", "finished_at")]
    assert moments == sorted(moments)


def test_credentials_and_secrets_are_not_recorded(control: Control, caller: httpx.Client) -> None:
    headers = {"Authorization": "Basic YTpi", "APIKey": "k", "Cookie": "c"}
    caller.post("/x", headers=headers, content="client_secret=open-sesame")
    [row] = control.history()
    assert {row["headers"][name] for name in ("authorization", "apikey", "cookie")} == {"***"}
    assert row["body"] == "client_secret=***"
    assert "open-sesame" not in row["answer"]


@pytest.mark.parametrize(
    ("filters", "paths"),
    [
        ({"method": "POST"}, ["/b"]),
        ({"path": "^/[ac]$"}, ["/a", "/c"]),
        ({"since": 1}, ["/b", "/c"]),
        ({"body": "text"}, ["/b"]),
        ({"fault": "status"}, ["/c"]),
        ({"applied": 1}, ["/a", "/b"]),
        ({"applied": 0}, ["/c"]),
        ({"answered": 0}, []),
        ({"phase": "done"}, ["/a", "/b", "/c"]),
    ],
)
def test_history_is_narrowed(control: Control, caller: httpx.Client, filters: dict[str, Any], paths: list[str]) -> None:
    caller.get("/a")
    [first] = control.history()
    caller.post("/b", content="some text")
    control.fault("status")
    caller.get("/c")
    if "since" in filters:
        filters = {"since": first["n"]}
    assert [row["path"] for row in control.history(**filters)] == paths


def test_history_without_bodies(control: Control, caller: httpx.Client) -> None:
    caller.post("/a", content="x")
    [row] = control.history(bodies=0)
    assert "body" not in row
    assert "answer" not in row


def test_numbers_go_on_when_the_history_is_emptied(control: Control, caller: httpx.Client) -> None:
    caller.get("/a")
    [before] = control.history()
    control.forget()
    assert control.history() == []
    caller.get("/b")
    [after] = control.history()
    assert after["n"] == before["n"] + 1


def test_settings_are_changed_or_refused(control: Control, caller: httpx.Client) -> None:
    assert control.settings(step=3) == {"step": 3}
    assert caller.get("/x").json()["count"] == 3
    with pytest.raises(ControlRefused, match="there is only step"):
        control.settings(step=4, steps=4)
    assert control.call("GET", "settings") == {"step": 3}


def test_operations_are_done_or_refused(control: Control) -> None:
    assert control.people("add", call="by a person") == 1
    assert control.state()["calls"] == ["by a person"]
    with pytest.raises(ControlRefused, match="no operation remove"):
        control.people("remove")


def test_an_operation_that_fails_says_how(control: Control) -> None:
    with pytest.raises(ControlRefused, match="KeyError"):
        control.people("add")


def test_reset_takes_everything_back(control: Control, caller: httpx.Client) -> None:
    caller.get("/x")
    control.settings(step=5)
    control.fault("reset", times=0)
    control.reset()
    assert control.state()["calls"] == []
    assert control.history() == []
    assert control.faults() == {"faults": [], "held": []}
    assert caller.get("/x").json()["count"] == 1


def test_reset_with_another_seed(control: Control, caller: httpx.Client) -> None:
    faults = [{"kind": "status", "status": 418}]
    control.reset({"settings": {"step": 2}, "people": [{"operation": "add", "call": "seeded"}], "faults": faults})
    assert control.state()["calls"] == ["seeded"]
    assert caller.get("/x").status_code == 418
    assert caller.get("/x").json()["count"] == 4
    control.reset({})


def test_a_wrong_seed_is_refused(control: Control) -> None:
    with pytest.raises(ControlRefused, match="a seed is an object"):
        control.reset({"peoples": []})


def test_the_clock_goes_forward_only(control: Control) -> None:
    before = datetime.fromisoformat(control.state()["now"])
    control.advance(3600)
    assert (datetime.fromisoformat(control.state()["now"]) - before).total_seconds() >= 3600
    with pytest.raises(ControlRefused, match="cannot go back"):
        control.advance(-1)


def test_what_there_is_can_be_looked_up(control: Control) -> None:
    about = control.call("GET", "")
    assert about["name"] == "counter"
    assert about["people"] == {"add": "Adds a call."}
    assert "POST /_sandbox/faults" in about["calls"]


def test_an_unknown_control_call_is_refused(control: Control) -> None:
    with pytest.raises(ControlRefused, match="there is no GET"):
        control.call("GET", "nothing")


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_control_body_that_is_no_object_is_refused(control: Control, caller: httpx.Client, body: bytes) -> None:
    answer = caller.patch("/_sandbox/settings", content=body)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]


def test_control_calls_are_not_in_the_history(control: Control) -> None:
    control.state()
    assert control.history() == []
