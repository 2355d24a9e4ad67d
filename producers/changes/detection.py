"""What of a poll's result is news: compares it with poll state, and makes of each difference an observation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from producers.changes.compare import Verdict, compare, compare_with_event
from producers.changes.events import Observation, deleted, observed, rebased
from producers.poll_state import AccountState
from producers.row_defects import attempted
from producers.source import PollResult, ReadChangeOrder, UnreadableRow
from relay.domain.events import ChangeOrderObserved
from relay.domain.records import PollState
from relay.domain.sources.reading import Reading

T = TypeVar("T")

RawReader = Callable[[bytes], Reading]
"""Reads the ``raw`` of an event as today's release does. Raises ``ValueError``."""


class LastEvents(Protocol):
    """What is asked of :class:`producers.changes.published_events.PublishedEvents`."""

    def last_of(self, poll_states: Iterable[PollState]) -> Mapping[str, ChangeOrderObserved]: ...


def observations(
    state: AccountState,
    result: PollResult,
    published: LastEvents,
    read_raw: RawReader,
    failed: list[UnreadableRow],
) -> list[Observation]:
    """What is to be published, or only to be remembered, of ``result``; deletions come last.

    The last event is read only of what was deleted, and where poll state cannot tell. What the relay itself fails over
    is added to ``failed``, and nothing is published of it.
    """
    lost = _lost(state, result.deleted)
    verdicts = [
        (read, verdict)
        for read in result.change_orders
        if (verdict := _attempted(partial(_verdict, state, read), read, failed)) is not None
    ]
    unclear = [state.states[read.change_order_id] for read, verdict in verdicts if verdict is Verdict.UNCLEAR]
    events = published.last_of([*lost, *unclear])
    found = [
        observation
        for read, verdict in verdicts
        if (observation := _attempted(partial(_judged, state, result, read, verdict, events, read_raw), read, failed))
        is not None
    ]
    return found + [deleted(state, before, events.get(before.change_order_id or ""), result.at) for before in lost]


def _attempted(step: Callable[[], T], read: ReadChangeOrder, failed: list[UnreadableRow]) -> T | None:
    return attempted(step, subject=f"change order {read.change_order_id}", raw=read.raw, failed=failed)


def _verdict(state: AccountState, read: ReadChangeOrder) -> Verdict:
    return compare(read.reading.change_order, state.states.get(read.change_order_id))


def _judged(
    state: AccountState,
    result: PollResult,
    read: ReadChangeOrder,
    verdict: Verdict,
    events: Mapping[str, ChangeOrderObserved],
    read_raw: RawReader,
) -> Observation | None:
    return _observation(state, result, read, _settled(read, verdict, events, read_raw))


def _lost(state: AccountState, change_order_ids: Sequence[str]) -> list[PollState]:
    """Of what no longer exists, the poll state of each that is not known to be deleted yet."""
    poll_states = [state.states[number] for number in change_order_ids if number in state.states]
    return [poll_state for poll_state in poll_states if not poll_state.deleted]


def _settled(
    read: ReadChangeOrder, verdict: Verdict, events: Mapping[str, ChangeOrderObserved], read_raw: RawReader
) -> Verdict:
    if verdict is not Verdict.UNCLEAR:
        return verdict
    return compare_with_event(read.reading.change_order, events.get(read.change_order_id), read_raw)


def _observation(
    state: AccountState, result: PollResult, read: ReadChangeOrder, verdict: Verdict
) -> Observation | None:
    """``None`` where poll state holds all of it already."""
    if verdict is Verdict.CHANGED:
        return observed(state, read, result.at)
    row_is_known = read.row is None or state.states[read.change_order_id].row == read.row
    if verdict is Verdict.UNCHANGED and row_is_known and read.status_change is None:
        return None
    return replace(rebased(state, read), at=result.at)
