"""What the writer does about a company, a project or a host that refuses: it waits, and goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from subprocess import Popen

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import Mode, ProcoreCommand, ProcoreDestination
from relay.domain.outcomes import OutcomeKind
from tests.faults.harness import Relay, awaited, end
from tests.faults.orders import DESTINATION, change_order

OTHER_PROJECT, OTHER_CONTRACT = 316, 44024


@pytest.fixture
def writer(relay: Relay) -> Iterator[Popen[bytes]]:
    process = relay.start("procore-writer", once=False)
    yield process
    end(process)


def kinds(relay: Relay, command: ProcoreCommand) -> list[OutcomeKind]:
    return [one.kind for one in relay.outcomes() if one.command_id == command.command_id]


def elsewhere(command: ProcoreCommand) -> ProcoreCommand:
    contract = DESTINATION.contract
    destination = ProcoreDestination(
        project_id=OTHER_PROJECT, contract_id=OTHER_CONTRACT, contract=contract, tiers=DESTINATION.tiers
    )
    return replace(command, destination=destination)


def test_a_disconnected_app_is_waited_for_without_letters(
    relay: Relay, procore: Simulated, writer: Popen[bytes]
) -> None:
    procore.people("disconnect_app")
    command = change_order(1, 1)
    relay.submit([command])
    procore.history(wait=30, count=2)
    awaited(lambda: "tenant_blocked" in relay.log(), "the hold to be told")
    assert kinds(relay, command) == []
    assert relay.letters() == {}
    procore.people("connect_app")
    awaited(lambda: kinds(relay, command) == [OutcomeKind.APPLIED], "the command to be applied")
    assert relay.letters() == {}


def test_a_project_that_is_not_permitted_has_one_letter_and_stops_no_other(
    relay: Relay, procore: Simulated, writer: Popen[bytes]
) -> None:
    procore.people("block_project", project=OTHER_PROJECT, how="unpermitted")
    blocked = [elsewhere(change_order(number, 1)) for number in (1, 2, 3)]
    free = change_order(4, 1)
    relay.submit([*blocked, free])
    awaited(lambda: kinds(relay, free) == [OutcomeKind.APPLIED], "the permitted project's")
    awaited(lambda: len(relay.letters()) == 1, "the letter about the project")
    (letter,) = relay.letters().values()
    assert letter.reason == "procore.project_denied"
    assert f"project:{OTHER_PROJECT}" in letter.sentence
    assert not any(OutcomeKind.REJECTED in kinds(relay, one) for one in blocked)

    procore.people("permit_project", project=OTHER_PROJECT)
    awaited(lambda: all(kinds(relay, one)[-1:] == [OutcomeKind.APPLIED] for one in blocked), "the others")
    awaited(lambda: relay.letters() == {}, "the letter to be settled")


def test_a_company_that_is_down_is_waited_for(relay: Relay, procore: Simulated, writer: Popen[bytes]) -> None:
    """Maintenance pages for everything: nobody is blamed, and nothing counts as a doubt for a person."""
    procore.fault("html", {"path": "/"}, times=5, status=503)
    command = change_order(1, 1)
    relay.submit([command])
    awaited(lambda: kinds(relay, command)[-1:] == [OutcomeKind.APPLIED], "the command to be applied")
    assert relay.letters() == {}


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(
    relay: Relay, procore: Simulated, writer: Popen[bytes]
) -> None:
    command = replace(change_order(1, 1), mode=Mode.DRY_RUN)
    relay.submit([command])
    awaited(lambda: kinds(relay, command) == [OutcomeKind.SKIPPED], "the preview")
    (outcome,) = relay.outcomes()
    assert outcome.preview is not None
    assert "Change 1 revision 1" in outcome.preview
    assert [row for row in procore.history() if row["method"] != "GET"] == []
