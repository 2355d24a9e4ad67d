from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import ProcoreCommand
from relay.engine.kafka import Outgoing
from relay.engine.topics import LETTERS, PROCORE
from tests.integration.flow.conftest import ROUTE, Flow

POLLER = "poll-constructiononline"
REASON = "procore.amount_missing"
REDRIVE = f"redrive: [{{reason: {REASON}, every: 1m, most: 5}}]\n"
ROUTED = ROUTE.replace("1321036", "8").replace("mode: live", "mode: live\n    history: true")


def refused(flow: Flow) -> int:
    """Two change orders without an amount, dead-lettered; the number of the first one."""
    number = refused_without_keeper(flow)
    priceless(flow, "B")
    flow.run(POLLER, "mapper", "dead-letters")
    assert len(flow.letters()) == 2
    return number


def priceless(flow: Flow, name: str) -> int:
    """A change order of which the source does not tell what the client pays."""
    number = int(flow.people("create_change_order", project=8, name=name)["ID"])
    flow.people("malform", id=number, remove=["CLIENT_PRICE"])
    return number


def gauge(flow: Flow, name: str, **labels: str) -> float | None:
    return flow.metrics.registry.get_sample_value(name, labels)


def test_open_letters_are_counted(flow: Flow) -> None:
    refused(flow)
    assert gauge(flow, "cor_letters_open", stage="mapper", reason=REASON) == 2
    assert (gauge(flow, "cor_letters_oldest_age_seconds", stage="mapper") or 0) > 0


def test_a_later_change_that_is_mapped_settles_the_letter(flow: Flow) -> None:
    number = refused(flow)
    flow.configure(routes=ROUTE.replace("1321036", "8").replace("mode: live", "mode: observe"))
    flow.people("edit_change_order", id=number, set={"NAME": "Edited"})
    flow.run(POLLER, "mapper", "dead-letters")
    (left,) = flow.letters().values()
    assert left.change_order_key != f"constructiononline:acme:{number}"
    tombstone = next(one for one in flow.records(LETTERS) if one.value is None)
    assert dict(tombstone.headers)["cor-settled"] == b"a later change of it was mapped"
    assert gauge(flow, "cor_letters_open", stage="mapper", reason=REASON) == 1


def test_a_deletion_settles_the_letter_with_that_reason(flow: Flow) -> None:
    number = refused(flow)
    flow.configure(routes=ROUTE)
    flow.people("delete_change_order", id=number)
    flow.forget_the_sweep()
    flow.run(POLLER, "mapper", "dead-letters")
    assert len(flow.letters()) == 1
    tombstone = next(one for one in flow.records(LETTERS) if one.value is None)
    assert dict(tombstone.headers)["cor-settled"] == b"the change order was deleted at the source"


def test_a_letter_and_a_later_outcome_meet_in_whichever_order_they_are_read(flow: Flow) -> None:
    """The keeper starts when all of it is there."""
    number = refused_without_keeper(flow)
    flow.configure(routes=ROUTE.replace("1321036", "8").replace("mode: live", "mode: observe"))
    flow.people("edit_change_order", id=number, set={"NAME": "Edited"})
    flow.run(POLLER, "mapper")
    flow.run("dead-letters")
    assert len(flow.letters()) == 0
    flow.run("dead-letters")
    assert len([one for one in flow.records(LETTERS) if one.value is None]) == 1


def refused_without_keeper(flow: Flow) -> int:
    flow.configure(routes=ROUTED)
    flow.people("create_project", id=8, name="Other")
    number = priceless(flow, "A")
    flow.run(POLLER, "mapper")
    return number


def test_a_policy_sends_a_letter_again_with_the_routes_of_today(flow: Flow) -> None:
    number = refused_without_keeper(flow)
    age_letters(flow)
    flow.configure(routes=ROUTED.replace("tiers: 2", "tiers: 2, amount: cost") + REDRIVE)
    flow.run("dead-letters")
    topics = flow.records(PROCORE.commands)
    (command,) = [flow.codec.decode(one.value or b"", ProcoreCommand) for one in topics]
    (letter,) = flow.letters().values()
    assert command.change_order_key == f"constructiononline:acme:{number}"
    assert command.letter_id == letter.letter_id
    assert dict(topics[0].headers)["cor-letter"] == letter.letter_id.encode()


def test_a_policy_that_does_not_help_counts_the_attempts(flow: Flow) -> None:
    refused_without_keeper(flow)
    age_letters(flow)
    flow.configure(routes=ROUTED + REDRIVE)
    flow.run("dead-letters")
    (letter,) = flow.letters().values()
    assert letter.attempts == 2


def age_letters(flow: Flow) -> None:
    """As if the letters had been written long ago."""
    with flow.writer() as writer:
        for record in flow.records(LETTERS):
            letter = flow.letters()[(record.key or b"").decode()]
            old = replace(letter, last_at=letter.last_at.replace(year=2020))
            topic = LETTERS.name(flow.prefix)
            writer.send(Outgoing(topic, record.key, flow.codec.encode(old, topic), record.partition))
        writer.flush()
