from __future__ import annotations

import os
import socket
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from deploy.containers import __main__ as program
from deploy.containers import private_engine
from deploy.containers.stand_in import kafka_broker_api_versions
from deploy.containers.stand_in.start_kafka import properties
from deploy.containers.stand_ins import StandIns
from deploy.local.broker_settings import Listeners, as_environment, broker_settings
from deploy.local.ports import free_ports

ROOT = Path(__file__).parents[4]


def test_the_stand_in_reads_the_settings_as_the_official_image_does() -> None:
    settings = broker_settings(Listeners(plain=1, sasl=2, own=3, controller=4), "/data") | {"a_b-c.d": "x=y"}
    environment = {**as_environment(settings), "CLUSTER_ID": "x", "PATH": "/bin", "KAFKA_HEAP_OPTS": "-Xmx1g"}
    assert properties(environment) == settings


@pytest.mark.parametrize(
    ("answer", "code"), [(b"\0\0\0\x0a\0\0\0\x07\0\0", 0), (b"\0\0\0\x0a\0\0\0\x07\0\x23", 1), (b"", 1)]
)
def test_the_stand_in_asks_whether_the_broker_answers(answer: bytes, code: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def serve() -> None:
            asking, _ = server.accept()
            with asking:
                asking.recv(100)
                asking.sendall(answer)

        served = pool.submit(serve)
        assert kafka_broker_api_versions.main(f"127.0.0.1:{server.getsockname()[1]}") == code
        served.result()


def test_nobody_listening_is_no_broker() -> None:
    assert kafka_broker_api_versions.main(f"127.0.0.1:{free_ports(1)[0]}") == 1


def test_what_cannot_be_made_stands_for_nothing() -> None:
    told = StandIns(prometheus="").variables()["COR_PROOF_STAND_INS"].split()
    assert [one.partition("=")[0] for one in told] == [
        "apache/kafka",
        "apicurio/apicurio-registry",
        "nginxinc/nginx-unprivileged",
    ]


def test_every_service_of_the_compose_file_has_a_stand_in_but_grafana() -> None:
    compose = YAML(typ="safe", pure=True).load((ROOT / "deploy" / "compose" / "compose.yaml").read_text("utf-8"))
    images = {service["image"].rpartition(":")[0] for service in compose["services"].values()}
    assert images - set(StandIns().official) == {"${COR_IMAGE:-change-order-relay", "grafana/grafana"}


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
    assert {"podman", "runc", "netavark", "aardvark-dns", "iptables", "mmdebstrap"} <= set(
        script.replace(";", " ").split()
    )
    assert "make containers" in script
