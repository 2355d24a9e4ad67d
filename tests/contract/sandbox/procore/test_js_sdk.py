"""Procore's own JavaScript client talks to the simulated Procore as it would to the real one.

It is installed from ``tests/contract/js`` as locked, which needs Node and npm on the path.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from tests.contract.sandbox.procore.calls import Api

Row = dict[str, Any]

JS = Path(__file__).parents[2] / "js"
LOCK, INSTALLED = JS / "package-lock.json", JS / "node_modules" / ".package-lock.json"


def run(*command: str) -> str:
    """What a command prints; it fails the test if it fails."""
    done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the client installed; workers of one run take turns."""
    found = {name: shutil.which(name) for name in ("node", "npm")}
    assert all(found.values()), "Node 20 or newer with npm is needed to run Procore's JavaScript client: install it"
    with Path(JS, ".install-lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
            run(str(found["npm"]), "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    return str(found["node"])


def told(node: str, scenario: str, sandbox: Simulated, token: str, argument: str = "") -> Any:
    """What a scenario saw."""
    return json.loads(run(node, "scenarios.cjs", scenario, sandbox.url, token, argument))


def token_of(api: Api) -> str:
    return api.client.headers["Authorization"].split()[1]


def test_it_writes_a_change_order_with_line_and_package(node: str, api: Api) -> None:
    seen = told(node, "writing", api.sandbox, token_of(api))
    assert [one["errors"] for one in seen["errors"]] == [{"status": ["is not included in the list"]}]
    assert (seen["line"]["amount"], seen["line"]["origin_id"]) == ("5400.0", "JS-1:1")
    assert (seen["created"], seen["approved"]["status"], seen["approved"]["grand_total"]) == (201, "approved", "5400.0")
    assert (seen["shown"]["grand_total"], seen["shown"]["status"]) == ("5400.0", "pending")
    (ours,) = api.sandbox.state()["potential_change_orders"]
    assert (ours["origin_id"], ours["package_id"]) == ("JS-1", seen["approved"]["id"])


def test_its_arrays_filters_and_pages_are_understood(node: str, api: Api) -> None:
    seen = told(node, "reading", api.sandbox, token_of(api))
    ids = seen["ids"]
    assert (seen["two"], seen["found"], seen["page"]) == ([ids[1], ids[3]], [ids[2]], ids[2:4])
    assert seen["total"] == "5"
    assert 'rel="next"' in seen["link"]
    assert seen["remaining"].isdecimal()


def test_refusals_reach_it_with_body_and_status(node: str, api: Api) -> None:
    assert told(node, "refusals", api.sandbox, token_of(api)) == [
        {"status": 404, "body": {"errors": "Not found"}},
        {"status": 400, "body": {"errors": {"title": ["can't be blank"]}}},
        {"status": 401, "body": {"errors": "The access token is invalid"}},
    ]


def test_a_deletion_has_an_empty_body(node: str, api: Api) -> None:
    assert told(node, "deleting", api.sandbox, token_of(api)) == {"status": 200, "text": ""}
    assert api.sandbox.state()["line_items"] == []


def test_its_tokens_come_by_code_and_refresh(node: str, api: Api) -> None:
    code = api.sandbox.people("authorize")["code"]
    seen = told(node, "tokens", api.sandbox, token_of(api), code)
    assert (seen["expires"], seen["owner"], seen["me"], seen["after"]) == (5400, 9001, 9001, 401)
    assert seen["again"]["error"] == "invalid_grant"


def test_its_renewal_on_refusal_works(node: str, api: Api) -> None:
    assert told(node, "renewing", api.sandbox, token_of(api)) == {"me": 9000, "renewed": 1}


def test_it_sends_the_headers_that_it_is_known_for(node: str, api: Api) -> None:
    told(node, "reading", api.sandbox, token_of(api))
    headers = api.sandbox.history(method="PATCH")[0]["headers"]
    assert headers["procore-company-id"] == "4200"
    assert headers["procore-sdk-language"] == "javascript"
    assert headers["procore-sdk-version"] == "4.0.2"
