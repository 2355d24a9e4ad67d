"""What is done around kafka-python's faults, without a broker.

Tests named ``..._is_still_needed`` hold the library's fault itself: one that fails says that the
library has mended it, and which workaround goes.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import socket
import ssl
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, errors
from kafka.consumer.fetcher import Fetcher
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket, create_connection
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from kafka.producer.sender import Sender
from kafka.protocol.metadata import MetadataRequest, MetadataResponse
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.legacy_records import LegacyRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords
from packaging.requirements import Requirement
from packaging.version import Version

from relay.domain.failures import Fatal
from relay.engine.kafka import Connection, KafkaUnreachable, Partition, Record
from relay.engine.kafka import kafka_python_workarounds as workarounds
from relay.engine.kafka.client import record_of
from relay.engine.kafka.client_log import overheard
from relay.engine.kafka.kafka_python_workarounds import TRIED, mend_network, network_client, require_tried_version

GZIP, LZ4, ZSTD = 1, 3, 4
LIMIT = 100_000
MENDED = "kafka-python has mended this: delete the workaround {} and this test"
LOST = 300 * 1024 * 1024
MENDS, AS_IT_IS = "with the workaround", "as the library has it"


class At(NamedTuple):
    topic: str
    partition: int


# -- versions


def test_a_version_that_nobody_tried_is_refused_with_what_to_do() -> None:
    require_tried_version()
    with pytest.raises(Fatal, match=r"kafka-python 3\.1\.0 is installed.*3\.0\.12"):
        require_tried_version("3.1.0")


def test_a_connection_is_not_made_with_such_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workarounds, "TRIED", ("2.0.0",))
    with pytest.raises(Fatal, match="only tried with 2"):
        Connection("127.0.0.1:1")


def test_the_dependency_allows_the_versions_that_were_tried_and_no_other() -> None:
    requirements = map(Requirement, importlib.metadata.requires("change-order-relay") or ())
    allowed = next(one.specifier for one in requirements if one.name == "kafka-python")
    tried = sorted(map(Version, TRIED))
    assert [one for one in tried if one not in allowed] == []
    assert not allowed.contains(f"{tried[0].major}.{tried[0].minor}.{tried[0].micro - 1}")
    assert not allowed.contains(f"{tried[-1].major}.{tried[-1].minor}.{tried[-1].micro + 1}")
    assert len(tried) == tried[-1].micro - tried[0].micro + 1


# -- batches


def batch(*values: bytes, codec: int = 0, base: int = 0, headers: Any = (), wrong: bytes | None = None) -> bytes:
    """Records as a producer puts them together; ``wrong`` stands for every ``QQ``, also in names of headers."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0 if wrong else codec,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=2**30,
    )
    for number, value in enumerate(values):
        builder.append(number, 1_000 + number, b"k", value, list(headers))
    data = bytearray(builder.build())
    data[0:8] = base.to_bytes(8, "big")
    if wrong:
        data = data.replace(b"QQ", wrong)
        data[17:21] = struct.pack(">I", _crc(bytes(data[21:])))
    return bytes(data)


def _crc(data: bytes) -> int:
    import crc32c  # noqa: PLC0415 - only here

    return int(crc32c.crc32c(data))


def message_set(*values: bytes, magic: int = 1, codec: int = GZIP, last: int) -> bytes:
    builder = LegacyRecordBatchBuilder(magic=magic, compression_type=codec, batch_size=2**30)
    for number, value in enumerate(values):
        builder.append(number, 1_000, b"k", value)
    data = bytearray(builder.build())
    data[0:8] = last.to_bytes(8, "big")
    return bytes(data)


def read(data: bytes, *, start: int = 0, limit: int = LIMIT, budget: int = 2**30) -> list[Record]:
    part = workarounds._PartitionRecords(
        start, At("t", 3), MemoryRecords(data), budget=workarounds._Budget(budget), largest_batch=limit, wanted=None
    )
    return list(map(record_of, part.take(1_000)))


@pytest.mark.parametrize("codec", [0, GZIP, LZ4, ZSTD])
def test_records_of_every_kind_of_batch_come_as_they_were_written(codec: int) -> None:
    records = read(batch(b"a", b"b", codec=codec, base=7, headers=[("name", b"x"), ("none", None)]))
    assert [(one.offset, one.key, one.value, one.timestamp_ms) for one in records] == [
        (7, b"k", b"a", 1_000),
        (8, b"k", b"b", 1_001),
    ]
    assert records[0].headers == (("name", b"x"), ("none", None))
    assert records[0].withheld is None


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
def test_a_batch_that_unfolds_beyond_the_limit_is_one_record_that_names_it(codec: int) -> None:
    huge = batch(bytes(200 * LIMIT), b"b", b"c", codec=codec, base=5)
    before, withheld, after = read(batch(b"before", base=4) + huge + batch(b"after", codec=codec, base=8))
    assert (before.value, after.value, after.offset) == (b"before", b"after", 8)
    assert (withheld.offset, withheld.key, withheld.value, withheld.headers) == (7, None, None, ())
    assert withheld.timestamp_ms == 1_002
    told = withheld.withheld
    assert told is not None
    assert (told.partition, told.first_offset, told.last_offset, told.size) == (Partition("t", 3), 5, 7, len(huge))
    assert str(told).startswith(f"the batch of offsets 5 to 7 of t[3] ({len(huge)} bytes) unfolds to more than {LIMIT}")


def test_such_a_batch_takes_memory_in_line_with_the_limit() -> None:
    huge = batch(bytes(100 * LIMIT), codec=GZIP)
    tracemalloc.start()
    try:
        assert read(huge)[0].withheld
        assert tracemalloc.get_traced_memory()[1] < 10 * LIMIT
    finally:
        tracemalloc.stop()


def test_without_the_bound_a_batch_unfolds_whole_which_is_why_it_is_still_needed() -> None:
    (batch_,) = MemoryRecords(batch(bytes(100 * LIMIT), codec=GZIP))
    tracemalloc.start()
    try:
        next(iter(batch_))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most > 100 * LIMIT, MENDED.format("bound_unfolding")


def test_reading_may_begin_inside_such_a_batch() -> None:
    (withheld, after) = read(batch(bytes(2 * LIMIT), b"b", b"c", codec=GZIP, base=5) + batch(b"d", base=8), start=6)
    assert withheld.withheld
    assert (withheld.offset, after.offset) == (7, 8)


def test_a_batch_in_what_cannot_be_read_is_passed_on_by_its_place() -> None:
    data = bytearray(batch(b"a", b"b", codec=GZIP, base=5))
    data[22] = data[22] & ~7 | 2  # Marked as snappy, which is not installed.
    data[17:21] = struct.pack(">I", _crc(bytes(data[21:])))
    (record,) = read(bytes(data))
    assert record.offset == 6
    assert "compressed with snappy" in str(record.withheld)


def test_a_batch_whose_checksum_is_wrong_is_not_unfolded_but_refused() -> None:
    data = bytearray(batch(b"a", codec=GZIP))
    data[-1] ^= 1
    with pytest.raises(errors.CorruptRecordError, match="crc"):
        read(bytes(data))


@pytest.mark.parametrize("magic", [0, 1])
def test_old_sets_of_messages_are_bounded_too(magic: int) -> None:
    assert [one.value for one in read(message_set(b"a", b"b", magic=magic, last=1))] == [b"a", b"b"]
    (withheld,) = read(message_set(b"a", bytes(20 * LIMIT), magic=magic, last=9), start=8)
    told = withheld.withheld
    assert told is not None
    assert (withheld.offset, told.first_offset, told.last_offset) == (9, 8, 9)


@pytest.mark.parametrize("inner", [b"a", b"\0" * LIMIT])
def test_a_set_of_messages_inside_another_is_not_unfolded(inner: bytes) -> None:
    once = message_set(inner, last=0)
    twice = LegacyRecordBatchBuilder(magic=1, compression_type=GZIP, batch_size=2**30)
    twice._buffer = bytearray(once)
    twice._maybe_compress()
    (withheld,) = read(bytes(_closed(twice)))
    assert "is compressed more than once" in str(withheld.withheld)


@pytest.mark.parametrize("length", [-12, 0, 5, 2**31 - 1])
def test_messages_that_do_not_end_are_not_followed(length: int) -> None:
    inner = bytearray(message_set(b"a", codec=0, last=0))
    inner[8:12] = struct.pack(">i", length)
    outer = LegacyRecordBatchBuilder(magic=1, compression_type=GZIP, batch_size=2**30)
    outer._buffer = inner
    outer._maybe_compress()
    (withheld,) = read(bytes(_closed(outer)))
    assert "breaks its own format" in str(withheld.withheld)


def _closed(builder: Any) -> bytearray:
    """With the checksum of a message, which is computed last."""
    data: bytearray = builder._buffer
    struct.pack_into(">I", data, 12, __import__("zlib").crc32(data[16:]))
    return data


def test_a_header_name_that_is_no_text_does_not_stop_the_reader() -> None:
    first, second = read(batch(b"a", b"b", headers=[("QQ", b"x"), ("n", b"\xff")], wrong=b"\xfe\xfe"))
    assert first.headers == (("\N{REPLACEMENT CHARACTER}" * 2, b"x"), ("n", b"\xff"))
    assert (type(first.value), first.value, second.value) == (bytes, b"a", b"b")


def test_the_library_stops_at_such_a_name_which_is_why_it_is_still_needed() -> None:
    records = MemoryRecords(batch(b"a", headers=[("QQ", b"x")], wrong=b"\xfe\xfe"))
    part = Fetcher.PartitionRecords(0, At("t", 3), records)
    try:
        part.take(1)
    except errors.CorruptRecordError:
        return
    pytest.fail(MENDED.format("_records_of, as far as _Lenient goes"))


def test_a_record_with_headers_without_end_is_withheld_alone() -> None:
    many = batch(b"a", codec=GZIP, headers=[("", None)] * 40_000, base=1)
    before, withheld, after = read(batch(b"b", base=0) + many + batch(b"c", base=2))
    assert str(withheld.withheld).startswith("the record at offset 1 of t[3]")
    assert "has 40000 headers" in str(withheld.withheld)
    assert (before.value, after.value) == (b"b", b"c")


def test_one_poll_hands_out_no_more_than_its_budget_and_goes_on_from_there() -> None:
    budget = workarounds._Budget(2_500)
    data = b"".join(batch(bytes(700), codec=GZIP, base=number) for number in range(7))
    part = workarounds._PartitionRecords(
        0, At("t", 0), MemoryRecords(data), budget=budget, largest_batch=LIMIT, wanted=None
    )
    taken = [[record.offset for record in part.take(1_000)]]
    assert budget.spent
    budget.renew()
    taken.append([record.offset for record in part.take(1_000)])
    budget.renew()
    taken.append([record.offset for record in part.take(1_000)])
    assert taken == [[0, 1, 2], [3, 4, 5], [6]]
    assert not part.__bool__(), "it is at its end"


# -- sockets


class Net:
    """The library's event loop, on this thread."""

    def __init__(self) -> None:
        self.selector = NetworkSelector()

    def run(self, coroutine: Any, seconds: float = 5.0) -> Any:
        future = self.selector.call_soon_with_future(lambda: coroutine)
        self.selector.poll(timeout_ms=seconds * 1000, future=future)
        return future


@pytest.fixture
def net() -> Iterator[Net]:
    net = Net()
    yield net
    net.selector.close()


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture(autouse=True)
def mended() -> None:
    mend_network()


def open_sockets(monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
    """The sockets that the library opens from now on, so that the garbage collector does not find them first."""
    opened: list[socket.socket] = []
    original = KafkaNetSocket.socket

    def remembered(self: Any, *arguments: Any) -> socket.socket:
        opened.append(original(self, *arguments))
        return opened[-1]

    monkeypatch.setattr(KafkaNetSocket, "socket", remembered)
    return opened


def unmended(monkeypatch: pytest.MonkeyPatch, kind: Any, name: str) -> None:
    monkeypatch.setattr(kind, name, kind.__dict__[name].__wrapped__)


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_mending_twice_is_mending_once() -> None:
    before = KafkaNetSocket.sock_connect
    mend_network()
    assert KafkaNetSocket.sock_connect is before
    assert not hasattr(before.__wrapped__, "__wrapped__")


@pytest.mark.parametrize("code", [MENDS, AS_IT_IS])
def test_a_socket_that_did_not_connect_is_closed(net: Net, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    if code == AS_IT_IS:
        unmended(monkeypatch, KafkaNetSocket, "sock_connect")
    opened = open_sockets(monkeypatch)
    future = net.run(create_connection(net.selector, "127.0.0.1", refused_port(), timeout_at=time.monotonic() + 5))
    assert isinstance(future.exception, errors.KafkaConnectionError)
    assert [one.fileno() == -1 for one in opened] == [code == MENDS], MENDED.format("_closing_what_did_not_connect")
    close(opened)


@pytest.mark.parametrize("code", [MENDS, AS_IT_IS])
def test_a_socket_that_was_connecting_when_its_client_ended_is_closed(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    if code == AS_IT_IS:
        unmended(monkeypatch, KafkaNetSocket, "sock_connect")
    opened, net = open_sockets(monkeypatch), NetworkSelector()
    net.call_soon(lambda: create_connection(net, "127.0.0.1", server.getsockname()[1], timeout_at=time.monotonic() + 9))
    net.poll(timeout_ms=0)  # It connects, and nobody comes back to it.
    net.close()
    assert [one.fileno() == -1 for one in opened] == [code == MENDS], MENDED.format("_closing_what_did_not_connect")
    close(opened)


@pytest.mark.parametrize("code", [MENDS, AS_IT_IS])
def test_a_socket_whose_handshake_failed_is_closed(
    net: Net, server: socket.socket, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    if code == AS_IT_IS:
        unmended(monkeypatch, KafkaSSLTransport, "handshake")
    client = socket.create_connection(server.getsockname())
    client.setblocking(False)
    peer, _ = server.accept()
    peer.sendall(b"this is no TLS, whatever else it may be")
    transport = KafkaSSLTransport(net.selector, client, ssl_context=trusting())
    assert isinstance(net.run(transport.handshake()).exception, ssl.SSLError)
    assert (transport._sock.fileno() == -1) is (code == MENDS), MENDED.format("_closing_what_did_not_agree")
    close([transport._sock, peer])


@pytest.mark.parametrize("code", [MENDS, AS_IT_IS])
def test_a_socket_for_which_tls_cannot_be_set_up_is_closed(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    if code == AS_IT_IS:
        unmended(monkeypatch, KafkaSSLTransport, "__init__")
    ours, theirs = socket.socketpair()
    with pytest.raises(FileNotFoundError):
        KafkaSSLTransport(None, ours, ssl_cafile="absent.pem")
    assert (ours.fileno() == -1) is (code == MENDS), MENDED.format("_closing_what_got_no_transport")
    close([ours, theirs])


@pytest.mark.parametrize("code", [MENDS, AS_IT_IS])
def test_a_socket_closed_with_something_to_write_is_closed_with_its_client(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    if code == AS_IT_IS:
        unmended(monkeypatch, KafkaTCPTransport, "_write_to_sock")
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    net = NetworkSelector()
    transport = KafkaTCPTransport(net, ours)
    transport.write(bytes(10_000_000))
    net.poll(timeout_ms=10)
    transport.close()
    net.close()
    assert (ours.fileno() == -1) is (code == MENDS), MENDED.format("_closing_what_was_not_written")
    close([ours, theirs])


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def close(sockets: list[Any]) -> None:
    for one in sockets:
        one.close()


class Endless:
    """A socket from which there is always more to be read, up to a size at which a test is lost anyway."""

    def __init__(self, pending: int = 0) -> None:
        self.left = LOST
        self._pending = pending

    def recv(self, size: int) -> bytes:
        if self.left <= 0:
            raise BlockingIOError
        self.left -= size
        return bytes(size)

    def pending(self) -> int:
        self._pending -= 1
        return max(self._pending, 0)


@pytest.mark.parametrize("kind", [KafkaTCPTransport, KafkaSSLTransport])
def test_no_more_is_read_at_once_than_a_bound_however_fast_it_comes(kind: Any) -> None:
    transport = kind.__new__(kind)
    KafkaTCPTransport.__init__(transport, None, Endless())
    data, error = transport._sock_recv()
    assert error is None
    assert 1024 * 1024 <= len(data) < 1024 * 1024 + 8_192
    assert isinstance(transport._sock, Endless), "the socket stays what it was"


def test_what_tls_has_taken_apart_is_read_whole() -> None:
    transport = KafkaSSLTransport.__new__(KafkaSSLTransport)
    KafkaTCPTransport.__init__(transport, None, Endless(pending=5))
    data, _ = transport._sock_recv()
    assert len(data) == 1024 * 1024 + 4 * 4_096


@pytest.mark.parametrize("kind", [KafkaTCPTransport, KafkaSSLTransport])
def test_the_library_reads_without_end_which_is_why_it_is_still_needed(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    unmended(monkeypatch, kind, "_sock_recv")
    endless = Endless()
    endless.left = 8 * 1024 * 1024
    transport = kind.__new__(kind)
    KafkaTCPTransport.__init__(transport, None, endless)
    data, _ = transport._sock_recv()
    assert len(data) == 8 * 1024 * 1024, MENDED.format("_receiving_bounded")


def test_what_is_not_kafka_and_streams_does_not_fill_the_memory(server: socket.socket) -> None:
    """It says that two gigabytes will come, and sends them as fast as it can."""
    ended = threading.Event()

    def stream() -> None:
        while not ended.is_set():
            with suppress(OSError):
                peer, _ = server.accept()
                with peer:
                    peer.sendall(b"\x7f\xff\xff\xff")
                    while not ended.is_set():
                        peer.sendall(bytes(65_536))

    server.settimeout(0.2)
    thread = threading.Thread(target=stream)
    thread.start()
    tracemalloc.start()
    try:
        with pytest.raises(KafkaUnreachable, match="does not answer as a Kafka broker does"):
            Connection(f"127.0.0.1:{server.getsockname()[1]}", bootstrap_timeout=1.0).admin()
        assert tracemalloc.get_traced_memory()[1] < 30 * 1024 * 1024
    finally:
        tracemalloc.stop()
        ended.set()
        thread.join()


# -- clients


def io_threads(client_id: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.endswith(client_id)]


def test_a_client_whose_constructor_raises_leaves_no_thread() -> None:
    with overheard("left"), pytest.raises(errors.KafkaError), network_client() as network:
        KafkaConsumer(
            bootstrap_servers=f"127.0.0.1:{refused_port()}",
            bootstrap_timeout_ms=100,
            client_id="left",
            kafka_client=network,
        )
    assert io_threads("left") == []


def test_the_library_leaves_its_thread_which_is_why_network_client_is_still_needed() -> None:
    made: list[Any] = []

    def remembered(**settings: Any) -> Any:
        made.append(KafkaNetClient(**settings))
        return made[-1]

    with overheard("left"), pytest.raises(errors.KafkaError):
        KafkaConsumer(
            bootstrap_servers=f"127.0.0.1:{refused_port()}",
            bootstrap_timeout_ms=100,
            client_id="left",
            kafka_client=remembered,
        )
    left = io_threads("left")
    made[0].close()
    assert left, MENDED.format("network_client, as far as it closes")


@pytest.mark.parametrize("code", [MENDS, AS_IT_IS])
def test_a_busy_machine_is_no_warning(caplog: pytest.LogCaptureFixture, code: str) -> None:
    """The library's monitor of slow tasks would tell an operator of it."""
    with network_client() as make:
        client = make() if code == MENDS else KafkaNetClient()
    try:
        client._net.call_soon(lambda: time.sleep(0.15))
        client._net.poll(timeout_ms=0)
        client._net.poll(timeout_ms=0)
    finally:
        client.close()
    told = [line for line in caplog.messages if "blocking the event loop" in line]
    assert bool(told) is (code == AS_IT_IS), MENDED.format("network_client, as far as slow_task_threshold_secs goes")


# -- what a producer asks its coordinator


class Request:
    """Something that only the coordinator answers."""

    request, coordinator_type, coordinator_key = "a request", "transaction", "me"

    def needs_coordinator(self) -> bool:
        return True


class Transacting:
    """What the sender asks of the library's own transaction manager, with one request to send."""

    def __init__(self) -> None:
        self.again: list[Request] = []

    def is_completing(self) -> bool:
        return False

    def next_request_handler(self, _: object) -> Request:
        return Request()

    def coordinator(self, kind: str) -> str:
        return "coordinator-1"

    def lookup_coordinator_for_request(self, request: Request) -> None:
        """It is looked for, and another one may be found."""

    def retry(self, request: Request) -> None:
        self.again.append(request)


class Gone:
    """A client whose coordinator refuses to be connected to."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def await_ready(self, node: str, timeout_ms: float) -> bool:
        self.waited.append(timeout_ms)
        raise errors.KafkaConnectionError(f"{node} not ready")


class Accumulating:
    has_incomplete = False


class Producing:
    """A producer as far as its sender goes."""

    def __init__(self) -> None:
        self.client, self.manager = Gone(), Transacting()
        sender = object.__new__(Sender)
        vars(sender).update(
            _client=self.client,
            _transaction_manager=self.manager,
            _accumulator=Accumulating(),
            _running=True,
            _force_close=False,
            config={"request_timeout_ms": 15_000, "retry_backoff_ms": 10, "client_id": "me", "transactional_id": "me"},
        )
        self._sender = sender

    def asks(self) -> list[Request]:
        """What is to be asked again after the coordinator could not be reached."""
        self._sender._maybe_send_pending_request()
        return self.manager.again


def test_keeping_requests_is_still_needed() -> None:
    assert not Producing().asks(), MENDED.format("keep_requests")


def test_what_a_coordinator_that_is_gone_was_to_be_asked_is_asked_again() -> None:
    producer = Producing()
    workarounds.keep_requests(producer)
    assert len(producer.asks()) == 1
    assert producer.client.waited == [3_000], "a connection is not waited for as long as an answer"


# -- asking every broker

NEW = "observed"


class Brokers:
    """What three brokers tell of one topic: by their numbers an error and, where there is none, the partition's.

    Whichever is the least busy is the first.
    """

    def __init__(self, **told: tuple[type[errors.KafkaError], type[errors.KafkaError]] | Exception) -> None:
        self.told = {int(name.removeprefix("node")): words for name, words in told.items()}
        self.asked: list[int | None] = []

    async def send(self, request: MetadataRequest, node_id: int | None = None, _ms: float = 0.0) -> MetadataResponse:
        self.asked.append(node_id)
        assert not request.allow_auto_topic_creation
        words = self.told[min(self.told) if node_id is None else node_id]
        if isinstance(words, Exception):
            raise words
        topic, partition = words
        partitions = [] if topic is not errors.NoError else [_partition(partition)]
        return MetadataResponse(
            brokers=[
                MetadataResponse.MetadataResponseBroker(node_id=number, host="127.0.0.1", port=number)
                for number in self.told
            ],
            topics=[MetadataResponse.MetadataResponseTopic(error_code=topic.errno, name=NEW, partitions=partitions)],
        )

    def run(self, call: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
        return asyncio.run(call(*arguments))


def _partition(kind: type[errors.KafkaError]) -> Any:
    one = MetadataResponse.MetadataResponseTopic.MetadataResponsePartition
    leader = 1 if kind is errors.NoError else -1
    return one(error_code=kind.errno, partition_index=0, leader_id=leader, replica_nodes=[1], isr_nodes=[1])


def administering(brokers: Brokers) -> Any:
    admin = object.__new__(KafkaAdminClient)
    vars(admin).update(_manager=brokers)
    return admin


TELLS = (errors.NoError, errors.NoError)
HAS_NOT_HEARD = (errors.UnknownTopicOrPartitionError, errors.NoError)
HAS_NO_LEADER = (errors.NoError, errors.LeaderNotAvailableError)


def test_asking_every_broker_is_still_needed() -> None:
    """One broker's word is enough for the library, and the next question may go to one that has not heard."""
    brokers = Brokers(node1=TELLS, node2=HAS_NOT_HEARD, node3=HAS_NO_LEADER)
    administering(brokers).wait_for_topics([NEW], timeout_ms=0)
    assert brokers.asked == [None], MENDED.format("brokers_without")


def test_brokers_that_have_not_heard_of_a_topic_are_told() -> None:
    brokers = Brokers(node1=TELLS, node2=HAS_NOT_HEARD, node3=HAS_NO_LEADER)
    assert workarounds.brokers_without(administering(brokers), [NEW], 1000) == {2, 3}
    assert brokers.asked == [None, 1, 2, 3]
    every = Brokers(node1=TELLS, node2=TELLS, node3=TELLS)
    assert workarounds.brokers_without(administering(every), [NEW], 1000) == frozenset()


def test_a_broker_that_does_not_answer_has_not_told() -> None:
    brokers = Brokers(node1=TELLS, node2=errors.RequestTimedOutError())
    assert workarounds.brokers_without(administering(brokers), [NEW], 1000) == {2}


def test_a_broker_that_refuses_to_tell_is_not_waited_for() -> None:
    brokers = Brokers(node1=TELLS, node2=(errors.TopicAuthorizationFailedError, errors.NoError))
    with pytest.raises(errors.TopicAuthorizationFailedError, match=f"describing {NEW} at broker 2"):
        workarounds.brokers_without(administering(brokers), [NEW], 1000)
