"""The stage ``cinx-submitter``."""

from __future__ import annotations

from relay.clients.cinx import CinxClient
from relay.clients.http.remote import CallReport, ClientOptions
from relay.clients.http.secret import secret_file
from relay.clients.rate import Governor, SteadyPace
from relay.domain.commands import CinxCommand
from relay.engine.configuration import CinxAccount
from relay.engine.stages.context import StageContext
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import CINX
from relay.engine.writer.stage import WriterStage
from workers.cinx_submitter.account_start import MappedFields
from workers.cinx_submitter.adapter import CinxAdapter

STAGE = "cinx-submitter"


def cinx_submitter(context: StageContext) -> WriterStage:
    """The stage, with a client and a pace per configured account."""
    settings = context.settings

    def opener(name: str, account: CinxAccount) -> tuple[CinxClient, Governor]:
        governor = SteadyPace(account.requests_per_second)
        wiring = ClientOptions(
            tenant=f"cinx:{name}",
            deadline=settings.http_deadline,
            step=min(10.0, settings.http_deadline),
            governor=governor,
            on_call=lambda report: count_call(context.metrics, report),
        )
        return client_of(account, wiring), governor

    carrier = CinxAdapter(
        lambda: context.configuration.current.cinx,
        opener,
        installation=settings.installation,
        quarantine=settings.quarantine,
        mapped=MappedFields(lambda: context.configuration.current.routing),
    )
    return WriterStage(
        STAGE,
        context,
        CINX,
        carrier,
        CinxCommand,
        lambda: frozenset(context.configuration.current.cinx),
        carrier.close,
    )


def client_of(account: CinxAccount, wiring: ClientOptions) -> CinxClient:
    """The client of a configured account; secrets are read from their files at each use."""
    return CinxClient(
        email=account.email,
        password=secret_file(account.password_file),
        api_token=secret_file(account.api_token_file) if account.api_token_file else None,
        base_url=account.base_url,
        synchronous=account.synchronous,
        wiring=wiring,
    )


def count_call(metrics: Metrics, report: CallReport) -> None:
    """One request to a remote."""
    result = str(report.status) if report.status is not None else report.failure or "none"
    metrics.remote_calls.labels(report.remote, report.tenant, report.operation, result).inc()
    metrics.remote_call_seconds.labels(report.remote, report.tenant).observe(report.seconds)
