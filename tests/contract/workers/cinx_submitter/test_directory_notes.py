from __future__ import annotations

from relay.domain.directory import DirectoryEntry, DirectoryKind
from tests.contract.workers.cinx_submitter.world import World, command


def test_the_purchase_order_that_is_read_anyway_is_noted(world: World) -> None:
    entries: list[DirectoryEntry] = []
    world.adapter._note = entries.append
    given = command()
    world.run(given)
    (entry,) = {entry.key: entry for entry in entries}.values()
    assert (entry.kind, entry.number) == (DirectoryKind.PURCHASE_ORDER, given.destination.purchase_order)
    assert (entry.vendor, entry.status, entry.project_id) != (None, None, None)
    assert not entry.has_amounts, "CINX states no total"
