"""Finds change orders by whatever people call them by: numbers, titles, ids of records, projects, contracts.

What cannot hold the text is not decoded, so that a long history takes no longer than it takes to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from operations.environment import Environment
from operations.reading import pass_over
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.text_folding import folded
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.kafka import read_to_end
from relay.engine.topics import CURRENT, DIRECTORY, OUTCOMES, WRITES, Topic
from schemas import Unreadable

_LEAST: Final = 3
"""Characters of a text that is looked for within titles: with fewer nearly everything would be found."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A change order that may be meant, and by what it was found. ``is_exact``: not merely within a title."""

    key: str
    by: str
    is_exact: bool = True


def search(environment: Environment, named: str) -> dict[str, Sighting]:
    """What may be meant, by change-order key; where anything is called exactly so, only that."""
    found = list(_Search(environment, named).sightings())
    exact = [sighting for sighting in found if sighting.is_exact]
    return {sighting.key: sighting for sighting in reversed(exact or found)}


class _Search:
    def __init__(self, environment: Environment, named: str) -> None:
        self._environment = environment
        self._named = named
        self._text = _plain(named)

    def sightings(self) -> Iterator[Sighting]:
        entries = list(self._records(DIRECTORY, DirectoryEntry, self._named))
        places = [entry for entry in entries if self._is(entry.entry_id) or self._is(entry.number, entry.title)]
        yield from self._current(places)
        for outcome in self._records(OUTCOMES, ChangeOrderOutcome, self._named):
            by = self._of_outcome(outcome)
            if by is not None:
                yield Sighting(key=outcome.change_order_key, by=by)
        for place in places:
            yield from self._written_to(place)

    def _current(self, places: list[DirectoryEntry]) -> Iterator[Sighting]:
        projects = {
            (place.system, place.account, place.entry_id): place
            for place in places
            if place.kind is DirectoryKind.PROJECT
        }
        for event in self._records(CURRENT, ChangeOrderObserved, None if projects else self._named):
            order, key = event.change_order, event.root or event.key
            shown = f"{order.number or 'no number'} {order.title or ''}".strip()
            place = projects.get((event.system, event.account, event.project or ""))
            if self._is(event.change_order_id, order.number, order.title, event.origin_id):
                yield Sighting(key=key, by=shown)
            elif place is not None or self._is(event.project, order.project_name):
                yield Sighting(key=key, by=f"{shown}, of project {event.project} {order.project_name or ''}".strip())
            elif len(self._text) >= _LEAST and self._text in _plain(order.title or ""):
                yield Sighting(key=key, by=shown, is_exact=False)

    def _of_outcome(self, outcome: ChangeOrderOutcome) -> str | None:
        for record in outcome.remote:
            if self._is(record.remote_id, record.number):
                return f"{record.kind.replace('_', ' ')} {record.number or record.remote_id}"
        ids = {"command": outcome.command_id, "letter": outcome.letter_id, "outcome": outcome.outcome_id}
        return next((f"{name} {text}" for name, text in ids.items() if text == self._named), None)

    def _written_to(self, place: DirectoryEntry) -> Iterator[Sighting]:
        if place.kind is DirectoryKind.PROJECT:
            return
        is_order = place.kind is DirectoryKind.PURCHASE_ORDER
        destination = place.number if is_order else f"{place.project_id}/{place.entry_id}"
        for write in self._records(WRITES, RemoteWrite, destination):
            if (write.system, write.account, write.destination) == (place.system, place.account, destination):
                yield Sighting(key=write.change_order_key, by=f"written to {place.number or destination}")

    def _is(self, *texts: str | None) -> bool:
        return any(text is not None and _plain(text) == self._text for text in texts)

    def _records(self, topic: Topic, kind: type[R], text: str | None) -> Iterator[R]:
        """The records of a topic that can hold ``text``; ``None``: all of them."""
        environment, holds = self._environment, _holder_of(text)
        places = environment.every(topic, environment.counts([topic])[topic])
        for record in read_to_end(environment.connection, places, pass_over=pass_over, batches=holds):
            if record.value is not None and holds(record.value):
                with suppress(Unreadable):
                    yield environment.codec.decode(record.value, kind)


def _plain(text: str) -> str:
    """Numbers are the same with and without zeros before them, texts however they are written."""
    text = folded(text.strip())
    return text.lstrip("0") or "0" if text.isdecimal() else text


def _holder_of(text: str | None) -> Callable[[bytes], bool]:
    """Whether a record's bytes can hold the text; Avro writes texts as they are. Only ASCII is sure to fold alike."""
    if text is None or not text.isascii():
        return lambda value: True
    words = [word.encode() for word in text.lower().split()]
    wanted = [word.lstrip(b"0") or b"0" if word.isdigit() else word for word in words]

    def holds(data: bytes) -> bool:
        lowered = data.lower()
        return all(word in lowered for word in wanted)

    return holds
