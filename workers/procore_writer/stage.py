"""The stage ``procore-writer``."""

from __future__ import annotations

from relay.clients.http.clock import running_seconds
from relay.clients.http.remote import CallReport, ClientOptions
from relay.clients.http.secret import secret_file
from relay.clients.procore import ProcoreClient
from relay.clients.rate import Governor, ProcoreRate
from relay.domain.commands import ProcoreCommand
from relay.engine.configuration import ProcoreAccount
from relay.engine.directory import Directory
from relay.engine.stages.context import StageContext
from relay.engine.telemetry.calls import count_calls
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import DIRECTORY, PROCORE
from relay.engine.writer.stage import WriterStage
from workers.procore_writer.adapter import ProcoreAdapter
from workers.procore_writer.calls.remap import ObservedEvents

STAGE = "procore-writer"


def procore_writer(context: StageContext) -> WriterStage:
    """The stage, with a client and a governor per configured company."""
    settings = context.settings

    def factory(name: str, account: ProcoreAccount) -> tuple[ProcoreClient, Governor]:
        governor = context.rates.writer(name, account.limits)
        options = ClientOptions(
            tenant=f"procore:{name}",
            deadline=settings.http_deadline,
            proxy=settings.proxy,
            largest_answer=settings.largest_answer_bytes,
            step=min(10.0, settings.http_deadline),
            governor=governor,
            on_call=lambda report: _count(context.metrics, report, governor),
        )
        return client_of(account, options), governor

    directory = Directory(context.connection, context.codec, DIRECTORY.name(context.prefix))
    adapter = ProcoreAdapter(
        lambda: context.configuration.current.procore,
        factory,
        installation=settings.installation,
        quarantine=settings.quarantine,
        remap=ObservedEvents(
            connection=context.connection,
            codec=context.codec,
            routing=lambda: context.routing_of(STAGE),
        ),
        rates=context.rates,
        note=lambda entry: directory.note([entry]),
        lent=lambda account: context.control.lent(STAGE, f"procore:{account}"),
    )
    return WriterStage(
        STAGE,
        context,
        PROCORE,
        adapter,
        ProcoreCommand,
        lambda: frozenset(context.configuration.current.procore),
        adapter.close,
    )


def client_of(account: ProcoreAccount, options: ClientOptions) -> ProcoreClient:
    """The client of a configured company; secrets are read from their files at each use."""
    return ProcoreClient(
        company_id=account.company_id,
        client_id=secret_file(account.client_id_file),
        client_secret=secret_file(account.client_secret_file),
        api_url=account.api_url,
        login_url=account.login_url,
        options=options,
    )


def _count(metrics: Metrics, report: CallReport, governor: ProcoreRate) -> None:
    count_calls(metrics)(report)
    for window, left in governor.remaining(running_seconds()).items():
        metrics.rate_budget.labels(report.tenant, window).set(left)
