from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatchBuilder

from relay.engine.kafka import Outgoing, Record, partition_of

# What `Utils.murmur2` gives in Apache Kafka's own test, UtilsTest.testMurmur2.
JAVA_MURMUR2 = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}

headers = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=20)), max_size=4)


@pytest.mark.parametrize("key", JAVA_MURMUR2)
@pytest.mark.parametrize("partitions", [1, 7, 12])
def test_keys_fall_where_the_java_producer_puts_them(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == (JAVA_MURMUR2[key] & 0x7FFFFFFF) % partitions


@given(st.none() | st.binary(max_size=300), st.none() | st.binary(max_size=300), headers)
def test_a_record_never_takes_more_than_its_stated_size(
    key: bytes | None, value: bytes | None, named: list[tuple[str, bytes]]
) -> None:
    batch = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=True,
        producer_id=1,
        producer_epoch=1,
        base_sequence=1,
        batch_size=1,
    )
    batch.append(0, timestamp=None, key=key, value=value, headers=named)
    assert len(batch.build()) <= Outgoing("topic", key, value, headers=tuple(named)).size


@given(st.binary(min_size=1000, max_size=5000))
def test_the_stated_size_is_hardly_more_than_the_bytes(value: bytes) -> None:
    assert Outgoing("topic", b"key", value).size <= len(value) + 150


@given(st.integers(-(2**63), 2**63 - 1))
def test_whatever_time_a_producer_writes_a_record_has_a_moment(timestamp_ms: int) -> None:
    written_at = Record("t", 0, 0, None, None, (), timestamp_ms).written_at
    assert 1970 <= written_at.year <= 9999
    if 0 <= timestamp_ms < 10**13:
        assert round(written_at.timestamp() * 1000) == timestamp_ms
