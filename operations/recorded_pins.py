"""The pins that are written down: ids of projects and contracts that the file calls by number or name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from relay.engine import provision
from relay.engine.configuration.pins import PinnedName
from relay.engine.kafka import Connection, TopicsMissing
from schemas import Codec


class RecordedPins:
    """Reads pins when one is asked for that is not known yet.

    ``first`` is called before the first reading.
    """

    def __init__(
        self,
        connection: Connection,
        codec: Codec,
        prefix: str,
        *,
        first: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection, self._codec, self._prefix = connection, codec, prefix
        self._first: Callable[[], None] | None = first
        self._known: Mapping[str, str] = {}

    def __call__(self, name: PinnedName) -> str | None:
        if name.key not in self._known:
            self._known = self._read()
        return self._known.get(name.key)

    def _read(self) -> Mapping[str, str]:
        if self._first is not None:
            first, self._first = self._first, None
            first()
        try:
            return provision.recorded_pins(self._connection, self._codec, self._prefix)
        except TopicsMissing:
            return {}
