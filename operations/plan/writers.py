"""The writers' protocol over copies of their state, with the clients of guests, which only read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Self

from operations.environment import Environment
from operations.guests import LONGEST_WAIT, Guest, guest_of
from operations.plan.lanes import LanePlace, LanesOnDisk
from operations.plan.rows import BUDGET_SPENT
from operations.survey.calls import Calls, CallsSpent
from operations.survey.remotes import guest_options
from relay.clients.cinx import CinxClient
from relay.clients.http.remote import ClientOptions
from relay.clients.procore import ProcoreClient
from relay.clients.rate import Governor
from relay.domain.commands import COMMAND_TYPES, Lane
from relay.domain.failures import Throttled
from relay.domain.person_holds import AnyHold
from relay.domain.routes import Routing
from relay.engine.configuration import CinxAccount, Configuration, ProcoreAccount
from relay.engine.configuration.accounts import Account
from relay.engine.control.membership import ControlView
from relay.engine.kafka import Cluster, Outgoing, Partition, Record, read_to_end
from relay.engine.kafka.foreign_records import tell_foreign
from relay.engine.letters import letter_topic
from relay.engine.sizes import TopicLimits, target_sizes
from relay.engine.topics import FAMILIES, STAGE_OF_SYSTEM
from relay.engine.writer.adapter import PlannedCall
from relay.engine.writer.state.restore import restored_store
from relay.engine.writer.state.store import PartitionTopics
from relay.engine.writer.state.timing import Timing
from relay.engine.writer.trial import Foreseen, Trial, TrialState, Uncommitted
from workers.cinx_submitter.account_start import MappedFields
from workers.cinx_submitter.adapter import CinxAdapter
from workers.cinx_submitter.stage import client_of as cinx_client
from workers.procore_writer.adapter import ProcoreAdapter
from workers.procore_writer.calls.remap import ObservedEvents
from workers.procore_writer.stage import client_of as procore_client

_A_DAY = 86_400.0


@dataclass(slots=True)
class RecordReads:
    """How many records may be read one by one; lists, which many change orders share, are always read."""

    most: int
    granted: set[tuple[str, str]] = field(default_factory=set)

    def refuses(self, call: PlannedCall) -> str | None:
        """Why the reading of a record is not made; ``None``: it is."""
        reading = (call.step, call.batch)
        if reading not in self.granted and len(self.granted) >= self.most:
            return f"It takes the reading of a record of its own, and {self.most} are read, as many as --read allows."
        self.granted.add(reading)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the protocol would do with a command, and what its parts are to be worth."""

    foreseen: Foreseen[Any]
    worth: Mapping[str, Decimal]


class Writers:
    """Used with ``with``. ``routing``: the routes that are planned with; ``holds``: people's."""

    def __init__(
        self,
        environment: Environment,
        configuration: Configuration,
        routing: Routing,
        holds: Mapping[str, AnyHold],
        calls: Calls,
        reads: RecordReads,
    ) -> None:
        self._environment, self._configuration, self._routing = environment, configuration, routing
        self._holds, self._calls, self._reads = ControlView(holds=holds), calls, reads
        self._resources = ExitStack()
        self._spent: str | None = None
        self._guests: dict[str, Guest] = {}
        self._adapters: dict[str, ProcoreAdapter | CinxAdapter] = {}
        self.read_up_to: dict[str, int] = {}
        """By topic and partition (``topic[3]``), up to where inbox and ledger were read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def look(self, commands: Iterable[Outgoing]) -> Iterator[Looked]:
        """What would become of ``commands``, as the mapper would have written them."""
        with closing(LanesOnDisk(self._environment)) as lanes:
            lanes.fill(commands)
            for place, accounts in lanes.accounts.items():
                yield from self._look(place, accounts, lanes.records(place))

    def _look(self, place: LanePlace, accounts: AbstractSet[str], records: Iterable[Record]) -> Iterator[Looked]:
        environment, family, number = self._environment, FAMILIES[place[0]], place[1]
        adapter = self._adapter(family.system)
        with Cluster(environment.connection) as cluster:
            topics = PartitionTopics(
                family=family,
                prefix=environment.prefix,
                number=number,
                letter_topic=letter_topic(cluster, environment.prefix),
                largest_command=target_sizes(cluster, environment.prefix, family).limit,
                limits=TopicLimits.on_cluster(cluster, environment.prefix, family.written),
            )
            stores = [Partition(topic, number) for topic in (topics.inbox, topics.ledger)]
            ends = cluster.end_offsets(stores)
        self.read_up_to |= {f"{partition.topic}[{partition.number}]": offset for partition, offset in ends.items()}
        read = partial(read_to_end, environment.connection)
        store = restored_store(topics, environment.codec, read, tell_foreign)
        with closing(store):
            settings = environment.settings
            state = TrialState(
                stage=STAGE_OF_SYSTEM[family.system],
                adapter=adapter,
                command_type=COMMAND_TYPES[family.system],
                store=store,
                codec=environment.codec,
                journal=Uncommitted(),
                accounts=frozenset(self._accounts(family.system).keys() & accounts),
                routed=self._routing.destinations(family.system),
                timing=Timing(send_window=settings.send_window, quarantine=settings.quarantine),
                instance="cor plan",
                may_read=lambda call: None if call.step in adapter.lists else self._reads.refuses(call),
            )
            for foreseen in Trial(state, self._holds, self._wait).look(Lane.BACKFILL, records):
                yield Looked(foreseen=foreseen, worth=adapter.worth(foreseen.command))

    # -- clients that only read

    def _accounts(self, system: str) -> Mapping[str, Account]:
        return self._configuration.procore if system == "procore" else self._configuration.cinx

    def _adapter(self, system: str) -> Any:
        if system not in self._adapters:
            adapter = self._procore() if system == "procore" else self._cinx()
            self._resources.callback(adapter.close)
            self._adapters[system] = adapter
        return self._adapters[system]

    def _procore(self) -> ProcoreAdapter:
        environment = self._environment

        def factory(name: str, account: ProcoreAccount) -> tuple[ProcoreClient, Governor]:
            guest = self._guest(f"procore:{name}", account)
            return procore_client(account, self._options(f"procore:{name}", guest)), guest.governor

        return ProcoreAdapter(
            lambda: self._configuration.procore,
            factory,
            installation=environment.settings.installation,
            quarantine=environment.settings.quarantine,
            pause=self._pause,
            remap=ObservedEvents(
                connection=environment.connection, codec=environment.codec, routing=lambda: self._routing
            ),
        )

    def _cinx(self) -> CinxAdapter:
        settings = self._environment.settings

        def factory(name: str, account: CinxAccount) -> tuple[CinxClient, Governor]:
            guest = self._guest(f"cinx:{name}", account)
            return cinx_client(account, self._options(f"cinx:{name}", guest)), guest.governor

        return CinxAdapter(
            lambda: self._configuration.cinx,
            factory,
            installation=settings.installation,
            quarantine=settings.quarantine,
            mapped=MappedFields(lambda: self._routing),
            pause=self._pause,
        )

    def _guest(self, key: str, account: Account) -> Guest:
        guest = guest_of(key, account, self._environment.settings, self._calls)
        self._guests[key] = self._resources.enter_context(guest)
        return guest

    def _options(self, key: str, guest: Guest) -> ClientOptions:
        return guest_options(key, self._environment.settings, guest.governor, [], self._begin)

    def _pause(self, seconds: float) -> None:
        """Waits for a rate slot on the way of a longer reading."""
        if self._spent is not None or not self._wait(seconds):
            raise Throttled(self._spent or BUDGET_SPENT, wait_seconds=seconds)

    def _wait(self, seconds: float) -> bool:
        """Waits for a rate slot; false where that takes longer than somebody sits before a screen."""
        if seconds > LONGEST_WAIT:
            return False
        asked = {key: wait for key, guest in self._guests.items() if (wait := guest.presence.rate.asked_wait) > 0}
        if asked:  # Of several that a turn has asked, the first that is free is waited for.
            self._calls.waiting(min(asked, key=lambda key: abs(asked[key] - seconds)), seconds)
        time.sleep(seconds)
        return True

    def _begin(self, sent: str) -> None:
        try:
            self._calls.begin(sent)
        except CallsSpent as spent:
            # As the protocol knows it: nothing more goes out for the account, and all else goes on.
            self._spent = f"{spent}."
            raise Throttled(self._spent, wait_seconds=_A_DAY) from None
