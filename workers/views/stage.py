"""The loop of the stage ``views``: what is new on the topics becomes rows, batch by batch.

It has no consumer group. Offsets stand in the database beside the rows, and move only together with them, from what
they were: a second instance, and one that wakes from a long sleep, find them moved and write nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import structlog
from sqlalchemy import Engine, select, update

from relay.domain.backoff import Backoff
from relay.domain.failures import Fatal
from relay.domain.routes import Routing
from relay.engine.configuration.digest import routes_digest
from relay.engine.kafka import Cluster, KafkaUnreachable, Partition, Record, TopicsMissing, Withheld, read_to_end
from relay.engine.stages.context import StageContext
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry import events
from relay.engine.topics import CONTROL, POLL_STATE, VIEWED
from schemas import RegistryUnreachable
from workers.views.batch import OffsetsMoved, Positions, advance, begin_at, fold_records, positions_of
from workers.views.folds import Folds
from workers.views.folds.observed import read_content, share_out
from workers.views.folds.of_topics import folds_of
from workers.views.generation import Generation
from workers.views.shares import origins_of
from workers.views.store import UNREACHABLE, Store, store_of
from workers.views.sums import lock_sums, summed
from workers.views.tables import CHANGE_ORDERS, OBSERVATIONS, PROGRESS, VERSION

_log = structlog.get_logger(__name__)

NAME = "views"
_PAUSE = 1.0
"""Seconds between two looks at the ends of the topics."""
_MOST_RECORDS = 500
_MOST_BYTES = 4 * 1024 * 1024
_NOTED_EVERY = 10.0
"""Seconds after which it is noted that the tables still have everything."""
_SHARED_AT_ONCE = 200
_PAUSES = Backoff(first=0.5, longest=15.0)


class Views:
    """The stage. ``version``: of the tables; tests build another one."""

    def __init__(self, context: StageContext, *, version: int = VERSION, pause: float = _PAUSE) -> None:
        self.name = NAME
        self._context = context
        self._version = version
        self._pause = pause
        self._member = context.control.member(NAME)
        self._well_at = time.monotonic()
        self._failures = 0

    def run(self) -> None:
        """Folds until told to stop. Raises ``Fatal``, and what a database or Kafka that stays away last met."""
        self._well_at = time.monotonic()
        while not self._context.stop.is_set():
            try:
                self._run_session()
            except (KafkaUnreachable, RegistryUnreachable, *UNREACHABLE) as error:
                self._wait_after(error)
            finally:
                self._context.health.ready(NAME, False)

    def _run_session(self) -> None:
        context = self._context
        with ExitStack() as resources:
            store = store_of(context.settings)
            resources.callback(store.close)
            cluster = resources.enter_context(Cluster(context.connection))
            topic_ids = _topic_ids(cluster, context.prefix)
            generation = Generation.of(self._version, topic_ids)
            engine = store.building(generation)
            resources.callback(engine.dispose)
            folding = _Folding(context, cluster, engine, topic_ids)
            is_read = _is_read(store, generation)
            while not context.stop.is_set():
                context.health.beat(NAME)
                self._member.take()
                context.configuration.refresh()
                news = folding.catch_up()
                if not is_read and not context.stop.is_set():
                    _publish(store, generation)
                    is_read = True
                self._member.state(())
                context.health.ready(NAME, True)
                context.health.idle(NAME, not news)
                self._well_at, self._failures = time.monotonic(), 0
                context.stop.wait(0 if news else self._pause)

    def _wait_after(self, error: Exception) -> None:
        if time.monotonic() - self._well_at > self._context.settings.patience:
            raise error
        pause = _PAUSES.seconds(self._failures)
        self._failures += 1
        _log.warning(events.STAGE_RESTARTED, stage=NAME, message=str(error), pause=pause)
        self._context.health.beat(NAME)
        self._context.health.idle(NAME, False)
        self._context.stop.wait(pause)


class _Folding:
    """One generation of the tables, on its way to the ends of the topics."""

    def __init__(self, context: StageContext, cluster: Cluster, engine: Engine, topic_ids: Mapping[str, str]) -> None:
        self._context = context
        self._cluster = cluster
        self._engine = engine
        self._topic_ids = topic_ids
        self._folds: Folds = folds_of(context.codec, context.prefix)
        # What members and pollers state of themselves without end is no news.
        self._quiet = {CONTROL.name(context.prefix), POLL_STATE.name(context.prefix)}
        counts = cluster.partition_counts(list(topic_ids))
        self._partitions = [Partition(topic, number) for topic, count in counts.items() for number in range(count)]
        self._noted_at = float("-inf")

    def catch_up(self) -> bool:
        """Folds what stands on the topics now; returns whether there was anything but what members state."""
        # Positions before ends: another instance may move them meanwhile, but never behind an end that is read later.
        positions = self._positions()
        ends = self._cluster.end_offsets(self._partitions)
        behind = {one: end for one, end in ends.items() if end > positions[one]}
        self._require_all_there(positions, ends)
        self._context.metrics.views_behind.set(sum(end - positions[one] for one, end in behind.items()))
        try:
            topics = self._fold(positions, behind) if behind else set()
        except OffsetsMoved as moved:
            _log.info(events.VIEWS_OVERTAKEN, message=str(moved))
            return True
        if self._context.stop.is_set():
            return True
        self._share_anew()
        self._note(folded=bool(topics))
        return bool(topics - self._quiet)

    def _positions(self) -> dict[Partition, int]:
        with self._engine.begin() as connection:
            positions = positions_of(connection, self._topic_ids)
            missing = [one for one in self._partitions if one not in positions]
            if missing:
                begin_at(connection, self._topic_ids, dict.fromkeys(missing, 0))
                positions |= dict.fromkeys(missing, 0)
        return positions

    def _require_all_there(self, positions: Positions, ends: Positions) -> None:
        cut = [one for one in self._partitions if ends[one] < positions[one]]
        if cut:
            names = ", ".join(f"{one.topic}[{one.number}]" for one in cut)
            raise Fatal(
                f"{names} ends before what was read of it for the tables of views: Kafka has lost records, or an older "
                "copy came back. Remove the tables, and they are built anew of what is there"
            )

    def _fold(self, positions: dict[Partition, int], behind: Positions) -> set[str]:
        """Returns the topics of which there was something."""
        topics = set()
        for batch in self._batches(positions, behind):
            self._context.health.beat(NAME)
            self._commit(positions, _behind_each(batch), batch)
            topics |= {record.topic for record in batch}
            if self._context.stop.is_set():
                return topics
        # Behind the last records stand Kafka's own marks.
        rest = {one: end for one, end in behind.items() if end > positions[one]}
        if rest:
            self._commit(positions, rest, [])
        self._context.metrics.views_behind.set(0)
        return topics

    def _commit(self, positions: dict[Partition, int], after: Positions, records: list[Record]) -> None:
        context = self._context
        routing = context.configuration.current.routing
        with self._engine.begin() as connection:
            advance(connection, self._topic_ids, positions, after)
            left_out = fold_records(connection, records, self._folds, context.codec, routing)
            reached(CrashPoint.VIEWS_BEFORE_COMMIT)
        reached(CrashPoint.VIEWS_AFTER_COMMIT)
        positions.update(after)
        for sentence in left_out:
            _log.error(events.VIEWS_RECORD_LEFT_OUT, message=sentence)
        for record in records:
            context.metrics.records_read.labels(NAME, record.topic).inc()

    def _batches(self, positions: Positions, behind: Positions) -> Iterator[list[Record]]:
        first = self._cluster.beginning_offsets(list(behind))
        batch: list[Record] = []

        def pass_over(withheld: Withheld) -> None:
            at = withheld.partition
            batch.append(Record(at.topic, at.number, withheld.last_offset, None, None, (), 0, withheld))

        size = 0
        start = {one: max(positions[one], first[one]) for one in behind}
        for record in read_to_end(self._context.connection, list(start), start=start, pass_over=pass_over):
            batch.append(record)
            size += len(record.value or b"")
            if len(batch) >= _MOST_RECORDS or size >= _MOST_BYTES:
                yield batch[:]
                batch.clear()
                size = 0
        if batch:
            yield batch

    def _share_anew(self) -> None:
        """Where other routes are in force: what each destination takes of every change order."""
        configuration = self._context.configuration.current
        digest = routes_digest(configuration)
        with self._engine.connect() as connection:
            if connection.scalar(select(PROGRESS.c.routes)) == digest:
                return
        last: str | None = ""
        while last is not None and not self._context.stop.is_set():
            self._context.health.beat(NAME)
            last = self._share_page(last, configuration.routing)
        if last is None:
            with self._engine.begin() as connection:
                connection.execute(update(PROGRESS).values(routes=digest))

    def _share_page(self, after: str, routing: Routing) -> str | None:
        """The keys behind ``after``; returns the last of them, ``None`` where there is none."""
        newest = (CHANGE_ORDERS.c.change_order_key == OBSERVATIONS.c.change_order_key) & (
            CHANGE_ORDERS.c.sequence == OBSERVATIONS.c.sequence
        )
        page = (
            select(CHANGE_ORDERS.c.change_order_key, OBSERVATIONS.c.content)
            .join(OBSERVATIONS, newest)
            .where(CHANGE_ORDERS.c.change_order_key > after)
            .order_by(CHANGE_ORDERS.c.change_order_key)
            .limit(_SHARED_AT_ONCE)
            # Another instance that folds a newer observation meanwhile waits, and shares that out after this.
            .with_for_update(of=CHANGE_ORDERS)
        )
        with self._engine.begin() as connection:
            lock_sums(connection)
            rows = connection.execute(page).all()
            events = [read_content(row.content) for row in rows]
            origins = {origin for event in events for origin in origins_of(event, routing)}
            with summed(connection, {row.change_order_key for row in rows}, origins):
                share_out(connection, events, routing)
        return rows[-1].change_order_key if rows else None

    def _note(self, *, folded: bool) -> None:
        now = time.time()
        self._context.metrics.views_read.set(now)
        if not folded and now - self._noted_at < _NOTED_EVERY:
            return
        at = round(now * 1000)
        with self._engine.begin() as connection:
            connection.execute(update(PROGRESS).values(read_at=at))
            connection.execute(update(PROGRESS).where(PROGRESS.c.caught_up_at.is_(None)).values(caught_up_at=at))
        self._noted_at = now


def _behind_each(records: list[Record]) -> dict[Partition, int]:
    return {Partition(record.topic, record.partition): record.offset + 1 for record in records}


def _topic_ids(cluster: Cluster, prefix: str) -> dict[str, str]:
    names = [topic.name(prefix) for topic in VIEWED]
    ids = cluster.topic_ids(names)
    missing = [name for name in names if name not in ids]
    if missing:
        raise TopicsMissing(f"not found: {', '.join(missing)}. Run `cor topics apply`")
    return ids


def _is_read(store: Store, generation: Generation) -> bool:
    """Whether it is read, or a newer release's is: that is not taken back."""
    published = store.published()
    return published is not None and (published == generation or published.version > generation.version)


def _publish(store: Store, generation: Generation) -> None:
    reached(CrashPoint.VIEWS_BEFORE_PUBLISH)
    store.publish(generation)
    reached(CrashPoint.VIEWS_AFTER_PUBLISH)
    _log.info(events.VIEWS_PUBLISHED, generation=generation.name, place=store.place)


def views(context: StageContext) -> Views:
    """The stage ``views``."""
    return Views(context)
