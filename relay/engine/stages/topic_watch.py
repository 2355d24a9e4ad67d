"""Whether the topics of this process are still what they were: looked at all the time, by a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Self

import structlog

from relay.domain.failures import Fatal
from relay.engine.kafka import Cluster, Connection, KafkaFailure, KafkaUnreachable
from relay.engine.provision.lost_topics import LostTopic, TopicsLost, lost_topics
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import ALL, WORKS_ON, Topic
from schemas import RegistryFailure

LOOK_EVERY = 8.0
"""Seconds between two looks: with a slow answer and the turn of a stage, all is said and done within thirty."""

_BETWEEN = 2.0
"""Seconds between the two looks that a loss has to be seen in."""

_PATIENCE = 30.0
"""Seconds for which :meth:`TopicWatch.prove_anew` waits for a look to end."""

_log = structlog.get_logger(__name__)

Ids = Mapping[str, str]
"""The ids of topics, by their names without the prefix."""


class TopicWatch:
    """Looks from ``with`` on; the methods are thread-safe.

    ``recorded`` reads the ids that are written down. A topic without one is to keep the id that it has when this
    begins.
    """

    def __init__(
        self,
        connection: Connection,
        prefix: str,
        recorded: Callable[[], Ids],
        metrics: Metrics,
        *,
        every: float = LOOK_EVERY,
    ) -> None:
        self._cluster = Cluster(connection)
        self._prefix = prefix
        self._recorded = recorded
        self._metrics = metrics
        self._every = every
        self._wanted: Ids = {}
        self._lost: dict[Topic, LostTopic] = {}
        self._looked = threading.Condition()
        self._begun = self._ended = 0
        self._due = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="topics", daemon=True)

    def __enter__(self) -> Self:
        """Takes the first look. Raises what reading the ids raises, and ``KafkaFailure`` where nobody answers."""
        recorded = self._recorded()
        found = self._cluster.topic_ids([topic.name(self._prefix) for topic in ALL])
        by_base = {topic.base: found[name] for topic in ALL if (name := topic.name(self._prefix)) in found}
        unrecorded = {base: topic_id for base, topic_id in by_base.items() if base not in recorded}
        if unrecorded:
            _log.warning(events.TOPICS_NOT_RECORDED, topics=[self._prefix + base for base in unrecorded])
        self._wanted = {**unrecorded, **recorded}
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._due.set()
        self._thread.join(_PATIENCE)
        self._cluster.close()

    def lost_to(self, stage: str) -> TopicsLost | None:
        """What is lost of the topics that ``stage`` works on, as they were last seen."""
        works_on = WORKS_ON.get(stage, ALL)
        lost = [found for topic, found in self._lost.items() if topic in works_on]
        return TopicsLost(lost) if lost else None

    def prove(self, stage: str) -> None:
        """Raises what :meth:`lost_to` tells."""
        if lost := self.lost_to(stage):
            raise lost

    def prove_anew(self, stage: str) -> None:
        """As :meth:`prove`, by a look that begins after this was called. Raises ``KafkaUnreachable`` without one."""
        with self._looked:
            wanted = self._begun + 1  # One that is under way may have seen what was there before.
            self._due.set()
            if not self._looked.wait_for(lambda: self._ended >= wanted, _PATIENCE):
                raise KafkaUnreachable(
                    f"nobody told in {_PATIENCE:.0f} s whether the topics of {stage} are as they were"
                )
        self.prove(stage)

    def _watch(self) -> None:
        while not self._closed:
            self._due.wait(self._every)
            self._due.clear()
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                _log.warning(events.TOPICS_NOT_SEEN, message=f"{type(error).__name__}: {error}")

    def _look(self) -> None:
        with self._looked:
            self._begun += 1
            number = self._begun
        lost = {found.topic: found for found in self._now_lost()}
        self._tell(lost)
        with self._looked:
            self._lost, self._ended = lost, number
            self._looked.notify_all()

    def _now_lost(self) -> tuple[LostTopic, ...]:
        """What is lost in two looks: a broker that has just started may not know every topic yet."""
        lost = lost_topics(self._cluster, self._prefix, self._wanted)
        if all(found.topic in self._lost for found in lost) and not self._takes_what_was_accepted(lost):
            return lost
        time.sleep(_BETWEEN)
        again = {found.topic for found in lost}
        return tuple(found for found in lost_topics(self._cluster, self._prefix, self._wanted) if found.topic in again)

    def _takes_what_was_accepted(self, lost: Collection[LostTopic]) -> bool:
        """Whether a person has accepted another topic for one of ``lost``."""
        if not any(found.replaced for found in lost):
            return False
        try:
            accepted = {**self._wanted, **self._recorded()}
        except (Fatal, KafkaFailure, RegistryFailure):  # The topic of names itself may be the one that is gone.
            return False
        changed, self._wanted = accepted != self._wanted, accepted
        return changed

    def _tell(self, lost: Mapping[Topic, LostTopic]) -> None:
        for topic in self._lost.keys() | lost.keys():
            self._metrics.topic_lost.labels(topic.name(self._prefix)).set(topic in lost)
        for topic, found in lost.items():
            if topic not in self._lost:
                _log.error(events.TOPIC_LOST, topic=topic.name(self._prefix), message=found.sentence)
