"""This release takes over what an earlier one left: nothing is done again, and what was under way is finished once.

Each dump is made again on a Kafka and in simulated remotes, and judged by what the remotes were asked, what they
hold, and what came onto the topics.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated
from relay.domain.events import Change, ChangeOrderObserved
from relay.engine.record_codec import record_codec
from tests.drills import commands
from tests.integration.upgrade import dump, logs
from tests.integration.upgrade.dump import Dump, Topic
from tests.integration.upgrade.installation import ACCOUNTS, Cor, awaited, remotes

pytestmark = pytest.mark.timeout(900)

DUMPS = sorted(Path(__file__).parent.glob("dump-*.jsonl.gz"))
READING = ("GET", "HEAD")
ORIGIN_ID = re.compile(r"cor:[a-z]+:[a-z0-9-]+:\d+:[a-z0-9-]+")
PROJECT_DENIED, ONE_TIER = 317, 330
WRITERS = ("mapper", "procore-writer", "cinx-submitter", "dead-letters")
CODEC = record_codec()
POLLERS = ("poll-constructiononline", "poll-procore", "poll-cinx")
OBSERVED, CURRENT, INBOXES = "observed.v1", "current.v1", ("procore.inbox.v1", "cinx.inbox.v1")


@dataclass
class Restored:
    """The installation of a dump, made again."""

    cor: Cor
    remotes: Mapping[str, Simulated]
    dump: Dump

    @property
    def under_way(self) -> Mapping[str, Any]:
        return self.dump.installation.under_way

    def written(self) -> Counter[str]:
        """How many writing requests named each origin id; one that names none counts by its path."""
        named: Counter[str] = Counter()
        for remote in self.remotes.values():
            for row in remote.history():
                if row["method"] not in READING and not row["path"].startswith("/oauth/"):
                    named.update(set(ORIGIN_ID.findall(row["body"])) or {row["path"]})
        return named

    def observed(self) -> list[str]:
        """The keys of what was observed since."""
        [topic] = (one for one in self.dump.topics if one.name.endswith(OBSERVED))
        records, _ = logs.records(self.cor.servers, [topic])
        return [(one.key or b"").decode() for one in records if one.offset >= self.dump.ends[one.topic, one.partition]]

    def newest(self) -> dict[bytes | None, ChangeOrderObserved]:
        """The last event of each change order that was not deleted, as it was observed."""
        events = {key: CODEC.decode(value or b"", ChangeOrderObserved) for key, value in self._last(OBSERVED).items()}
        return {key: event for key, event in events.items() if event.change is not Change.DELETED}

    def current(self) -> dict[bytes | None, ChangeOrderObserved]:
        """What stands on the topic of the newest events, which the release of the dump did not have."""
        values = self._last(CURRENT)
        return {key: CODEC.decode(value, ChangeOrderObserved) for key, value in values.items() if value is not None}

    def _last(self, name: str) -> dict[bytes | None, bytes | None]:
        installation = self.dump.installation
        topic = Topic(f"{installation.prefix}change-orders.{name}", installation.partitions, {})
        records, _ = logs.records(self.cor.servers, [topic])
        return {record.key: record.value for record in records}

    def letters(self) -> dict[str, tuple[str, int]]:
        """Reason and attempts of each open letter."""
        return attempts_of(self.cor.tells("letters", "list"))

    def applied(self, origin_id: str) -> int:
        """How often it was told that a write succeeded."""
        story = self.cor.tells("trace", origin_id)
        return sum(one["kind"] == "applied" and one["origin_id"] == origin_id for one in story["outcomes"])

    def pcos(self) -> dict[str, Mapping[str, Any]]:
        """What Procore holds of ours, by origin id. Fails where something is there twice."""
        rows = [one for one in self.remotes["procore_acme"].state()["potential_change_orders"] if one["origin_id"]]
        held = {one["origin_id"]: one for one in rows}
        assert len(held) == len(rows), "a PCO is there twice"
        return held

    def pocos(self) -> Counter[str]:
        """How many POCOs CINX holds of each origin id."""
        rows = self.remotes["cinx_acme"].state()["pocos"]
        named = (entry for row in rows for entry in row["external_references"])
        return Counter(one["value"] for one in named if one["type"] == "change-order-relay")

    def created(self) -> list[int]:
        """Procore's ids of the PCOs that were ever made."""
        changes = self.remotes["procore_acme"].state()["changes"]
        made = (one for one in changes if one["action"] == "created" and one["kind"] == "potential_change_order")
        return sorted(one["id"] for one in made)


Restore = Callable[[Dump], Restored]


@pytest.fixture
def restore(tmp_path: Path, kafka: Kafka) -> Iterator[Restore]:
    """Makes an installation again: topics under a prefix of its own, remotes at other addresses."""
    with ExitStack() as stack:

        def made(before: Dump) -> Restored:
            prefix = before.installation.prefix
            again = before.under(f"{prefix[:-7]}{token_hex(3)}.")
            stack.callback(logs.remove, kafka.bootstrap_servers, again)
            logs.make(kafka.bootstrap_servers, again)
            held = stack.enter_context(remotes())
            for name, simulator in again.simulators.items():
                held[name].restore(simulator["snapshot"])
            cor = Cor(tmp_path, kafka.bootstrap_servers, again.installation.prefix)
            cor.prepare(again.installation.configuration, held)
            for account in ACCOUNTS.values():
                cor.says("topics", "moved", account, "--why", "the simulator has another port", "--who", "test")
            accepted = [word for name in ids_recorded_in(again) for word in ("--accept-new-topic", name)]
            accepted += ["--why", "topics of a dump have other ids"] if accepted else []
            cor.says("topics", "apply", "--partitions", str(again.installation.partitions), *accepted)
            return Restored(cor, held, again)

        yield made


@pytest.mark.longest
@pytest.mark.parametrize("file", DUMPS, ids=lambda file: file.name.removesuffix(".jsonl.gz"))
def test_this_release_goes_on_where_another_one_stopped(restore: Restore, file: Path) -> None:
    restored = restore(dump.read(file))
    is_told_as_before(restored)
    runs_what_the_runbook_says(restored)
    sees_nothing_new(restored)
    has_filled_what_it_did_not_have(restored)
    finishes_what_was_under_way(restored)
    sees_only_what_was_written(restored)
    writes_nothing_when_replayed(restored)


def test_a_release_that_forgot_the_inbox_would_be_seen(restore: Restore) -> None:
    """A lost ledger alone would not: our marks on the records say what was written."""
    restored = restore(without_inboxes(dump.read(DUMPS[-1])))
    with pytest.raises(AssertionError):
        finishes_what_was_under_way(restored)


def test_a_release_that_forgot_the_poll_state_would_be_seen(restore: Restore) -> None:
    restored = restore(dump.read(DUMPS[-1]).without("poll-state.v1"))
    with pytest.raises(AssertionError, match="observed again"):
        sees_nothing_new(restored)


@pytest.mark.parametrize("file", DUMPS, ids=lambda file: file.name.removesuffix(".jsonl.gz"))
def test_a_dump_holds_a_rich_moment_and_stays_small(file: Path) -> None:
    whole = dump.read(file)
    filled = {one.topic for one in whole.records}
    assert {one.name for one in whole.topics} - filled == set()
    stages = {one["stage"] for one in whole.installation.answers["letters"]}
    assert stages >= {"mapper", "procore-writer", "cinx-submitter"}
    assert file.stat().st_size < 500_000


# -- what must hold, in the order in which things happen


def runs_what_the_runbook_says(restored: Restored) -> None:
    """The commands after every release, but for the registry's, which is not there, and for what asks the remotes."""
    for words in commands("First start, and after every release"):
        if words[0] == "topics":
            restored.cor.says(*words, "--partitions", str(restored.dump.installation.partitions))
        elif words[0] == "status":
            restored.cor.says(*words, ends=(0, 3))


def is_told_as_before(restored: Restored) -> None:
    """Status, traces and letters read what another release wrote."""
    answers = restored.dump.installation.answers
    assert restored.letters() == attempts_of(answers["letters"])
    status = restored.cor.tells("status")
    assert work_of(status) == work_of(answers["status"])
    for key, told in answers["traces"].items():
        trace = restored.cor.tells("trace", key)
        # A hold of a tenant's other projects is no longer shown; what is shown reads as it did.
        holds = {scope: hold for scope, hold in told["holds"].items() if scope in trace["holds"]}
        differing = list(differences({**told, "holds": holds}, trace))
        assert not differing, f"{key} is told otherwise: {differing}"


def sees_nothing_new(restored: Restored) -> None:
    """The pollers read everything, and nothing of it has changed."""
    restored.cor.runs(*POLLERS)
    again = restored.observed()
    assert not again, f"observed again: {again}"
    assert not restored.written()


def has_filled_what_it_did_not_have(restored: Restored) -> None:
    """The newest event of each change order, as the other release observed it."""
    newest = restored.newest()
    assert newest
    assert restored.current() == newest


def finishes_what_was_under_way(restored: Restored) -> None:
    """The job is over, the project is permitted: all that waited is written once, and nothing else."""
    open_work = restored.under_way
    letters, created, orders = restored.letters(), restored.created(), restored.pocos()
    nothing_is_in_the_way(restored.remotes)
    work(restored.cor)

    expected = {open_work[name] for name in ("answer_lost", "in_lane", "unmapped")} | set(open_work["held"])
    beside = {open_work["in_lane"].replace(":owner", ":electrical")}  # the same change order in the work order
    assert set(restored.written()) == expected | beside
    pcos = restored.pcos()
    assert expected <= pcos.keys()
    new = [pcos[name]["id"] for name in (open_work["unmapped"], open_work["held"][1])]
    assert restored.created() == sorted([*created, *new])
    assert restored.pocos() == orders + Counter([open_work["job"]])
    for origin_id in (open_work["answer_lost"], open_work["unmapped"], open_work["held"][1], open_work["job"]):
        assert restored.applied(origin_id) == 1, origin_id

    assert {name: letters[name] for name in restored.letters()} == restored.letters()
    gone = {letters[name][0] for name in letters.keys() - restored.letters().keys()}
    assert gone == {"procore.project_denied"}, "a letter was settled that nothing has settled"


def sees_only_what_was_written(restored: Restored) -> None:
    """Each record that was written since is observed once, and taken for ours."""
    before = restored.written()
    restored.cor.runs(*POLLERS)
    seen = restored.observed()
    ids = {str(row["id"]) for name, row in restored.pcos().items() if name in before}
    jobs = {row["cinx_guid"] for row in restored.remotes["cinx_acme"].state()["pocos"]}
    assert set(seen) <= {f"procore:acme:{one}" for one in ids} | {f"cinx:acme:{one}" for one in jobs}
    assert max(Counter(seen).values()) == 1
    restored.cor.runs(*WRITERS)
    assert restored.written() == before, "written again after it was read back"


def writes_nothing_when_replayed(restored: Restored) -> None:
    """What the ledger knows costs no call, however often it is asked for."""
    for remote in restored.remotes.values():
        remote.forget()
    settled = restored.under_way["settled"]
    for chosen in (("--source", "constructiononline:harbor"), ("--change-order", settled[0])):
        restored.cor.says("replay", *chosen, "--why", "to see that nothing happens", "--who", "test")
    work(restored.cor)
    again = restored.written()
    assert not again, f"written again: {again}"


# -- what it is judged by


def attempts_of(letters: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, int]]:
    return {one["letter_id"]: (one["reason"], one["attempts"]) for one in letters}


def work_of(status: Mapping[str, Any]) -> Any:
    """What there is to do, without what grows by itself."""
    stages = {one["stage"]: (one["lag"], one["inbox"], one["held"], one["in_doubt"]) for one in status["stages"]}
    return stages, status["letters"]["by_reason"]


def differences(before: Any, now: Any, path: str = "") -> Iterator[str]:
    """Where what was said before is not said any more; more may be said."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name, value in before.items():
            yield from differences(value, now.get(name), f"{path}.{name}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
    elif before != now:
        yield f"{path}: {before!r} was said, and now {now!r}"


def nothing_is_in_the_way(held: Mapping[str, Simulated]) -> None:
    """People have done what work waits for: a permission, the end of a job, a cost code."""
    held["procore_acme"].people("permit_project", project=PROJECT_DENIED)
    held["cinx_acme"].settings(hold_jobs=False)
    codes = held["procore_acme"].state()["cost_codes"]
    if not any(one["project_id"] == ONE_TIER for one in codes):
        held["procore_acme"].people("create_cost_code", project=ONE_TIER, code="03-300", name="Concrete")


def work(cor: Cor) -> None:
    """The mapper and the writers, until nothing is left that does not wait for a person."""
    with cor.running(*WRITERS):
        # Twice: an offset may be seen a moment before what was written with it.
        awaited(lambda: cor.tells("status")["idle"] and cor.tells("status")["idle"], "the work to end", 300)


def ids_recorded_in(whole: Dump) -> list[str]:
    """The topics whose ids its release wrote down; the earliest one wrote down none."""
    prefix = whole.installation.prefix
    keys = {(record.key or b"").decode() for record in whole.records if record.topic.endswith("names.v1")}
    return sorted(prefix + key.removeprefix("topic:") for key in keys if key.startswith("topic:"))


def without_inboxes(whole: Dump) -> Dump:
    for name in INBOXES:
        whole = whole.without(name)
    return whole
