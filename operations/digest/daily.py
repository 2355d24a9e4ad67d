"""The e-mail of a day: its turn taken, read, written and sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from operations.digest.contents import read_digest
from operations.digest.mail import PartlySent, send
from operations.digest.message import message
from operations.digest.schedule import WorkingDays, working_days
from operations.digest.sending_turns import SendingTurns
from operations.environment import Environment
from operations.errors import Refused
from operations.reports.tables import moment_of
from operations.route_names import called_today
from operations.zones import zone_of
from relay.engine.settings import Settings
from workers.views.store import Store, store_of


class MailState(StrEnum):
    """What became of the e-mail."""

    SENT = "sent"
    NOT_DUE = "not due"
    DONE = "sent before"
    TAKEN = "sent by another one just now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """``day``: which day's; ``mail``: as it was sent."""

    state: MailState
    day: date | None = None
    mail: EmailMessage | None = None


def mail_digest(
    environment: Environment,
    now: datetime,
    *,
    again: bool = False,
    sending: Callable[[Settings, EmailMessage], None] = send,
) -> Mailed:
    """Sends what is due. ``again``: today's, whatever the hour is and whoever has sent it.

    Raises ``Refused`` where it cannot be sent: then it is due still, unless some have got it (``PartlySent``).
    """
    schedule, store = schedule_of(environment), store_of(environment.settings)
    day = now.astimezone(schedule.zone).date() if again else schedule.due(now)
    if day is None:
        return Mailed(state=MailState.NOT_DUE)
    try:
        turns = SendingTurns(store, environment.settings.instance or str(uuid.uuid4()))
        try:
            return _in_turn(environment, schedule, store, turns, day, now, again=again, sending=sending)
        finally:
            turns.close()
    except SQLAlchemyError as error:
        raise Refused(
            f"the database of views cannot be used ({store.place}): {getattr(error, 'orig', error)}"
        ) from error
    finally:
        store.close()


def schedule_of(environment: Environment) -> WorkingDays:
    """When it is due, in the zone of the company's people."""
    settings = environment.settings
    return working_days(settings.mail_days, settings.mail_at, zone_of(environment.settings).name)


def written_digest(environment: Environment, now: datetime) -> EmailMessage:
    """Today's, which nobody sends."""
    schedule, store = schedule_of(environment), store_of(environment.settings)
    try:
        return _written(environment, schedule, store, now.astimezone(schedule.zone).date(), None, now)
    finally:
        store.close()


def _in_turn(
    environment: Environment,
    schedule: WorkingDays,
    store: Store,
    turns: SendingTurns,
    day: date,
    now: datetime,
    *,
    again: bool,
    sending: Callable[[Settings, EmailMessage], None],
) -> Mailed:
    if not turns.take(day, now) and not again:
        return Mailed(state=MailState.DONE if turns.is_sent(day) else MailState.TAKEN, day=day)
    try:
        mail = _written(environment, schedule, store, day, turns.last_before(day), now)
        sending(environment.settings, mail)
    except PartlySent:
        turns.sent(day, now)
        raise
    except BaseException:
        turns.give_back(day)
        raise
    turns.sent(day, now)
    return Mailed(state=MailState.SENT, day=day, mail=mail)


def _written(
    environment: Environment, schedule: WorkingDays, store: Store, day: date, last: date | None, now: datetime
) -> EmailMessage:
    since, until = schedule.period(day, last)
    with moment_of(store) as tables:
        digest = read_digest(tables, since, until, now, called_today(environment))
    return message(digest, environment.settings, schedule.zone, day)
