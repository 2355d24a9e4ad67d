"""What must hold of the writes: they tell what the company's import jobs have made, each once, and the money of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from relay.domain.commands import CinxCommand, Operation
from relay.domain.outcomes import OutcomeKind
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenRecord
from tests.faults.cinx_evidence import (
    Evidence,
    is_declined,
    jobs_of,
    mark_in,
    marks_of,
    orders_of,
    pocos_of,
    worth_of,
)

_PRICE, _QUANTITY = ".unit_price", ".quantity"


def no_write_is_told_twice(evidence: Evidence) -> None:
    """By its id; and of one command's step, one POCO is told once."""
    writes = evidence.writes or ()
    ids = Counter(write.write_id for write in writes)
    assert all(count == 1 for count in ids.values()), f"told twice: {ids.most_common(3)}"
    answers = Counter((write.command_id, write.step, record.remote_id) for write, record in _records(writes))
    assert all(count == 1 for count in answers.values()), f"told twice: {answers.most_common(3)}"


def what_was_made_is_told_once(evidence: Evidence) -> None:
    """Each POCO that an import has made has one record that tells how it came to be: made, or adopted by a person.

    A person may adopt what was made and told before, too, where a change of it was in doubt.
    """
    if evidence.writes is None:
        return
    created, adopted = (_told(evidence.writes, each) for each in (WriteOperation.CREATED, WriteOperation.ADOPTED))
    assert all(count == 1 for count in created.values()), f"made twice: {created.most_common(3)}"
    made = {poco["cinx_guid"] for poco in pocos_of(evidence.state) if poco["created_by"] == "import"}
    told = created.keys() | adopted.keys()
    assert made <= told, f"made and not told: {made - told}"
    assert told <= made, f"told and not made: {told - made}"
    by_person = {one.command_id for one in evidence.commands if one.operation is Operation.ADOPT}
    for write, record in _records(evidence.writes):
        if record.operation is WriteOperation.ADOPTED:
            assert write.command_id in by_person, f"{record.remote_id} is told as adopted, and nobody has adopted it"


def what_was_changed_is_told(evidence: Evidence) -> None:
    """Each change of a POCO that an import job has made is told under its key, or adopted by a person.

    One whose answer was lost may have been applied after another had gone out over it: then that is told.
    """
    if evidence.writes is None:
        return
    told = {
        (write.idempotency_key, record.remote_id)
        for write, record in _records(evidence.writes)
        if record.operation is not WriteOperation.CREATED
    }
    adopted = _told(evidence.writes, WriteOperation.ADOPTED)
    changes = {(key, str(job["poco"])) for key, job in _changes(evidence)}
    over = Counter(poco for key, poco in changes & told)
    untold = {(key, poco) for key, poco in changes - told if poco not in adopted and not over[poco]}
    assert not untold, f"changed and not told: {untold}"


def what_is_told_was_accepted(evidence: Evidence) -> None:
    """A write names what an import job with its key has written: the POCO, its change order and purchase order."""
    written = {(key, job["poco"]) for key, job in _imports(evidence)}
    marks, commands = marks_of(evidence.state), {one.command_id: one for one in evidence.commands}
    pocos = {poco["cinx_guid"]: poco for poco in pocos_of(evidence.state)}
    for write, record in _records(evidence.writes or ()):
        guid = record.remote_id or ""
        assert guid in marks, f"{write.origin_id}: {guid} was never made"
        owner, place = marks[guid].origin_id, pocos[guid]["purchase_order"]["number"]
        assert owner == write.origin_id, f"{guid} of {owner} is told of {write.origin_id}"
        assert place == write.destination, f"{guid} on {place} is told of {write.destination}"
        if write.step in ("submit", "modify"):
            named = write.idempotency_key, guid
            assert named in written, f"{write.origin_id}: no import has written {named}"
        command = commands[write.command_id]
        assert (command.origin_id, command.sequence) == (write.origin_id, write.sequence)


def the_lines_of_what_was_made_are_told(evidence: Evidence) -> None:
    """As the import job has them, also where an owner found what one before it had sent; they are what it changed."""
    made = {job["poco"]: job["payload"]["items"] for _, job in _imports(evidence) if job["method"] == "POST"}
    for write, record in _records(evidence.writes or ()):
        if record.operation is WriteOperation.CREATED and record.amount_after is not None:
            lines, sent = Counter(_lines_told(record)), Counter(_lines_sent(made.get(record.remote_id or "", ())))
            assert lines, f"{write.origin_id} was made, and no line of it is told"
            assert lines == sent, f"{write.origin_id}: told are {lines}, and CINX got {sent}"
            changed = record.amount_after - (record.amount_before or Decimal(0))
            worth = sum((quantity * price for quantity, price in lines.elements()), Decimal(0))
            assert worth == changed, f"{write.origin_id}: lines of {worth}, and {changed} is told"


def effects_add_up_to_what_is_ordered(evidence: Evidence) -> None:
    """At every write to what it says is held since, and in the end to what CINX holds; all of it as approved."""
    if evidence.writes is None:
        return
    unsettled = {letter.origin_id for letter in evidence.letters} | {origin_id for origin_id, _ in evidence.decisions}
    for origin_id in {mark.origin_id for mark in marks_of(evidence.state).values()}:
        of_order = [write for write in evidence.writes if write.origin_id == origin_id]
        told = _sum_of_effects(of_order)
        if not of_order or of_order[-1].amount_after is None:
            assert origin_id in unsettled, f"what is ordered of {origin_id} is told to be unknown, and nobody is asked"
        else:
            held = _held(evidence, of_order[-1])
            assert told == held, f"writes of {origin_id} add up to {told}, and {held} is ordered"


def _sum_of_effects(of_order: Iterable[RemoteWrite]) -> Decimal:
    told = Decimal(0)
    for write in of_order:
        assert not write.pending_effect, f"{write.origin_id}: {write.pending_effect} is told to be pending"
        told += write.approved_effect or Decimal(0)
        if write.amount_after is not None:
            what = f"writes of {write.origin_id} add up to {told}"
            assert told == write.amount_after, f"{what}, and the last says that {write.amount_after} is ordered"
    return told


def _held(evidence: Evidence, latest: RemoteWrite) -> Decimal:
    """What CINX holds of a change order; where a vendor has declined some, what CINX has accepted of it last.

    Declined is a person's edit: it is no effect of ours, and what is ordered in its place is no more than it was.
    """
    orders = orders_of(evidence.state, latest.origin_id)
    commands: Mapping[str, CinxCommand] = {one.command_id: one for one in evidence.commands}
    payload = commands[latest.command_id].payload
    if payload is not None and any(map(is_declined, orders)):
        return sum((line.quantity * line.unit_price for line in payload.lines), Decimal(0))
    return sum((worth_of(poco["items"]) for poco in orders), Decimal(0))


def an_order_that_ended_well_is_told(evidence: Evidence) -> None:
    """All POCOs that an outcome names are told, and nothing that is ordered stays without a word."""
    if evidence.writes is None:
        return
    told = {record.remote_id for _, record in _records(evidence.writes)}
    applied = (one for one in evidence.outcomes if one.kind is OutcomeKind.APPLIED)
    named = {record.remote_id for one in applied for record in one.remote}
    assert named <= told, f"ordered and not told: {named - told}"


RULES = (
    no_write_is_told_twice,
    what_was_made_is_told_once,
    what_was_changed_is_told,
    what_is_told_was_accepted,
    the_lines_of_what_was_made_are_told,
    effects_add_up_to_what_is_ordered,
    an_order_that_ended_well_is_told,
)


def _records(writes: Iterable[RemoteWrite]) -> Iterator[tuple[RemoteWrite, WrittenRecord]]:
    return ((write, record) for write in writes for record in write.records)


def _told(writes: Iterable[RemoteWrite], operation: WriteOperation) -> Counter[str]:
    return Counter(record.remote_id or "" for _, record in _records(writes) if record.operation is operation)


def _imports(evidence: Evidence) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The import jobs that have written something, well or badly, with the keys that they carried."""
    for job in jobs_of(evidence.state):
        mark = mark_in(job["payload"])
        if job["poco"] is not None and mark is not None:
            yield mark.key or "", job


def _changes(evidence: Evidence) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those of a POCO's lines: one without lines has written references alone."""
    return ((key, job) for key, job in _imports(evidence) if job["method"] == "PUT" and job["payload"].get("items"))


def _lines_told(record: WrittenRecord) -> Iterator[tuple[Decimal, Decimal]]:
    sent = {field.name: field.sent or "" for field in record.fields}
    prices = (name for name in sent if name.endswith(_PRICE))
    return ((Decimal(sent[name.replace(_PRICE, _QUANTITY)]), Decimal(sent[name])) for name in prices)


def _lines_sent(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Decimal, Decimal]]:
    return ((Decimal(str(item["quantity"])), Decimal(str(item["unit_price"]))) for item in items)
