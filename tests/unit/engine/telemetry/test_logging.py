from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from relay.engine.telemetry import events
from relay.engine.telemetry.logging import LogFormat, LogLevel, configure_logging
from relay.engine.telemetry.tracing import trace_headers, trace_of


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where log lines go during a test; everything is as before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    library = logging.getLogger("httpx").level
    yield io.StringIO()
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(library)


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_event_level_time_and_logger(stream: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, stream)
    structlog.get_logger("relay.x").info(events.STAGE_STARTED, stage="mapper", title="Bürø")
    (line,) = _lines(stream)
    assert line["timestamp"].endswith("Z")
    assert {key: line[key] for key in ("event", "level", "logger", "stage", "title")} == {
        "event": "stage.started",
        "level": "info",
        "logger": "relay.x",
        "stage": "mapper",
        "title": "Bürø",
    }


def test_the_level_holds(stream: io.StringIO) -> None:
    configure_logging(LogLevel.WARNING, LogFormat.JSON, stream)
    log = structlog.get_logger("relay.x")
    log.info("quiet")
    log.warning("loud")
    assert [line["event"] for line in _lines(stream)] == ["loud"]


def test_a_logger_made_before_is_configured_too(stream: io.StringIO) -> None:
    log = structlog.get_logger("relay.early")
    configure_logging(LogLevel.INFO, LogFormat.JSON, stream)
    log.info("early")
    assert [line["event"] for line in _lines(stream)] == ["early"]


def test_an_exception_is_told_with_its_stack(stream: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, stream)
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("relay.x").exception("failed")
    (line,) = _lines(stream)
    assert "ValueError: broken" in line["exception"]


def test_a_library_keeps_its_words_under_one_event(stream: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, stream)
    logging.getLogger("somebody").warning("disk %s", "full")
    (line,) = _lines(stream)
    assert (line["event"], line["message"], line["logger"]) == (events.LIBRARY, "disk full", "somebody")


def test_a_library_that_writes_addresses_with_tokens_is_quiet(stream: io.StringIO) -> None:
    configure_logging(LogLevel.DEBUG, LogFormat.JSON, stream)
    logging.getLogger("httpx").info("HTTP Request: GET https://api.cinx.example/secret-token/x")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "name", ["password", "client_secret", "access_token", "Authorization", "api_key", "X-Api-Key", "Set-Cookie"]
)
@pytest.mark.parametrize("form", list(LogFormat))
def test_a_field_named_for_a_secret_is_hidden(stream: io.StringIO, name: str, form: LogFormat) -> None:
    configure_logging(LogLevel.INFO, form, stream)
    structlog.get_logger("relay.x").info("told", **{name: "hunter2"}, headers={name: "hunter3"})
    assert "told" in stream.getvalue()
    assert "hunter" not in stream.getvalue()


def test_the_idempotency_token_is_no_secret(stream: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, stream)
    structlog.get_logger("relay.x").info("told", idempotency_token="abc", idempotency_key="def")
    (line,) = _lines(stream)
    assert (line["idempotency_token"], line["idempotency_key"]) == ("abc", "def")


def test_console_lines_show_no_local_variables(stream: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.CONSOLE, stream)
    try:
        password = "hunter2"
        raise ValueError(len(password))
    except ValueError:
        structlog.get_logger("relay.x").exception("failed")
    assert "ValueError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue().replace('password = "hunter2"', "")


def test_a_line_inside_a_trace_names_it(stream: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, stream)
    with trace_of(()):
        trace_id = dict(trace_headers())["traceparent"]
        structlog.get_logger("relay.x").info("inside")
    structlog.get_logger("relay.x").info("outside")
    inside, outside = _lines(stream)
    assert trace_id is not None
    assert inside["trace_id"] == trace_id.split(b"-")[1].decode()
    assert "trace_id" not in outside


@pytest.mark.parametrize("form", LogFormat)
def test_what_a_remote_wrote_cannot_command_the_terminal(stream: io.StringIO, form: LogFormat) -> None:
    configure_logging(LogLevel.INFO, form, stream)
    said = "\x1b]0;owned\x07\u202e\x9bZo\u00eb"
    structlog.get_logger("relay.x").warning("poll.failed", message=said)
    logging.getLogger("kafka").error("a peer says %s", said)
    try:
        raise ValueError(said)
    except ValueError:
        structlog.get_logger("relay.x").exception("failed")
    told = stream.getvalue()
    assert all(character.isprintable() or character == "\n" for character in told)
    assert told.count("Zo\u00eb") == 3
