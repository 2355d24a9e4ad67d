"""Every place where kafka-python's private parts are replaced or read, and why.

Each workaround says what the library does without it, and has a test in
``tests/*/kafka/test_workarounds.py`` that fails once the library does better: then it goes. All of
them were tried with the versions in :data:`TRIED` and with no other, which is also the range that
``pyproject.toml`` allows; another version is refused at the start, because what is private may
change its meaning without a word.

To try a new version: install it, run the tests of both ``kafka`` folders, add it to :data:`TRIED`
and to the range.
"""

from __future__ import annotations

import functools
import random
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import kafka
from kafka import errors
from kafka.consumer.fetcher import Fetcher
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket
from kafka.net.manager import KafkaConnectionManager
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from kafka.protocol.metadata import MetadataRequest
from kafka.record.legacy_records import LegacyRecordBatch
from kafka.record.util import crc32c_c, decode_varint

from relay.domain.failures import Fatal
from relay.engine.kafka.unfolding import CannotUnfold, unfolded

TRIED: Final = ("3.0.9", "3.0.10", "3.0.11", "3.0.12")
"""The versions of kafka-python with which all of this was seen to be needed, and to work."""

BatchFilter = Callable[[bytes], bool]
"""Whether a batch of records may hold what is looked for, by its bytes without compression."""

_CONNECTING_MS = 3_000
_BEFORE_ASKING_AGAIN = 0.05  # Seconds; for as long as Kafka names the one that is gone, it is asked again and again.
_RECEIVED_AT_ONCE = 1024 * 1024
_RECORD_COST = 400  # Bytes of memory that a record takes besides what it holds: tuples, objects and numbers.
_HEADER_COST = 100  # The same of a header.
_MOST_HEADERS = 10_000
_MANY_HEADERS_FIT = 64 * 1024  # A record below this size cannot hold enough headers to matter.


def require_tried_version(version: str = kafka.__version__) -> None:
    """Raises ``Fatal`` for a kafka-python that nobody has tried the workarounds with."""
    if version not in TRIED:
        raise Fatal(
            f"kafka-python {version} is installed, and what is done around its faults was only tried with "
            f"{', '.join(TRIED)}: install one of these (requirements.lock names one)"
        )


def require_checksum() -> None:
    """Raises ``Fatal`` where kafka-python would compute its checksums in Python.

    It says nothing about that by itself, is five to ten times slower, and lets heartbeats wait.
    """
    if crc32c_c is None:
        raise Fatal("kafka-python's C checksum is absent: install kafka-python[crc32c]")


# -- joining a group


def is_joining(consumer: Any) -> bool:
    """Whether ``consumer`` is on its way into its group, for the first time or because the members have changed.

    The library has no public word for it, and nothing can be committed until it has arrived.
    """
    coordinator = consumer._coordinator  # noqa: SLF001
    return coordinator is not None and bool(coordinator.rejoining or coordinator.need_rejoin())


def finish_joining(consumer: Any) -> None:
    """Has the next poll go on with a join that an earlier poll's time did not suffice for.

    The library forgets it where the rejoin was due to metadata that came after the first
    assignment: the assignment under way is already in agreement with them. The member would never
    beat again, and the group would go on without it and never tell it.
    """
    coordinator = consumer._coordinator  # noqa: SLF001
    if coordinator is not None and coordinator.rejoining and not coordinator.need_rejoin():
        coordinator.request_rejoin()


def keep_joins(consumer: Any) -> None:
    """Has a join that comes to its end between two polls count at the next one.

    The library throws its result away and joins again. A member that is busy between its polls
    would do so for ever, and have the others join again with it.
    """
    coordinator = consumer._coordinator  # noqa: SLF001
    if coordinator is None:
        return
    prepare, join = coordinator._on_join_prepare_async, coordinator._do_join_and_sync_async  # noqa: SLF001
    results: dict[int, bytes] = {}  # What this rebalance has brought, by generation.

    async def prepared(*arguments: Any, **named: Any) -> Any:
        results.clear()
        return await prepare(*arguments, **named)

    async def joined() -> bytes:
        earlier = results.get(coordinator._generation.generation_id)  # noqa: SLF001
        if earlier is not None:
            return earlier
        assignment: bytes = await join()
        results[coordinator._generation.generation_id] = assignment  # noqa: SLF001
        return assignment

    coordinator._on_join_prepare_async = prepared  # noqa: SLF001
    coordinator._do_join_and_sync_async = joined  # noqa: SLF001


def tell_fencing(consumer: Any) -> None:
    """Has the next poll raise ``FencedInstanceIdError`` where a heartbeat was told that another process is this member.

    The library logs it, stops beating and goes on: whether it is ever told again depends on which
    request meets it first, and two processes under one name would share the work in silence.
    """
    coordinator = consumer._coordinator  # noqa: SLF001
    if coordinator is None:
        return
    send, poll = coordinator._send_heartbeat_request, consumer.poll  # noqa: SLF001
    fencing: list[errors.FencedInstanceIdError] = []

    async def sent(*arguments: Any, **named: Any) -> Any:
        try:
            return await send(*arguments, **named)
        except errors.FencedInstanceIdError as error:
            fencing.append(error)
            raise

    def polled(*arguments: Any, **named: Any) -> Any:
        if fencing:
            raise fencing[0]
        return poll(*arguments, **named)

    coordinator._send_heartbeat_request = sent  # noqa: SLF001
    consumer.poll = polled


# -- beginning and ending clients


@contextmanager
def network_client() -> Iterator[Callable[..., Any]]:
    """What a client takes as ``kafka_client``; it is closed where the block, which makes the client, raises.

    Otherwise the thread and the sockets of a client whose constructor raises stay. Its monitor of
    slow tasks is off: it speaks to authors of the library, and on a busy machine it warns of
    every larger fetch that it "is blocking the event loop".
    """
    made: list[Any] = []

    def make(**settings: Any) -> Any:
        made.append(KafkaNetClient(**settings, slow_task_threshold_secs=0))
        return made[-1]

    try:
        yield make
    except BaseException:
        for client in made:
            client.close()
        raise


def look_up_soon(consumer: Any, pause_ms: float) -> None:
    """Has a reader wait no longer than this between two questions where its partitions are.

    The library waits a tenth of a second after its first connection, which knows of no partition yet: it does not hand
    on ``retry_backoff_ms`` to what asks. A command that reads a dozen topics would spend most of its time so.
    """
    consumer._client.cluster.config["retry_backoff_ms"] = pause_ms  # noqa: SLF001


def keep_requests(producer: Any) -> None:
    """Has a producer ask its coordinator again where that could not be reached.

    The library's client raises where its sender waits for ``False``. The sender then looks for the new coordinator and
    forgets what it was about to ask: after a broker is gone, whoever is in a transaction waits for its watchdog. Nor is
    a connection waited for as long as an answer, since the thread does nothing else meanwhile.
    """
    client = producer._sender._client  # noqa: SLF001
    ready = client.await_ready

    def await_ready(node: Any, timeout_ms: float = _CONNECTING_MS) -> bool:
        try:
            return bool(ready(node, timeout_ms=min(timeout_ms, _CONNECTING_MS)))
        except errors.KafkaConnectionError:
            time.sleep(_BEFORE_ASKING_AGAIN)
            return False

    client.await_ready = await_ready


def end_sender(producer: Any, seconds: float) -> None:
    """Ends the thread of a producer whose ``close`` has raised; waits at most ``seconds`` for it.

    The library's ``close`` gives up, and leaves the thread running, when what is on its way does
    not arrive in time.
    """
    producer._sender.force_close()  # noqa: SLF001
    producer._sender.join(seconds)  # noqa: SLF001


# -- sockets


def mend_network() -> None:
    """Has the library close the sockets that it gives up, bounds what it reads from one at once, and has a client whose
    known brokers are all away ask those that it was given at first.

    Without it a socket whose attempt to connect or whose handshake fails or is given up, and one that is
    closed with something left to write, stay open until the garbage collector finds them; and a
    peer that sends faster than we read fills the memory before the first byte is looked at. And
    a client that has heard of one living broker last, while the others were away, asks only that one from then on: once
    it is away, too, such a client knows nobody any more, though the others are long back.
    Replaces methods of the library's classes, for the whole process; more than once does no harm.
    """
    _replace(KafkaNetSocket, "sock_connect", _closing_what_did_not_connect)
    _replace(KafkaSSLTransport, "__init__", _closing_what_got_no_transport)
    _replace(KafkaSSLTransport, "handshake", _closing_what_did_not_agree)
    _replace(KafkaTCPTransport, "_write_to_sock", _closing_what_was_not_written)
    _replace(KafkaTCPTransport, "_sock_recv", _receiving_bounded)
    _replace(KafkaSSLTransport, "_sock_recv", _receiving_bounded)
    _replace(KafkaConnectionManager, "least_loaded_node", _asking_the_first_again)


def _replace(kind: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = kind.__dict__[name]
    if not hasattr(original, "__wrapped__"):
        setattr(kind, name, functools.wraps(original)(around(original)))


def _closing_what_did_not_connect(connect: Callable[..., Any]) -> Callable[..., Any]:
    async def sock_connect(self: Any, net: Any, sock: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return await connect(self, net, sock, *arguments, **named)
        except BaseException:
            sock.close()
            raise

    return sock_connect


def _closing_what_got_no_transport(initialize: Callable[..., Any]) -> Callable[..., Any]:
    def init(self: Any, net: Any, sock: Any, *arguments: Any, **named: Any) -> None:
        try:
            initialize(self, net, sock, *arguments, **named)
        except BaseException:
            sock.close()
            raise

    return init


def _closing_what_did_not_agree(shake: Callable[..., Any]) -> Callable[..., Any]:
    async def handshake(self: Any) -> None:
        try:
            await shake(self)
        except BaseException:
            self._sock.close()
            raise

    return handshake


def _closing_what_was_not_written(write: Callable[..., Any]) -> Callable[..., Any]:
    async def write_to_sock(self: Any) -> None:
        try:
            await write(self)
        except GeneratorExit:  # The client ends; nobody comes back to this socket.
            if self._sock is not None:
                self._sock.close()
            raise

    return write_to_sock


def _receiving_bounded(receive: Callable[..., Any]) -> Callable[..., Any]:
    def sock_recv(self: Any) -> Any:
        if self._sock is None:  # Closed between the selector's word and the read: the library's own business.
            return receive(self)
        whole, self._sock = self._sock, _Metered(self._sock)
        try:
            return receive(self)
        finally:
            self._sock = whole

    return sock_recv


def _asking_the_first_again(choose: Callable[..., Any]) -> Callable[..., Any]:
    def least_loaded_node(self: Any) -> Any:
        found = choose(self)
        connection = self._conns.get(found)
        if found is not None and (found not in self._backoff or (connection is not None and connection.connected)):
            return found
        first = [one.node_id for one in self.cluster.bootstrap_brokers() if self.connection_delay(one.node_id) == 0]
        return random.choice(first) if first else found

    return least_loaded_node


class _Metered:
    """A socket that says that there is nothing more to read after about :data:`_RECEIVED_AT_ONCE` bytes.

    What TLS has taken apart already is always handed out: no selector would tell of it.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._left = _RECEIVED_AT_ONCE
        self._taken_apart: Callable[[], int] = getattr(sock, "pending", int)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, size: int) -> bytes:
        if self._left <= 0 and not self._taken_apart():
            raise BlockingIOError
        data: bytes = self._sock.recv(size)
        self._left -= len(data)
        return data


# -- asking for offsets


def mend_offset_questions() -> None:
    """Has a question about offsets wait until the leaders of all its partitions are known.

    Without it the library leaves out, without a word, the partitions of a topic that it does not know yet where it
    knows another of the same question: first and last offsets are then a ``KeyError``, and an offset by time is the
    same as if no record were as late. Replaces a method for the whole process; more than once does no harm.
    """
    _replace(Fetcher, "_group_list_offset_requests", _of_all_or_none)


def _of_all_or_none(group: Callable[..., Any]) -> Callable[..., Any]:
    def requests(self: Any, timestamps: Any) -> Any:
        by_node = group(self, timestamps)
        # For none the library refreshes what it knows of the cluster, and asks again while there is time.
        return by_node if sum(map(len, by_node.values())) == len(timestamps) else {}

    return requests


def committed_offsets(consumer: Any, partitions: Sequence[Any], timeout_ms: float) -> dict[Any, int]:
    """What the group of ``consumer`` has committed of ``partitions``, where it has, without what open transactions are
    about to change: they are waited for. Raises ``KafkaTimeoutError`` where one does not end in time.

    The library's public word for it takes one partition at a time, and so asks once for each; its other word, for all
    of them, waits for no transaction.
    """
    found = consumer._coordinator.fetch_committed_offsets(partitions, timeout_ms=timeout_ms)  # noqa: SLF001
    return {one: committed.offset for one, committed in found.items()}


# -- asking every broker


def brokers_without(admin: Any, topics: Sequence[str], timeout_ms: float) -> frozenset[int]:
    """The brokers that do not tell of all ``topics`` yet, each partition with a leader; empty where all can be used.

    The library's public words ask whichever broker is the least busy. After the one that has heard of a new topic may
    come another that has not, for which it does not exist. Raises a ``KafkaError`` that asking again does not mend.
    """
    manager = admin._manager  # noqa: SLF001
    names = [MetadataRequest.MetadataRequestTopic(name=topic) for topic in topics]

    def told(broker: int | None) -> Any:
        request = MetadataRequest(topics=names, allow_auto_topic_creation=False)
        return manager.run(manager.send, request, broker, timeout_ms)

    def tells(broker: int) -> bool:
        try:
            found = told(broker).topics
        except errors.RetriableError:
            return False
        kinds = [errors.for_code(one.error_code) for topic in found for one in (topic, *topic.partitions)]
        for kind in kinds:
            if kind is not errors.NoError and not issubclass(kind, errors.RetriableError):
                raise kind(f"describing {', '.join(topics)} at broker {broker}")
        return all(kind is errors.NoError for kind in kinds)

    return frozenset(one.node_id for one in told(None).brokers if not tells(one.node_id))


# -- what compressed batches unfold to


class WithheldValue(bytes):
    """The value of a record that stands for those that are not handed out: empty, with what is known of them.

    The record's offset is the last of them, ``first_offset`` the first. ``size``: the bytes that
    they take in Kafka. ``why``: goes on from "the batch" or "the record".
    """

    first_offset: int
    size: int
    why: str


def bound_unfolding(consumer: Any, largest_batch: int, wanted: BatchFilter | None = None) -> None:
    """Has ``consumer`` unfold at most ``largest_batch`` bytes of a batch, and hand out about twice that in a poll.

    The library unfolds whatever a broker took, with gzip a thousand times its size, and hands out
    as many such records as it may. Here a batch that would be larger, that is compressed with
    what is not installed, or whose compression is broken becomes one record at its last offset,
    whose value is a :class:`WithheldValue`; so does a single record of more than 10,000 headers.
    A header's name that is no UTF-8, over which the library stops for ever as over a broken
    batch, comes with replacement characters.

    ``wanted``: batches are passed over for which it says no of all their bytes, unfolded. The library
    takes a record apart before anybody can say that it is not wanted, which is nearly all of the
    time that it takes to look for a few records among millions.
    """
    fetcher = consumer._fetcher  # noqa: SLF001
    budget = _Budget(2 * largest_batch)
    fetched_records, append = fetcher.fetched_records, fetcher._append  # noqa: SLF001

    def fetched(*arguments: Any, **named: Any) -> Any:
        budget.renew()
        return fetched_records(*arguments, **named)

    def appended(drained: Any, part: Any, most: int, update_offsets: Any) -> int:
        count: int = append(drained, part, most, update_offsets)
        return most if budget.spent else count  # The fetcher stops when it has as many as it may.

    fetcher.fetched_records = fetched
    fetcher._append = appended  # noqa: SLF001
    fetcher.PartitionRecords = functools.partial(
        _PartitionRecords, budget=budget, largest_batch=largest_batch, wanted=wanted
    )


class _Budget:
    """Bytes that one poll may hand out; ``left`` may go below zero with the last record."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.left = limit

    @property
    def spent(self) -> bool:
        return self.left <= 0

    def renew(self) -> None:
        self.left = self._limit


class _PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]  # the library's class has no types
    """What was fetched of one partition, unfolded batch by batch and handed out within a budget."""

    record_iterator: Iterator[Any]

    def __init__(
        self,
        fetch_offset: int,
        tp: Any,
        records: Any,
        *,
        budget: _Budget,
        largest_batch: int,
        wanted: BatchFilter | None,
        **settings: Any,
    ) -> None:
        super().__init__(fetch_offset, tp, _Batches(records, self, largest_batch, wanted), **settings)
        self.record_iterator = _Affordable(budget, self.record_iterator)


class _Affordable(Iterator[Any]):
    """Ends when the budget is spent, and goes on from there once it is renewed."""

    def __init__(self, budget: _Budget, records: Iterator[Any]) -> None:
        self._budget = budget
        self._records = records

    def __next__(self) -> Any:
        budget = self._budget
        if budget.left <= 0:
            raise StopIteration
        record = next(self._records)
        # Sizes are -1 for what is absent.
        budget.left -= _RECORD_COST + record.serialized_key_size + record.serialized_value_size
        if record.headers:
            budget.left -= record.serialized_header_size + _HEADER_COST * len(record.headers)
        return record


class _Batches:
    """The library's batches of one fetch, each in a :class:`_Batch`."""

    def __init__(self, records: Any, part: Any, largest: int, wanted: BatchFilter | None) -> None:
        self._records = records
        self._part = part
        self._largest = largest
        self._wanted = wanted

    def next_batch(self) -> _Batch | None:
        batch = self._records.next_batch()
        return None if batch is None else _Batch(batch, self._part, self._largest, self._wanted)


class _Batch:
    """A batch of the library that is unfolded within a bound, once its records are asked for."""

    def __init__(self, batch: Any, part: Any, largest: int, wanted: BatchFilter | None) -> None:
        self._batch = batch
        self._part = part
        self._largest = largest
        self._wanted = wanted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)  # The mark at the end of a transaction.

    def __iter__(self) -> Iterator[Any]:
        batch = self._batch
        unfold: Callable[[Any, int], None]
        records: Callable[[Any], Iterator[Any]]
        if isinstance(batch, LegacyRecordBatch):
            # A set of messages has the offset of its last one; that of the first is only told inside.
            unfold, records = _unfold_message_set, iter
            first, last = min(self._part.next_fetch_offset, batch.base_offset), batch.base_offset
        else:
            unfold, records = _unfold_batch, _records_of
            first, last = batch.base_offset, batch.last_offset
        try:
            if batch.compression_type:
                unfold(batch, self._largest)
        except CannotUnfold as error:
            return iter([_WithheldRecord(batch, first, last, batch.size_in_bytes, str(error))])
        return records(batch) if self._is_wanted() else iter(())

    def _is_wanted(self) -> bool:
        # A view of what was fetched, where nothing was compressed.
        return self._wanted is None or self._wanted(bytes(self._batch._buffer))  # noqa: SLF001


class _WithheldRecord:
    """All that the fetcher asks of a record, of one that stands for others."""

    key = None
    checksum = None
    headers: tuple[()] = ()

    def __init__(self, batch: Any, first: int, last: int, size: int, why: str) -> None:
        self.offset = last
        self.size_in_bytes = size
        self.timestamp = getattr(batch, "max_timestamp", 0)
        self.timestamp_type = batch.timestamp_type
        self.value = WithheldValue()
        self.value.first_offset, self.value.size, self.value.why = first, size, why

    def validate_crc(self) -> bool:
        return True


def _unfold_batch(batch: Any, largest: int) -> None:
    """Puts into the batch (format 2) what it unfolds to. Raises :class:`CannotUnfold`."""
    data = memoryview(batch._buffer)[batch._pos :]  # noqa: SLF001
    batch._buffer = unfolded(data, batch.compression_type, largest)  # noqa: SLF001
    batch._pos = 0  # noqa: SLF001
    batch._decompressed = True  # noqa: SLF001


def _unfold_message_set(batch: Any, largest: int) -> None:
    """Puts into the message (formats 0 and 1) the messages that it unfolds to. Raises :class:`CannotUnfold`."""
    if batch.magic == 0 and batch.compression_type == batch.CODEC_LZ4:
        raise CannotUnfold("is compressed with the lz4 of Kafka 0.8, which cannot be read here")
    at = batch.KEY_OFFSET_V1 if batch.magic else batch.KEY_OFFSET_V0
    buffer = batch._buffer  # noqa: SLF001
    try:
        (key_size,) = struct.unpack_from(">i", buffer, at)
        at += batch.KEY_LENGTH + max(key_size, 0)
        (size,) = struct.unpack_from(">i", buffer, at)
        at += batch.VALUE_LENGTH
        messages = unfolded(buffer[at : at + size], batch.compression_type, largest)
        _require_plain_messages(batch, messages)
    except struct.error as error:
        raise CannotUnfold(f"breaks its own format ({error})") from error
    batch._buffer = memoryview(messages)  # noqa: SLF001
    batch._decompressed = True  # noqa: SLF001


def _require_plain_messages(batch: Any, messages: bytes) -> None:
    """Raises :class:`CannotUnfold` where they do not end, or are compressed again: the library asserts it."""
    at = 0
    while at < len(messages) or not messages:
        _, length, _, _, attributes = batch.HEADER_STRUCT_V0.unpack_from(messages, at)
        if length < batch.RECORD_OVERHEAD_V0 or at + batch.LOG_OVERHEAD + length > len(messages):
            raise CannotUnfold(f"breaks its own format (a message of {length} bytes)")
        if attributes & batch.CODEC_MASK:
            raise CannotUnfold("is compressed more than once")
        at += batch.LOG_OVERHEAD + length


def _records_of(batch: Any) -> Iterator[Any]:
    """The records of an unfolded batch (format 2)."""
    records = iter(batch)
    while True:
        if _is_large(batch):
            yield from _with_too_many_headers(batch)
        try:
            record = next(records)
        except StopIteration:
            return
        except errors.CorruptRecordError as error:
            if not isinstance(error.__context__, UnicodeDecodeError):
                raise
            # The batch still stands at this record.
            batch._buffer = _Lenient(batch._buffer)  # noqa: SLF001
            continue
        yield record


def _is_large(batch: Any) -> bool:
    """Whether the next record has 8 KiB or more: two bytes of its length then say that more follow."""
    try:
        return bool(batch._buffer[batch._pos] & batch._buffer[batch._pos + 1] & 0x80)  # noqa: SLF001
    except IndexError:
        return False


def _with_too_many_headers(batch: Any) -> Iterator[_WithheldRecord]:
    """The next records, as long as they have more headers than is reasonable; the batch then stands behind them."""
    while batch._next_record_index < batch.records_count:  # noqa: SLF001
        buffer = batch._buffer  # noqa: SLF001
        try:
            length, start = decode_varint(buffer, batch._pos)  # noqa: SLF001
            if length < _MANY_HEADERS_FIT:
                return
            _attributes, at = decode_varint(buffer, start)
            _timestamp, at = decode_varint(buffer, at)
            offset, at = decode_varint(buffer, at)
            for _part in ("key", "value"):
                size, at = decode_varint(buffer, at)
                at += max(size, 0)
            headers, at = decode_varint(buffer, at)
        except (ValueError, IndexError):
            return  # The library says better what is wrong with it.
        if headers <= _MOST_HEADERS:
            return
        batch._pos = start + length  # noqa: SLF001
        batch._next_record_index += 1  # noqa: SLF001
        offset += batch.base_offset
        yield _WithheldRecord(batch, offset, offset, length, f"has {headers} headers, more than {_MOST_HEADERS}")


class _Lenient(bytes):
    """Bytes that are text in any case, and so are their slices."""

    def __getitem__(self, at: Any) -> Any:
        part = super().__getitem__(at)
        return part if isinstance(part, int) else _Lenient(part)

    def decode(self, encoding: str = "utf-8", _errors: str = "replace") -> str:
        return super().decode(encoding, "replace")
