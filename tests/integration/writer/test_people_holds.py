"""A running writer under people's holds: it obeys before the command says so, and goes on when released."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreCommand
from relay.domain.control import Control, Member
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Partition, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import CONTROL
from tests.cor_process import run_cor
from tests.faults.harness import Relay, awaited, end, every_command_ended_once, procore_says_what_the_newest_say
from tests.faults.orders import change_order

CODEC = record_codec()


def cor(relay: Relay, *arguments: str) -> Any:
    """Runs ``cor`` as a process of its own; returns its JSON."""
    ended = run_cor([*arguments, "--json"], relay.environment("console"), 90)
    assert ended.returncode == 0, (ended.returncode, ended.stdout, ended.stderr)
    return json.loads(ended.stdout)


def members(relay: Relay) -> dict[str, Member]:
    """What the members state, by key."""
    found: dict[str, Member] = {}
    for record in read_to_end(relay.connection, [Partition(CONTROL.name(relay.prefix), 0)]):
        key = (record.key or b"").decode()
        found.pop(key, None)
        member = CODEC.decode(record.value, Control).member if record.value is not None else None
        if member is not None:
            found[key] = member
    return found


def owns(relay: Relay, instance: str) -> bool:
    member = members(relay).get(f"member:procore-writer:{instance}")
    return member is not None and member.owns == ("procore:acme",)


def ends(relay: Relay, command: ProcoreCommand) -> list[OutcomeKind]:
    return [one.kind for one in relay.outcomes() if one.command_id == command.command_id and one.kind.is_terminal]


def written(procore: Simulated) -> list[str]:
    return [row["path"] for row in procore.history() if row["method"] != "GET" and row["path"].startswith("/rest/")]


def test_nothing_is_written_between_hold_and_release(relay: Relay, procore: Simulated) -> None:
    writer = relay.start("procore-writer", once=False)
    try:
        awaited(lambda: owns(relay, "one"), "the writer to state itself")
        held = cor(relay, "hold", "--account", "procore:acme", "--why", "in dispute")
        assert held["obeying"] == ["procore-writer one"]
        commands = [change_order(1, 1), change_order(2, 1), change_order(1, 2)]
        relay.submit(commands)
        awaited(lambda: ends(relay, commands[0]) == [OutcomeKind.SUPERSEDED], "the older command to be superseded")
        awaited(lambda: cor(relay, "status")["people_holds"][0]["waiting"] == 2, "two change orders to wait")
        assert written(procore) == []
        cor(relay, "release", held["hold"]["hold_id"], "--why", "settled")
        awaited(lambda: ends(relay, commands[2]) == [OutcomeKind.APPLIED], "the newest to be applied")
        awaited(lambda: relay.ended(commands), "all to end")
        writer.terminate()
        assert writer.wait(60) == 0
    finally:
        end(writer)
    every_command_ended_once(relay, commands)
    procore_says_what_the_newest_say(procore, commands)
    assert members(relay) == {}


@pytest.mark.parametrize("instance", ["one", "two"])
def test_a_successor_obeys_what_a_killed_writer_was_held_by(relay: Relay, procore: Simulated, instance: str) -> None:
    """Under its predecessor's name it takes over at once; under another when the session has ended."""
    commands = [change_order(1, 1), change_order(2, 1, status="approved")]
    writer = relay.start("procore-writer", once=False)
    successor = None
    try:
        awaited(lambda: owns(relay, "one"), "the writer to state itself")
        held = cor(relay, "hold", "--account", "procore:acme", "--why", "in dispute")
        relay.submit(commands)
        awaited(lambda: cor(relay, "status")["people_holds"][0]["waiting"] == 2, "two change orders to wait")
        writer.kill()
        writer.wait()
        successor = relay.start("procore-writer", once=False, instance=instance)
        awaited(lambda: relay.log().count("writer.partition_owned") >= 2, "the successor to own the account")
        awaited(lambda: owns(relay, instance), "the successor to state itself")
        late = change_order(3, 1)
        relay.submit([late])
        awaited(lambda: cor(relay, "status")["people_holds"][0]["waiting"] == 3, "three change orders to wait")
        assert written(procore) == []
        words = ["release", held["hold"]["hold_id"], "--why", "settled", "--wait", "0"]
        run_cor(words, relay.environment("console"), 90)
        awaited(lambda: relay.ended([*commands, late]), "all to end")
    finally:
        end(writer)
        if successor is not None:
            end(successor)
    every_command_ended_once(relay, [*commands, late])
    procore_says_what_the_newest_say(procore, [*commands, late])
