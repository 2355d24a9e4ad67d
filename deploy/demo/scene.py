"""What a chapter of the story has at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from deploy.demo import holdings
from deploy.demo.expectation import Office, deleted, expected
from deploy.demo.operator import Operator
from deploy.demo.screen import Screen
from deploy.demo.stack import Stack
from deploy.demo.stages import Stages
from deploy.demo.verdict import Place, judge
from deploy.demo.waiting import PATIENCE, until
from deploy.demo.workplace import Workplace

Row = Mapping[str, Any]
T = TypeVar("T")

PLACES = {
    "44021": "work order SC-001",
    "44023": "prime contract of Pier 9",
    "44024": "work order SC-101",
    "44026": "prime contract of Mill Street Lofts",
    "44027": "work order SC-201",
    "44028": "prime contract of Lakeside Clinic",
    "44030": "prime contract of the guest house",
    "44031": "prime contract of Harbor Row",
    "44032": "prime contract of Pump Station 4",
}
"""What people call the contracts."""


@dataclass
class Scene:
    """The running whole, and how to look into it."""

    screen: Screen
    workplace: Workplace
    stack: Stack
    stages: Stages
    operator: Operator

    def configure(self, *, offices: set[str], projects: set[str] | None = None) -> None:
        """Writes the configuration file, which running processes take over."""
        self.workplace.configure(self.stack.addresses, accounts=offices, projects=projects)

    def until(
        self,
        look: Callable[[], T | None],
        *,
        expected: str,
        found: Callable[[], object] | None = None,
        patience: float = PATIENCE,
    ) -> T:
        """Waits for a true answer of ``look``. Fails at once if a stage has ended by itself."""

        def with_all_stages() -> T | None:
            self.stages.check()
            return look()

        return until(with_all_stages, expected=expected, found=found, patience=patience)

    def pco(self, origin: str) -> Row | None:
        """What has this external id in Procore, a PCO or a line, after its latest change."""
        changes = self.stack.procore.people("applies", origin_id=origin)
        return changes[-1]["values"] if changes and changes[-1]["action"] != "deleted" else None

    def pco_with(self, origin: str, **values: object) -> Row:
        """Waits until it is there with these values."""
        wanted = ", ".join(f"{name} {value!r}" for name, value in values.items())
        return self.until(
            lambda: _fitting(self.pco(origin), values),
            expected=f"{origin} in Procore with {wanted}",
            found=lambda: self.pco(origin),
        )

    def line_with(self, origin: str, item: int | str, amount: str) -> Row:
        """Waits until a line of it has this amount."""
        return self.pco_with(f"{origin}:item:{item}", amount=Decimal(amount))

    def line_gone(self, origin: str, item: int) -> None:
        """Waits until a line of it is deleted."""
        name = f"{origin}:item:{item}"
        self.until(lambda: self.pco(name) is None, expected=f"no line {name} in Procore", found=lambda: self.pco(name))

    def pocos(self, origin: str) -> list[holdings.Held]:
        """The purchase order change orders that were made for it."""
        return [one for one in holdings.of_cinx(self.stack.cinx.state()) if one.origin_id == origin]

    def poco(self, origin: str) -> holdings.Held:
        """Waits until there is one."""
        return self.until(lambda: self.pocos(origin), expected=f"a POCO for {origin} in CINX")[0]

    def offices(self) -> list[Office]:
        """Both ConstructionOnline accounts as they are now; the second only once it is configured."""
        named = self.workplace.configuration.read_text(encoding="utf-8")
        both = (("acme", self.stack.acme), ("harbor", self.stack.harbor))
        return [Office.of(name, simulated.state()) for name, simulated in both if f"{simulated.url}/api" in named]

    def judged(self) -> dict[tuple[str, str], Place]:
        """Whether both targets hold what the sources and the routes say."""
        offices, file = self.offices(), self.workplace.configuration
        held = [*holdings.of_procore(self.stack.procore.state()), *holdings.of_cinx(self.stack.cinx.state())]
        return judge(expected(offices, file), held, deleted(offices, file))

    def settled(self) -> dict[tuple[str, str], Place]:
        """Waits until both targets hold what they must, all of it."""

        def right() -> dict[tuple[str, str], Place] | None:
            places = self.judged()
            return None if any(place.differences for place in places.values()) else places

        def wrong() -> str:
            found = [difference for place in self.judged().values() for difference in place.differences]
            return f"{len(found)} differences, the first of them:\n" + "\n".join(found[:5])

        return self.until(right, expected="everything as the source and the routes say", found=wrong)

    def idle(self) -> None:
        """Waits until the relay says that nothing is left to do: what has not happened by then will not happen."""
        self.operator.types("status", "--wait", "90", ends=(0, 3))
        self.stages.check()

    def writes(self) -> int:
        """How many requests have changed, or tried to change, something in Procore or CINX."""
        rows = [*self.stack.procore.history(bodies=0), *self.stack.cinx.history(bodies=0)]
        return sum(row["method"] != "GET" and not row["path"].startswith("/oauth/") for row in rows)


def _fitting(row: Row | None, values: Mapping[str, object]) -> Row | None:
    """The row, if it has these values; an amount is compared as a number."""
    if row is None:
        return None
    read = {name: Decimal(row[name]) if isinstance(value, Decimal) else row[name] for name, value in values.items()}
    return row if read == values else None


def money(amount: object) -> str:
    """An amount as people write it."""
    return f"{Decimal(str(amount)):,.2f}"
