from __future__ import annotations

from relay.clients.cinx import CostEntry
from tests.unit.workers.cinx_submitter import factories
from workers.cinx_submitter.cache.lookups import CostLookup, NoEntry


def test_a_name_goes_before_another_entrys_code() -> None:
    rows = [{"cinx_guid": "a", "name": "371"}, {"cinx_guid": "b", "name": "Paint", "reference_id": "371"}]
    lookup = CostLookup.of(CostEntry.read(factories.native(row)) for row in rows)
    entry = lookup.find("371")
    assert not isinstance(entry, NoEntry)
    assert entry.guid == "a"
    assert lookup.find("37") is NoEntry.MISSING


def test_a_name_is_met_however_it_is_written_and_the_exact_one_first() -> None:
    rows = [
        {"cinx_guid": "a", "name": "Démolition"},
        {"cinx_guid": "b", "name": "m2"},
        {"cinx_guid": "c", "name": "m²"},
    ]
    lookup = CostLookup.of(CostEntry.read(factories.native(row)) for row in rows)

    def guid(text: str) -> str | NoEntry:
        entry = lookup.find(text)
        return entry if isinstance(entry, NoEntry) else entry.guid

    assert (guid("DE\u0301MOLITION\u200b"), guid("m2"), guid("m²"), guid("M2")) == ("a", "b", "c", NoEntry.SEVERAL)
