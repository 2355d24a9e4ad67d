"""What must hold whatever happened, judged by what CINX holds and what the log says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from relay.domain.commands import CinxCommand, Operation
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation
from tests.contract.workers.cinx_submitter.company import references, total
from tests.contract.workers.cinx_submitter.world import World
from workers.cinx_submitter.situation import poco_guids


def assert_every_command_ended_once(world: World, *, waiting: frozenset[str] = frozenset()) -> None:
    """But for those that wait for a person's decision."""
    ends = Counter(outcome.command_id for outcome in world.log.outcomes if outcome.kind.is_terminal)
    expected = Counter(one.command_id for one in world.sent if one.command_id not in waiting)
    assert ends == expected


def assert_nothing_was_ordered_twice(world: World) -> None:
    """At most one POCO per change order, purchase order and sequence, and one submission per key."""
    ordered: Counter[tuple[str, str, str]] = Counter()
    for poco in world.company.made():
        marks = _marks_of(world, poco["job_id"])
        ordered[
            (marks["change-order-relay"], poco["purchase_order"]["number"], marks["change-order-relay-sequence"])
        ] += 1
    assert all(count == 1 for count in ordered.values()), ordered
    assert all(count == 1 for count in world.company.submissions().values()), world.company.submissions()
    assert world.too_many == []


def assert_none_is_lost_in_silence(world: World) -> None:
    """The newest revision of a change order is ordered in CINX, or there is an open letter about what it waits for."""
    asked = {letter.origin_id for letter in world.letters()} | world.behind_a_review()
    for one in _newest(world):
        if one.operation is Operation.APPLY and one.origin_id not in asked:
            guid = world.entry(one).remote.get("poco_guid")
            assert guid in {poco["cinx_guid"] for poco in world.company.pocos}, one.origin_id
            _assert_the_money_is_right(world, one)


def _newest(world: World) -> list[CinxCommand]:
    wanted = (one for one in world.sent if one.operation in (Operation.APPLY, Operation.WITHDRAW))
    return list({one.origin_id: one for one in wanted}.values())


def _assert_the_money_is_right(world: World, one: CinxCommand) -> None:
    """All POCOs of a change order together order what its newest revision says."""
    orders = world.company.orders(one.origin_id)
    if one.payload is None or any(poco["detail"]["workflow_status"] == "DECLINED" for poco in orders):
        return
    wanted = sum((line.quantity * line.unit_price for line in one.payload.lines), Decimal(0))
    assert sum(map(total, orders), Decimal(0)) == wanted


def _marks_of(world: World, job_id: str) -> dict[str, str]:
    jobs = {**world.company.company.jobs, **{job.id: job for job in world.company.company.forgotten_jobs}}
    return references(jobs[job_id].payload)


def assert_writes_tell_what_is_ordered(world: World) -> None:
    """The effects of all writes add up to the POCOs of each change order whose last write knows its amount.

    Each POCO that was made and confirmed is told once.
    """
    writes = world.log.writes
    assert len({write.write_id for write in writes}) == len(writes)
    made = Counter(
        record.remote_id for write in writes for record in write.records if record.operation is WriteOperation.CREATED
    )
    assert all(count == 1 for count in made.values()), made
    for origin_id in {write.origin_id for write in writes}:
        of_order = [write for write in writes if write.origin_id == origin_id]
        confirmed = set(poco_guids(world.state.store.entry(origin_id)))
        adopted = _adopted(of_order)
        assert confirmed - adopted <= set(made), origin_id
        orders = world.company.orders(origin_id)
        declined = any(poco["detail"]["workflow_status"] == "DECLINED" for poco in orders)
        if of_order[-1].amount_after is not None and not declined and not adopted:
            told = sum((write.approved_effect or Decimal(0) for write in of_order), Decimal(0))
            held = (total(poco) for poco in orders if poco["cinx_guid"] in confirmed)
            assert told == sum(held, Decimal(0)), origin_id


def _adopted(writes: Sequence[RemoteWrite]) -> set[str | None]:
    records = (record for write in writes for record in write.records)
    return {record.remote_id for record in records if record.operation is WriteOperation.ADOPTED}
