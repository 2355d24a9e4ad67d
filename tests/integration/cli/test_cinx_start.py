"""What ``cor status`` says of a CINX account that nobody has ordered anything from yet."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.integration.cli.conftest import Place
from tests.integration.cli.test_check import CONFIGURATION, remotes

__all__ = ["remotes"]

EXPIRED = ("settings", "PATCH", {"subscription_expired": "2026-01-01"})
GONE = ("people/template_gone", "POST", {"name": "poco", "status": 404})


def run_submitter() -> str:
    """Until nothing is left to do; returns its log."""
    command = [sys.executable, "-m", "cli", "run", "cinx-submitter", "--once"]
    ended = subprocess.run(command, env=dict(os.environ), capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return (ended.stdout + ended.stderr).decode()


@pytest.mark.parametrize(
    ("what", "words"), [(EXPIRED, "is not valid"), (GONE, "POCO import not available for this account")]
)
def test_why_an_account_is_held_is_said_before_there_is_any_command(
    place: Place,
    remotes: dict[str, str],
    what: tuple[str, str, dict[str, Any]],
    words: str,
) -> None:
    (place.folder / "cor.yaml").write_text(CONFIGURATION.format(**remotes), encoding="utf-8")
    assert place.cor("topics", "apply", "--partitions", "2").code == 0
    path, method, body = what
    httpx.request(method, f"{remotes['cinx']}/_sandbox/{path}", json=body).raise_for_status()
    run_submitter()
    ended = place.cor("status", "--json")
    (hold,) = next(one for one in ended.json["tenants"] if one["tenant"] == "cinx:acme")["holds"]
    assert (hold["kind"], hold["probe"]) == ("tenant_blocked", True)
    assert words in hold["sentence"]
    assert words in " ".join(place.cor("status").out.split())
