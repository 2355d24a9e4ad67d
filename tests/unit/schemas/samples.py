"""One record of every kind, with something in every field that can hold something."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from relay.domain.change_order import ChangeOrder, Classification, Item, Status
from relay.domain.commands import (
    CinxCommand,
    CinxDestination,
    CinxLine,
    CinxPayload,
    CinxRules,
    ContractKind,
    Lane,
    Mode,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcoreLine,
    ProcorePayload,
    ProcoreRules,
)
from relay.domain.control import Control, Member, PersonHold, Pilot, PollRequest, Proposal, Subject
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.events import Change, ChangeOrderObserved, EventReference
from relay.domain.ledger import AccountNote, Hold, HoldKind, InboxRecord, Intent, LedgerEntry, Part, Waiting
from relay.domain.letters import DeadLetter, LetterHeader, LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.rate_use import MinuteUse
from relay.domain.records import NameRecord, OperatorAction, PollState
from relay.domain.writes.balance import Balance
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenField, WrittenRecord

AT = datetime(2026, 3, 2, 14, 5, 6, 789000, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 14, 6, tzinfo=UTC)
USED = (MinuteUse(at=datetime(2026, 3, 2, 14, 5, tzinfo=UTC), requests=7, backfill=2), MinuteUse(at=LATER, requests=1))
KEY = "constructiononline:acme:498099"
ORIGIN = f"cor:{KEY}:owner"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
EVENT = EventReference(topic="change-orders.observed.v1", partition=7, offset=1234567890123, event_id="e-1")

ITEM = Item(
    item_id="524469",
    position=3,
    name="Chandelier",
    description="Entrée – 2 × „Murano“ 灯",
    classification=Classification.MATERIAL,
    classification_raw="1",
    quantity=Decimal("1.5"),
    unit_cost=Decimal("850.0001"),
    cost=Decimal("-1275.0002"),
    markup=Decimal("170.00"),
    tax=Decimal(0),
    client_price=Decimal("99999999999999.9999"),
    cost_code="371",
    unit="EA",
)

CHANGE_ORDER = ChangeOrder(
    change_order_id="498099",
    project="1321036",
    project_name="3931 E Lake Blvd",
    number="2",
    title="Living Room Light Fixtures",
    subtitle="Upgraded light fixtures for the living room",
    description="Client requested different overhead light fixtures.",
    notes="Ask before ordering.",
    reference="RFI 12",
    status=Status.APPROVED,
    status_raw="3",
    currency="USD",
    cost=Decimal("2380.00"),
    markup=Decimal("385.00"),
    tax=Decimal("-0.0001"),
    client_price=Decimal("2765.00"),
    quantity=Decimal(1),
    unit_cost=Decimal(2380),
    schedule_days=-3,
    created_on="2023-05-17T18:15:45.037",
    submitted_on="2023-05-14T00:00:00",
    due_on="2023-06-01",
    decided_on="2023-06-02T19:59:14.217",
    purchase_order="PO-123",
    items=(ITEM, Item(item_id="524470")),
)

OBSERVED = ChangeOrderObserved(
    event_id="5c0f9a6e-9d4b-5d55-8a51-1d2f3a4b5c6d",
    system="constructiononline",
    account="acme",
    change_order_id="498099",
    project="1321036",
    sequence=1772460306,
    fingerprint=HASH,
    fingerprint_version=1,
    change=Change.UPDATED,
    observed_at=AT,
    source_modified_at="2024-02-19T17:48:46.417",
    change_order=CHANGE_ORDER,
    defects=("TAX_METHOD: 9 is no known method",),
    origin_id=ORIGIN,
    root=KEY,
    echo=True,
    raw=b'{"change_order": {"ID": 498099, "COST_MONEY": 2380.0}, "items": []}',
    raw_omitted="9000000 bytes, sha256 " + HASH,
    approved_seen_at=AT,
)

PROCORE = ProcoreCommand(
    command_id="c-1",
    operation=Operation.APPLY,
    change_order_key=KEY,
    root=KEY,
    system="procore",
    account="acme",
    target="owner",
    origin_id=ORIGIN,
    project="1321036",
    sequence=1772460306,
    mapped_at=AT,
    event=EVENT,
    idempotency_key=HASH,
    payload_hash=HASH,
    mode=Mode.DRY_RUN,
    reason="operator.resubmit",
    unplaced=("524471",),
    letter_id="l-1",
    adopt_remote_id="77",
    observed={"header": "5e0c7d3b1a", "line:524469": "98ab"},
    person="anna",
    plan_id="7f3a",
    destination=ProcoreDestination(project_id=315, contract_id=44023, contract=ContractKind.PRIME, tiers=2),
    rules=ProcoreRules(existing="adopt", package="per_change_order"),
    payload=ProcorePayload(
        title="Living Room Light Fixtures",
        status="approved",
        number="2",
        description="Client requested different overhead light fixtures.",
        due_date="2023-06-01",
        schedule_days=3,
        change_reason="Client Request",
        currency="USD",
        lines=(
            ProcoreLine(
                item_id="524469",
                position=0,
                description="Chandelier",
                amount=Decimal("1020.00"),
                quantity=Decimal(1),
                unit_cost=Decimal("1020.00"),
                unit="EA",
                cost_code="03-300",
                line_item_type="Materials",
            ),
        ),
    ),
)

CINX = CinxCommand(
    command_id="c-2",
    operation=Operation.RESUBMIT,
    change_order_key=KEY,
    root=KEY,
    system="cinx",
    account="acme",
    target="steel",
    origin_id=f"cor:{KEY}:steel",
    project="1321036",
    sequence=1772460306,
    mapped_at=AT,
    event=None,
    idempotency_key=HASH,
    payload_hash=HASH,
    destination=CinxDestination(purchase_order="PO-123"),
    rules=CinxRules(lines="by_item"),
    payload=CinxPayload(
        description="Steel",
        number="2",
        title="Steel for the stairs",
        currency="USD",
        fields={"header.buyer": "Acme", "header.note": "–"},
        lines=(
            CinxLine(
                item_id="524469",
                position=0,
                description="Beam",
                quantity=Decimal("2.5"),
                unit_price=Decimal("850.00"),
                unit="EA",
                currency="USD",
                cost_code="05-120",
            ),
        ),
    ),
    person="anna",
    plan_id="7f3a",
)

HEADERS = (LetterHeader(name="traceparent", value=b"00-0af7-b7ad-01"), LetterHeader(name="empty", value=None))

INTENT = Intent(
    origin_id=ORIGIN,
    command_id="c-1",
    step="lines",
    parts={"header": "ab12", "item:524469": "cd34"},
    bytes_hash=HASH,
    intended_at=AT,
    sent=True,
    before=("guid-1", "guid-2"),
    job_id="job-9",
    job_since=LATER,
    remote_id="5001",
    doubts=2,
    exclusive="PO-123",
    ambiguous_at=LATER,
)

INBOX = InboxRecord(
    waiting=Waiting(
        origin_id=ORIGIN,
        command_id="c-1",
        lane=Lane.BACKFILL,
        topic="change-orders.procore.backfill.v1",
        partition=3,
        offset=42,
        received_at=AT,
        sequence=1772460306,
        mapped_at=AT,
        record_key=ORIGIN.encode(),
        command=b"\xc3\x01\x00\xff\x80",
        headers=HEADERS,
        attempts=3,
        touched=True,
        held_told=True,
    ),
    intent=INTENT,
    hold=Hold(
        scope="contract:44021",
        kind=HoldKind.TENANT_BLOCKED,
        reason="procore.denied",
        sentence="Procore refuses the contract.",
        since=AT,
        until=LATER,
        probe=True,
        attempts=4,
        letter_id="l-1",
    ),
    account=AccountNote(tenant="cinx:acme", facts={"template_version": "1.0"}, used=USED),
)

LEDGER = LedgerEntry(
    origin_id=ORIGIN,
    change_order_key=KEY,
    destination="315/44023",
    seen_sequence=1772460306,
    seen_mapped_at=AT,
    applied_sequence=1772460305,
    applied_payload_hash=HASH,
    sent_sequence=1772460306,
    sent_payload_hash=HASH,
    parts={"header": Part(hash="ab12"), "item:524469": Part(hash="cd34", person=True)},
    remote={"pco_id": "5001", "number": "2"},
    letters=("l-1",),
    review=INTENT,
    withdrawn=True,
    different_after=LATER,
    balance=Balance(
        amounts={"line:524469": Decimal("-1275.0002")},
        missing=("line:524470",),
        status=Status.APPROVED,
        approved=Decimal("170.00"),
        pending=Decimal(0),
        currency="USD",
    ),
    changed=("header",),
)

OUTCOME = ChangeOrderOutcome(
    outcome_id="o-1",
    kind=OutcomeKind.REMOTE_STATUS,
    stage="procore-writer",
    change_order_key=KEY,
    at=AT,
    sequence=1772460306,
    event=EVENT,
    system="procore",
    account="acme",
    target="owner",
    origin_id=ORIGIN,
    command_id="c-1",
    mapped_at=AT,
    idempotency_key=HASH,
    reason="procore.status",
    sentence="Procore approved it.",
    letter_id="l-1",
    remote=(RemoteRecord(kind="potential_change_order", remote_id="5001", number="2", url="https://app.example/5001"),),
    preview='{"title": "Living Room Light Fixtures"}',
    facts={"executed": "true"},
    amount=Decimal("1010.00"),
    currency="USD",
    changed_parts=("header", "line:524469"),
)

LETTER = DeadLetter(
    letter_id="l-1",
    kind=LetterKind.NEEDS_REVIEW,
    stage="cinx-submitter",
    topic="change-orders.cinx.commands.v1",
    partition=7,
    offset=99,
    record_key=b"\x00\xff",
    record_value=b"\xc3\x01 the command",
    headers=HEADERS,
    change_order_key=KEY,
    origin_id=ORIGIN,
    command_id="c-2",
    reason="cinx.po_not_found",
    sentence="CINX has no purchase order PO-123. Create it, then send this again.",
    remote_answer='{"rows": []}',
    attempts=2,
    first_at=AT,
    last_at=LATER,
    sides=('{"ours": 1}', '{"theirs": 2}'),
)

POLL_STATE = PollState(
    system="constructiononline",
    account="acme",
    change_order_id="498099",
    project="1321036",
    sequence=1772460306,
    fingerprint=HASH,
    fingerprint_version=1,
    modified_at="2024-02-19T17:48:46.417",
    partition=7,
    offset=12,
    deleted=True,
    watermark="2024-02-19T17:48:46.417",
    loaded=True,
    polled_at=AT,
    swept_at=LATER,
    asked="31 of 40 change orders are missing",
    row="8d1f0a6f0f9b4d21c3a7e5b2",
    status="ACCEPTED",
    approved_seen_at=AT,
    current_complete=True,
    hold=Hold(
        scope="constructiononline:acme/polling",
        kind=HoldKind.TENANT_BLOCKED,
        reason="tenant_blocked",
        sentence="The password is refused.",
        since=AT,
        until=LATER,
        probe=True,
    ),
    used=USED,
    followed=("315", "316"),
)

NAME = NameRecord(name="procore:acme", stands_for="company 4200", recorded_at=AT)

ACTION = OperatorAction(
    action_id="a-1",
    subject=KEY,
    action="letters.redrive",
    who="operator",
    why="The purchase order exists now.",
    at=AT,
    details='{"letter": "l-1"}',
)

CONTROL = Control(
    hold=PersonHold(
        hold_id="h-1",
        kind=Subject.CHANGE_ORDER,
        subject=KEY,
        reason="The owner disputes it",
        person="anna",
        since=AT,
        until=LATER,
    ),
    pilot=Pilot(pilot_id="p-1", route="tower", change_order_key=KEY, person="anna", since=AT),
    poll=PollRequest(
        request_id="q-1", system="constructiononline", account="acme", projects=("1321036",), person="anna", at=AT
    ),
    proposal=Proposal(
        proposal_id="d-1",
        letter_id="l-1",
        action="adopt",
        choice={"number": "017"},
        attempts=2,
        seen_sequence=4,
        person="anna",
        why="Entered by hand",
        at=AT,
    ),
    member=Member(
        stage="procore-writer",
        instance="i-1",
        release="0.1.0",
        reads={"ProcoreCommand": 2},
        routes=HASH,
        control_offset=1234567890123,
        owns=("procore:acme",),
        at=AT,
        calls={"procore:acme": 12},
        calls_since=AT,
    ),
)
WRITE = RemoteWrite(
    write_id="w-1",
    at=LATER,
    stage="procore-writer",
    instance="i-1",
    system="procore",
    account="acme",
    destination="project:315/prime:77",
    change_order_key=KEY,
    origin_id=ORIGIN,
    target="owner",
    sequence=4,
    command_id="c-1",
    step="lines",
    method="PATCH",
    path="/rest/v1.0/projects/{project_id}/potential_change_orders/{id}",
    records=(
        WrittenRecord(
            kind="line_item",
            parts={"line:524469": HASH},
            operation=WriteOperation.UPDATED,
            remote_id="91",
            number="2",
            url="https://procore.example/91",
            fields=(WrittenField(name="amount", sent="170.00", before="160.00", known=True),),
            amount_before=Decimal("160.00"),
            amount_after=Decimal("170.00"),
        ),
    ),
    idempotency_key="k-1",
    person="anna",
    plan_id="7f3a",
    took_ms=350,
    batch_id="b-1",
    batch_size=12,
    currency="USD",
    amount_before=Decimal("1000.00"),
    amount_after=Decimal("1010.00"),
    approved_effect=Decimal("-1275.0002"),
    pending_effect=Decimal("10.00"),
    found_again=True,
    fitted=True,
    parts={"line:524469": HASH},
    facts={"line:524469": "91"},
)
ENTRY = DirectoryEntry(
    system="procore",
    account="acme",
    kind=DirectoryKind.PRIME_CONTRACT,
    entry_id="77",
    read_at=AT,
    project_id="315",
    number="315-01",
    title="Tower B – Übergabe",
    vendor="Granite",
    status="Approved",
    currency="USD",
    original_amount=Decimal("4800000.00"),
    approved_changes=Decimal("405490.00"),
    pending_changes=Decimal("60900.00"),
    revised_amount=Decimal("5205490.00"),
    url="https://procore.example/77",
    absent=True,
)

SAMPLES: dict[str, object] = {
    type(record).__name__: record
    for record in (
        OBSERVED,
        PROCORE,
        CINX,
        INBOX,
        LEDGER,
        OUTCOME,
        LETTER,
        POLL_STATE,
        NAME,
        ACTION,
        CONTROL,
        WRITE,
        ENTRY,
    )
}
