"""The compose file at work: its own services, rights, networks, waiting and grace, between simulated systems."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from deploy.cluster.overlay import CONFIGURATION, SECRETS
from deploy.cluster.surroundings import differences
from deploy.demo import company
from deploy.local.ports import free_ports
from deploy.sandbox.editor import HOUSE
from deploy.sandbox.process import Control
from deploy.sandbox.shell.json_text import render
from tests.containers.composition import Composition
from tests.containers.engine import client

pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).parents[2]
SIMULATED = 8000
LOGIN, PASSWORD = "anna", "a-password-of-hers"
# As `htpasswd -nB anna` prints it.
LOGIN_LINE = "anna:$2y$05$MQeq1dQN81vt06WZwF9eFOn25/aEs/PDdvJoSn2pIZkZKSQMca4la\n"


def stand_ins() -> dict[str, str]:
    """Images in place of official ones, where those are not to be had."""
    told = os.environ.get("COR_PROOF_STAND_INS", "").split()
    return dict(one.split("=") for one in told)


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with client() as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, engine: Any, image: str) -> Path:
    """The compose file's folder with what belongs to an installation, owned as its page says."""
    root = tmp_path_factory.mktemp("installation")
    for name in ("compose", "monitoring"):
        shutil.copytree(ROOT / "deploy" / name, root / name)
    folder = root / "compose"
    remotes = {name: f"http://{name}:{SIMULATED}" for name in SECRETS}
    files = {
        "configuration/cor.yaml": CONFIGURATION.format(mounted="/run/secrets/change-order-relay", **remotes),
        "secrets/grafana-admin-password": PASSWORD,
        "secrets/page-logins": LOGIN_LINE,
        "secrets/login/users": LOGIN_LINE,
        **{f"secrets/relay/{system}/{name}": text for system, own in SECRETS.items() for name, text in own.items()},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    _make_certificate(folder / "secrets" / "login")
    page = (folder / "README.md").read_text(encoding="utf-8")
    own = "\n".join(re.findall(r"^chown .*$", page, re.MULTILINE))
    volumes = {str(folder): {"bind": "/installation", "mode": "rw"}}
    engine.containers.run(
        image, ["-ec", own], entrypoint="/bin/sh", user="0", working_dir="/installation", volumes=volumes, remove=True
    )
    return folder


def _make_certificate(folder: Path) -> None:
    names = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, *names], check=True, capture_output=True)


@pytest.fixture(scope="module")
def composition(engine: Any, folder: Path, image: str) -> Iterator[Composition]:
    composition = Composition(engine, folder / "compose.yaml", {"COR_IMAGE": image}, stand_ins())
    try:
        yield composition
    finally:
        composition.close()


@pytest.fixture(scope="module")
def systems(
    engine: Any, composition: Composition, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Control]]:
    """The simulated systems, on the network by which the relay reaches remotes."""
    seeds = {"constructiononline": company.main_office(), "procore": company.procore(), "cinx": company.cinx()}
    folder = tmp_path_factory.mktemp("seeds")
    folder.chmod(0o755)
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_simulated(engine, composition, image, name, folder, seed))
            for name, seed in seeds.items()
        }


@contextmanager
def _simulated(
    engine: Any, composition: Composition, image: str, name: str, folder: Path, seed: Mapping[str, object]
) -> Iterator[Control]:
    file = folder / f"{name}.json"
    file.write_text(render(dict(seed)), encoding="utf-8")
    network = composition.network("remotes").name
    (port,) = free_ports(1)
    container = engine.containers.run(
        image,
        [
            "-m",
            f"deploy.sandbox.{name}",
            "--detached",
            "--host",
            "0.0.0.0",
            "--port",
            str(SIMULATED),
            "--seed",
            "/seed",
        ],
        entrypoint="python",
        detach=True,
        working_dir="/checkout",
        environment={"PYTHONPATH": "/checkout"},
        volumes=[f"{ROOT / 'deploy'}:/checkout/deploy:ro", f"{file}:/seed:ro"],
        ports={f"{SIMULATED}/tcp": ("127.0.0.1", port)},
        network=network,
        networking_config={network: engine.api.create_endpoint_config(aliases=[name])},
    )
    try:
        control = Control(f"http://127.0.0.1:{port}")
        until(lambda: _answers(control), lambda: container.logs().decode())
        yield control
    finally:
        container.remove(force=True)


def _answers(control: Control) -> bool:
    try:
        control.state()
    except OSError:
        return False
    return True


def until(happened: Callable[[], bool], words: Callable[[], str], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, words()
        time.sleep(0.5)


@pytest.fixture(scope="module")
def relay(composition: Composition, systems: Mapping[str, Control]) -> Any:
    """The relay, well, after Kafka, the registry and what provisions them."""
    return composition.up("relay")


def ask(address: str, path: str, *, login: str | None = None, tls: bool = False) -> tuple[int, str]:
    """Asks a proxy as a browser on this machine does that calls it localhost."""
    host, _, port = address.partition(":")
    connection = (
        HTTPSConnection(host, int(port), timeout=30, context=ssl._create_unverified_context())
        if tls
        else HTTPConnection(host, int(port), timeout=30)
    )
    headers = {"Host": f"localhost:{port}"}
    if login is not None:
        headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_change_order_is_carried_to_both_remotes(
    composition: Composition, relay: Any, systems: Mapping[str, Control], folder: Path
) -> None:
    entered = systems["constructiononline"].people("create_change_order", project=HOUSE, name="Pendant lamp", items=[])
    configuration = folder / "configuration" / "cor.yaml"
    until(
        lambda: (
            not differences(systems, configuration)
            and str(entered["ID"]) in json.dumps(systems["procore"].state(), default=str)
        ),
        lambda: "\n".join((*differences(systems, configuration), composition.logs("relay")[-4000:])),
    )
    code, told = composition.run("cor", "status")
    assert code == 0, told
    assert "Idle" in told


def test_the_page_answers_behind_the_login_and_nobody_without(composition: Composition, relay: Any) -> None:
    composition.up("proxy")
    address = composition.address("proxy")
    assert ask(address, "/")[0] == 401
    assert ask(address, "/", login=f"{LOGIN}:wrong")[0] == 401
    until(
        lambda: "Pendant lamp" in ask(address, "/search?q=Pendant", login=f"{LOGIN}:{PASSWORD}")[1],
        lambda: composition.logs("page")[-4000:],
    )


def test_whoever_logs_in_is_known_to_the_page_with_decisions(composition: Composition, relay: Any) -> None:
    composition.up("login")
    address = composition.address("login")
    assert ask(address, "/", tls=True)[0] == 401
    status, text = ask(address, "/decisions/hold", login=f"{LOGIN}:{PASSWORD}", tls=True)
    assert status == 200
    assert f"You decide as {LOGIN};" in text


def test_prometheus_collects_from_the_relay_and_takes_the_rules(composition: Composition, relay: Any) -> None:
    if not composition.can_run("prometheus"):
        pytest.skip("no prometheus on this machine, and no image of it")
    composition.up("prometheus")
    address = composition.address("prometheus")

    def answer(path: str) -> Any:
        return json.loads(ask(address, path)[1])["data"]

    until(
        lambda: [one["health"] for one in answer("/api/v1/targets")["activeTargets"]] == ["up"],
        lambda: str(answer("/api/v1/targets")),
    )
    assert len(answer("/api/v1/rules")["groups"]) > 0


def test_the_daily_e_mail_can_be_made(composition: Composition, relay: Any) -> None:
    composition.up("mail")


def test_grafana_starts_with_what_this_tree_gives_it(composition: Composition, relay: Any) -> None:
    if not composition.can_run("grafana"):
        pytest.skip("no image of Grafana, and nothing on this machine to make one of")
    composition.up("grafana")


def test_every_service_ends_when_it_is_told_to_and_within_its_grace(composition: Composition, relay: Any) -> None:
    for name in composition.running():
        took, code = composition.stop(name)
        # 143: a program that leaves SIGTERM to its default; 137 would be a kill.
        assert code in {0, 143}, f"{name}: {code}\n{composition.logs(name)[-4000:]}"
        assert took < composition.grace(name), name
