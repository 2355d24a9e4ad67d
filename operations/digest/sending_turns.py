"""Who sends the e-mail of a day: one of several, and another one where that has not said that it has.

The row lies beside the tables of ``views``, which are made anew with each version of them: what was sent then is not
sent again. Who dies between the mail server's answer and the commit has sent it, and another sends it once more.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, Text, func, or_, select, update

from workers.views.amounts import milliseconds
from workers.views.store import Store
from workers.views.upserts import insert_once

LASTS = timedelta(minutes=10)
"""How long a turn lasts of which nothing more is heard: much longer than sending takes."""

_METADATA = MetaData()
_DIGESTS = Table(
    "digests",
    _METADATA,
    Column("day", Text, primary_key=True),
    Column("claimed_at", BigInteger),
    Column("claimed_by", Text),
    Column("sent_at", BigInteger),
    comment="The daily e-mails: who is at it, and when it was sent.",
)


class SendingTurns:
    """Those of one installation. Belongs to one thread; used up with :meth:`close`."""

    def __init__(self, store: Store, instance: str) -> None:
        self._engine: Engine = store.beside()
        self._instance = instance
        with self._engine.begin() as connection:
            _METADATA.create_all(connection)

    def close(self) -> None:
        """Ends the connections."""
        self._engine.dispose()

    def take(self, day: date, now: datetime) -> bool:
        """Whether this one is to send it: it was not sent, and nobody else is at it."""
        free = or_(_DIGESTS.c.claimed_at.is_(None), _DIGESTS.c.claimed_at <= milliseconds(now - LASTS))
        with self._engine.begin() as connection:
            insert_once(connection, _DIGESTS, [{"day": day.isoformat()}])
            taken = connection.execute(
                update(_DIGESTS)
                .where(_DIGESTS.c.day == day.isoformat(), _DIGESTS.c.sent_at.is_(None), free)
                .values(claimed_at=milliseconds(now), claimed_by=self._instance)
            )
        return taken.rowcount == 1

    def give_back(self, day: date) -> None:
        """It could not be sent: whoever comes next tries."""
        self._note(day, claimed_at=None)

    def sent(self, day: date, now: datetime) -> None:
        """It is with the mail server."""
        self._note(day, sent_at=milliseconds(now))

    def is_sent(self, day: date) -> bool:
        """Whether it was."""
        with self._engine.connect() as connection:
            query = select(_DIGESTS.c.sent_at).where(_DIGESTS.c.day == day.isoformat())
            return connection.scalar(query) is not None

    def last_before(self, day: date) -> date | None:
        """The last day before whose e-mail was sent."""
        query = select(func.max(_DIGESTS.c.day)).where(
            _DIGESTS.c.day < day.isoformat(), _DIGESTS.c.sent_at.is_not(None)
        )
        with self._engine.connect() as connection:
            found = connection.scalar(query)
        return None if found is None else date.fromisoformat(found)

    def _note(self, day: date, **values: int | None) -> None:
        mine = (_DIGESTS.c.day == day.isoformat()) & (_DIGESTS.c.claimed_by == self._instance)
        with self._engine.begin() as connection:
            connection.execute(update(_DIGESTS).where(mine).values(**values))
