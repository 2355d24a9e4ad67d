"""Trace context in Kafka headers, in the form of the W3C recommendation "Trace Context".

One trace follows a change from its poll to its outcome. Without an OpenTelemetry SDK nothing is
exported, but the ids travel all the same and stand in every log line.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Headers = tuple[tuple[str, bytes | None], ...]

TRACE_HEADERS = ("traceparent", "tracestate")
"""What carries a trace."""

_propagator = TraceContextTextMapPropagator()


@contextmanager
def trace_of(headers: Sequence[tuple[str, bytes | None]]) -> Iterator[None]:
    """Inside, this thread's work belongs to the trace that ``headers`` carry, else to a new one."""
    fields = {name: value.decode("ascii", "replace") for name, value in headers if name in TRACE_HEADERS and value}
    traced = _propagator.extract(fields, context.Context())
    if not trace.get_current_span(traced).get_span_context().is_valid:
        traced = trace.set_span_in_context(_fresh_span(), traced)
    token = context.attach(traced)
    try:
        yield
    finally:
        context.detach(token)


def trace_headers() -> Headers:
    """The headers that carry this thread's trace on; none outside of a trace."""
    fields: dict[str, str] = {}
    _propagator.inject(fields)
    return tuple((name, fields[name].encode("ascii")) for name in TRACE_HEADERS if name in fields)


def current_trace_id() -> str | None:
    """The trace's id in hexadecimal, or ``None`` outside of a trace."""
    traced = trace.get_current_span().get_span_context()
    return f"{traced.trace_id:032x}" if traced.is_valid else None


def _fresh_span() -> trace.Span:
    return NonRecordingSpan(
        SpanContext(
            trace_id=secrets.randbits(128) or 1,
            span_id=secrets.randbits(64) or 1,
            is_remote=False,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )
    )
