from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from relay.engine.configuration import ConfigurationError, LiveConfiguration
from relay.engine.configuration.live import RETRY_SECONDS
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics
from tests.unit.engine.configuration.conftest import ACCOUNTS, Write

CHANGED = ACCOUNTS.replace("password_file: secret}", "password_file: secret, requests_per_second: 2}")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _valid(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("cor_configuration_valid")


def _refused(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("cor_configuration_refused_total")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_a_wrong_file_at_the_start_is_refused(write: Write) -> None:
    with pytest.raises(ConfigurationError):
        LiveConfiguration(write("accounts: {}\n"))


def test_a_changed_file_is_taken_over(write: Write, metrics: Metrics) -> None:
    live = LiveConfiguration(write(ACCOUNTS), metrics)
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
    live = LiveConfiguration(link)
    fresh = tmp_path / "fresh.yaml"
    fresh.symlink_to(second)
    fresh.replace(link)
    assert live.refresh()


def test_a_wrong_file_leaves_the_last_good_one_and_an_alert(write: Write, metrics: Metrics) -> None:
    file = write(ACCOUNTS)
    live = LiveConfiguration(file, metrics)
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


def test_a_file_that_is_mended_ends_the_alert(write: Write, metrics: Metrics) -> None:
    live = LiveConfiguration(write(ACCOUNTS), metrics)
    write("nonsense: true\n")
    live.refresh()
    write(CHANGED)
    assert live.refresh()
    assert _valid(metrics) == 1


def test_a_file_that_is_gone_is_an_alert(write: Write, metrics: Metrics) -> None:
    file = write(ACCOUNTS)
    live = LiveConfiguration(file, metrics)
    file.unlink()
    live.refresh()
    assert _valid(metrics) == 0


def test_a_secret_that_comes_later_ends_the_alert_without_a_change_of_the_file(
    write: Write, metrics: Metrics, tmp_path: Path
) -> None:
    clock = Clock()
    live = LiveConfiguration(write(ACCOUNTS), metrics, clock=clock)
    write(ACCOUNTS.replace("api_key_file: secret", "api_key_file: later"))
    live.refresh()
    assert _valid(metrics) == 0
    (tmp_path / "later").write_text("sandbox-api-key", encoding="utf-8")
    live.refresh()
    assert _valid(metrics) == 0
    clock.now += RETRY_SECONDS
    assert live.refresh()
    assert _valid(metrics) == 1


def test_a_name_may_not_come_to_mean_another_company(write: Write, metrics: Metrics) -> None:
    live = LiveConfiguration(write(ACCOUNTS), metrics)
    write(ACCOUNTS.replace("4200", "4201"))
    with capture_logs() as logs:
        assert not live.refresh()
    assert live.current.procore["acme"].company_id == 4200
    assert "procore:acme" in logs[0]["problems"][0]
    assert "https://api.procore.com 4200" in logs[0]["problems"][0]


def test_a_file_touched_but_not_changed_is_no_change(write: Write, metrics: Metrics) -> None:
    file = write(ACCOUNTS)
    live = LiveConfiguration(file, metrics)
    os.utime(file, ns=(1, 1))
    assert not live.refresh()
    assert _valid(metrics) == 1
