"""Log lines: JSON for machines, coloured text for a person, the same events in both."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from relay.domain.printable import printable, printable_json
from relay.engine.telemetry import events
from relay.engine.telemetry.repetition import SeldomRepeated
from relay.engine.telemetry.tracing import current_trace_id


class LogFormat(StrEnum):
    """``json`` is one object a line; ``console`` is for eyes."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least level that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """Returns the number that the standard library has for this level."""
        return logging.getLevelNamesMapping()[self.value.upper()]


HIDDEN = "[secret]"
_SECRET_ENDINGS = ("password", "secret", "token", "api_key", "apikey", "authorization", "credentials", "cookie")
_NOT_SECRET = ("idempotency_token",)
_JSON = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)

# kafka-python tells of every connection at INFO; httpx of whole URLs, in which CINX keeps a token.
_TALKATIVE = {"kafka": logging.WARNING, "httpx": logging.WARNING, "httpcore": logging.WARNING}


def configure_logging(level: LogLevel, form: LogFormat, stream: TextIO | None = None) -> None:
    """Writes what structlog and the standard library are told to ``stream``, default standard error.

    May be called again; the last call holds.
    """
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level.number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # So that a second call reaches the loggers of every module.
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(form, stream or sys.stderr))
    handler.setLevel(level.number)
    if level is not LogLevel.DEBUG:  # Who looks for something sees every line.
        handler.addFilter(SeldomRepeated("kafka"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.number)
    for name, least in _TALKATIVE.items():
        # Not above: what the client warns of tells a wrong password from a broker that is away.
        logging.getLogger(name).setLevel(least)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _hide_secrets,
    ]


def _formatter(form: LogFormat, stream: TextIO) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_name_foreign, *_shared()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form, stream)],
    )


def _rendering(form: LogFormat, stream: TextIO) -> list[Processor]:
    if form is LogFormat.CONSOLE:
        # Plain tracebacks: rich ones print local variables, and those hold secrets.
        return [
            _print_values,
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=_print_traceback),
        ]
    return [
        structlog.processors.format_exc_info,
        _print_json,
    ]


def _print_values(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """What a remote wrote commands no terminal."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = printable(value)
    return event


def _print_traceback(out: TextIO, error: ExcInfo) -> None:
    told = io.StringIO()
    structlog.dev.plain_traceback(told, error)
    out.write(printable(told.getvalue()))


def _print_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return printable_json(str(_JSON(logger, method, event)))


def _name_foreign(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["message"] = event["event"]
    event["event"] = events.LIBRARY
    return event


def _add_trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    trace_id = current_trace_id()
    if trace_id:
        event["trace_id"] = trace_id
    return event


def _hide_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    _hide(event)
    return event


def _hide(fields: MutableMapping[str, Any]) -> None:
    """The clients keep secrets out of what they say; this catches a field that is named for one."""
    for name, value in fields.items():
        if isinstance(value, dict):
            fields[name] = hidden = dict(value)
            _hide(hidden)
        elif _names_secret(name) and isinstance(value, str | bytes):
            fields[name] = HIDDEN


def _names_secret(name: str) -> bool:
    plain = str(name).lower().replace("-", "_")
    return plain.endswith(_SECRET_ENDINGS) and plain not in _NOT_SECRET
