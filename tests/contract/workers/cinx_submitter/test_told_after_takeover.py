"""What an owner has sent is told by its successor with all that it changed: the sums of writes hold."""

from __future__ import annotations

from decimal import Decimal

import pytest

from relay.domain.outcomes import OutcomeKind
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation
from tests.contract.workers.cinx_submitter.world import World, command, payload


def lines_of(write: RemoteWrite) -> dict[str, str | None]:
    (record,) = write.records
    return {field.name: field.sent for field in record.fields}


def worth_of(fields: dict[str, str | None]) -> Decimal:
    prices = {name: Decimal(sent or 0) for name, sent in fields.items() if name.endswith(".unit_price")}
    assert prices, "no line is told"
    return sum(
        (price * Decimal(fields[name.replace(".unit_price", ".quantity")] or 0) for name, price in prices.items()),
        Decimal(0),
    )


@pytest.mark.parametrize("seconds", [0, 3, 30])
def test_a_submission_that_a_successor_finds_is_told_with_its_lines_and_amounts(world: World, seconds: float) -> None:
    world.company.settings(job_seconds=60)
    one = command()
    world.submit(one)
    world.settle(seconds)
    world.start()
    world.settle()
    assert world.end(one).kind is OutcomeKind.APPLIED
    (told,) = world.log.writes
    (record,) = told.records
    assert (record.operation, told.found_again) == (WriteOperation.CREATED, True)
    fields = lines_of(told)
    assert fields["description"]
    assert worth_of(fields) == told.amount_after == told.approved_effect == record.amount_after
    assert record.remote_id == world.company.made()[0]["cinx_guid"]
    assert all(not field.known for field in record.fields), "what was there before is not known"


def test_a_change_that_a_successor_finds_is_told_with_its_lines_and_amounts(world: World) -> None:
    world.run(command())
    world.company.settings(job_seconds=60)
    later = command(sequence=2, content=payload(description="Revised"))
    world.submit(later)
    while not world.company.sent("PUT"):
        world.turn()
    world.settle(3)
    world.start()
    world.settle()
    assert world.end(later).kind is OutcomeKind.APPLIED
    made, changed = world.log.writes
    assert (changed.records[0].operation, changed.found_again) == (WriteOperation.UPDATED, True)
    assert worth_of(lines_of(changed)) == changed.amount_after
    assert lines_of(changed)["description"] != lines_of(made)["description"]
