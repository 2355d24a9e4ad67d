from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.engine.configuration import ConfigurationError, live
from relay.engine.configuration.live import RETRY_SECONDS, SETTLING_SECONDS, LiveConfiguration
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics
from tests.unit.engine.configuration.conftest import ACCOUNTS, Write

CHANGED = ACCOUNTS.replace("password_file: secret}", "password_file: secret, requests_per_second: 2}")

ROUTES = ACCOUNTS + "routes:\n  - from: {system: constructiononline, account: acme}\n"
BOMB = [("a", "x,"), *((name, f"*{before},") for before, name in pairwise("abcdefghij"))]
"""Names of lists of ten, each of the one before it."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def none(_: object) -> None:
    """Nothing, of whatever is done meanwhile."""


def live_configuration(file: Path, metrics: Metrics | None = None, **further: Any) -> LiveConfiguration:
    """One that does not wait for a changed file to settle."""
    return LiveConfiguration(file, metrics, **{"pause": lambda seconds: None, **further})


def _valid(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("cor_configuration_valid")


def _refused(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("cor_configuration_refused_total")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_a_wrong_file_at_the_start_is_refused(write: Write) -> None:
    with pytest.raises(ConfigurationError):
        live_configuration(write("accounts: {}\n"))


def test_a_changed_file_is_taken_over(write: Write, metrics: Metrics) -> None:
    live = live_configuration(write(ACCOUNTS), metrics)
    before = live.current
    assert not live.refresh()
    write(CHANGED)
    with capture_logs() as logs:
        assert live.refresh()
    assert live.current.cinx["acme"].requests_per_second == 2.0
    assert before.cinx["acme"].requests_per_second == 5.0
    assert [log["event"] for log in logs] == [events.CONFIGURATION_TAKEN_OVER]
    assert _valid(metrics) == 1


def test_a_file_that_a_link_is_turned_to_is_taken_over(write: Write, tmp_path: Path) -> None:
    first, second, link = tmp_path / "first.yaml", tmp_path / "second.yaml", tmp_path / "link.yaml"
    write(ACCOUNTS).rename(first)
    write(CHANGED).rename(second)
    link.symlink_to(first)
    live = live_configuration(link)
    fresh = tmp_path / "fresh.yaml"
    fresh.symlink_to(second)
    fresh.replace(link)
    assert live.refresh()


def test_a_wrong_file_leaves_the_last_good_one_and_an_alert(write: Write, metrics: Metrics) -> None:
    file = write(ACCOUNTS)
    live = live_configuration(file, metrics)
    before = live.current
    write("accounts: {procor: {}}\n")
    with capture_logs() as logs:
        assert not live.refresh()
        assert not live.refresh()
    assert live.current is before
    assert (_valid(metrics), _refused(metrics)) == (0, 1)
    (log,) = logs
    assert (log["event"], log["log_level"]) == (events.CONFIGURATION_REFUSED, "error")
    assert log["problems"][0].startswith(f"{file}:1: accounts.procor: ")


LIVE = (
    ACCOUNTS
    + """routes:
  - from: {system: constructiononline, account: acme, project: 7}
    mode: live
    targets:
      - {name: owner, system: procore, account: acme, project_id: 1, contract_id: 2, contract: prime, tiers: 2}
"""
)


def test_another_name_for_what_a_live_target_writes_to_is_refused(write: Write) -> None:
    live = live_configuration(write(LIVE))
    write(LIVE.replace("name: owner", "name: prime"))
    with capture_logs() as logs:
        assert not live.refresh()
    (log,) = logs
    (problem,) = log["problems"]
    assert "target:constructiononline:acme:7:prime: found a new name where owner has been live" in problem
    assert "procore:acme 1/2" in problem
    assert live_configuration(write(LIVE.replace("name: owner", "name: prime"))).current.routing.routes


@pytest.mark.parametrize(
    "changed",
    [
        LIVE.replace("contract_id: 2", "contract_id: 3").replace("name: owner", "name: other"),
        LIVE + LIVE.splitlines(keepends=True)[-1].replace("name: owner", "name: other"),
        LIVE.replace("mode: live", "mode: dry_run"),
    ],
    ids=["elsewhere", "beside it", "no longer live"],
)
def test_a_new_target_that_no_live_one_gave_way_to_is_taken_over(write: Write, changed: str) -> None:
    live = live_configuration(write(LIVE))
    write(changed)
    assert live.refresh()


def test_a_live_route_may_go_whose_contract_another_one_writes_to_by_a_name_that_it_had_before(write: Write) -> None:
    second = (
        LIVE[LIVE.index("  - from") :].replace("mode: live", "mode: observe").replace("name: owner", "name: shadow")
    )
    live = live_configuration(write(LIVE + second))
    write(LIVE[: LIVE.index("  - from")] + second)
    assert live.refresh()


def test_a_target_that_was_only_shown_may_be_called_otherwise(write: Write) -> None:
    live = live_configuration(write(LIVE.replace("mode: live", "mode: dry_run")))
    write(LIVE.replace("name: owner", "name: prime"))
    assert live.refresh()


def test_a_file_that_is_mended_ends_the_alert(write: Write, metrics: Metrics) -> None:
    live = live_configuration(write(ACCOUNTS), metrics)
    write("nonsense: true\n")
    live.refresh()
    write(CHANGED)
    assert live.refresh()
    assert _valid(metrics) == 1


def test_a_file_that_is_gone_is_an_alert(write: Write, metrics: Metrics) -> None:
    file = write(ACCOUNTS)
    live = live_configuration(file, metrics)
    file.unlink()
    live.refresh()
    assert _valid(metrics) == 0


def test_a_secret_that_comes_later_ends_the_alert_without_a_change_of_the_file(
    write: Write, metrics: Metrics, tmp_path: Path
) -> None:
    clock = Clock()
    live = live_configuration(write(ACCOUNTS), metrics, clock=clock)
    write(ACCOUNTS.replace("api_key_file: secret", "api_key_file: later"))
    live.refresh()
    assert _valid(metrics) == 0
    (tmp_path / "later").write_text("sandbox-api-key", encoding="utf-8")
    live.refresh()
    assert _valid(metrics) == 0
    clock.now += RETRY_SECONDS
    assert live.refresh()
    assert _valid(metrics) == 1


def test_a_file_that_is_long_to_read_is_read_again_the_more_seldom(
    write: Write, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, read = Clock(), list[float]()

    def refuse(*_: object, **__: object) -> None:
        read.append(clock.now)
        clock.now += 60.0
        raise ConfigurationError([])

    running = live_configuration(write(ACCOUNTS), metrics, clock=clock)
    write(CHANGED)
    monkeypatch.setattr(live, "load_configuration", refuse)
    running.refresh()
    for _ in range(200):
        clock.now += RETRY_SECONDS
        running.refresh()
    assert len(read) * 60.0 <= clock.now / 9
    assert len(read) > 2


def test_a_name_may_not_come_to_mean_another_company(write: Write, metrics: Metrics) -> None:
    live = live_configuration(write(ACCOUNTS), metrics)
    write(ACCOUNTS.replace("4200", "4201"))
    with capture_logs() as logs:
        assert not live.refresh()
    assert live.current.procore["acme"].company_id == 4200
    assert "procore:acme" in logs[0]["problems"][0]
    assert "https://api.procore.com 4200" in logs[0]["problems"][0]


def test_a_file_touched_but_not_changed_is_no_change(write: Write, metrics: Metrics) -> None:
    file = write(ACCOUNTS)
    live = live_configuration(file, metrics)
    os.utime(file, ns=(1, 1))
    assert not live.refresh()
    assert _valid(metrics) == 1


def test_a_file_that_is_saved_in_place_is_read_when_it_is_whole(write: Write, metrics: Metrics) -> None:
    file = write(ACCOUNTS)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        """The editor goes on while the process waits."""
        pauses.append(seconds)
        if len(pauses) == 1:
            write(CHANGED)

    live = live_configuration(file, metrics, pause=pause)
    file.write_text("", encoding="utf-8")
    with capture_logs() as logs:
        assert live.refresh()
    assert [log["event"] for log in logs] == [events.CONFIGURATION_TAKEN_OVER]
    assert (_valid(metrics), _refused(metrics)) == (1, 0)
    assert pauses == [SETTLING_SECONDS] * 2


def test_half_of_a_file_that_would_do_is_not_taken_over(write: Write, metrics: Metrics) -> None:
    """A file without its last routes is a valid one."""
    file = write(ROUTES)
    live = live_configuration(file, metrics, pause=lambda seconds: none(write(f"{ROUTES}\n")))
    file.write_text(ACCOUNTS, encoding="utf-8")
    assert not live.refresh()
    assert len(live.current.routing.routes) == 1


def test_a_file_that_never_stands_still_is_read_all_the_same(write: Write, metrics: Metrics) -> None:
    file = write(ACCOUNTS)
    sizes = iter(range(1, 1000))
    live = live_configuration(file, metrics, pause=lambda seconds: none(write(CHANGED + "#" * next(sizes))))
    file.write_text("", encoding="utf-8")
    assert live.refresh()


@pytest.mark.parametrize("error", [RecursionError("too deep"), MemoryError(), ValueError("odd"), RuntimeError("odd")])
def test_the_last_good_file_stays_whatever_the_new_one_raises(
    write: Write, metrics: Metrics, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    running = live_configuration(write(ACCOUNTS), metrics)
    before = running.current
    write(CHANGED)
    monkeypatch.setattr(live, "load_configuration", fail)
    with capture_logs() as logs:
        assert not running.refresh()
    assert running.current is before
    assert (_valid(metrics), _refused(metrics)) == (0, 1)
    assert type(error).__name__ in logs[0]["problems"][0]


@pytest.mark.parametrize(
    "bomb", ["x: " + "[" * 3000 + "]" * 3000, "".join(f"{name}: &{name} [{before * 10}]\n" for name, before in BOMB)]
)
def test_a_running_process_outlives_a_bomb(write: Write, metrics: Metrics, bomb: str) -> None:
    running = live_configuration(write(ACCOUNTS), metrics)
    write(bomb)
    assert not running.refresh()
    assert _valid(metrics) == 0
    write(CHANGED)
    assert running.refresh()


def test_only_who_uses_an_account_needs_its_secrets(write: Write, metrics: Metrics, tmp_path: Path) -> None:
    file = write(ACCOUNTS.replace("client_id_file: secret", "client_id_file: absent"))
    with pytest.raises(ConfigurationError, match="client_id_file"):
        live_configuration(file, metrics, secrets_of={"procore"})
    live = live_configuration(file, metrics, secrets_of={"cinx"})
    assert live.current.procore["acme"].client_id_file == tmp_path / "absent"
    write(ACCOUNTS.replace("secret}", "absent}"))
    assert not live.refresh()
    assert not live_configuration(file, metrics, secrets_of=()).refresh()
