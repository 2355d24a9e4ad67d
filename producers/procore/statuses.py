"""What Procore keeps of a record of ours beside its content, and whether that has moved. Pure.

Source: Procore docs, "List Potential Change Orders" (``executed``, the numbers of request and package). They are facts
of the target: none of them is in a fingerprint, so that none is ever a change of the source.
"""

from __future__ import annotations

from collections.abc import Mapping

from producers.source import StatusChange
from relay.clients.procore import PotentialChangeOrderRow
from relay.domain.outcomes import RemoteRecord
from relay.domain.records import PollState
from relay.domain.sources.reading import Own

KIND = "potential_change_order"

_BESIDE = ("executed", "package", "request")
"""Names of what moves by itself, the weightiest first; the status goes after them, since it is often our own doing."""

_UNKNOWN, _NONE = "?", "none"


def facts_of(row: PotentialChangeOrderRow, status: str | None) -> dict[str, str]:
    """By name. A record that is in no package or request has ``none`` there."""
    executed = _UNKNOWN if row.executed is None else str(row.executed).lower()
    request = row.request_acronym_number or row.change_order_request_id
    return {
        "status": status or _UNKNOWN,
        "executed": executed,
        "package": row.package_acronym_number or row.package_title or _NONE,
        "request": str(request) if request is not None else _NONE,
    }


def status_text(facts: Mapping[str, str]) -> str:
    """The facts as poll state keeps them; the status stands first."""
    return " / ".join([facts["status"], *(f"{name}={facts[name].replace(' / ', ' ')}" for name in _BESIDE)])


def status_change(
    own: Own | None, facts: Mapping[str, str], before: PollState | None, remote_id: str, number: str | None
) -> StatusChange | None:
    """What has moved since the record was last read; ``None`` where nothing has, or it is not ours.

    A status that is what our mark says we wrote is no news, and what an earlier release did not keep has not moved.
    """
    then = _kept(before)
    if own is None or then is None:
        return None
    now = _read(status_text(facts))
    moved = next(
        (name for name in (*_BESIDE, *(() if own.echo else ("status",))) if _has_moved(then[name], now[name])), None
    )
    if moved is None:
        return None
    told = ", ".join(f"{name} {value}" for name, value in facts.items())
    return StatusChange(
        own=own,
        reason=f"procore.{moved}_{now[moved]}" if moved in ("executed", "status") else f"procore.{moved}",
        sentence=f"PCO {number or remote_id} in Procore: {moved} is {now[moved]} (it was {then[moved]}); all: {told}.",
        remote=RemoteRecord(kind=KIND, remote_id=remote_id, number=number),
        facts=facts,
    )


def _kept(before: PollState | None) -> dict[str, str] | None:
    if before is None or before.status is None or " / " not in before.status:
        return None
    return _read(before.status)


def _read(text: str) -> dict[str, str]:
    status, *beside = text.split(" / ")
    found = dict(part.split("=", 1) for part in beside if "=" in part)
    return {"status": status, **{name: found.get(name, _UNKNOWN) for name in _BESIDE}}


def _has_moved(before: str, now: str) -> bool:
    return _UNKNOWN not in (before, now) and before != now
