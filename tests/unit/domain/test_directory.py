from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from relay.domain.directory import DirectoryEntry, DirectoryKind, Listed, changed_entries

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
PROJECTS = Listed(system="procore", account="acme", kind=DirectoryKind.PROJECT)


def entry(number: str = "315", at: datetime = AT, **more: Any) -> DirectoryEntry:
    kind = more.pop("kind", DirectoryKind.PROJECT)
    return DirectoryEntry(system="procore", account="acme", kind=kind, entry_id=number, read_at=at, **more)


def known(*entries: DirectoryEntry) -> dict[str, DirectoryEntry]:
    return {each.key: each for each in entries}


def test_what_says_the_same_is_not_written_for_its_time_alone() -> None:
    before = known(entry(title="Tower B", original_amount=Decimal("10.0")))
    assert changed_entries(before, [entry(at=LATER, title="Tower B", original_amount=Decimal("10.00"))]) == []
    renamed = entry(at=LATER, title="Tower C", original_amount=Decimal(10))
    assert changed_entries(before, [renamed]) == [renamed]


def test_what_one_call_does_not_show_stays_and_amounts_keep_their_time() -> None:
    before = known(entry(title="Tower B", vendor="Granite", revised_amount=Decimal(10)))
    (found,) = changed_entries(before, [entry(at=LATER, title="Tower C")])
    assert (found.title, found.vendor, found.revised_amount, found.read_at) == ("Tower C", "Granite", Decimal(10), AT)
    (again,) = changed_entries(before, [entry(at=LATER, revised_amount=Decimal(11))])
    assert (again.title, again.revised_amount, again.read_at) == ("Tower B", Decimal(11), LATER)


def test_only_what_a_complete_listing_of_its_kind_lacks_is_absent_and_told_once() -> None:
    contract = entry("7", kind=DirectoryKind.PRIME_CONTRACT)
    before = known(entry("315"), entry("316"), contract, replace(entry("317"), account="other"))
    assert changed_entries(before, [entry("315", LATER)]) == []
    (gone,) = changed_entries(before, [entry("315", LATER)], [PROJECTS])
    assert gone == entry("316", absent=True)
    assert changed_entries({**before, gone.key: gone}, [entry("315", LATER)], [PROJECTS]) == []


def test_what_is_there_again_is_not_absent_any_more() -> None:
    (back,) = changed_entries(known(entry(title="Tower B", absent=True)), [entry(at=LATER)])
    assert (back.absent, back.title) == (False, "Tower B")


def test_that_something_unknown_is_absent_is_no_news() -> None:
    assert changed_entries({}, [entry(absent=True)]) == []
    (gone,) = changed_entries(known(entry(title="Tower B")), [entry(absent=True)])
    assert (gone.absent, gone.title) == (True, "Tower B")
