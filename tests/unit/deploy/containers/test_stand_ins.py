from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.containers import __main__ as program
from deploy.containers import private_engine
from deploy.containers.stand_in.start_kafka import properties
from deploy.local.broker_settings import Listeners, as_environment, broker_settings

ROOT = Path(__file__).parents[4]


def test_the_stand_in_reads_the_settings_as_the_official_image_does() -> None:
    settings = broker_settings(Listeners(plain=1, sasl=2, own=3, controller=4), "/data") | {"a_b-c.d": "x=y"}
    environment = {**as_environment(settings), "CLUSTER_ID": "x", "PATH": "/bin"}
    assert properties(environment) == settings


def test_the_engine_of_our_own_keeps_everything_in_its_folder() -> None:
    settings = tomllib.loads(private_engine.ENGINE.format(folder="/here"))
    storage = tomllib.loads(private_engine.STORAGE.format(folder="/here", driver="overlay"))["storage"]
    assert settings["engine"]["image_copy_tmp_dir"].startswith("/here/")
    assert settings["network"]["network_config_dir"].startswith("/here/")
    assert storage["graphroot"].startswith("/here/")
    for place in (settings["engine"]["tmp_dir"], storage["runroot"]):
        assert any(Path(place).is_relative_to(covered) for covered in private_engine.PRIVATE)


def test_a_machine_without_an_engine_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "engine_answers", lambda: False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program.main(["true"]) == 2
    told = capsys.readouterr().err
    for word in ("podman", "runc", "mmdebstrap", "DOCKER_HOST"):
        assert word in told


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert private_engine.missing() == ["root on Linux"]


def test_the_run_in_ci_installs_what_the_engine_needs() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {"podman", "runc", "netavark", "iptables", "mmdebstrap"} <= set(script.replace(";", " ").split())
    assert "make containers" in script
