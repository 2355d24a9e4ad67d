"""A write fits its topic whatever was written, and says of money what it said before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.domain.writes.fitted_writes import MOST_BYTES, fitted
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenField, WrittenRecord
from relay.domain.writes.written_fields import fields_of
from relay.engine.record_codec import record_codec
from schemas import Codec

CODEC: Codec = record_codec()
MOST = 4_000
TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=300)
FIELDS = st.builds(WrittenField, name=TEXTS, sent=st.none() | TEXTS, before=st.none() | TEXTS, known=st.booleans())
RECORDS = st.builds(
    WrittenRecord,
    kind=st.just("line_item"),
    parts=st.dictionaries(TEXTS, st.just("a" * 24), max_size=2),
    operation=st.sampled_from(WriteOperation),
    fields=st.lists(FIELDS, max_size=8).map(tuple),
    number=st.none() | TEXTS,
    url=st.none() | TEXTS,
    amount_before=st.none() | st.just(Decimal("1.25")),
    amount_after=st.none() | st.just(Decimal("2.50")),
)


def write(records: tuple[WrittenRecord, ...]) -> RemoteWrite:
    return RemoteWrite(
        write_id="w",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        stage="procore-writer",
        instance="i",
        system="procore",
        account="acme",
        destination="315/44021",
        change_order_key="constructiononline:acme:1",
        origin_id="cor:constructiononline:acme:1:main",
        target="main",
        sequence=1,
        command_id="c",
        step="lines",
        method="PATCH",
        path="/x",
        records=records,
        amount_before=Decimal(1),
        amount_after=Decimal(3),
        approved_effect=Decimal(2),
    )


def size(given: RemoteWrite) -> int:
    return len(CODEC.encode(given, "topic"))


@given(st.lists(RECORDS, max_size=12).map(tuple))
@settings(max_examples=150, deadline=None)
def test_a_write_fits_and_keeps_its_money(records: tuple[WrittenRecord, ...]) -> None:
    whole = write(records)
    shorter = fitted(whole, size, MOST)
    assert size(shorter) <= MOST
    assert (shorter == whole) == (size(whole) <= MOST)
    assert replace(shorter, records=(), fitted=False) == replace(whole, records=())
    if len(shorter.records) == len(records):
        for before, after in zip(records, shorter.records, strict=True):
            assert (after.parts, after.amount_before, after.amount_after) == (
                before.parts,
                before.amount_before,
                before.amount_after,
            )


def test_a_thousand_lines_keep_their_amounts_and_hashes() -> None:
    """The largest call of one change order; its texts are size and hash."""
    fields = tuple(WrittenField(name=f"field {number}", sent="x" * 2_000) for number in range(8))
    records = tuple(
        WrittenRecord(
            kind="line_item",
            parts={f"line:{number:015}": "a" * 24},
            operation=WriteOperation.CREATED,
            remote_id=f"{number:015}",
            fields=fields,
            amount_after=Decimal(number),
        )
        for number in range(1_000)
    )
    shorter = fitted(write(records), size)
    assert size(shorter) <= MOST_BYTES
    assert shorter.fitted
    assert [(record.parts, record.amount_after) for record in shorter.records] == [
        (record.parts, record.amount_after) for record in records
    ]
    assert all("SHA-256" in (field.sent or "") for record in shorter.records for field in record.fields)


def test_fields_have_plain_names_and_say_what_had_not_been_read() -> None:
    sent = {"title": "Rebar", "items": [{"quantity": Decimal("1.50"), "job_cost": {"code": None}}], "origin_data": "{}"}
    read = {"title": None, "items[0].quantity": Decimal(1)}
    assert fields_of(sent, read, without=["origin_data"]) == (
        WrittenField(name="title", sent="Rebar", before=None, known=True),
        WrittenField(name="items[0].quantity", sent="1.5", before="1", known=True),
        WrittenField(name="items[0].job_cost.code", sent=None, before=None, known=False),
    )
