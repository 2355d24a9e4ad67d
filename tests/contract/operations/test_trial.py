"""What a trial says of a command is what the writers then do with it, for random histories, rules and remote states.

Both read everything anew, so that neither knows what the other does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.sandbox.process import Simulated, simulated
from deploy.sandbox.shell import Refused
from relay.domain.commands import CinxCommand, CinxRules, Command, Operation, ProcoreCommand, ProcoreRules
from relay.domain.ledger import HoldKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.writer.trial import Foreseen
from tests.contract.operations.protocol import ProcoreOwner, tried
from tests.contract.workers.cinx_submitter import world as cinx
from tests.contract.workers.cinx_submitter.company import Loss
from tests.contract.workers.procore_writer import harness as procore
from tests.unit.engine.writer.virtual_log import START

NAMES = st.sampled_from(["1", "1", "2"])
KNOWN, UNKNOWN = "03-300", "99-999"


def judge(foreseen: Foreseen[Any], ends: list[ChangeOrderOutcome], writes: list[RemoteWrite], sent: int) -> None:
    """``ends`` and ``writes`` are of the command; ``sent`` counts the requests that wrote."""
    end = next(iter(ends), None)
    if foreseen.end is not None:
        assert end is not None
        assert (end.kind, end.reason, end.sentence) == (
            foreseen.end.kind,
            foreseen.end.reason,
            foreseen.end.sentence,
        )
        assert sent == 0
    elif foreseen.delay is not None:  # It waits for a person, perhaps behind an earlier version.
        assert (end, sent) == (None, 0), foreseen.delay
    else:
        assert not foreseen.under_way
        assert foreseen.next_call is not None
        assert foreseen.next_call.writes
        assert sent > 0
        if writes:
            first, records = writes[0], foreseen.next_call.records()
            assert first.step == foreseen.next_call.step
            told = {(record.kind, field) for record in first.records for field in record.fields}
            assert told <= {(record.kind, field) for record in records for field in record.fields}
        else:  # The remote has refused it, which nobody could foresee.
            assert end is not None
            assert end.kind in (OutcomeKind.REJECTED, OutcomeKind.NEEDS_REVIEW)


# -- CINX

ORDERED = st.tuples(st.just("order"), NAMES, st.sampled_from([10, 20]), st.sampled_from([KNOWN, KNOWN, KNOWN, UNKNOWN]))
AT_CINX = st.one_of(
    ORDERED,
    ORDERED,
    st.tuples(st.just("withdraw"), NAMES),
    st.tuples(st.just("people"), st.sampled_from(["accept_poco", "lock_poco", "delete_poco", "edit_poco"])),
    st.tuples(st.just("typed"), NAMES),
)
CINX_RULES = st.builds(
    CinxRules, existing=st.sampled_from(["letter", "adopt", "create"]), later=st.sampled_from(["letter", "further"])
)


@settings(max_examples=60)
@given(
    steps=st.lists(AT_CINX, min_size=4, max_size=7),
    rules=CINX_RULES,
    purchase_order=st.sampled_from(["PO-123", "PO-123", "PO-123", "PO-999"]),
)
def test_a_trial_says_what_the_submitter_does(steps: list[Any], rules: CinxRules, purchase_order: str) -> None:
    world = cinx.World()
    for sequence, step in enumerate(steps, start=1):
        if step[0] in ("people", "typed"):
            _somebody_at_cinx(world, step)
            continue
        one = _cinx_command(step, sequence, rules, purchase_order)
        world.start()
        asked = len(world.company.requests)
        (foreseen,) = tried(
            world.log, cinx.TOPICS, world.another_adapter(), world.time.clock(), [one], timing=cinx.TIMING
        )
        assert all(method == "GET" for method, _ in world.company.requests[asked:])
        told, asked = len(world.log.writes), len(world.company.requests)
        world.submit(one)
        world.settle()
        sent = sum(method != "GET" for method, _ in world.company.requests[asked:])
        judge(foreseen, _ends(world.log.outcomes, one), world.log.writes[told:], sent)
    world.close()


def test_what_may_have_been_sent_is_left_alone() -> None:
    world, one = cinx.World(), cinx.command("1")
    world.company.lose(Loss.AFTER)
    world.submit(one)
    for _ in range(20):
        world.turn()
        if world.company.sent("POST"):
            break
    asked = len(world.company.requests)
    later = cinx.command("1", sequence=2)
    found = tried(world.log, cinx.TOPICS, world.another_adapter(), world.time.clock(), [later], timing=cinx.TIMING)
    assert [(one.under_way, one.end, one.next_call) for one in found] == [(True, None, None)]
    assert len(world.company.requests) == asked
    world.close()


def test_a_remote_that_does_not_answer_is_asked_once() -> None:
    world = cinx.World()
    for _ in range(3):
        world.company.lose(Loss.UNREACHABLE, "GET")
    (found,) = tried(
        world.log, cinx.TOPICS, world.another_adapter(), world.time.clock(), [cinx.command("1")], timing=cinx.TIMING
    )
    assert found.next_call is not None
    assert not found.next_call.writes
    assert found.hold is not None
    assert found.hold.kind is HoldKind.UNAVAILABLE
    world.close()


def _cinx_command(step: Any, sequence: int, rules: CinxRules, purchase_order: str) -> CinxCommand:
    stated: dict[str, Any] = {"sequence": sequence, "order": purchase_order, "rules": rules}
    if step[0] == "withdraw":
        return cinx.command(step[1], operation=Operation.WITHDRAW, **stated)
    line = cinx.line("1", str(step[2]), cost_code=step[3])
    return cinx.command(step[1], cinx.payload(line, description=f"Change {step[1]}"), **stated)


def _somebody_at_cinx(world: cinx.World, step: Any) -> None:
    """Somebody types a POCO in, or does something to the newest of ours; what the simulator refuses is not done."""
    with suppress(Refused):
        if step[0] == "typed":
            items = [{"description": "x", "quantity": 1, "unit_price": 1}]
            world.company.people("create_poco", po="PO-123", description=f"Change {step[1]}", items=items)
        elif made := world.company.made():
            more = {"items": {"0": {"quantity": 7}}} if step[1] == "edit_poco" else {}
            world.company.people(step[1], cinx_guid=made[-1]["cinx_guid"], **more)


def _ends(outcomes: list[ChangeOrderOutcome], one: Command) -> list[ChangeOrderOutcome]:
    return [outcome for outcome in outcomes if outcome.command_id == one.command_id and outcome.kind.is_terminal]


# -- Procore

APPLIED = st.tuples(
    st.just("apply"),
    NAMES,
    st.sampled_from(["100", "200"]),
    st.sampled_from(["pending", "approved", "rejected"]),
    st.sampled_from([KNOWN, KNOWN, KNOWN, UNKNOWN]),
)
AT_PROCORE = st.one_of(
    APPLIED,
    APPLIED,
    st.tuples(st.just("withdraw"), NAMES),
    st.tuples(st.just("typed"), NAMES),
    st.tuples(st.just("people"), st.sampled_from(["edit", "delete", "void"]), NAMES),
)
PROCORE_RULES = st.builds(
    ProcoreRules,
    existing=st.sampled_from(["letter", "adopt", "create"]),
    approved_change=st.sampled_from(["letter", "reopen"]),
    package=st.sampled_from(["none", "per_change_order"]),
    on_withdraw=st.sampled_from(["letter", "void", "leave"]),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Simulated]:
    with simulated("procore") as process:
        yield process


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(AT_PROCORE, min_size=4, max_size=6), rules=PROCORE_RULES, tiers=st.sampled_from([1, 2, 3]))
def test_a_trial_says_what_the_writer_does(
    sandbox: Simulated, steps: list[Any], rules: ProcoreRules, tiers: int
) -> None:
    sandbox.reset()
    sandbox.settings(hourly_limit=1_000_000, spike_limit=1_000_000)
    sandbox.people("set_tiers", project=315, side="commitment", tiers=tiers)
    owner = ProcoreOwner(sandbox.url)
    for sequence, step in enumerate(steps, start=1):
        if step[0] in ("people", "typed"):
            _somebody(sandbox, step)
            continue
        owner.restart()
        one = _command(step, sequence, rules, tiers)
        sandbox.forget()
        (foreseen,) = owner.tried(one)
        assert _writes(sandbox) == 0
        told = len(owner.log.writes)
        ends = owner.carry(one)
        judge(foreseen, ends, owner.log.writes[told:], _writes(sandbox))
    owner.close()


def _command(step: Any, sequence: int, rules: ProcoreRules, tiers: int) -> ProcoreCommand:
    destination = replace(procore.WORK_ORDER, tiers=tiers)
    at = START + timedelta(seconds=sequence)
    if step[0] == "withdraw":
        return procore.command(
            step[1], sequence=sequence, operation=Operation.WITHDRAW, rules=rules, destination=destination, mapped_at=at
        )
    line = procore.line("1", step[2], cost_code=step[4])
    content = procore.payload(line, title=f"Change {step[1]}", number=step[1], status=step[3])
    return procore.command(step[1], content, sequence=sequence, rules=rules, destination=destination, mapped_at=at)


def _somebody(sandbox: Simulated, step: Any) -> None:
    """Somebody types a change order in, or does something to one of ours; what the simulator refuses is not done."""
    with suppress(httpx.HTTPError, AssertionError, ValueError, RuntimeError):
        if step[0] == "typed":
            sandbox.people("create_pco", contract=44021, title=f"Change {step[1]}", number=step[1])
        else:
            origin = procore.command(step[2]).origin_id
            more = {"set": {"title": "Edited by somebody"}} if step[1] == "edit" else {}
            sandbox.people(step[1], kind="pco", origin_id=origin, **more)


def _writes(sandbox: Simulated) -> int:
    return sum(row["method"] != "GET" and "oauth" not in row["path"] for row in sandbox.history())
