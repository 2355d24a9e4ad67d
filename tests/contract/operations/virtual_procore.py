"""A company at the simulated Procore, its writer with a real rate governor, and a clock that moves when told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.people.samples import furnish
from deploy.sandbox.procore.service import ProcoreService
from deploy.sandbox.shell import Call
from relay.clients.http.remote import ClientOptions
from relay.clients.http.transport import mark_sent
from relay.clients.procore import ProcoreClient
from relay.clients.rate import Governor, ProcoreRate
from relay.clients.rate.shares import of_writer
from relay.domain.commands import Lane, ProcoreCommand
from relay.domain.outcomes import ChangeOrderOutcome
from relay.engine.configuration import ProcoreAccount
from relay.engine.kafka import Partition
from relay.engine.topics import PROCORE
from relay.engine.writer.in_flight import InFlightCalls
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.restore import load_state, restored_store
from relay.engine.writer.steps.receive import receive_batch
from relay.engine.writer.turn import run_once
from tests.contract.operations.protocol import MAY_WRITE, TOPICS, records_of
from tests.contract.workers.cinx_submitter.world import Inline
from tests.unit.engine.writer.virtual_log import CODEC, START, TIMING, Log, ModelJournal, VirtualTime
from workers.procore_writer.adapter import ProcoreAdapter

ANSWER_SECONDS = 0.2
"""What Procore takes for an answer."""


@dataclass
class CompanyInside(httpx.BaseTransport):
    """The company in place of the network. ``paths`` are those of the calls that its limits count."""

    time: VirtualTime
    hourly_limit: int
    paths: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = ProcoreService(furnish(Company(now=lambda: START + timedelta(seconds=self.time.seconds))))
        self.service.change_settings({"hourly_limit": self.hourly_limit, "spike_limit": 25})

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        mark_sent()
        self.time.seconds += ANSWER_SECONDS
        call = Call(
            method=request.method,
            path=request.url.path,
            pairs=tuple(request.url.params.multi_items()),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.read(),
            target=request.url.raw_path.decode(),
        )
        if not call.path.startswith("/oauth/"):
            self.paths.append(call.path)
        answer = self.service.answer(call)
        return httpx.Response(answer.status, content=answer.content, headers=dict(answer.headers))


class VirtualProcore:
    """The company's writer, which carries what it is given, in virtual time."""

    def __init__(self, account: ProcoreAccount) -> None:
        self.time, self.log, self.account = VirtualTime(), Log(), account
        self.company = CompanyInside(self.time, account.requests_per_hour)
        clock = self.time.clock()
        self.adapter = ProcoreAdapter(
            lambda: {"acme": account},
            self._open,
            installation="test",
            quarantine=TIMING.quarantine,
            now=clock.now,
            clock=clock.running,
            pause=self._pass,
        )
        self.state: PartitionState[ProcoreCommand] = PartitionState(
            stage="procore-writer",
            adapter=self.adapter,
            command_type=ProcoreCommand,
            store=restored_store(TOPICS, CODEC, self.log.read),
            codec=CODEC,
            journal=ModelJournal(self.log, Partition(PROCORE.commands.name(), 0)),
            accounts=frozenset({"acme"}),
            clock=clock,
            timing=TIMING,
        )
        load_state(self.state)

    def carry(self, *commands: ProcoreCommand) -> Sequence[ChangeOrderOutcome]:
        """The ends of the commands, which come in the backfill lane."""
        receive_batch(self.state, Lane.BACKFILL, records_of(commands, PROCORE.backfill.name()))
        pool = Inline()
        calls: InFlightCalls[ProcoreCommand] = InFlightCalls(pool)
        while self.state.scheduler.has_work() or self.state.scheduler.next_due() is not None or calls:
            before = pool.made, len(self.log.outcomes)
            slot_in = run_once(self.state, calls, MAY_WRITE)
            if not calls and (pool.made, len(self.log.outcomes)) == before:
                self._pass(self._until_next(slot_in))
        return [end for end in self.log.outcomes if end.kind.is_terminal]

    def close(self) -> None:
        self.state.store.close()
        self.adapter.close()

    def _pass(self, seconds: float) -> None:
        self.time.seconds += seconds

    def _until_next(self, slot_in: float | None) -> float:
        """Seconds to the next thing that is due, or until a rate slot is free."""
        alarm, now = self.state.scheduler.next_due(), self.state.clock.now()
        due = [] if alarm is None else [alarm - self.time.seconds]
        due += [] if slot_in is None else [slot_in]
        due += [(hold.until - now).total_seconds() for hold in self.state.holds.all()]
        return max(0.05, min(due, default=1.0))

    def _open(self, name: str, account: ProcoreAccount) -> tuple[ProcoreClient, Governor]:
        governor = ProcoreRate(of_writer(account.poller_share), account.limits.expected)
        options = ClientOptions(
            tenant=f"procore:{name}", governor=governor, clock=self.time.clock().running, transport=self.company
        )
        client = ProcoreClient(
            company_id=account.company_id,
            client_id="sandbox-client",
            client_secret="sandbox-secret",
            api_url="https://procore.invalid",
            login_url="https://procore.invalid",
            options=options,
        )
        return client, governor


def account_of(hourly_limit: int) -> ProcoreAccount:
    """A company with this hourly limit."""
    return ProcoreAccount.model_construct(
        company_id=4200,
        api_url="https://procore.invalid",
        login_url="https://procore.invalid",
        client_id_file=Path("id"),
        client_secret_file=Path("secret"),
        requests_per_hour=hourly_limit,
    )
