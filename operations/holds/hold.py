"""A person holds something, or releases it: in one transaction with the audit entry."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from operations.audit import AuditedTransaction, now
from operations.environment import Environment
from operations.errors import Refused, WrongUsage
from operations.holds.standing import in_force, read_standing
from operations.holds.subject import subject_of
from operations.preflight import prove_names
from operations.times import NOT_KEPT, can_be_kept, parsed_time
from relay.domain.control import Control, PersonHold, Subject
from relay.domain.person_holds import AnyHold, about
from relay.engine.control.topic_state import Standing
from relay.engine.kafka import Outgoing
from relay.engine.topics import CONTROL

_LEAST_PREFIX = 4
"""Characters of an id that a person has to write."""


def until_of(text: str | None) -> datetime | None:
    """``--until``. Raises ``WrongUsage`` for what is no time, or past."""
    milliseconds = parsed_time(text, "--until")
    if milliseconds is None:
        return None
    until = datetime.fromtimestamp(milliseconds / 1000, now().tzinfo)
    if until <= now():
        raise WrongUsage(f"--until {text!r} is past: a hold that has ended holds nothing")
    return until


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWritten:
    """A hold that was made or released. ``offset``: behind that; ``number``: of the audit entry.

    ``others``: holds in force beside one that was released. ``record``: a record of ours that was named, where what it
    came from is held.
    """

    hold: AnyHold
    offset: int
    number: int
    others: int = 0
    record: str | None = None


def make_hold(
    environment: Environment,
    kind: Subject,
    named: str,
    *,
    until: datetime | None,
    who: str,
    why: str,
    hold_id: str | None = None,
) -> HoldWritten:
    """Writes a hold. Raises ``Refused`` where there is no such thing to hold, or it would end when no record can say.

    ``hold_id``: written twice under one it is one hold.
    """
    if until is not None and not can_be_kept(until):
        raise WrongUsage(f"{until.isoformat()} {NOT_KEPT}")
    prove_names(environment)
    environment.counts([CONTROL])
    held = subject_of(environment, kind, named)
    hold = PersonHold(
        hold_id=hold_id or str(uuid.uuid4()),
        kind=kind,
        subject=held.subject,
        reason=why,
        person=who,
        since=now(),
        until=until,
    )
    control, topic = Control(hold=hold), environment.name(CONTROL)
    outgoing = Outgoing(topic, control.key.encode(), environment.codec.encode(control, topic), 0)
    return _commit(environment, outgoing, hold, "hold.make", who, why, record=held.record)


def release_hold(environment: Environment, named: str, *, who: str, why: str) -> HoldWritten:
    """Ends a hold, whose id may be a beginning. Raises ``Refused`` where no such hold stands."""
    standing = read_standing(environment)
    hold = _by_id_or_prefix(standing, named.strip())
    outgoing = Outgoing(environment.name(CONTROL), (standing.key_of(hold.hold_id) or "").encode(), None, 0)
    others = [other for other in in_force(standing, now()) if other.hold_id != hold.hold_id]
    written = _commit(environment, outgoing, hold, "hold.release", who, why)
    return replace(written, others=len(others))


def _commit(
    environment: Environment,
    outgoing: Outgoing,
    hold: AnyHold,
    action: str,
    who: str,
    why: str,
    *,
    record: str | None = None,
) -> HoldWritten:
    is_of_one = isinstance(hold, PersonHold) and hold.kind is Subject.CHANGE_ORDER
    subject = hold.subject if isinstance(hold, PersonHold) and is_of_one else hold.hold_id
    details = {
        "hold_id": hold.hold_id,
        "subject": about(hold),
        "tenant": hold.tenant,
        "until": getattr(hold, "until", None),
    }
    if record is not None:
        details["record"] = record
    with AuditedTransaction(environment, who, why) as transaction:
        places = transaction.commit([outgoing], [transaction.action(subject, action, details)])
        return HoldWritten(hold=hold, offset=places[0][1] + 1, number=transaction.numbers[-1], record=record)


def _by_id_or_prefix(standing: Standing, named: str) -> AnyHold:
    if named in standing.holds:
        return standing.holds[named]
    if len(named) < _LEAST_PREFIX:
        raise WrongUsage(f"{named!r} is too short for the beginning of a hold's id: write {_LEAST_PREFIX} characters")
    found = [hold for hold_id, hold in standing.holds.items() if hold_id.startswith(named)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"several holds begin with {named}: {', '.join(hold.hold_id for hold in found)}")
    raise Refused(f"no hold {named} stands: it was released, or never made; `cor holds list` shows those that stand")
