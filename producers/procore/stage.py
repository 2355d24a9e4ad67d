"""The stage ``poll-procore``."""

from __future__ import annotations

from producers.account import AccountSettings
from producers.procore.projects import wanted_projects
from producers.procore.source import ProcoreSource
from producers.source import Source
from producers.stage import PollStage
from relay.clients.http.remote import ClientOptions
from relay.clients.http.secret import secret_file
from relay.clients.procore import ProcoreClient
from relay.clients.rate import PollerRate
from relay.domain.failures import Fatal
from relay.domain.sources.procore import SYSTEM
from relay.engine.configuration.accounts import ProcoreAccount
from relay.engine.stages.context import StageContext
from relay.engine.telemetry.calls import count_calls


def poll_procore(context: StageContext) -> PollStage:
    """Polls every Procore company of the configuration; idle where there is none."""

    def source_of(name: str, settings: AccountSettings) -> Source:
        if not isinstance(settings, ProcoreAccount):
            raise Fatal(f"{name} is no account of {SYSTEM}")
        rate = context.rates.poller(name, settings.limits)
        return ProcoreSource(
            name,
            _client(context, name, settings, rate),
            lambda: wanted_projects(context.configuration.current.routing, name),
            budget=rate.own,
            poll_interval=settings.poll_interval,
        )

    return PollStage(
        context,
        system=SYSTEM,
        accounts=lambda: context.configuration.current.procore,
        source_of=source_of,
    )


def _client(context: StageContext, name: str, account: ProcoreAccount, rate: PollerRate) -> ProcoreClient:
    return ProcoreClient(
        company_id=account.company_id,
        client_id=secret_file(account.client_id_file),
        client_secret=secret_file(account.client_secret_file),
        api_url=account.api_url,
        login_url=account.login_url,
        options=ClientOptions(
            tenant=f"{SYSTEM}:{name}",
            deadline=context.settings.http_deadline,
            proxy=context.settings.proxy,
            largest_answer=context.settings.largest_answer_bytes,
            governor=rate,
            on_call=count_calls(context.metrics),
        ),
    )
