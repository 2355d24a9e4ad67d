"""The stage ``poll-constructiononline``."""

from __future__ import annotations

from producers.account import AccountSettings
from producers.constructiononline.pace import Pace
from producers.constructiononline.source import ConstructionOnlineSource
from producers.source import Source
from producers.stage import PollStage
from relay.clients.constructiononline import SYSTEM, ConstructionOnlineClient
from relay.clients.http.remote import ClientOptions
from relay.clients.http.secret import secret_file
from relay.clients.rate import ConstructionOnlineRate
from relay.domain.failures import Fatal
from relay.engine.configuration.accounts import ConstructionOnlineAccount
from relay.engine.stages.context import StageContext
from relay.engine.telemetry.calls import count_calls


def poll_constructiononline(context: StageContext) -> PollStage:
    """Polls every ConstructionOnline account of the configuration."""
    rates: dict[str, ConstructionOnlineRate] = {}
    paces: dict[str, Pace] = {}

    def source_of(name: str, settings: AccountSettings) -> Source:
        if not isinstance(settings, ConstructionOnlineAccount):
            raise Fatal(f"{name} is no account of {SYSTEM}")
        # A changed setting makes a new client, but what was used of the key's limits stays used.
        rate, pace = rates.setdefault(name, ConstructionOnlineRate()), paces.setdefault(name, Pace())
        return ConstructionOnlineSource(_client(context, name, settings, rate), pace, rate=rate)

    return PollStage(
        context,
        system=SYSTEM,
        accounts=lambda: context.configuration.current.constructiononline,
        source_of=source_of,
    )


def _client(
    context: StageContext, name: str, account: ConstructionOnlineAccount, rate: ConstructionOnlineRate
) -> ConstructionOnlineClient:
    return ConstructionOnlineClient(
        email=account.email,
        password=secret_file(account.password_file),
        api_key=secret_file(account.api_key_file),
        base_url=account.base_url,
        options=ClientOptions(
            tenant=f"{SYSTEM}:{name}",
            deadline=context.settings.http_deadline,
            proxy=context.settings.proxy,
            largest_answer=context.settings.largest_answer_bytes,
            governor=rate,
            on_call=count_calls(context.metrics),
        ),
    )
