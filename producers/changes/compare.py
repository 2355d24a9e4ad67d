"""Whether a change order that was read is another than the one that was last observed. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from relay.domain.change_order import ChangeOrder
from relay.domain.events import ChangeOrderObserved
from relay.domain.fingerprint import CURRENT_VERSION, FORMS, fingerprint
from relay.domain.records import PollState
from relay.domain.sources.reading import Reading


class Verdict(Enum):
    """``REBASED``: the same content, remembered by a fingerprint of another version.

    ``UNCLEAR``: only the last observed event can tell.
    """

    UNCHANGED = auto()
    REBASED = auto()
    CHANGED = auto()
    UNCLEAR = auto()


def compare(change_order: ChangeOrder, before: PollState | None) -> Verdict:
    """Judges by the poll state. What was deleted and is there again has changed."""
    if before is None or before.deleted:
        return Verdict.CHANGED
    version = before.fingerprint_version
    if version in FORMS and fingerprint(change_order, version) == before.fingerprint:
        return Verdict.UNCHANGED if version == CURRENT_VERSION else Verdict.REBASED
    return Verdict.CHANGED if version == CURRENT_VERSION else Verdict.UNCLEAR


def compare_with_event(
    change_order: ChangeOrder, last: ChangeOrderObserved | None, read_raw: Callable[[bytes], Reading]
) -> Verdict:
    """Judges by the last observed event, read anew from the source's own bytes as today's release reads them.

    A new form, or a better reading, shows on both sides then and is no change by itself.
    """
    if last is None:
        return Verdict.CHANGED
    before = fingerprint(_reread(last, read_raw))
    return Verdict.REBASED if before == fingerprint(change_order) else Verdict.CHANGED


def _reread(event: ChangeOrderObserved, read_raw: Callable[[bytes], Reading]) -> ChangeOrder:
    if event.raw is None:
        return event.change_order
    try:
        change_order = read_raw(event.raw).change_order
    except ValueError:
        return event.change_order
    # Procore's records do not say their project; it is the one that they were asked for in.
    return change_order if change_order.project is not None else replace(change_order, project=event.project)
