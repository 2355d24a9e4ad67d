"""What a plan says while it waits, with accounts of made-up systems and no Kafka."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from operations.environment import Environment
from operations.guests import LONGEST_WAIT
from operations.plan.writers import RecordReads, Writers
from operations.survey.calls import Calls
from relay.domain.commands import Lane
from relay.domain.failures import Throttled
from relay.engine.configuration import load_configuration

FILE = """
accounts:
  cinx:
    acme: {email: a@b.example, password_file: p}
    beta: {email: b@b.example, password_file: p}
    idle: {email: c@b.example, password_file: p}
routes: []
"""


def test_of_several_accounts_the_one_is_named_that_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COR_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    file, told = tmp_path / "cor.yaml", list[tuple[str, float]]()
    file.write_text(FILE, encoding="utf-8")
    configuration = load_configuration(file, secrets_of=())
    calls = Calls(9, lambda number, most, sent: None, waiting=lambda account, seconds: told.append((account, seconds)))
    environment, _ = Environment.read_before_kafka()
    with Writers(environment, configuration, configuration.routing, {}, calls, RecordReads(most=0)) as writers:
        adapter, now = writers._adapter("cinx"), iter([100.0, 100.25, 100.25, 100.5, 100.5])
        adapter._clock = lambda: next(now)
        assert [adapter.acquire_slot(account, Lane.BACKFILL) for account in ("acme", "beta", "idle")] == [0, 0, 0]
        waits = {account: adapter.acquire_slot(account, Lane.BACKFILL) for account in ("acme", "beta")}
        assert waits == {"acme": 0.5, "beta": 0.75}
        assert writers._wait(waits["beta"])
        writers._pause(waits["acme"])
        assert told == [("cinx:beta", waits["beta"]), ("cinx:acme", waits["acme"])]
        assert not writers._wait(LONGEST_WAIT + 1)
        with pytest.raises(Throttled):
            writers._pause(LONGEST_WAIT + 1)
    assert (slept, len(told)) == ([waits["beta"], waits["acme"]], 2)
