"""What goes wrong in a run, and what is ordered meanwhile, drawn from a seed before anything begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from relay.domain.commands import CinxCommand, Operation
from tests.faults.cinx_relay import ACCOUNTS, ORDERS, PROJECTS, order

ROUNDS = 10
CHANGE_ORDERS = 40

SUBMITS: dict[str, object] = {"method": "POST", "path": "json-poco-import"}
CHANGES: dict[str, object] = {"method": "PUT", "path": "json-poco-import"}
LOOKS: dict[str, object] = {"method": "GET", "path": "pocos|/status"}
FAULTS: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("drop_before", SUBMITS, {}),
    ("reset", SUBMITS, {}),
    ("apply_and_drop", SUBMITS, {}),
    ("apply_and_drop", CHANGES, {}),
    ("apply_late", SUBMITS, {"seconds": 1.5}),
    ("apply_late", SUBMITS, {"seconds": 1.5, "status": 504}),
    ("apply_late", CHANGES, {"seconds": 1.5}),
    ("half_body", SUBMITS, {}),
    ("half_body", LOOKS, {}),
    ("delay", SUBMITS, {"seconds": 3, "when": "before"}),
    ("delay", SUBMITS, {"seconds": 3, "when": "after"}),
    ("html", SUBMITS, {}),
    ("html", SUBMITS, {"apply": True}),
    ("html", LOOKS, {}),
    ("wrong_json", SUBMITS, {}),
    ("status", SUBMITS, {"status": 500}),
    ("status", SUBMITS, {"status": 500, "apply": True}),
    ("status", {}, {"status": 429, "headers": {"Retry-After": "1"}, "body": "wait"}),
    ("status", {}, {"status": 503, "headers": {"Retry-After": "1"}}),
    ("drop_before", LOOKS, {}),
]
MOVES = ("submit_poco", "lock_poco", "unlock_poco", "accept_poco", "decline_poco")
PROCESSES = ("nothing", "kill", "kill", "second", "sleep")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one company's; arguments of ``Control.fault``."""

    account: str
    kind: str
    match: Mapping[str, object]
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody says ``cor hold`` with this option and name, and releases it after so many rounds.

    ``is_awaited``: nothing else happens until the command has said whether every owner obeys.
    """

    option: str
    named: str
    rounds: int
    is_awaited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """``settings`` by account; ``people``: account, operation and its body, where ``nth`` is which POCO of ours.

    ``hold``: what somebody at the relay's command line begins to hold.
    """

    orders: tuple[CinxCommand, ...]
    faults: tuple[Fault, ...]
    settings: Mapping[str, Mapping[str, object]]
    people: tuple[tuple[str, str, Mapping[str, object]], ...]
    processes: str
    seconds: float
    hold: Hold | None

    def __str__(self) -> str:
        orders = ", ".join(one.command_id for one in self.orders)
        faults = ", ".join(f"{one.account} {one.kind} {one.match} {one.options}" for one in self.faults)
        return f"{orders}; {faults}; {self.settings}; {self.people}; {self.processes}; {self.seconds} s; {self.hold}"


@dataclass
class Story:
    """Everything that a seed stands for. ``lasting``: settings of the companies for the whole run.

    After the round ``loses`` a topic of the submitters is deleted, after ``slows`` fewer requests are allowed.
    """

    seed: int
    loses: int = 0
    slows: int = 0
    lasting: dict[str, dict[str, object]] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)

    def __str__(self) -> str:
        told = "\n".join(f"{at}: {one}" for at, one in enumerate(self.rounds))
        return f"COR_NEMESIS_SEEDS={self.seed} runs this again\n{self.lasting}\n{told}"


def story_of(seed: int) -> Story:
    """The same for the same seed. Everybody sleeps over a session, and is expired, at most once.

    Those who hold have a generator of their own: what else happens does not depend on them.
    """
    random, sequences, holding = Random(seed), Counter[int](), Random(f"people of {seed}")
    story = Story(seed)
    for account in ACCOUNTS:
        story.lasting[account] = _nature(random)
    sleeps, expires = random.randrange(1, ROUNDS - 2), random.randrange(ROUNDS - 1)
    for at in range(ROUNDS):
        expired = ACCOUNTS[random.randrange(2)] if at == expires else None
        orders = tuple(_edit(random, sequences) for _ in range(random.randint(4, 8)))
        story.rounds.append(
            Round(
                orders=orders,
                faults=tuple(_fault(random) for _ in range(random.randint(2, 4))),
                settings={account: _weather(random, expired=account == expired) for account in ACCOUNTS},
                people=tuple(_people(random)),
                processes="sleep" if at == sleeps else random.choice(PROCESSES[:-1]),
                seconds=random.choice([0.5, 1.5, 3]),
                hold=_hold(holding, orders),
            )
        )
    story.loses, story.slows = random.sample(range(1, ROUNDS - 1), 2)
    return story


def _nature(random: Random) -> dict[str, object]:
    """What the documentation leaves open, as one CINX may have settled it."""
    return {
        "keep_references": random.random() < 0.75,
        "references_in_lists": random.random() < 0.75,
        "pending_shape": random.choice(["empty_rows", "row_102", "row_without_status", "unknown_job"]),
        "job_id_place": random.choice(["job_id", "response.job_id", "rows.cinx_id"]),
        "order": random.choice(["created", "shuffle"]),
        "envelope": random.choice(["new", "old"]),
    }


def _weather(random: Random, *, expired: bool) -> dict[str, object]:
    """Of one round."""
    return {
        "job_seconds": random.choice([0, 0, 1, 3]),
        "poco_late_seconds": random.choice([0, 0, 1, 2]),
        "hold_jobs": random.random() < 0.15,
        "subscription_expired": "2026-01-01" if expired else "",
    }


def _edit(random: Random, sequences: Counter[int]) -> CinxCommand:
    """The next revision of one change order; some are withdrawn, some cannot be ordered."""
    number = random.randrange(CHANGE_ORDERS)
    sequences[number] += 1
    kind = random.random()
    return order(
        number,
        sequences[number],
        amount=random.randint(1, 900),
        lines=0 if kind < 0.05 else random.randint(1, 3),
        operation=Operation.WITHDRAW if kind > 0.9 else Operation.APPLY,
        later="further" if number % 3 else "letter",
    )


def _fault(random: Random) -> Fault:
    kind, match, options = random.choice(FAULTS)
    times = {"times": random.randint(1, 2), "skip": random.randint(0, 1)}
    return Fault(random.choice(ACCOUNTS), kind, match, {**options, **times})


def _people(random: Random) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    account, kind = random.choice(ACCOUNTS), random.random()
    if kind < 0.35:
        items = [{"quantity": 1, "unit_price": random.randint(1, 900), "description": "By hand"}]
        number = random.randrange(1000)
        yield account, "create_poco", {"po": random.choice(ORDERS), "description": f"By hand {number}", "items": items}
    elif kind < 0.7:
        yield account, random.choice(MOVES), {"nth": random.randrange(8)}
    elif kind < 0.8:
        yield account, "fail_jobs", {"count": 1, "created": random.random() < 0.5}
    elif kind < 0.85:
        yield account, "forget_jobs", {}


def _hold(random: Random, orders: Sequence[CinxCommand]) -> Hold | None:
    """A change order that is about to be ordered, a project of the source, or an account that is written to."""
    if random.random() < 0.5:
        return None
    one = random.choice(orders)
    source = one.change_order_key.rpartition(":")[0]
    subjects = [
        ("--change-order", one.change_order_key),
        ("--source-project", f"{source}/project:{random.choice(PROJECTS)}"),
        ("--account", f"cinx:{random.choice(ACCOUNTS)}"),
    ]
    return Hold(*random.choice(subjects), rounds=random.randint(2, 4), is_awaited=random.random() < 0.8)
