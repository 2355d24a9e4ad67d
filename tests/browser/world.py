"""What the page shows in these tests: two projects with everything that can be seen, and one that no route takes.

Records go through the real folds. Times count back from now, since the page's process has the clock of the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import update

from relay.domain.change_order import ChangeOrder, Item, Status
from relay.domain.commands import CinxDestination, ContractKind, ProcoreDestination
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind, RemoteRecord
from relay.domain.routes import Amount, CinxTarget, ProcoreTarget, Route, RouteMode, Routing, Source
from relay.domain.writes.remote_writes import WriteOperation, WrittenField, WrittenRecord
from relay.engine.kafka import Record
from relay.engine.topics import DIRECTORY
from tests.unit.workers.views.tables import (
    CODEC,
    FOLDS,
    acted,
    ended,
    held,
    kept_from,
    key_of,
    letter,
    member,
    observed,
    origin_of,
    polled,
    record,
    wrote,
)
from workers.views.batch import fold_records
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.tables import PROGRESS

NOW = datetime.now(UTC)
LAKESIDE, HARBOR, UNROUTED = "1321036", "1321040", "1321055"
PROJECTS = {LAKESIDE: "Lakeside House", HARBOR: "Harbor Medical Center, Phase 2", UNROUTED: "Tower B"}
SYSTEMS = ("constructiononline", "procore", "cinx")
CONTRACTS = {LAKESIDE: (315, 44023, 44021), HARBOR: (316, 44030, 44031)}
HOSTILE = '<script>document.title="taken"</script>=HYPERLINK("http://x.example","Paid") \u202eDIAP\u202c "quoted"'

TITLES = (
    "Relocate RTU-4 curb and roof penetration",
    "Added fire caulking at level 2 corridor",
    "Electrical rough-in, owner furnished imaging equipment",
    "Door hardware set 12: delete, reuse existing",
    "Rebar upgrade at retaining wall per RFI 088",
    "Structural steel: moment connections at grid C/4",
    "Weather delay, no cost",
    "Casework finish: walnut veneer instead of laminate",
    "Storm drain reroute around existing gas main",
    "Credit for unused temporary heat",
)
STATUSES = (Status.APPROVED, Status.PENDING, Status.APPROVED, Status.REJECTED, Status.PENDING, Status.DRAFT)
ANSWER = '{"errors": {"cost_code_id": ["26-999 is not a cost code of this project"]}}'


def _route(project: str) -> Route:
    procore, prime, order = CONTRACTS[project]
    prime_contract = ProcoreDestination(project_id=procore, contract_id=prime, contract=ContractKind.PRIME, tiers=2)
    return Route(
        source=Source(system="constructiononline", account="acme", project=project),
        mode=RouteMode.LIVE,
        targets=(
            ProcoreTarget(name="owner", account="acme", destination=prime_contract, amount=Amount.CLIENT_PRICE),
            CinxTarget(name="steel", account="acme", destination=CinxDestination(purchase_order=f"PO-{order}")),
        ),
    )


ROUTING = Routing(routes=(_route(LAKESIDE), _route(HARBOR)))


CONFIGURATION = """
accounts:
  constructiononline:
    acme: {email: relay@acme.example, password_file: secret, api_key_file: secret}
  procore:
    acme: {company_id: 4200, client_id_file: secret, client_secret_file: secret}
  cinx:
    acme: {email: relay@acme.example, password_file: secret}
routes:
"""
_ROUTE = """
  - from: {{system: constructiononline, account: acme, project: {project}}}
    mode: live
    targets:
      - {{name: owner, system: procore, account: acme, project_id: {procore}, contract_id: {prime}, contract: prime,
         tiers: 2}}
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-{order}}}
"""


def configured(folder: Path) -> Path:
    """The configuration with the same routes."""
    (folder / "secret").write_text("secret-of-the-test", encoding="utf-8")
    file = folder / "cor.yaml"
    routes = [
        _ROUTE.format(project=project, procore=procore, prime=prime, order=order)
        for project, (procore, prime, order) in CONTRACTS.items()
    ]
    file.write_text(CONFIGURATION + "".join(routes), encoding="utf-8")
    return file


def change_order(number: int, project: str, title: str | None = None, **more: object) -> ChangeOrder:
    """One of the source's, with two items."""
    price = Decimal(number * 1375 % 90000) + Decimal("0.25") * (number % 4)
    price = -price if title is None and number % 10 == 9 else price
    cost = (price * Decimal("0.85")).quantize(Decimal("0.01"))
    items = (
        Item(item_id=f"{number}1", name="Labor", cost=cost / 4, client_price=price / 4),
        Item(item_id=f"{number}2", name="Material", cost=cost - cost / 4, client_price=price - price / 4),
    )
    made = ChangeOrder(
        change_order_id=str(498000 + number),
        project=project,
        project_name=PROJECTS[project],
        number=f"{number:03}",
        title=title or TITLES[number % len(TITLES)],
        status=STATUSES[number % len(STATUSES)],
        currency="USD",
        cost=cost,
        client_price=price,
        items=items,
        submitted_on=(NOW - timedelta(days=number * 3)).date().isoformat(),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def _seen(shown: ChangeOrder, offset: int) -> Record:
    at = NOW - timedelta(days=20) + timedelta(minutes=offset)
    approved = at if shown.status is Status.APPROVED else None
    return observed(
        shown.change_order_id,
        offset,
        project=shown.project or "",
        change_order=shown,
        observed_at=at,
        approved_seen_at=approved,
    )


def _written(shown: ChangeOrder, offset: int) -> Iterator[Record]:
    """As the prime contract has it since: a write and its outcome."""
    procore, prime, _ = CONTRACTS[shown.project or ""]
    number, price = shown.change_order_id, shown.client_price or Decimal(0)
    is_approved = shown.status is Status.APPROVED
    pco = f"{int(shown.number or 0):04}"
    fields = (WrittenField(name="status", sent=shown.status.value), WrittenField(name="title", sent=shown.title))
    header = WrittenRecord(kind="potential_change_order", operation=WriteOperation.CREATED, fields=fields, number=pco)
    at = NOW - timedelta(minutes=90 + offset % 30)
    yield wrote(
        number,
        offset,
        str(price),
        at=at,
        destination=f"{procore}/{prime}",
        records=(header,),
        approved_effect=price if is_approved else Decimal(0),
        pending_effect=Decimal(0) if is_approved else price,
    )
    remote = RemoteRecord(
        kind="potential_change_order",
        remote_id=str(598134325500000 + offset),
        number=pco,
        url=f"https://procore.example/{procore}/change_orders/{offset}",
    )
    yield ended(number, offset, at=at, amount=price, currency="USD", remote=(remote,))


def _contract(offset: int, project: str) -> Iterator[Record]:
    procore, prime, _ = CONTRACTS[project]
    entry = DirectoryEntry(
        system="procore",
        account="acme",
        kind=DirectoryKind.PRIME_CONTRACT,
        entry_id=str(prime),
        read_at=NOW,
        project_id=str(procore),
        number=f"{procore}-01",
        title="Prime contract",
        vendor="Lakeside Holdings LLC",
        currency="USD",
        original_amount=Decimal("4800000.00"),
    )
    named = replace(
        entry, kind=DirectoryKind.PROJECT, entry_id=str(procore), number=f"24-{procore}", title=PROJECTS[project]
    )
    for place, one in enumerate((entry, named)):
        yield record(DIRECTORY, one.key, one, offset + place)


def _open(shown: ChangeOrder, offset: int, **more: Any) -> Record:
    number = shown.change_order_id
    told: dict[str, Any] = {
        "remote_answer": ANSWER,
        "first_at": NOW - timedelta(days=offset % 9, hours=3),
        "last_at": NOW,
        **more,
    }
    return letter(number, offset, f"l-{number}", origin_id=origin_of(number), change_order_key=key_of(number), **told)


def story() -> list[Record]:
    """Sixty change orders, of which one is hostile; open items, a doubt, a hold, decisions and stages that run."""
    lakeside = [change_order(number, LAKESIDE) for number in range(1, 31)]
    harbor = [change_order(number, HARBOR) for number in range(31, 56)]
    unrouted = [change_order(number, UNROUTED) for number in range(56, 60)]
    hostile = change_order(60, LAKESIDE, HOSTILE)
    unpriced = change_order(61, HARBOR, "Price to follow", client_price=None, cost=None, items=())
    every = [*lakeside, *harbor, *unrouted, hostile, unpriced]
    records = [*_contract(0, LAKESIDE), *_contract(2, HARBOR)]
    records += [_seen(shown, offset) for offset, shown in enumerate(every)]
    carried = [one for one in (*lakeside[:24], *harbor[:15]) if one.status in {Status.APPROVED, Status.PENDING}]
    records += [made for offset, shown in enumerate(carried) for made in _written(shown, offset)]
    records += [
        _open(lakeside[25], 1),
        _open(harbor[18], 2),
        _open(hostile, 5, reason="procore.title_refused", sentence="Procore did not accept the title."),
        _open(
            harbor[20],
            3,
            kind=LetterKind.NEEDS_REVIEW,
            reason="procore.outcome_unknown",
            sentence="It was sent to Procore and no answer came. It may be there.",
            remote_answer="",
        ),
        ended(harbor[20].change_order_id, 70, OutcomeKind.NEEDS_REVIEW, reason="procore.outcome_unknown"),
        acted(0, key_of(lakeside[0].change_order_id), who="mkeller", at=NOW - timedelta(hours=5)),
        held(0, lakeside[2].change_order_id),
        *_members(),
        *(polled(offset, system, NOW, interval=3_600) for offset, system in enumerate(SYSTEMS)),
        *_planned(),
    ]
    return records


def unread() -> list[Record]:
    """What else stands there where a password was revoked three days ago, and a stage has died."""
    sentence = "the credentials are refused (401 at https://api.cinx.com/v1/account/subscription): password expired"
    before = NOW - timedelta(days=3)
    return [
        polled(10, "cinx", before, interval=300, hold=kept_from("cinx", sentence)),
        polled(11, "procore", None, account="another-company", hold=kept_from("procore", sentence)),
        member(20, "cinx-submitter", before),
    ]


def _planned() -> Iterator[Record]:
    about = '{"routes": ["lakeside", "harbor"], "rows": 62, "calls": 34}'
    plans = [f"7f3a58c2-1111-4c2e-9d4e-{number:012}" for number in range(2)]
    for offset, plan in enumerate(plans):
        yield acted(10 + offset, plan, who="relay-operator", action="plan", why="", details=about, at=NOW)
    carried = f'{{"plan_id": "{plans[0]}", "known_by": "page"}}'
    yield acted(12, "go-live-1", action="go_live", why=HOSTILE, details=carried, at=NOW)


def _members() -> Iterator[Record]:
    for offset, (stage, owns) in enumerate((("procore-writer", ("procore:acme",)), ("mapper", ()))):
        yield member(10 + offset, stage, NOW, owns)


def many_items(count: int) -> list[Record]:
    """As many open items, of some reasons and two projects."""
    records = [*_contract(0, LAKESIDE), *_contract(2, HARBOR)]
    for number in range(1, count + 1):
        shown = change_order(number, LAKESIDE if number % 3 else HARBOR)
        records.append(_seen(shown, number))
        records.append(_open(shown, number, reason=f"procore.reason_{number % 7}"))
    return records


def fill(folder: Path, records: Sequence[Record]) -> str:
    """Folds them into tables in this folder; returns what ``COR_VIEWS_URL`` calls these."""
    file = folder / "views.sqlite"
    store, generation = SqliteStore(file), Generation(1, "0" * 8)
    engine = store.building(generation)
    try:
        for begin in range(0, len(records), 1000):
            with engine.begin() as connection:
                left_out = fold_records(connection, records[begin : begin + 1000], FOLDS, CODEC, ROUTING)
                assert not left_out, left_out
        with engine.begin() as connection:
            connection.execute(update(PROGRESS).values(read_at=round(datetime.now(UTC).timestamp() * 1000)))
    finally:
        engine.dispose()
    store.publish(generation)
    return f"sqlite:///{file}"
