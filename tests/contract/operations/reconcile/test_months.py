"""Months drawn from seeds: every cent of the difference has a cause, and it is what was really done."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from operations.reconcile.causes import Cause
from operations.reconcile.statement import Reconciliation
from tests.contract.operations.reconcile.conftest import new_world
from tests.contract.operations.reconcile.random_month import Claimed, Origin, RandomMonth, name_of, record_of
from tests.contract.operations.reconcile.truth import SIDES, claimed, claimed_of, held, held_by_side

_BY_PEOPLE = {Cause.EDITED, Cause.DELETED}
_CAUSES = {
    "carried": set(),
    "held": {Cause.ON_HOLD},
    "waits": {Cause.IN_TRANSIT},
    "open item": {Cause.OPEN_ITEM},
    "refused": {Cause.OPEN_ITEM, Cause.IN_DOUBT, Cause.IN_TRANSIT},
    "killed": {Cause.IN_TRANSIT},
    "doubt": {Cause.IN_DOUBT},
}
_SOURCE_MOVED = {Cause.IN_TRANSIT}
_ALL_KNOWN = {"carried", "held", "waits", "open item"}
"""States in which it is known, without the product, what was written last."""
_UNDER_WAY = {"held", "waits"}
"""States in which nobody can tell whether a status is what the revision on its way has made of it, or a person."""
_REOPENED = {"pending"}
"""As the route has it reopened, before anything of what was approved is changed."""


@pytest.mark.parametrize("seed", range(5))
def test_every_cent_has_its_cause(seed: int, month_systems: dict[str, Simulated], tmp_path: Path) -> None:
    reconcile_month(seed, 1, month_systems, tmp_path)


@pytest.mark.storm
@pytest.mark.parametrize("seed", range(100, 108))
def test_every_cent_has_its_cause_in_long_months(
    seed: int, month_systems: dict[str, Simulated], tmp_path: Path
) -> None:
    reconcile_month(seed, 3, month_systems, tmp_path)


def reconcile_month(seed: int, times: int, systems: dict[str, Simulated], folder: Path) -> None:
    """Lives it, longer where chance has left out what a month has to prove, reconciles it, and judges the report by the
    simulators' books and by what was done.
    """
    with closing(new_world(systems, folder)) as world:
        month = RandomMonth(world, seed)
        for more in (times, 1, 1):
            month.live(more)
            month.poll()
            if not missing(month, world.procore.state()):
                break
        report = world.reconcile()
        source, procore = world.source.state(), world.procore.state()
    for side in report.sides:
        for bucket in ("approved", "pending"):
            place = (side.side, bucket)
            assert getattr(side.source, bucket) == claimed(source).get(place, 0), place
            assert getattr(side.held, bucket) == held_by_side(procore).get(place, 0), place
        assert not side.unexplained, list(side.unexplained)
    assert report.is_reconciled
    judge(month, report, source, procore)
    assert not missing(month, procore), (seed, month.said, month.fates)


def missing(month: RandomMonth, procore: Any) -> list[str]:
    """What did not come about, of that without which a month proves nothing."""
    ours = {one["origin_id"] for one in procore["potential_change_orders"] if one["origin_id"]}
    lived = {
        "records of ours": bool(ours),
        "an approval that was carried": any("approved" in sums for sums in month.carried.values()),
        "a withdrawal that was carried": any(not sums for sums in month.carried.values()),
        "a hand edit of one of ours": bool(month.touched & ours),
    }
    lived |= {fate: bool(month.fates[fate]) for fate in ("carried", "held", "waits", "killed", "doubt", "letter")}
    return [name for name, came in lived.items() if not came]


def judge(month: RandomMonth, report: Reconciliation, source: Any, procore: Any) -> None:
    """Item by item: the cause is what the month has done, and the amount is what it comes to."""
    found = effects(report)
    for origin, state in month.state.items():
        mine = found.pop(origin, {})
        says, there = claimed_of(source, *origin), record_of(procore, origin)
        touched = name_of(origin) in month.touched
        allowed = _CAUSES[state] | _SOURCE_MOVED | (_BY_PEOPLE if touched else set())
        assert set(mine) <= allowed, (origin, state, mine)
        for bucket in ("approved", "pending"):
            total = sum((effect.get(bucket, Decimal(0)) for effect in mine.values()), Decimal(0))
            assert total == there.get(bucket, 0) - says.get(bucket, 0), (origin, state, mine)
            may_be_ours = state in _UNDER_WAY and set(there) in (set(month.seen[origin]), _REOPENED)
            if state in _ALL_KNOWN and not may_be_ours:
                by_people = sum((mine.get(cause, {}).get(bucket, Decimal(0)) for cause in _BY_PEOPLE), Decimal(0))
                written = month.carried.get(origin, {}).get(bucket, 0)
                assert by_people == there.get(bucket, 0) - written, (origin, state, mine)
    assert not found, found
    by_hand = (amount for (pco, _), amount in held(procore).items() if pco in month.by_hand)
    entered = sum(by_hand, Decimal(0))
    assert entered == sum(
        item.effect.approved + item.effect.pending
        for side in report.sides
        for item in side.items
        if item.cause is Cause.ENTERED
    )


def effects(report: Reconciliation) -> dict[Origin, dict[Cause, Claimed]]:
    """By change order and target, and by cause: what items at the two contracts come to."""
    found: dict[Origin, dict[Cause, Claimed]] = {}
    targets = {"owner": "owner", "cost": "labor"}
    for side in report.sides:
        for item in side.items:
            if not item.place.is_contract or item.cause is Cause.ENTERED or item.key is None:
                continue
            assert int(item.place.contract) in SIDES
            mine = found.setdefault((int(item.key.rpartition(":")[2]), targets[side.side]), {})
            sums = mine.setdefault(item.cause, defaultdict(Decimal))
            sums["approved"] += item.effect.approved
            sums["pending"] += item.effect.pending
    return found
