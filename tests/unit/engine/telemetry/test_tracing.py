from __future__ import annotations

from relay.engine.telemetry.tracing import current_trace_id, trace_headers, trace_of

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_is_carried_from_one_record_to_the_next() -> None:
    with trace_of((("cor-letter", b"x"), ("traceparent", PARENT))):
        assert current_trace_id() == "0af7651916cd43dd8448eb211c80319c"
        assert trace_headers() == (("traceparent", PARENT),)
    assert current_trace_id() is None


def test_a_vendors_state_is_carried_along() -> None:
    headers = (("traceparent", PARENT), ("tracestate", b"vendor=1"))
    with trace_of(headers):
        assert trace_headers() == headers


def test_a_record_without_a_readable_trace_begins_one() -> None:
    ids = []
    for value in (None, b"", b"nonsense", b"\xff\xff", b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01"):
        with trace_of((("traceparent", value),)):
            ids.append(current_trace_id())
            assert [name for name, _ in trace_headers()] == ["traceparent"]
    assert None not in ids
    assert len(set(ids)) == len(ids)


def test_traces_do_not_leak_from_one_record_to_another() -> None:
    with trace_of((("traceparent", PARENT),)):
        with trace_of(()):
            assert current_trace_id() != "0af7651916cd43dd8448eb211c80319c"
        assert current_trace_id() == "0af7651916cd43dd8448eb211c80319c"


def test_outside_of_a_trace_there_are_no_headers() -> None:
    assert trace_headers() == ()
