"""The decisions that forms ask for: one after the other, through ``operations``, as the commands make them."""

from __future__ import annotations

import os
import secrets
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from operations.environment import Environment, codec_of, connection_of
from operations.errors import Refused
from operations.written_versions import write_what_all_read
from relay.domain.failures import Fatal
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import CommitFailed, Fenced, KafkaFailure
from relay.engine.settings import Settings
from schemas import RegistryFailure, Unreadable, Unwritable
from web.decisions.forms import FormKey
from web.decisions.people import TrustedProxy, trusted_proxy

_REMEMBERED = 5000
"""Forms of which it is known that they were sent."""
_LEAST_KEY = 32

REFUSALS = (Refused, Fatal, ConfigurationError, KafkaFailure, RegistryFailure, Unreadable, Unwritable)
"""What ``operations`` raise where something cannot be done: their messages are for people."""


Writing = Callable[[], Environment]
"""Gives the environment of a decision, once a form is found to be in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRow:
    """What became of one thing that was decided about. ``number``: of the decision; ``None``: nothing was done."""

    about: str
    words: str
    number: int | None


class AlreadySent(Refused):
    """The same form came before."""


class FormDecisions:
    """Makes the decisions that forms ask for: one at a time, and once for each form. Thread-safe."""

    def __init__(self, settings: Settings, proxy: TrustedProxy, key: bytes) -> None:
        self.key = FormKey(key)
        self._settings = settings
        self._proxy = proxy
        self._codec = codec_of(settings)
        self._instance = settings.instance or str(uuid.uuid4())
        self._lock = threading.Lock()
        self._sent: OrderedDict[str, None] = OrderedDict()

    def user_of(self, request: Request) -> str | None:
        """Who asks, if the proxy says so."""
        return self._proxy.user_of(request)

    def environment(self) -> Environment:
        """Of one decision, or of one look: the configuration is read anew."""
        return Environment(
            self._settings,
            connection_of(self._settings),
            self._codec,
            transactional_id=f"{self._settings.topic_prefix}web-{self._instance}",
        )

    def decide(self, form_id: str, made: Callable[[Writing], list[DecidedRow]]) -> list[DecidedRow]:
        """Makes a decision, once for each form. Raises ``Refused`` and the like where nothing was done."""
        with self._lock:
            if form_id in self._sent:
                raise AlreadySent("This form was sent before, and what it says was done then: see the decisions.")
            try:
                rows = made(self._writing)
            except Fenced as error:
                raise Refused(
                    "Somebody else decided at the same moment, and this was not completed: look again."
                ) from error
            except CommitFailed as error:
                self._remember(form_id)
                raise Refused(f"It is not certain whether this was recorded: look at the decisions. {error}") from error
            self._remember(form_id)
            return rows

    def _writing(self) -> Environment:
        environment = self.environment()
        write_what_all_read(environment)
        return environment

    def _remember(self, form_id: str) -> None:
        self._sent[form_id] = None
        while len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)


def form_decisions_of(settings: Settings) -> FormDecisions | None:
    """Those of this process; ``None`` where the settings want none. Raises ``Fatal`` for a key that is too short."""
    proxy = trusted_proxy(settings)
    if not settings.web_decisions or proxy is None:
        return None
    return FormDecisions(settings, proxy, _key(settings))


def _key(settings: Settings) -> bytes:
    """Several instances behind one proxy share a file; without one each makes its own, anew at each start."""
    if settings.web_key_file is None:
        return secrets.token_bytes(_LEAST_KEY)
    key = settings.web_key_file.read_bytes().strip()
    if len(key) < _LEAST_KEY:
        raise Fatal(
            f"COR_WEB_KEY_FILE names {os.fspath(settings.web_key_file)}, which holds {len(key)} bytes: at least "
            f"{_LEAST_KEY} are needed (openssl rand -hex 32)"
        )
    return key
