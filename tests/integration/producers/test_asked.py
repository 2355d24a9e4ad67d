"""``cor poll``: the running poller looks at once, and a dry run shows what it would publish."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated, simulated
from relay.domain.records import PollState
from relay.engine.kafka import Connection, Partition, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import OBSERVED, POLL_STATE
from tests.conftest import PARTITIONS
from tests.cor_process import run_cor
from tests.faults.conftest import record
from tests.faults.harness import Relay, awaited, end, prepare

CODEC = record_codec()
POLLERS = ("poll-constructiononline", "poll-procore")
ACCOUNT = "constructiononline:acme"
NEEDS_A_PERSON, FAILED, WRONG_USAGE = 3, 1, 2

CONFIGURATION = """
accounts:
  constructiononline:
    acme:
      base_url: {constructiononline}/api
      email: relay@acme.example
      password_file: {secrets}/password
      api_key_file: {secrets}/api-key
      poll_interval: 1h
  procore:
    acme:
      api_url: {procore}
      login_url: {procore}
      company_id: 4200
      client_id_file: {secrets}/client-id
      client_secret_file: {secrets}/client-secret
      poll_interval: 1h
routes:
  - from: {{system: procore, account: acme, project: 315}}
  - from: {{system: procore, account: acme, project: 316}}
"""


@pytest.fixture
def remotes() -> Iterator[dict[str, Simulated]]:
    with simulated("constructiononline") as source, simulated("procore") as procore:
        yield {"constructiononline": source, "procore": procore}


@pytest.fixture
def relay(
    tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, remotes: dict[str, Simulated]
) -> Relay:
    prepare(tmp_path, {name: remote.url for name, remote in remotes.items()}, CONFIGURATION)
    record(connection, provisioned, tmp_path)
    return Relay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)


def poll(relay: Relay, *words: str) -> subprocess.CompletedProcess[str]:
    return run_cor(["poll", *words], relay.environment(), 90)


def count(relay: Relay, topic: str) -> int:
    return sum(1 for _ in read_to_end(relay.connection, [Partition(topic, number) for number in range(PARTITIONS)]))


def loaded(relay: Relay) -> set[str]:
    """The accounts whose first load is noted, which is the last that it writes."""
    places = [Partition(POLL_STATE.name(relay.prefix), number) for number in range(PARTITIONS)]
    states = [CODEC.decode(one.value, PollState) for one in read_to_end(relay.connection, places) if one.value]
    return {f"{state.system}:{state.account}" for state in states if not state.change_order_id and state.loaded}


def listings(procore: Simulated, project: int) -> int:
    rows = procore.history(path="potential_change_orders")
    return sum(f"project_id={project}" in json.dumps(row) or f"/{project}/" in row["path"] for row in rows)


def test_who_asks_need_not_wait_for_the_interval(relay: Relay, remotes: dict[str, Simulated]) -> None:
    source, procore, observed = remotes["constructiononline"], remotes["procore"], OBSERVED.name(relay.prefix)
    source.people("clear")
    source.people("create_project", id=1321036, name="Lake Blvd")
    first, _ = (source.people("create_change_order", project=1321036, name=name) for name in ("One", "Other"))
    nobody = poll(relay, ACCOUNT, "--wait", "0")
    assert nobody.returncode == NEEDS_A_PERSON
    assert "Nobody polls" in nobody.stdout
    running = relay.start(*POLLERS, once=False)
    try:
        awaited(lambda: count(relay, observed) == len(source.state()["change_orders"]), "the first load")
        awaited(lambda: listings(procore, 315) > 0 and listings(procore, 316) > 0, "both projects")
        awaited(lambda: loaded(relay) == {ACCOUNT, "procore:acme"}, "both first loads to be noted")
        source.people("edit_change_order", id=first["ID"], set={"NAME": "Looked at now"})
        before, states = count(relay, observed), count(relay, POLL_STATE.name(relay.prefix))

        seen = poll(relay, ACCOUNT, "--dry-run", "--json")
        assert seen.returncode == 0, seen.stderr
        (event,) = json.loads(seen.stdout)["events"]
        assert (event["change"], event["change_order"]["title"]) == ("updated", "Looked at now")
        spent = poll(relay, ACCOUNT, "--dry-run", "--calls", "1")
        assert (spent.returncode, "--calls" in spent.stderr) == (FAILED, True)
        assert (count(relay, observed), count(relay, POLL_STATE.name(relay.prefix))) == (before, states)

        asked = poll(relay, ACCOUNT, "--json")
        assert asked.returncode == 0, asked.stdout + asked.stderr
        assert json.loads(asked.stdout)["pollers"] == ["poll-constructiononline one"]
        awaited(lambda: count(relay, observed) == before + 1, "the event")

        other, wanted = listings(procore, 315), listings(procore, 316)
        assert poll(relay, "procore:acme", "--project", "316").returncode == 0
        awaited(lambda: listings(procore, 316) == wanted + 1, "the one project")
        assert listings(procore, 315) == other
    finally:
        end(running)


def test_only_what_is_configured_is_polled(relay: Relay) -> None:
    refused: Any = poll(relay, "procore:beta")
    assert refused.returncode == WRONG_USAGE
    assert "procore:acme" in refused.stderr
