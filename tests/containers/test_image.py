"""The image at work: a stage of it, under the restrictions that the manifests put on it, beside a real broker."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from deploy.local.containers import ContainerBroker
from deploy.local.ports import free_ports
from deploy.sandbox.process import Simulated, simulated
from relay.engine.kafka import Connection
from relay.engine.settings import Settings
from relay.engine.topics import PROCORE
from tests.containers.engine import client
from tests.integration.flow.conftest import Flow

ROOT = Path(__file__).parents[2]
PROBES = 8080  # in the container
NOBODY = "10001"


@pytest.fixture(scope="module")
def probes_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def broker(probes_port: int) -> Iterator[ContainerBroker]:
    """A broker in whose network the stage runs."""
    broker = ContainerBroker({probes_port: PROBES})
    try:
        broker.open()
        yield broker
    finally:
        broker.close()


@pytest.fixture(scope="module")
def office() -> Iterator[Simulated]:
    with simulated("constructiononline") as process:
        process.people("clear")
        process.people("create_project", id=1321036, name="3931 E Lake Blvd")
        yield process


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory, broker: ContainerBroker, office: Simulated) -> Flow:
    """A configuration that the image's user can read, and the poller, which runs in this process."""
    folder = tmp_path_factory.mktemp("configuration")
    flow = Flow(folder, broker, Connection(broker.bootstrap_servers), "", office)
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o644)
    return flow


Start = Callable[..., Any]


@pytest.fixture(scope="module")
def start(image: str, broker: ContainerBroker, flow: Flow) -> Start:
    """Starts a container of the image with arguments of ``cor``, restricted as the manifests have it."""

    def begin(engine: Any, *arguments: str) -> Any:
        return engine.containers.run(
            image,
            list(arguments),
            detach=True,
            read_only=True,
            tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=64m"},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            network_mode=broker.network,
            volumes={str(flow.folder): {"bind": str(flow.folder), "mode": "ro"}},
            environment={
                "COR_KAFKA_BOOTSTRAP_SERVERS": broker.neighbours_bootstrap_servers,
                "COR_CONFIG": str(flow.folder / "cor.yaml"),
                "COR_INSTANCE": "one",
                "COR_SESSION_TIMEOUT": "6",
                "COR_METRICS_ADDRESS": "0.0.0.0",
                "COR_METRICS_PORT": str(PROBES),
            },
        )

    return begin


@contextmanager
def removed(container: Any) -> Iterator[Any]:
    try:
        yield container
    finally:
        container.remove(force=True)


@pytest.fixture(scope="module")
def provisioned(start: Start) -> None:
    """Topics and first offsets, by the image itself."""
    with client() as engine, removed(start(engine, "topics", "apply")) as container:
        ended = container.wait(timeout=120)
        assert ended["StatusCode"] == 0, container.logs().decode()


@pytest.fixture
def mapper(start: Start, provisioned: None, probes_port: int) -> Iterator[Any]:
    """A mapper that is ready."""
    with client() as engine, removed(start(engine, "run", "mapper")) as container:
        until(lambda: probe(probes_port, "readyz")[0] == 200, container)
        yield container


def until(happened: Callable[[], bool], container: Any) -> None:
    end = time.monotonic() + 60
    while not happened():
        container.reload()
        assert container.status in {"created", "running"}, container.logs().decode()
        assert time.monotonic() < end, container.logs().decode()
        time.sleep(0.1)


def probe(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except (URLError, OSError):
        return 0, ""


def run_python(container: Any, code: str) -> str:
    """What a second process in the container prints, or its error."""
    return str(container.exec_run(["python", "-c", code]).output.decode())


def test_it_says_what_it_is_and_of_which_revision(image: str) -> None:
    with client() as engine:
        settings = engine.images.get(image).attrs["Config"]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert settings["Labels"]["org.opencontainers.image.revision"] == head.strip()
    assert settings["Entrypoint"] == ["cor"]
    assert settings["User"] == f"{NOBODY}:{NOBODY}"


def test_a_stage_runs_as_nobody_and_without_rights(mapper: Any) -> None:
    text = run_python(mapper, "print(open('/proc/1/status').read(), end='')")
    status = {name: value.split() for name, _, value in (line.partition(":") for line in text.splitlines())}
    assert status["Uid"] == status["Gid"] == [NOBODY] * 4
    capabilities = [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")]
    assert capabilities == [["0" * 16]] * 5
    assert status["NoNewPrivs"] == ["1"]
    assert status["Name"] == ["cor"]


def test_a_stage_needs_no_file_system_that_it_may_write(mapper: Any) -> None:
    """What it has is the folder of ``TMPDIR``; it became ready on that."""
    mounts = [line.split() for line in run_python(mapper, "print(open('/proc/1/mounts').read(), end='')").splitlines()]
    options = {place: words.split(",") for _, place, _, words, *_ in mounts}
    assert "ro" in options["/"]
    assert "rw" in options["/tmp"]


def test_a_stage_serves_its_probes(mapper: Any, probes_port: int) -> None:
    assert probe(probes_port, "livez")[0] == 200
    status, text = probe(probes_port, "metrics")
    assert status == 200
    assert 'stage="mapper"' in text


def test_a_stage_works(mapper: Any, flow: Flow) -> None:
    def commands() -> int:
        return sum(len(flow.records(topic)) for topic in (PROCORE.commands, PROCORE.backfill))

    before = commands()
    for number in range(20):
        flow.people("create_change_order", project=1321036, name=f"Rebar {number}")
    assert flow.run("poll-constructiononline") == 0
    until(lambda: commands() == before + 20, mapper)


def test_a_stage_ends_on_sigterm_within_its_budget(mapper: Any, flow: Flow) -> None:
    budget = Settings(kafka_bootstrap_servers="kafka:9092", session_timeout=6).shutdown_budget
    begun = time.monotonic()
    mapper.stop(timeout=int(budget))
    took = time.monotonic() - begun
    mapper.reload()
    lines = [json.loads(line) for line in mapper.logs().decode().splitlines()]
    assert mapper.attrs["State"]["ExitCode"] == 0, lines[-5:]
    assert took < budget
    assert [line for line in lines if line.get("level") in {"error", "critical"}] == []
