"""One record's way through the mapping, and when the last of them is done."""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ground import Ground
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.identity import tenant_partition
from relay.domain.mapping import in_milliseconds, map_event
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.kafka import Connection
from relay.engine.record_codec import record_codec
from relay.engine.topics import OBSERVED, PROCORE


@dataclass(frozen=True, slots=True)
class Mapped:
    """A command to be written, with its key."""

    key: bytes
    value: bytes


class Job:
    """What a program is started with, and the mapping that it is to do. ``partition``: of every command."""

    def __init__(self, arguments: list[str]) -> None:
        servers, prefix, folder, partitions, count = arguments
        self.here = Ground(Connection(servers), prefix, Path(folder), int(partitions))
        self.count = int(count)
        self.source, self.target = OBSERVED.name(prefix), PROCORE.commands.name(prefix)
        self.group = f"{prefix}mapper"
        self.partition = tenant_partition("procore", "acme", int(partitions))
        self.all_done = threading.Event()
        self._codec = record_codec()
        self._routing = LiveConfiguration(self.here.folder / "cor.yaml").current.routing
        self._done = 0
        self._began = time.perf_counter(), time.process_time()

    @classmethod
    def of_command_line(cls) -> Job:
        """As :mod:`benchmarks.peers.__main__` starts it."""
        return cls(sys.argv[1:])

    def mapped(self, value: bytes, partition: int, offset: int) -> list[Mapped]:
        """The commands of an event."""
        event = self._codec.decode(value, ChangeOrderObserved)
        at = EventReference(topic=self.source, partition=partition, offset=offset, event_id=event.event_id)
        decision = map_event(event, self._routing, in_milliseconds(datetime.now(UTC)), reference=at)
        return [
            Mapped(command.origin_id.encode(), self._codec.encode(command, self.target))
            for command in decision.commands
        ]

    def advance(self, records: int) -> None:
        """Counts what is written; sets ``all_done`` with the last."""
        self._done += records
        if self._done >= self.count:
            self.all_done.set()

    def tell(self) -> None:
        """Prints seconds of a clock and of the processor since the beginning."""
        clock, processor = self._began
        print(json.dumps([time.perf_counter() - clock, time.process_time() - processor]))
