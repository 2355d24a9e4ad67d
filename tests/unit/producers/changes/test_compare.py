from __future__ import annotations

from dataclasses import replace

import pytest

from producers.changes.compare import Verdict, compare, compare_with_event
from relay.domain import fingerprint as forms
from relay.domain.sources.constructiononline import read_raw
from tests.unit.producers.samples import event_of, order, poll_state


def test_the_same_content_is_unchanged_and_another_changed() -> None:
    assert compare(order(), poll_state()) is Verdict.UNCHANGED
    assert compare(order(title="B"), poll_state()) is Verdict.CHANGED
    assert compare(order(), None) is Verdict.CHANGED
    assert compare(order(), poll_state(deleted=True)) is Verdict.CHANGED


def test_a_new_form_of_the_fingerprint_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the new form adds: only a difference in the old one counts."""
    before = poll_state()
    monkeypatch.setitem(forms.FORMS, 2, lambda change_order: [change_order, change_order.project_name])
    monkeypatch.setattr("producers.changes.compare.CURRENT_VERSION", 2)
    assert compare(order(project_name="Renamed"), before) is Verdict.REBASED
    assert compare(order(title="B"), before) is Verdict.UNCLEAR


def test_a_better_reading_of_the_same_bytes_is_no_change() -> None:
    raw = b'{"change_order": {"ID": 1, "NAME": "A", "CONDITION": 0, "PRJ_ID": 7}, "items": []}'
    today = read_raw(raw).change_order
    yesterday = replace(event_of(), change_order=order(title="read worse"), raw=raw)
    assert compare_with_event(today, yesterday, read_raw) is Verdict.REBASED
    assert compare_with_event(replace(today, title="B"), yesterday, read_raw) is Verdict.CHANGED
    assert compare_with_event(today, None, read_raw) is Verdict.CHANGED
    assert compare_with_event(order(), replace(event_of(), raw=None), read_raw) is Verdict.REBASED
    assert compare_with_event(order(), replace(event_of(), raw=b"no raw"), read_raw) is Verdict.REBASED
