"""A poller of the simulated Procore, without Kafka, and what tests have its company do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.sandbox.process import Simulated
from producers.changes.compare import Verdict, compare
from producers.changes.events import Observation, deleted, observed, rebased
from producers.poll_state import AccountState, blank
from producers.procore.marks import OVERLAP
from producers.procore.projects import WantedProjects
from producers.procore.source import ProcoreSource
from producers.source import PollResult
from relay.clients.procore import ProcoreClient
from relay.domain.events import ChangeOrderObserved

PROJECT, OTHER = 315, 316


LINE = {"description": "Rebar", "amount": "5400.0", "cost_code": "03-210", "line_item_type": "S"}


def pco(sandbox: Simulated, title: str = "Footing", contract: int = 44023, **more: Any) -> int:
    return int(sandbox.people("create_pco", contract=contract, title=title, **more)["id"])


def is_loaded(poller: Poller) -> bool:
    return poller.state.account_state.loaded


def shows(sandbox: Simulated) -> int:
    """How many records were read whole since the last time."""
    found = [one for one in sandbox.history() if one["path"].rpartition("/")[2].isdigit()]
    sandbox.forget()
    return len(found)


class Poller:
    """Polls, and remembers as if everything were published at once."""

    def __init__(self, url: str, *projects: int, secret: str = "sandbox-secret", every: bool = False) -> None:
        self._url, self._secret = url, secret
        self.wanted = WantedProjects(named=frozenset(projects), every=every)
        self.ahead = timedelta(minutes=1)  # So that what was made just now counts as settled.
        self.source = self._source()
        self.state: AccountState = blank("procore", "acme")

    def _source(self) -> ProcoreSource:
        client = ProcoreClient(
            company_id=4200,
            client_id="sandbox-client",
            client_secret=self._secret,
            api_url=self._url,
            login_url=self._url,
        )
        return ProcoreSource("acme", client, lambda: self.wanted, lambda: datetime.now(UTC) + self.ahead)

    def restart(self) -> None:
        """Goes on as another process does: with poll state alone."""
        self.source.close()
        self.source = self._source()

    def poll(self, *, sweep: bool = False) -> list[ChangeOrderObserved]:
        result = self.source.poll(self.state, sweep=sweep)
        assert result.question is None
        return self.take(result)

    def take(self, result: PollResult) -> list[ChangeOrderObserved]:
        state, observations = self.state, list[Observation]()
        for read in result.change_orders:
            before = state.states.get(read.change_order_id)
            same = compare(read.reading.change_order, before) is Verdict.UNCHANGED
            observations.append(rebased(state, read) if same else observed(state, read, result.at))
        observations += [deleted(state, state.states[number], None, result.at) for number in result.deleted]
        for observation in observations:
            state.apply(observation.state)
        state.account_state = replace(
            state.account_state,
            loaded=state.account_state.loaded or result.swept,
            watermark=result.watermark,
            followed=result.followed,
        )
        return [observation.event for observation in observations if observation.event is not None]


class TwoProjects:
    """A poller of two projects, each with a record that it knows, at a company whose clock goes on."""

    def __init__(self, company: Simulated) -> None:
        self.company = company
        self.poller = Poller(company.url, PROJECT, OTHER)
        self.contract = int(company.people("create_contract", project=OTHER, kind="prime", title="Prime")["id"])
        self.near, self.other = pco(company), pco(company, "Elsewhere", self.contract)
        assert len(self.poller.poll(sweep=True)) == 2

    def edit(self, number: int, title: str) -> None:
        """A person gives a record another title."""
        self.company.people("edit", kind="pco", id=number, set={"title": title})

    def pass_by(self) -> None:
        """So much time that a window does not reach back to what was before, and news that move the watermark."""
        self.company.advance((OVERLAP * 2).total_seconds())
        self.poller.ahead += OVERLAP * 2
        self.edit(self.near, f"Footing {self.poller.ahead}")
        assert [event.change_order_id for event in self.poller.poll()] == [str(self.near)]

    def want(self, *projects: int) -> None:
        """What the routes name from now on."""
        self.poller.wanted = WantedProjects(named=frozenset(projects))

    def refuse(self, path: str, **more: object) -> None:
        """The company refuses what has this path."""
        self.company.fault("status", {"path": path, **more}, status=403, times=0)

    def titles(self) -> list[str | None]:
        """Of what the next poll brings."""
        return [event.change_order.title for event in self.poller.poll()]

    def listed_whole(self) -> list[str]:
        """The projects that were listed without a window since the last time."""
        listings = [one for one in self.company.history() if one["path"].endswith("potential_change_orders")]
        self.company.forget()
        return [dict(one["query"])["project_id"] for one in listings if "filters[updated_at]" not in str(one["query"])]
