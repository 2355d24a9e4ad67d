"""A record is no newer than the call that asked for it, however long that waits its turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from operations.reconcile import cinx_records
from operations.reconcile.books import Place
from relay.clients.http.terms import CallTerms

BEGAN = datetime(2026, 10, 1, 10, tzinfo=UTC)
ORDER = Place(side="cost", system="cinx", account="acme", contract="PO-7")


class PacedCinx:
    """Two POCOs; each detail takes a minute."""

    def __init__(self) -> None:
        self.now = BEGAN

    def pocos(self, **_: object) -> Any:
        rows = [SimpleNamespace(guid=guid, po_number="PO-7") for guid in ("a", "b")]
        return SimpleNamespace(whole=True, rows=rows)

    def poco(self, guid: str, **_: object) -> Any:
        self.now += timedelta(minutes=1)
        return SimpleNamespace(native=SimpleNamespace(data={"cinx_guid": guid}))


def test_a_poco_is_as_old_as_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    cinx: Any = PacedCinx()
    monkeypatch.setattr(cinx_records, "now", lambda: cinx.now)
    records = cinx_records.read_pocos(cinx, CallTerms(), [ORDER])
    assert [record.read_at - BEGAN for record in records] == [timedelta(), timedelta(minutes=1)]
