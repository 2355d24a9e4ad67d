"""The stage ``poll-cinx``."""

from __future__ import annotations

from producers.account import AccountSettings
from producers.cinx.source import CinxSource
from producers.source import Source
from producers.stage import PollStage
from relay.clients.cinx import SYSTEM, CinxClient
from relay.clients.http.remote import ClientOptions
from relay.clients.http.secret import secret_file
from relay.clients.rate import SteadyPace
from relay.domain.failures import Fatal
from relay.engine.configuration.accounts import CinxAccount
from relay.engine.stages.context import StageContext
from relay.engine.telemetry.calls import count_calls

SHARE = 0.2
"""Of an account's ``requests_per_second``: the poller goes at this pace, beside the submitter's own."""


def poll_cinx(context: StageContext) -> PollStage:
    """Polls every CINX account of the configuration; idle where there is none."""

    def source_of(name: str, settings: AccountSettings) -> Source:
        if not isinstance(settings, CinxAccount):
            raise Fatal(f"{name} is no account of {SYSTEM}")
        return CinxSource(_client(context, name, settings), page=settings.poco_page)

    return PollStage(
        context,
        system=SYSTEM,
        accounts=lambda: context.configuration.current.cinx,
        source_of=source_of,
    )


def _client(context: StageContext, name: str, account: CinxAccount) -> CinxClient:
    return CinxClient(
        email=account.email,
        password=secret_file(account.password_file),
        api_token=secret_file(account.api_token_file) if account.api_token_file else None,
        base_url=account.base_url,
        options=ClientOptions(
            tenant=f"{SYSTEM}:{name}",
            deadline=context.settings.http_deadline,
            proxy=context.settings.proxy,
            largest_answer=context.settings.largest_answer_bytes,
            governor=SteadyPace(account.requests_per_second * SHARE),
            on_call=count_calls(context.metrics),
        ),
    )
