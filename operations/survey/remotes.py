"""The client of an account, as a guest that says and counts what it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from operations.check.result import Exchange, exchange_shown
from operations.guests import guest_of
from operations.survey.calls import Calls
from relay.clients.cinx import CinxClient
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.http.redaction import Redactor
from relay.clients.http.remote import ClientOptions
from relay.clients.http.secret import secret_file
from relay.clients.http.terms import CallTerms
from relay.clients.procore import ProcoreClient
from relay.clients.rate import Governor
from relay.engine.configuration import CinxAccount, ConstructionOnlineAccount, ProcoreAccount
from relay.engine.configuration.accounts import Account
from relay.engine.settings import Settings
from workers.cinx_submitter.stage import client_of as cinx_client
from workers.procore_writer.stage import client_of as procore_client

Client = ConstructionOnlineClient | ProcoreClient | CinxClient
ClientT = TypeVar("ClientT", bound=Client)


@dataclass(frozen=True, slots=True)
class Remote(Generic[ClientT]):
    """An account that can be asked; ``exchanges`` is what was said so far, without secrets."""

    key: str
    client: ClientT
    terms: CallTerms
    exchanges: list[Exchange] = field(default_factory=list)


@contextmanager
def opened(key: str, account: Account, settings: Settings, calls: Calls) -> Iterator[Remote[Client]]:
    """The account's client; nothing is sent before it is asked."""
    exchanges: list[Exchange] = []
    with guest_of(key, account, settings, calls) as guest:
        options = guest_options(key, settings, guest.governor, exchanges, calls.begin)
        with closing(_client(account, options)) as client:
            yield Remote(key, client, guest.terms, exchanges)


def guest_options(
    key: str, settings: Settings, governor: Governor, exchanges: list[Exchange], begin: Callable[[str], None]
) -> ClientOptions:
    """What a guest's client needs; ``begin`` hears of each call before it is made, ``exchanges`` gets what was said."""
    redactor = Redactor()
    return ClientOptions(
        tenant=key,
        deadline=settings.http_deadline,
        step=min(10.0, settings.http_deadline),
        proxy=settings.proxy,
        largest_answer=settings.largest_answer_bytes,
        reads_only=True,
        redactor=redactor,
        governor=governor,
        on_send=lambda sent: begin(redactor.clean(sent)),
        on_exchange=lambda sent, answer: exchanges.append(exchange_shown(sent, answer, redactor)),
    )


def _client(account: Account, options: ClientOptions) -> Client:
    match account:
        case ConstructionOnlineAccount():
            return constructiononline_client(account, options)
        case ProcoreAccount():
            return procore_client(account, options)
        case CinxAccount():
            return cinx_client(account, options)


def constructiononline_client(account: ConstructionOnlineAccount, options: ClientOptions) -> ConstructionOnlineClient:
    """The client of a configured login; secrets are read from their files at each use."""
    return ConstructionOnlineClient(
        email=account.email,
        password=secret_file(account.password_file),
        api_key=secret_file(account.api_key_file),
        base_url=account.base_url,
        options=options,
    )
