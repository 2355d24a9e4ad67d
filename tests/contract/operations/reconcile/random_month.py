"""A month of a company, drawn from a seed: what the source, the relay and people at Procore do, in any order.

It keeps book of what it has done to whom: that is what causes are judged by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from random import Random
from typing import Any, Final

from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done
from tests.contract.operations.reconcile.deck import Deed, live
from tests.contract.operations.reconcile.truth import SIDES, claimed_of, held
from tests.contract.operations.reconcile.world import World

TARGETS = ("owner", "labor")
PENDING, APPROVED, REJECTED, DRAFT = range(4)
"""Conditions of the source."""
_NEW: Final = (PENDING, PENDING, APPROVED, DRAFT)
_FATES: Final = ("carried", "carried", "carried", "held", "waits", "killed", "doubt", "letter")
Origin = tuple[int, str]
Claimed = dict[str, Decimal]
"""Amounts by status."""


class RandomMonth:
    """``seen``: by change order and target what the source said when it was polled last; ``carried``: what it had said
    when all of it last came to its end there; ``state``: what has become of its newest revision; ``touched``: whose
    records people have changed; ``by_hand``: people's own records; ``fates``: what became of commands, and how often.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, Random(seed)
        self.number = 0
        self.seen: dict[Origin, Claimed] = {}
        self.carried: dict[Origin, Claimed] = {}
        self.state: dict[Origin, str] = {}
        self.touched: set[str | None] = set()
        self.by_hand: set[int] = set()
        self.fates: Counter[str] = Counter()
        self.said: list[str] = []
        self._coming: list[str] = []

    def live(self, times: int = 1) -> None:
        """All deeds, so many times."""
        self.new()
        deeds = self._deeds()
        live({deed: times * number for deed, number in deeds.items()}, self.random, self.said, self._go_on)

    def _go_on(self) -> None:
        self.new(PENDING)
        self.poll()

    def _deeds(self) -> dict[Deed, int]:
        """How often each is done."""
        at_source: dict[Deed, int] = {self.new: 7, self.edit: 4, self.decide: 4, self.take_back: 4, self.delete: 1}
        relay: dict[Deed, int] = {self.poll: 9, self.resume: 4}
        there: dict[Deed, int] = {self.edit_there: 6, self.delete_there: 1, self.enter_there: 3, self.decide_there: 3}
        return at_source | relay | there

    # -- at the source

    def new(self, *conditions: int) -> None:
        self.number += 1
        items = [(self._price(), self.random.random() < 0.5) for _ in range(self.random.randint(1, 3))]
        self.world.order(self.number, items, condition=self.random.choice(conditions or _NEW))

    def edit(self) -> bool:
        items = self.world.source.state()["items"]
        if items:
            item = self.random.choice(items)
            self.world.source.people("change_item", id=item["ID"], set={"RATE": self._price()})
        return bool(items)

    def decide(self) -> bool:
        return self._source("approve", PENDING)

    def take_back(self) -> bool:
        if self.random.random() < 0.5:
            return self._source("revert", APPROVED, REJECTED)
        return self._source(self.random.choice(("reject", "return_to_draft")), PENDING)

    def delete(self) -> bool:
        return self._source("delete_change_order", PENDING, APPROVED, REJECTED, DRAFT)

    def _source(self, operation: str, *conditions: int) -> bool:
        """With one that is in one of these conditions."""
        orders = [one for one in self.world.source.state()["change_orders"] if one["CONDITION"] in conditions]
        if orders:
            self.world.source.people(operation, id=self.random.choice(orders)["ID"])
        return bool(orders)

    def _price(self) -> str:
        return str(Decimal(self.random.randint(1, 900_000)) / 100)

    # -- the relay

    def poll(self) -> None:
        """What is seen is carried, or held, refused, lost or left half done."""
        state = self.world.source.state()
        for event in self.world.poll():
            for target in TARGETS:
                number = int(event.change_order_id)
                self.seen[number, target] = claimed_of(state, number, target)
            for command in self.world.commands(event):
                origin = (int(event.change_order_id), command.target)
                # Nothing new is sent while something may be out.
                is_out = self.state.get(origin) in ("doubt", "killed", "refused")
                fate = "waits" if is_out else self._fate()
                self.fates[fate] += 1
                getattr(self, f"_{fate}")(command, origin)

    def _fate(self) -> str:
        """Each of them comes once before any comes again."""
        if not self._coming:
            self._coming = self.random.sample(_FATES, len(_FATES))
        return self._coming.pop()

    def resume(self) -> None:
        """What was held, or half done when its process died, is carried to its end."""
        for number in sorted({number for number, _ in self.state}):
            event = self.world.newest.get(str(number))
            if event is None or self.random.random() < 0.5:
                continue
            for command in self.world.commands(event):
                origin = (number, command.target)
                if self.state.get(origin) in ("held", "waits", "killed"):
                    self._carried(command, origin)

    def _carried(self, command: Any, origin: Origin) -> None:
        end = self.world.carry_one(command)
        if isinstance(end, Done):
            self.state[origin] = "carried"
            self.carried[origin] = self.seen[origin]
        else:
            self.state[origin] = "refused"

    def _held(self, command: Any, origin: Origin) -> None:
        words = "A person holds it."
        self.world.tell(command, OutcomeKind.HELD, reason="on_hold", sentence=words)
        self.state[origin] = "held"

    def _waits(self, command: Any, origin: Origin) -> None:
        if self.state.get(origin) not in ("doubt", "killed", "refused"):
            self.state[origin] = "waits"

    def _killed(self, command: Any, origin: Origin) -> None:
        self.world.carry_partly(command, self.random.randint(1, 6), lost=self.random.random() < 0.5)
        self.state[origin] = "killed"

    def _doubt(self, command: Any, origin: Origin) -> None:
        self.world.carry_partly(command, self.random.randint(1, 6), lost=True)
        self.world.tell(command, OutcomeKind.NEEDS_REVIEW, reason="procore.in_doubt", sentence="Nobody knows.")
        self.state[origin] = "doubt"

    def _letter(self, command: Any, origin: Origin) -> None:
        reason = "procore.cost_code_unknown"
        self.world.tell(command, OutcomeKind.REJECTED, reason=reason, sentence="Procore did not accept the code.")
        self.state[origin] = "open item"

    # -- people at Procore

    def edit_there(self) -> bool:
        records = self._records()
        record = self.random.choice(records) if records else None
        lines = [one for one in self.world.procore.state()["line_items"] if record and one["pco_id"] == record["id"]]
        if not record or not lines:
            return False
        self.touched.add(record["origin_id"])
        self._opened(record, "edit_line", line=self.random.choice(lines)["id"], set={"amount": self._price()})
        return True

    def delete_there(self) -> bool:
        records = [one for one in self._records() if one["status"] != "approved"]
        if records:
            record = self.random.choice(records)
            self.world.procore.people("delete", kind="pco", id=record["id"])
            self.touched.add(record["origin_id"])
        return bool(records)

    def enter_there(self) -> None:
        lines = [{"description": "By hand", "amount": self._price()}]
        contract, status = self.random.choice(list(SIDES)), self.random.choice(("pending", "approved", "draft"))
        made = self.world.procore.people("create_pco", contract=contract, title="By hand", status=status, lines=lines)
        self.by_hand.add(made["id"])

    def decide_there(self) -> bool:
        records = self._records()
        if records:
            status, record = self.random.choice(("approved", "pending", "rejected")), self.random.choice(records)
            self.world.procore.people("set_status", kind="pco", id=record["id"], status=status)
            self.touched.add(record["origin_id"])
        return bool(records)

    def _opened(self, record: Any, operation: str, **body: Any) -> None:
        people = self.world.procore.people
        if record["status"] == "approved":
            people("set_status", kind="pco", id=record["id"], status="pending")
        people(operation, **body)
        if record["status"] == "approved":
            people("set_status", kind="pco", id=record["id"], status="approved")

    def _records(self) -> list[Any]:
        state = self.world.procore.state()
        return [
            one for one in state["potential_change_orders"] if one["deleted_at"] is None and one["contract_id"] in SIDES
        ]


def name_of(origin: Origin) -> str:
    """The mark of its record."""
    return f"cor:constructiononline:acme:{origin[0]}:{origin[1]}"


def record_of(state: Any, origin: Origin) -> Claimed:
    """By status what Procore holds of one change order of one target."""
    ids = {one["id"] for one in state["potential_change_orders"] if one["origin_id"] == name_of(origin)}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for (pco, status), amount in held(state).items():
        if pco in ids:
            sums[status] += amount
    return dict(sums)
