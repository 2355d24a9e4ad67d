"""The writers' protocol over an in-memory log, with the real adapters; and its trial over the same log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.domain.commands import Command, Lane, ProcoreCommand
from relay.domain.outcomes import ChangeOrderOutcome
from relay.engine.control.membership import ControlView
from relay.engine.kafka import Partition, Record
from relay.engine.letters import LetterTopic
from relay.engine.topics import PROCORE
from relay.engine.writer.in_flight import InFlightCalls
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.restore import load_state, restored_store
from relay.engine.writer.state.store import PartitionTopics
from relay.engine.writer.state.timing import Clock
from relay.engine.writer.steps.receive import receive_batch
from relay.engine.writer.trial import Foreseen, Trial, TrialState, Uncommitted
from relay.engine.writer.turn import run_once
from tests.contract.workers.cinx_submitter.world import Inline
from tests.contract.workers.procore_writer.harness import new_adapter
from tests.unit.engine.writer.virtual_log import CODEC, TIMING, Log, ModelJournal
from workers.procore_writer.adapter import ProcoreAdapter

TOPICS = PartitionTopics(family=PROCORE, prefix="", number=0, letter_topic=LetterTopic(partitions=12))
MAY_WRITE = ControlView(read_at=float("inf"), announced=frozenset({"procore:acme"}), stated_at=float("inf"))
_MOST_TURNS = 3_000


def records_of(commands: Sequence[Command], topic: str) -> list[Record]:
    """The commands as a lane hands them out."""
    values = [CODEC.encode(one, topic) for one in commands]
    return [Record(topic, 0, offset, b"", value, (), 0) for offset, value in enumerate(values)]


def tried(
    log: Log, topics: PartitionTopics, adapter: Any, clock: Clock, commands: Sequence[Command], **more: Any
) -> list[Foreseen[Any]]:
    """What a trial says of the commands; the log is as it was before."""
    store = restored_store(topics, CODEC, log.read)
    kept = {topic: dict(values) for topic, values in log.compacted.items()}
    state: TrialState[Any] = TrialState(
        stage="trial",
        adapter=adapter,
        command_type=type(commands[0]),
        store=store,
        codec=CODEC,
        journal=Uncommitted(),
        accounts=frozenset({"acme"}),
        clock=clock,
        timing=more.pop("timing", TIMING),
        **more,
    )
    trial = Trial(state, ControlView(read_at=float("inf")), lambda seconds: False)
    found = list(trial.look(Lane.LIVE, records_of(commands, topics.family.commands.name())))
    store.close()
    assert log.compacted == kept
    return found


class ProcoreOwner:
    """The owner of a company's partition, against a simulated Procore."""

    def __init__(self, url: str) -> None:
        self.url, self.log = url, Log()
        self._adapters: list[ProcoreAdapter] = []
        self._store = restored_store(TOPICS, CODEC, self.log.read)
        self.restart()

    def restart(self) -> None:
        """A new owner: it knows what the log holds, and has read nothing yet."""
        self._store.close()
        self.adapter = self.new_adapter()
        self._store = restored_store(TOPICS, CODEC, self.log.read)
        lane = Partition(PROCORE.commands.name(), 0)
        self.state: PartitionState[ProcoreCommand] = PartitionState(
            stage="procore-writer",
            adapter=self.adapter,
            command_type=ProcoreCommand,
            store=self._store,
            codec=CODEC,
            journal=ModelJournal(self.log, lane),
            accounts=frozenset({"acme"}),
            timing=TIMING,
        )
        load_state(self.state)
        self._pool = Inline()
        self._calls: InFlightCalls[ProcoreCommand] = InFlightCalls(self._pool)

    def new_adapter(self) -> ProcoreAdapter:
        """An adapter that has read nothing yet."""
        self._adapters.append(new_adapter(self.url, quarantine=TIMING.quarantine))
        return self._adapters[-1]

    def carry(self, *commands: ProcoreCommand) -> list[ChangeOrderOutcome]:
        """The terminal outcomes of the commands; what waits without an end has none."""
        receive_batch(self.state, Lane.LIVE, records_of(commands, PROCORE.commands.name()))
        for _ in range(_MOST_TURNS):
            before = self._pool.made, len(self.log.outcomes)
            run_once(self.state, self._calls, MAY_WRITE)
            run_once(self.state, self._calls, MAY_WRITE)
            if not self._calls and (self._pool.made, len(self.log.outcomes)) == before:
                wanted = {one.command_id for one in commands}
                ended = (one for one in self.log.outcomes if one.command_id in wanted and one.kind.is_terminal)
                return list(ended)
        raise AssertionError("the owner does not come to rest")

    def tried(self, *commands: ProcoreCommand) -> list[Foreseen[Any]]:
        """What a trial says, which has read nothing yet either."""
        return tried(self.log, TOPICS, self.new_adapter(), Clock(), commands)

    def close(self) -> None:
        self._store.close()
        for adapter in self._adapters:
            adapter.close()
