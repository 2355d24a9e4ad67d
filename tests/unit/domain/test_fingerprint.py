from __future__ import annotations

from dataclasses import replace

from relay.domain.fingerprint import CURRENT_VERSION, fingerprint
from tests.unit.schemas.samples import CHANGE_ORDER


def test_a_fingerprint_is_what_it_was_when_it_was_published() -> None:
    """Poll state holds it: another one for the same content would publish every change order again."""
    assert CURRENT_VERSION == 1
    assert fingerprint(CHANGE_ORDER) == "9b20f4184c02b72f4b88b8d0a0a06216793ff693586a499cb2a2dd196afe4dcc"


def test_what_is_only_bookkeeping_is_not_in_it() -> None:
    beside = replace(CHANGE_ORDER, project_name="Renamed", created_on=None, decided_on=None)
    assert fingerprint(beside) == fingerprint(CHANGE_ORDER)
    assert fingerprint(replace(CHANGE_ORDER, title="Other")) != fingerprint(CHANGE_ORDER)
