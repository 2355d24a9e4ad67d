"""Who only looks writes nothing; who decides does each decision, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kubernetes.access import ACCESS, DECIDER, READER
from relay.domain.letters import DeadLetter, LetterKind
from relay.engine.kafka import Connection, KafkaFailure, Outgoing, PlainWriter, Transactions
from relay.engine.topics import ALL
from tests.integration.cli.conftest import Place
from tests.integration.cli.test_letters import actions, in_review, refused
from tests.integration.rights.conftest import Deployed
from tests.integration.web.conftest import Office, sends
from tests.unit.web.decisions_page import Person

LETTERS = "/decisions/letters"


def may_write(deployed: Deployed, workload: str) -> set[str]:
    """The topics on which the broker takes a record of the workload's user."""
    taken = set()
    for topic in ALL:
        with PlainWriter(deployed.connection(workload)) as writer:
            try:
                writer.send(Outgoing(topic.name(deployed.prefix), b"k", None, 0))
                writer.flush()
            except KafkaFailure:
                continue
        taken.add(topic.base)
    return taken


def test_who_looks_and_who_decides_write_what_is_documented(deployed: Deployed) -> None:
    (deciding,) = [one for one in ACCESS if one.workload == DECIDER]
    assert may_write(deployed, READER) == set()
    assert may_write(deployed, DECIDER) == {topic.base for topic in deciding.writes}
    for workload, transactional_id in ((READER, "web-0"), (READER, "cor-0"), (DECIDER, "cor-0"), (DECIDER, "mapper-0")):
        transactions = Transactions(deployed.connection(workload), f"{deployed.prefix}{transactional_id}")
        with pytest.raises(KafkaFailure):
            transactions.fence()
        transactions.close()


@pytest.fixture
def office(
    deployed: Deployed,
    connection: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Office]:
    """A page as the user who decides, beside topics that the test fills as who runs Kafka."""
    for name, value in deployed.settings(READER).items():
        monkeypatch.setenv(name, value)
    place = Place(connection, deployed.prefix, tmp_path, capsys)
    place.route("1321036")
    deciding = deployed.settings(DECIDER)
    user = {
        name.removeprefix("COR_").lower(): value for name, value in deciding.items() if name.startswith("COR_KAFKA_")
    }
    made = Office(place, connection.bootstrap_servers, tmp_path, user)
    yield made
    made.close()


def test_every_decision_can_be_made_with_the_rights_of_who_decides(office: Office) -> None:
    place = office.place
    redriven, settled, adopted, doubted = (
        refused(place, "17"),
        refused(place, "18"),
        doubt(place, "19"),
        doubt(place, "20"),
    )
    office.want_second_person()
    office.fold()
    page = office.page()
    anna, bert = Person(page, "anna"), Person(page, "bert")

    def decided(person: Person, screen: str, action: str, **written: str) -> None:
        answer = sends(person, screen, action, **written)
        assert answer.status_code == 303, answer.text
        assert person.get(answer.headers["location"]).status_code == 200

    for letter, action, written in (
        (redriven, "assign", {"to": "bert"}),
        (redriven, "note", {"note": "Mended"}),
        (redriven, "snooze", {"until": "2999-01-01T00:00"}),
        (redriven, "redrive", {"why": "It is mended"}),
        (settled, "settle", {"why": "By hand"}),
        (adopted, "adopt", {"why": "It is there", "remote_id": "598"}),
        (doubted, "resubmit", {"why": "It is not there"}),
    ):
        decided(anna, f"/decisions/letter?id={letter.letter_id}", f"{LETTERS}/{action}", **written)
    decided(anna, "/decisions/hold", "/decisions/hold", kind="account", named="procore:acme", why="Wait")
    (held,) = json.loads(place.cor("holds", "list", "--json").out)
    office.fold()
    decided(bert, f"/decisions/release?id={held['hold_id']}", "/decisions/release", why="Go on")
    decided(bert, "/decisions", "/decisions/approve")
    office.fold()
    decided(bert, "/decisions", "/decisions/decline", why="Look again")
    assert len(actions(place)) == 11

    looked: tuple[tuple[str, ...], ...] = (
        ("letters", "list"),
        ("letters", "show", redriven.letter_id),
        ("letters", "proposals"),
        ("holds", "list"),
        ("audit",),
        ("status",),
        ("trace", "17"),
        ("log",),
    )
    for command in looked:
        ended = place.cor(*command)
        assert ended.code in {0, 3}, (command, ended.out, ended.err)
    for forbidden in (
        ("letters", "settle", redriven.letter_id, "--why", "x"),
        ("letters", "assign", redriven.letter_id, "--to", "x"),
        ("hold", "--account", "procore:acme", "--why", "x"),
    ):
        assert place.cor(*forbidden).code == 1
    assert len(actions(place)) == 11


def doubt(place: Place, number: str) -> DeadLetter:
    """A letter of a write of which nobody knows whether it is there."""
    letter = refused(place, number, LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    return letter
