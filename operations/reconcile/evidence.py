"""Why something is not at a place as the source says: by what the relay has told, and by nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from operations.reconcile.causes import Cause
from relay.domain.events import ChangeOrderObserved
from relay.domain.mapping import reasons
from relay.domain.outcomes import OutcomeKind

_PASSED_OVER: Final = frozenset({OutcomeKind.REMOTE_STATUS, OutcomeKind.SUPERSEDED})
_CARRIED: Final = frozenset({OutcomeKind.APPLIED, OutcomeKind.UNCHANGED, OutcomeKind.WITHDRAWN})
_ROUTED_ELSEWHERE: Final = {
    "route.dry_run": Cause.NOT_LIVE,
    reasons.ROUTE_OBSERVES: Cause.NOT_LIVE,
    reasons.BEFORE_SINCE: Cause.BEFORE_SINCE,
}
_DOUBTS: Final = frozenset({"doubt", "behind_review"})
_PERSON: Final = "on_hold"
PATIENCE: Final = timedelta(hours=1)
"""For how long, before a place was last read, the relay may have told nothing of what it had seen: after that, silence
is no cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOutcome:
    """An outcome, as much of it as says why. ``origin_id`` ``None``: of the change order as a whole."""

    kind: OutcomeKind
    at: datetime
    sequence: int
    origin_id: str | None
    reason: str | None
    sentence: str | None
    letter_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A cause, in a sentence, and since when it has been one."""

    cause: Cause
    sentence: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """``why`` is ``None`` where the newest revision has come to its end as it should.

    ``under_way``: a call may be out, so that the remote may say what nobody has confirmed yet. ``withdrawn_at``: when
    the revision that was carried last had been withdrawn there, if it was a withdrawal.
    """

    why: Why | None
    under_way: bool = False
    withdrawn_at: datetime | None = None


def evidence(
    told: Sequence[ToldOutcome],
    origin_id: str | None,
    event: ChangeOrderObserved,
    *,
    closed: Collection[str] = (),
    hold: Why | None = None,
    last_read: datetime | None = None,
) -> Evidence:
    """Of the newest revision, at one place. ``told``: outcomes of the change order in their order; ``closed``: letters
    that a person has ended without sending; ``hold``: a person's that applies; ``last_read``: when the account of the
    place was.
    """
    mine = [one for one in told if one.origin_id == origin_id and one.kind not in _PASSED_OVER]
    newest = next((one for one in reversed(mine) if one.sequence == event.sequence), None)
    carried = next((one for one in reversed(mine) if one.kind in _CARRIED), None)
    if newest is None or not newest.kind.is_terminal:
        found = _unended(newest, mine, told, event, closed, hold) or _untold(event, last_read)
    else:
        why = _ended(newest, closed)
        found = Evidence(why=why, under_way=why is not None and why.cause is Cause.IN_DOUBT)
    if carried is None or carried.kind is not OutcomeKind.WITHDRAWN:
        return found
    return replace(found, withdrawn_at=carried.at)


def _unended(
    newest: ToldOutcome | None,
    mine: Sequence[ToldOutcome],
    told: Sequence[ToldOutcome],
    event: ChangeOrderObserved,
    closed: Collection[str],
    hold: Why | None,
) -> Evidence | None:
    last = mine[-1] if mine else None
    if last is not None and last.kind is OutcomeKind.NEEDS_REVIEW and last.sequence < event.sequence:
        return Evidence(why=_ended(last, closed), under_way=True)
    if hold is not None:
        return Evidence(why=hold, under_way=True)
    if newest is not None:
        return Evidence(why=_passing(newest), under_way=True)
    whole = [one for one in told if one.origin_id is None and one.sequence == event.sequence]
    # That nothing writes a record of ours any more says nothing of where it goes on to.
    whole = [one for one in whole if one.reason != reasons.OWN_RECORD]
    if whole and whole[-1].kind in (OutcomeKind.SKIPPED, OutcomeKind.REJECTED):
        return Evidence(why=_ended(whole[-1], ()))
    return None


def _untold(event: ChangeOrderObserved, last_read: datetime | None) -> Evidence:
    if last_read is not None and event.observed_at <= last_read - PATIENCE:
        return Evidence(why=None, under_way=True)
    words = "The relay has seen this, and had not told by then what became of it there."
    return Evidence(why=Why(cause=Cause.IN_TRANSIT, sentence=words, since=event.observed_at), under_way=True)


def _passing(told: ToldOutcome) -> Why:
    cause = Cause.WAITING
    if told.reason == _PERSON:
        cause = Cause.ON_HOLD
    elif told.reason in _DOUBTS:
        cause = Cause.IN_DOUBT
    return Why(cause=cause, sentence=told.sentence or "It is on its way.", since=told.at)


def _ended(told: ToldOutcome, closed: Collection[str]) -> Why | None:
    reason, sentence = told.reason or "", told.sentence or ""
    match told.kind:
        case OutcomeKind.REJECTED | OutcomeKind.SKIPPED:
            return Why(cause=_refused(told, reason, closed), sentence=sentence, since=told.at)
        case OutcomeKind.NEEDS_REVIEW:
            cause = Cause.IN_DOUBT if reason.endswith("in_doubt") else Cause.OPEN_ITEM
            return Why(cause=cause, sentence=sentence, since=told.at)
    if reason.endswith("kept_theirs"):
        return Why(cause=Cause.EDITED, sentence=sentence, since=told.at)
    return None


def refused(told: ToldOutcome) -> Why:
    """Why a change order is not carried at all, or to one place, as its refusal or its skip says."""
    return Why(cause=_refused(told, told.reason or "", ()), sentence=told.sentence or "", since=told.at)


def _refused(told: ToldOutcome, reason: str, closed: Collection[str]) -> Cause:
    if reason in _ROUTED_ELSEWHERE:
        return _ROUTED_ELSEWHERE[reason]
    if told.letter_id in closed and told.letter_id is not None:
        return Cause.CLOSED
    if reason.endswith(".remainder"):
        return Cause.NOT_ITEMIZED
    if reason.startswith("route.") or (told.kind is OutcomeKind.SKIPPED and told.letter_id is None):
        return Cause.NOT_ROUTED
    return Cause.OPEN_ITEM
