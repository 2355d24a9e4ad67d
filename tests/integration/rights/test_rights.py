from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.applications import Starlette

from relay.engine.kafka import KafkaFailure, Outgoing, PlainWriter
from relay.engine.settings import read_settings
from relay.engine.topics import GROUPS, LETTERS, OBSERVED, PROCORE, Topic
from tests.conftest import PARTITIONS
from tests.integration.rights.conftest import MORE, Deployed
from tests.integration.web.conftest import sends
from tests.unit.web.decisions_page import PROXY, Person
from web.app import application


def done(deployed: Deployed, workload: str, *arguments: str, code: int = 0) -> str:
    """What a command prints that its user may give."""
    ended = deployed.cor(workload, *arguments)
    assert ended.returncode == code, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert "uthorization" not in ended.stdout + ended.stderr
    return ended.stdout


def asked(deployed: Deployed, *arguments: str) -> Any:
    """The same of a person, as JSON."""
    return json.loads(done(deployed, "console", *arguments, "--json"))


def ran(deployed: Deployed, *stages: str) -> str:
    """The stages one after the other, each as the user it is; 3: with dead letters."""
    said = ""
    for stage in stages:
        ended = deployed.run(stage)
        assert ended.returncode in {0, 3}, ended.stdout[-3000:] + ended.stderr[-3000:]
        assert "uthorization" not in ended.stdout + ended.stderr
        said += ended.stdout
    return said


@pytest.mark.longest
@pytest.mark.timeout(600)  # some thirty processes, one after the other
def test_everything_can_be_done_with_the_rights_that_the_manifests_give(deployed: Deployed) -> None:
    """Provisioning, a change order all the way, dead letters, a redrive, a replay, and looking at it all."""
    carried, unrouted = written_at_the_source(deployed)
    provision(deployed)  # It looks for the projects of the file.
    write(deployed, "poll-constructiononline", OBSERVED)
    ran(deployed, "poll-constructiononline", "mapper", "procore-writer", "cinx-submitter")
    ran(deployed, "dead-letters", "poll-procore", "poll-cinx", "mapper", "views")
    assert f"cor:constructiononline:acme:{carried}:owner" in origins(deployed)
    assert deployed.remotes["cinx"].history(method="POST"), "the submitter has asked for nothing"

    assert str(carried) in done(deployed, "views", "log", "--json")
    reasons = {one["reason"] for one in asked(deployed, "letters", "list")}
    assert {"route.missing", "record.unreadable"} <= reasons
    assert asked(deployed, "trace", str(carried))["events"]
    assert asked(deployed, "plan", "--change-order", str(carried))["rows"]
    assert {one["stage"] for one in asked(deployed, "status")["stages"]} >= set(GROUPS)
    assert asked(deployed, "topics", "diff", "--partitions", str(PARTITIONS))["missing"] == []

    deployed.configure(MORE)
    provision(deployed)
    person = Person(page_of(deployed), "bert@acme.example")
    decision = sends(person, "/decisions/letters?reason=route.missing", "/decisions/letters/redrive", why="It is there")
    assert decision.status_code == 303, decision.text
    followed = person.get(decision.headers["location"]).text
    assert "The project was mapped anew: 1 change orders." in followed
    assert "bert@acme.example: replay.ended, “It is there”" in followed  # As the audit has it.
    ran(deployed, "procore-writer", "dead-letters")
    assert f"cor:constructiononline:acme:{unrouted}:other" in origins(deployed)
    left = asked(deployed, "letters", "list")
    assert "route.missing" not in {one["reason"] for one in left}
    done(deployed, "console", "letters", "settle", left[0]["letter_id"], "--why", "It was none of ours")
    done(deployed, "console", "replay", "--all", "--why", "To see that nothing happens", code=3)
    ran(deployed, "procore-writer", "cinx-submitter")
    assert asked(deployed, "members", "list")["members"]
    assert asked(deployed, "members", "remove", "mapper", "mapper-0")["removed"] == ["mapper-0"]

    deployed.configure(MORE.replace("name: other", "name: another"))
    provision(deployed, "--accept-new-target", "another", "--why", "It is another one")


def page_of(deployed: Deployed) -> Starlette:
    """The page with decisions, as the user who decides."""
    environment = deployed.settings("decider") | {
        "COR_WEB_DECISIONS": "true",
        "COR_WEB_USER_HEADER": "X-Forwarded-User",
        "COR_WEB_PROXY": PROXY,
    }
    return application(read_settings(environment))


def provision(deployed: Deployed, *arguments: str) -> None:
    done(deployed, "provision", "topics", "apply", "--partitions", str(PARTITIONS), *arguments)


def written_at_the_source(deployed: Deployed) -> tuple[int, int]:
    """Two approved change orders: one that a route carries, and one that none does."""
    source = deployed.remotes["constructiononline"]
    source.people("clear")
    numbers = []
    for project in (1321036, 8):
        source.people("create_project", id=project, name=f"Project {project}")
        body = {"CONDITION": 0, "PRICE": "4200"}
        numbers.append(int(source.people("create_change_order", project=project, name="Fence", set=body)["ID"]))
        source.people("approve", id=numbers[-1])
    return numbers[0], numbers[1]


def origins(deployed: Deployed) -> set[str]:
    """What Procore holds of ours."""
    return {one["origin_id"] for one in deployed.remotes["procore"].state()["potential_change_orders"]}


@pytest.mark.parametrize(
    ("workload", "topic"),
    [("mapper", PROCORE.ledger), ("dead-letters", PROCORE.inbox), ("cinx-submitter", PROCORE.commands)],
)
def test_nobody_writes_what_is_another_s(deployed: Deployed, workload: str, topic: Topic) -> None:
    with pytest.raises(KafkaFailure, match=topic.name(deployed.prefix)):
        write(deployed, workload, topic)


def test_the_rights_are_what_lets_a_workload_do_its_part(deployed: Deployed) -> None:
    write(deployed, "mapper", LETTERS)


def write(deployed: Deployed, workload: str, topic: Topic) -> None:
    """Something, as the user of a workload."""
    with PlainWriter(deployed.connection(workload)) as writer:
        writer.send(Outgoing(topic.name(deployed.prefix), b"k", b"no event of ours", 0))
        writer.flush()
