"""A month of a company drawn from a seed, with the real stages, commands and kills between three simulated systems.

It keeps book of what it has done to whom: that is what causes are judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any, Final

from tests.contract.operations.reconcile.deck import Deed, live
from tests.integration.reconcile.conftest import STAGES, Company, Desk

PRIME: Final = 44023
ONWARD: Final = """
  - from: {system: procore, account: acme, project: 315}
    mode: live
    history: true
    own_records: map
    targets:
      - {name: fixtures, system: cinx, account: acme, purchase_order: PO-124}
"""
IMPATIENT: Final = "requests_per_second: 500, search_patience: 3s, job_patience: 3s,"
KILLS: Final = {
    "poll-constructiononline": ("poller.after_listing", "poller.after_send", "poller.before_commit"),
    "poll-procore": ("poller.after_send", "poller.after_commit"),
    "poll-cinx": ("poller.after_send", "poller.after_commit"),
    "mapper": ("mapper.before_commit", "mapper.after_commit"),
    "dead-letters": ("letters.before_commit",),
    "views": ("views.before_commit", "views.after_commit"),
    **dict.fromkeys(
        ("procore-writer", "cinx-submitter"),
        (
            "writer.before_receive_commit",
            "writer.before_intend_commit",
            "writer.after_intend",
            "writer.after_call",
            "writer.before_record_commit",
            "writer.after_record",
            "writer.before_settle_commit",
            "writer.after_settle",
        ),
    ),
}
"""Where processes of each stage are killed."""


class RandomCompany:
    """``held``: change orders that people hold, with their holds; ``touched``: marks of records that people changed or
    deleted, or what else names them; ``spoiled``: change orders of which a call was made to fail; ``closed``: keys of
    those of which a letter was closed; ``taken_back``: which were changed or withdrawn at the source.
    """

    def __init__(self, company: Company, desk: Desk, seed: int) -> None:
        self.company, self.desk, self.random = company, desk, Random(seed)
        self.number = 0
        self.held: dict[int, str] = {}
        self.touched: set[str] = set()
        self.spoiled: set[int] = set()
        self.closed: set[str] = set()
        self.taken_back: set[int] = set()
        self.kills: list[str] = []
        self.said: list[str] = []
        company.configure(ONWARD)
        file = company.folder / "cor.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace("requests_per_second: 500,", IMPATIENT), "utf-8")
        company.record_names()

    def live(self) -> None:
        """All deeds, with the relay between them; then it is left as it is."""
        self.enter()
        live(self._deeds(), self.random, self.said, self._go_on)

    def _go_on(self) -> None:
        self.enter()
        self.work()

    def _deeds(self) -> dict[Deed, int]:
        """How often each is done: enough is entered and approved that something is ordered, and can be meddled with."""
        at_source: dict[Deed, int] = {self.enter: 5, self.edit: 3, self.approve: 3, self.take_back: 2, self.delete: 1}
        there: dict[Deed, int] = {self.edit_there: 2, self.decide_there: 1, self.delete_there: 1, self.enter_there: 1}
        ordered: dict[Deed, int] = {
            self.move_order: 2,
            self.edit_order: 2,
            self.delete_order: 1,
            self.enter_order: 1,
        }
        relay: dict[Deed, int] = {self.work: 4, self.work_partly: 2, self.kill: 4, self.decide: 2}
        refused: dict[Deed, int] = {self.hold: 2, self.release: 1, self.spoil: 2, self.spoil_job: 1}
        return at_source | there | ordered | relay | refused

    # -- at the source

    def enter(self) -> None:
        self.number += 1
        prices = [self._price() for _ in range(self.random.randint(1, 3))]
        self.company.order(self.number, self.random.choice((0, 1, 1, 3)), prices)

    def edit(self) -> bool:
        return self._edit(self._numbers(0, 1, 3))

    def approve(self) -> bool:
        """One that was carried as pending, where there is any."""
        pending = self._numbers(0)
        numbers = [number for number in pending if self._is_carried(number)] or pending
        if numbers:
            self.company.source.people("approve", id=self.random.choice(numbers))
        return bool(numbers)

    def take_back(self) -> bool:
        """One that was carried."""
        approved = self._numbers(1)
        carried = [number for number in (*approved, *self._numbers(0)) if self._is_carried(number)]
        if not carried:
            return False
        number = self.random.choice(carried)
        how = "revert" if number in approved else self.random.choice(("reject", "return_to_draft"))
        self.company.source.people(how, id=number)
        self.taken_back.add(number)
        return True

    def delete(self) -> bool:
        numbers = self._numbers(0, 1, 3)
        if numbers:
            number = self.random.choice(numbers)
            self.company.source.people("delete_change_order", id=number)
            self.taken_back.add(number)
        return bool(numbers)

    def _edit(self, numbers: Sequence[int]) -> bool:
        """Of one of these the price of an item."""
        items = [one for one in self.company.source.state()["items"] if one["CHANGE_ORDER_ID"] in numbers]
        if items:
            item = self.random.choice(items)
            self.company.source.people("change_item", id=item["ID"], set={"RATE": self._price()})
            self.taken_back.add(item["CHANGE_ORDER_ID"])
        return bool(items)

    def _numbers(self, *conditions: int) -> list[int]:
        """Of the change orders that the source has in one of these conditions."""
        orders = self.company.source.state()["change_orders"]
        return [order["ID"] for order in orders if order["CONDITION"] in conditions]

    def _is_carried(self, number: int) -> bool:
        """Whether Procore has it."""
        origin = f"cor:constructiononline:acme:{number}:owner"
        pcos = self.company.procore.state()["potential_change_orders"]
        return any(pco["origin_id"] == origin and pco["deleted_at"] is None for pco in pcos)

    def _price(self) -> str:
        return str(Decimal(self.random.randint(100, 900_000)) / 100)

    # -- the relay

    def work(self) -> None:
        """Everything is carried, as far as it goes."""
        self.company.carry()

    def work_partly(self) -> None:
        """Some of the stages, in their order."""
        self.company.carry(*STAGES[: self.random.randint(1, len(STAGES))])

    def kill(self) -> None:
        """A process dies at a point, if it gets there."""
        stage = self.random.choice(list(KILLS))
        point = f"{self.random.choice(KILLS[stage])}:{self.random.randint(1, 3)}"
        if self.company.killed(stage, point):
            self.kills.append(f"{stage} {point}")

    def hold(self) -> bool:
        """One that was carried, and what is new of it is kept back."""
        carried = [number for number in self._numbers(0, 1) if number not in self.held and self._is_carried(number)]
        if not carried:
            return False
        number = self.random.choice(carried)
        ended = self.desk.cor(
            "hold", "--change-order", f"constructiononline:acme:{number}", "--why", "a dispute", "--wait", "0", "--json"
        )
        self.held[number] = ended.json["hold"]["hold_id"]
        self._edit([number])
        self.company.carry("poll-constructiononline", "mapper", "procore-writer")
        return True

    def release(self) -> bool:
        if not self.held:
            return False
        number = self.random.choice(sorted(self.held))
        ended = self.desk.cor("release", self.held.pop(number), "--why", "settled", "--wait", "0")
        assert ended.code in (0, 3), ended.err
        return True

    def spoil(self) -> bool:
        """Procore refuses the next call about a change order, of which something is new."""
        carried = [number for number in self._numbers(0, 1) if self._is_carried(number)]
        if not carried:
            return False
        number = self.random.choice(carried)
        origin = f"cor:constructiononline:acme:{number}:owner"
        self.company.procore.people("spoil", origin_id=origin, how="rejected", messages={"title": ["is not wanted"]})
        self.spoiled.add(number)
        return self._edit([number])

    def spoil_job(self) -> None:
        """CINX's next job fails, with its POCO made or not."""
        self.company.cinx.people("fail_jobs", count=1, created=self.random.random() < 0.5)
        self.spoiled |= set(range(1, self.number + 1))

    def decide(self) -> bool:
        """A letter is sent again, or closed without sending."""
        letters = self.desk.cor("letters", "list", "--json").json
        if not letters:
            return False
        letter = self.random.choice(letters)
        if self.random.random() < 0.6:
            self.desk.cor("letters", "redrive", letter["letter_id"])
            return True
        ended = self.desk.cor("letters", "settle", letter["letter_id"], "--why", "by hand")
        if ended.code == 0 and letter["change_order_key"]:
            self.closed.add(letter["change_order_key"])
        return True

    # -- people at Procore

    def edit_there(self) -> bool:
        record = self._record()
        lines = [one for one in self.company.procore.state()["line_items"] if record and one["pco_id"] == record["id"]]
        if not record or not lines:
            return False
        people, line = self.company.procore.people, self.random.choice(lines)
        approved = record["status"] == "approved"
        if approved:
            people("set_status", kind="pco", id=record["id"], status="pending")
        self._touch(record)
        people("edit_line", line=line["id"], set={"amount": self._price()})
        if approved:
            people("set_status", kind="pco", id=record["id"], status="approved")
        return True

    def decide_there(self) -> bool:
        record = self._record()
        if record:
            status = self.random.choice(("approved", "pending", "rejected"))
            self.company.procore.people("set_status", kind="pco", id=record["id"], status=status)
            self._touch(record)
        return bool(record)

    def delete_there(self) -> bool:
        record = self._record()
        if record:
            self.company.procore.people("delete", kind="pco", id=record["id"])
            self._touch(record)
        return bool(record)

    def enter_there(self) -> None:
        status = self.random.choice(("pending", "approved", "draft"))
        lines = [{"description": "By hand", "amount": self._price()}]
        self.company.procore.people("create_pco", contract=PRIME, title="By hand", status=status, lines=lines)

    def _record(self) -> Any:
        """One of ours, or of theirs."""
        state = self.company.procore.state()
        living = [
            one for one in state["potential_change_orders"] if one["deleted_at"] is None and one["contract_id"] == PRIME
        ]
        return self.random.choice(living) if living else None

    def _touch(self, record: Any) -> None:
        self.touched.add(record["origin_id"] or f"procore:acme:{record['id']}")

    # -- people at CINX

    def move_order(self) -> bool:
        """One step on in its workflow, whose first is that it is submitted."""
        poco = self._poco()
        steps = _NEXT_STEPS.get(poco["detail"]["workflow_status"]) if poco else None
        if not steps:
            return False
        self.company.cinx.people(self.random.choice(steps), cinx_guid=poco["cinx_guid"])
        self._touch_order(poco)
        return True

    def edit_order(self) -> bool:
        """One of ours."""
        poco = self._poco(ours=True)
        if poco:
            price = float(self._price())
            self.company.cinx.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"unit_price": price}})
            self._touch_order(poco)
        return bool(poco)

    def delete_order(self) -> bool:
        poco = self._poco()
        if poco:
            self.company.cinx.people("delete_poco", cinx_guid=poco["cinx_guid"])
            self._touch_order(poco)
        return bool(poco)

    def enter_order(self) -> None:
        items = [{"description": "By hand", "quantity": 1, "unit_price": float(self._price()), "cost_code": "03-300"}]
        self.company.cinx.people("create_poco", po=self.random.choice(("PO-123", "PO-124")), items=items)

    def _poco(self, *, ours: bool = False) -> Any:
        """With items; of ours, or of theirs as well."""
        pocos = [one for one in self.company.cinx.state()["pocos"] if one["purchase_order"]["number"] in ORDERS]
        pocos = [one for one in pocos if one["items"] and (not ours or origin_of(one))]
        return self.random.choice(pocos) if pocos else None

    def _touch_order(self, poco: Any) -> None:
        self.touched.add(origin_of(poco) or poco["cinx_guid"])


ORDERS: Final = ("PO-123", "PO-124")
_NEXT_STEPS: Final = {
    "IN-PROCESS": ("submit_poco",),
    "SUBMITTED": ("receive_poco", "accept_poco", "decline_poco"),
    "RECEIVED": ("accept_poco", "decline_poco"),
}
"""By workflow status, what people may do to a POCO."""


def origin_of(poco: Any) -> str | None:
    """The mark of ours that it carries."""
    values = (one.get("value") for one in poco["external_references"])
    return next((value for value in values if str(value).startswith("cor:")), None)
