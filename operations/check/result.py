"""The result of one check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.clients.http.messages import Response
from relay.clients.http.redaction import Redactor
from relay.domain.failures import CallFailure, Fatal
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import KafkaFailure
from schemas import RegistryFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to a remote and its answer, without secrets."""

    sent: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """``said``: what is so, or what is wrong and what to do. ``usage``: settings or configuration are wrong."""

    check: str
    ok: bool
    said: str
    exchanges: tuple[Exchange, ...] = ()
    usage: bool = False


_SHOWN = 200
"""Characters of an answer."""


def exchange_shown(sent: str, answer: Response | None, redactor: Redactor) -> Exchange:
    """What was said on the wire, cleaned before it is cut: half a secret would not be recognised."""
    said = "no answer" if answer is None else f"{answer.status} {answer.phrase}: {answer.beginning}"
    line = " ".join(redactor.clean(said).split())
    return Exchange(sent=redactor.clean(sent), answer=line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…")


def prove(check: str, proof: Callable[[], str]) -> CheckResult:
    """Runs ``proof``, which says what is so, or raises what is wrong."""
    try:
        return CheckResult(check=check, ok=True, said=proof())
    except ConfigurationError as error:
        return CheckResult(check=check, ok=False, said=str(error), usage=True)
    except (Fatal, KafkaFailure, CallFailure, RegistryFailure) as error:
        return CheckResult(check=check, ok=False, said=str(error))
