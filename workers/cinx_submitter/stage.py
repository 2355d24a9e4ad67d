"""The stage ``cinx-submitter``."""

from __future__ import annotations

from relay.clients.cinx import CinxClient
from relay.clients.http.remote import ClientOptions
from relay.clients.http.secret import secret_file
from relay.clients.rate import Governor, SteadyPace
from relay.domain.commands import CinxCommand
from relay.engine.configuration import CinxAccount
from relay.engine.directory import Directory
from relay.engine.stages.context import StageContext
from relay.engine.telemetry.calls import count_calls
from relay.engine.topics import CINX, DIRECTORY
from relay.engine.writer.stage import WriterStage
from workers.cinx_submitter.account_start import MappedFields
from workers.cinx_submitter.adapter import CinxAdapter

STAGE = "cinx-submitter"


def cinx_submitter(context: StageContext) -> WriterStage:
    """The stage, with a client and a pace per configured account."""
    settings = context.settings

    def factory(name: str, account: CinxAccount) -> tuple[CinxClient, Governor]:
        governor = SteadyPace(account.requests_per_second)
        options = ClientOptions(
            tenant=f"cinx:{name}",
            deadline=settings.http_deadline,
            proxy=settings.proxy,
            largest_answer=settings.largest_answer_bytes,
            step=min(10.0, settings.http_deadline),
            governor=governor,
            on_call=count_calls(context.metrics),
        )
        return client_of(account, options), governor

    directory = Directory(context.connection, context.codec, DIRECTORY.name(context.prefix))
    adapter = CinxAdapter(
        lambda: context.configuration.current.cinx,
        factory,
        installation=settings.installation,
        quarantine=settings.quarantine,
        mapped=MappedFields(lambda: context.configuration.current.routing),
        note=lambda entry: directory.note([entry]),
    )
    return WriterStage(
        STAGE,
        context,
        CINX,
        adapter,
        CinxCommand,
        lambda: frozenset(context.configuration.current.cinx),
        adapter.close,
    )


def client_of(account: CinxAccount, options: ClientOptions) -> CinxClient:
    """The client of a configured account; secrets are read from their files at each use."""
    return CinxClient(
        email=account.email,
        password=secret_file(account.password_file),
        api_token=secret_file(account.api_token_file) if account.api_token_file else None,
        base_url=account.base_url,
        synchronous=account.synchronous,
        options=options,
    )
