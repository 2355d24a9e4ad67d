"""Records of made-up change orders, and the tables that they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.pool import StaticPool

from relay.domain.change_order import ChangeOrder, Item, Status
from relay.domain.commands import ContractKind, ProcoreDestination
from relay.domain.control import Control, Member, PersonHold, Subject
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.ledger import Hold, HoldKind
from relay.domain.letters import DeadLetter, LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.records import OperatorAction, PollState
from relay.domain.routes import Amount, CinxTarget, Match, ProcoreTarget, Route, RouteMode, Routing, Source
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenField, WrittenRecord
from relay.engine.kafka import Record
from relay.engine.record_codec import record_codec
from relay.engine.topics import AUDIT, CONTROL, DIRECTORY, LETTERS, OBSERVED, OUTCOMES, POLL_STATE, WRITES, Topic
from workers.views.batch import fold_records
from workers.views.folds.of_topics import folds_of
from workers.views.generation import make_tables
from workers.views.tables import METADATA

CODEC = record_codec()
FOLDS = folds_of(CODEC, "")
AT = datetime(2026, 3, 2, 14, 5, 6, tzinfo=UTC)

ROUTING = Routing(
    routes=(
        Route(
            source=Source(system="constructiononline", account="acme", project="7"),
            mode=RouteMode.LIVE,
            targets=(
                ProcoreTarget(
                    name="owner",
                    account="acme",
                    destination=ProcoreDestination(
                        project_id=315, contract_id=44023, contract=ContractKind.PRIME, tiers=2
                    ),
                    amount=Amount.CLIENT_PRICE,
                ),
                ProcoreTarget(
                    name="rebar",
                    account="acme",
                    destination=ProcoreDestination(
                        project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=2
                    ),
                    match=Match(fields={"name": ("Rebar",)}),
                ),
            ),
        ),
    )
)


def tables() -> Engine:
    """Empty tables in memory."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"isolation_level": None})

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    with engine.begin() as connection:
        make_tables(connection, set(inspect(connection).get_view_names()))
    return engine


def fold(engine: Engine, records: Sequence[Record], routing: Routing = ROUTING) -> list[str]:
    """One batch."""
    with engine.begin() as connection:
        return fold_records(connection, records, FOLDS, CODEC, routing)


def dump(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in METADATA.sorted_tables
        }


def record(topic: Topic, key: str, value: object, offset: int, partition: int = 0) -> Record:
    """As it stands on the topic; ``None`` as a value is a tombstone, bytes are as they are."""
    data = value if value is None or isinstance(value, bytes) else CODEC.encode(value, topic.base)
    return Record(topic.base, partition, offset, key.encode(), data, (), 1_772_460_306_000)


def observed(number: str, offset: int, price: str = "100", **more: Any) -> Record:
    """An observation of a change order of two items; the sequence grows with the offset."""
    items = (
        Item(item_id="1", name="Rebar", cost=Decimal("30.0001"), client_price=Decimal(40)),
        Item(item_id="2", name="Paint", cost=Decimal(20), client_price=Decimal(price) - 40),
    )
    shown = ChangeOrder(
        change_order_id=number,
        project=more.pop("project", "7"),
        project_name=more.pop("name", "Tower B"),
        number=f"00{number}",
        title=more.pop("title", f"Title {offset}"),
        status=more.pop("status", Status.PENDING),
        currency="USD",
        cost=Decimal("50.0001"),
        client_price=Decimal(price),
        items=items,
    )
    happened = ChangeOrderObserved(
        event_id=f"{number}-{offset}",
        system="constructiononline",
        account="acme",
        change_order_id=number,
        project=shown.project,
        sequence=1000 + offset,
        fingerprint="f",
        fingerprint_version=1,
        change=more.pop("change", Change.UPDATED),
        observed_at=AT + timedelta(minutes=offset),
        source_modified_at=None,
        change_order=shown,
    )
    happened = replace(happened, **more)
    return record(OBSERVED, happened.key, happened, offset)


def key_of(number: str) -> str:
    return f"constructiononline:acme:{number}"


def origin_of(number: str, target: str = "owner") -> str:
    return f"cor:{key_of(number)}:{target}"


def ended(number: str, offset: int, kind: OutcomeKind = OutcomeKind.APPLIED, **more: Any) -> Record:
    """An outcome at the owner's contract."""
    told = ChangeOrderOutcome(
        outcome_id=f"o-{number}-{offset}",
        kind=kind,
        stage="procore-writer",
        change_order_key=key_of(number),
        at=AT + timedelta(minutes=offset),
        sequence=1000 + offset,
        system="procore",
        account="acme",
        target="owner",
        origin_id=origin_of(number),
    )
    told = replace(told, **more)
    return record(OUTCOMES, told.change_order_key, told, offset)


def applied(number: str, offset: int, amount: str) -> Record:
    return ended(
        number,
        offset,
        amount=Decimal(amount),
        currency="USD",
        remote=(RemoteRecord(kind="potential_change_order", remote_id="598", number="022", url="https://x.example"),),
    )


def read_back(system: str, shown: ChangeOrder, offset: int, **more: Any) -> Record:
    """What a poller observed of a record at a target; the sequence is beyond those of the source."""
    happened = ChangeOrderObserved(
        event_id=f"{system}-{shown.change_order_id}-{offset}",
        system=system,
        account="acme",
        change_order_id=shown.change_order_id,
        project=shown.project,
        sequence=9_000 + offset,
        fingerprint="f",
        fingerprint_version=1,
        change=Change.UPDATED,
        observed_at=AT + timedelta(minutes=offset),
        source_modified_at=None,
        change_order=shown,
    )
    return record(OBSERVED, happened.key, replace(happened, **more), offset)


def wrote(number: str, offset: int, pending: str, **more: Any) -> Record:
    """A write at the owner's contract."""
    header = WrittenRecord(
        kind="potential_change_order",
        operation=WriteOperation.UPDATED,
        fields=(WrittenField(name="status", sent="pending"), WrittenField(name="title", sent="t")),
        number="022",
    )
    told = RemoteWrite(
        write_id=f"w-{number}-{offset}",
        at=AT + timedelta(minutes=offset),
        stage="procore-writer",
        instance="i",
        system="procore",
        account="acme",
        destination="315/44023",
        change_order_key=key_of(number),
        origin_id=origin_of(number),
        target="owner",
        sequence=1,
        command_id="c",
        step="header",
        method="PATCH",
        path="/x",
        records=(header,),
        currency="USD",
        amount_before=Decimal(0),
        amount_after=Decimal(pending),
        pending_effect=Decimal(pending),
    )
    told = replace(told, **more)
    return record(WRITES, told.change_order_key, told, offset)


def letter(number: str, offset: int, letter_id: str = "l-1", partition: int = 0, **more: Any) -> Record:
    """An open letter about the owner's contract."""
    told = DeadLetter(
        letter_id=letter_id,
        kind=LetterKind.REJECTED,
        stage="procore-writer",
        topic="t",
        partition=0,
        offset=1,
        record_key=None,
        record_value=None,
        headers=(),
        change_order_key=key_of(number),
        origin_id=origin_of(number),
        command_id="c",
        reason="procore.cost_code_unknown",
        sentence="Procore did not accept cost code 26-999.",
        remote_answer="422",
        attempts=1,
        first_at=AT,
        last_at=AT + timedelta(minutes=offset),
    )
    told = replace(told, **more)
    return record(LETTERS, letter_id, told, offset, partition)


def contract(offset: int, number: str = "315-01", entry_id: str = "44023") -> Record:
    """What the owner's contract is called."""
    entry = DirectoryEntry(
        system="procore",
        account="acme",
        kind=DirectoryKind.PRIME_CONTRACT,
        entry_id=entry_id,
        read_at=AT,
        project_id="315",
        number=number,
        title="Prime contract",
        vendor="Owner Inc.",
        currency="USD",
        original_amount=Decimal("4800000.00"),
    )
    return record(DIRECTORY, entry.key, entry, offset)


def acted(offset: int, subject: str, who: str = "anna", **more: Any) -> Record:
    """What a person did."""
    action = OperatorAction(
        action_id=f"a-{offset}",
        subject=subject,
        action="letter.redrive",
        who=who,
        why="The code is there now",
        at=AT + timedelta(minutes=offset),
        details="{}",
    )
    action = replace(action, **more)
    return record(AUDIT, subject, action, offset)


def polled(
    offset: int,
    system: str = "constructiononline",
    at: datetime | None = AT,
    change_order_id: str | None = None,
    **more: Any,
) -> Record:
    """What a poller remembers of its account, or of one change order."""
    state = PollState(system=system, account="acme", change_order_id=change_order_id, polled_at=at)
    key = f"{system}:acme" + (f":{change_order_id}" if change_order_id else "")
    return record(POLL_STATE, key, replace(state, **more), offset)


def kept_from(system: str = "constructiononline", sentence: str = "The password is refused.") -> Hold:
    """Why an account is not polled."""
    return Hold(
        scope=f"{system}:acme/polling",
        kind=HoldKind.TENANT_BLOCKED,
        reason="tenant_blocked",
        sentence=sentence,
        since=AT,
        until=AT,
        probe=True,
    )


def member(offset: int, stage: str, at: datetime, owns: tuple[str, ...] = ()) -> Record:
    """What an instance of a stage states of itself."""
    stated = Member(
        stage=stage, instance="relay-0", release="1", reads={}, routes="r", control_offset=1, owns=owns, at=at, calls={}
    )
    control = Control(member=stated)
    return record(CONTROL, control.key, control, offset)


def held(offset: int, number: str) -> Record:
    """A person's hold on a change order."""
    return hold_on(offset, Subject.CHANGE_ORDER, key_of(number))


def hold_on(offset: int, kind: Subject, subject: str) -> Record:
    """A person's hold."""
    hold = PersonHold(hold_id="h-1", kind=kind, subject=subject, reason="wait", person="anna", since=AT)
    control = Control(hold=hold)
    return record(CONTROL, control.key, control, offset)


def ends(topic: Topic, key: str, offset: int, partition: int = 0) -> Record:
    """A tombstone."""
    return record(topic, key, None, offset, partition)


def cinx_route() -> Routing:
    """The same routes with a purchase order that takes everything."""
    (route,) = ROUTING.routes
    from relay.domain.commands import CinxDestination  # noqa: PLC0415

    steel = CinxTarget(name="steel", account="acme", destination=CinxDestination(purchase_order="PO-7"))
    return Routing(routes=(replace(route, targets=(*route.targets[:1], steel)),))


def rows(engine: Engine, query: Any) -> list[dict[str, Any]]:
    """What a query finds."""
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def every(records: Iterable[Record]) -> Engine:
    """Tables of these records."""
    engine = tables()
    fold(engine, list(records))
    return engine
