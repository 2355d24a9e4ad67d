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
    carrier = {name: value.decode("ascii", "replace") for name, value in headers if name in TRACE_HEADERS and value}
    found = _propagator.extract(carrier, context.Context())
    if not trace.get_current_span(found).get_span_context().is_valid:
        found = trace.set_span_in_context(_fresh_span(), found)
    token = context.attach(found)
    try:
        yield
    finally:
        context.detach(token)


def trace_headers() -> Headers:
    """The headers that carry this thread's trace on; none outside of a trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return tuple((name, carrier[name].encode("ascii")) for name in TRACE_HEADERS if name in carrier)


def current_trace_id() -> str | None:
    """The trace's id in hexadecimal, or ``None`` outside of a trace."""
    found = trace.get_current_span().get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else None


def _fresh_span() -> trace.Span:
    return NonRecordingSpan(
        SpanContext(
            trace_id=secrets.randbits(128) or 1,
            span_id=secrets.randbits(64) or 1,
            is_remote=False,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )
    )
