"""Makes the dump of a release at a rich moment, which the releases after it are tried on.

``python -m tests.integration.upgrade.make_dump REVISION``

REVISION is the one that is checked out and installed (``make setup``); that the product in the working tree is that
of REVISION is made sure of. A Kafka of its own and the simulated remotes are started, the story below is lived
through by processes of ``cor``, and when much is settled, much is open and some is under way, everything stops:
topics, committed offsets and remotes are written to ``dump-REVISION.jsonl.gz`` beside this file. It takes two or three
minutes. To make the next dump, check the revision out, run this, and commit the file; ``test_upgrade.py`` takes every
dump that is there, and an old one may go once nobody comes from its release any more.

Nothing of the product is imported: it is driven by its command line, through Kafka, and by what people do at the
remotes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from deploy.local import broker
from deploy.sandbox.process import Simulated
from tests.integration.upgrade import dump, logs
from tests.integration.upgrade.installation import (
    DONE_WITH_LETTERS,
    SIMULATORS,
    Cor,
    awaited,
    remotes,
)

FOLDER = Path(__file__).parent
CONFIGURATION = FOLDER / "configuration.yaml"
PARTITIONS = 3
NOT_THE_PRODUCT = ("tests", "docs", "deploy", "benchmarks", ".ci", "*.md", "Makefile")

LABOR, MATERIAL = 2, 1
APPROVED = 1
IMPORT = "json-poco-import"


class Story:
    """What happens, chapter by chapter. ``ids`` are those of the change orders, by what is told of them."""

    def __init__(self, cor: Cor, remotes: Mapping[str, Simulated]) -> None:
        self.cor = cor
        self.acme, self.harbor = remotes["acme"], remotes["harbor"]
        self.procore, self.cinx = remotes["procore_acme"], remotes["cinx_acme"]
        self.procore_harbor = remotes["procore_harbor"]
        self.ids: dict[str, int] = {}

    def tell(self) -> dict[str, Any]:
        """All of it; returns what is under way at the end."""
        self.companies()
        self.first_load()
        self.edits()
        self.refusal()
        self.deletion()
        self.taken_back()
        self.decisions()
        self.lost_submission()
        self.denied_project()
        self.long_job()
        self.lost_answer()
        self.seen_there()
        self.unread()
        return {
            "answer_lost": self.origin("answer lost", "owner"),
            "job": self.origin("long job", "long"),
            "in_lane": self.origin("detailed", "owner"),
            "unmapped": self.origin("unmapped", "main"),
            "held": [self.origin(name, "main") for name in ("before the denial", "after the denial")],
            "in_review": self.origin("lost", "lost"),
            "settled": [self.key(name) for name in ("lump sum", "detailed", "reopened", "deleted", "one tier")],
        }

    # -- the chapters

    def companies(self) -> None:
        """What administrators have set up before."""
        for company in (self.procore, self.procore_harbor):
            company.settings(hourly_limit=100_000, spike_limit=1_000)
        self.procore.people("create_project", id=330, name="Boat house", tiers={"commitment": 1, "prime": 1})
        self.procore.people("create_contract", id=44040, project=330, kind="work_order", title="Carpentry")
        for office in (self.acme, self.harbor):
            for window in ("hour", "day", "week", "month"):
                office.people("set_rate", window=window, limit=100_000)
        for project in range(1001, 1006):
            self.acme.people("create_project", id=project, name=f"Project {project}")

    def first_load(self) -> None:
        """Snapshots on the backfill lane, a dry run, change orders without a route."""
        self.enter("lump sum", 1001, "Living room light fixtures", set={"PRICE": "1250"})
        items = [item(LABOR, "85", 371), item(MATERIAL, "240", 371)]
        self.enter("detailed", 1001, "Kitchen: island moved", items=items)
        self.enter("reopened", 1001, "Skylight over the stairs", items=[item(MATERIAL, "1180", 371)])
        self.enter("deleted", 1001, "Cedar fence", set={"PRICE": "4200"})
        self.enter("one tier", 1002, "Handrail", items=[item(LABOR, "640", 372)])
        self.enter("no order", 1003, "Dimmer", items=[item(MATERIAL, "75", 371)], set={"CONDITION": APPROVED})
        self.enter("before the denial", 1004, "Gutter", set={"PRICE": "310"})
        self.enter("no route", 1005, "Guest house door", set={"PRICE": "900"})
        self.enter("no route either", 1005, "Guest house window", set={"PRICE": "950"})
        load = {"seed": 4, "change_orders": 16, "project_ids": [2001, 2002], "max_items": 6}
        self.harbor.people("load_company", **load)
        self.cor.says("topics", "apply", "--partitions", str(PARTITIONS))
        self.work()

    def edits(self) -> None:
        """Later revisions, and approvals with their packages and orders."""
        self.acme.people("edit_change_order", id=self.ids["lump sum"], set={"PRICE": "1300"})
        for name in ("lump sum", "reopened", "one tier"):
            self.acme.people("approve", id=self.ids[name])

    def deletion(self) -> None:
        """The sweep misses it, and the PCO becomes void."""
        self.acme.people("delete_change_order", id=self.ids["deleted"])
        origin = self.origin("deleted", "owner")

        def gone() -> bool:
            self.work()
            return bool(self.pco(origin)["status"] == "void")

        awaited(gone, "the deletion")

    def taken_back(self) -> None:
        """An approval that was carried everywhere is no longer one."""
        self.acme.people("revert", id=self.ids["reopened"])
        self.work()

    def refusal(self) -> None:
        """Procore refuses one change order of a batch."""
        self.enter("refused", 1001, "Pantry shelves", set={"PRICE": "220"})
        messages = {"title": ["is not allowed"]}
        self.procore.people("spoil", origin_id=self.origin("refused", "owner"), messages=messages, times=1)

    def decisions(self) -> None:
        """A letter is sent again in vain, and another one is closed."""
        sent, closed = (self.letter(name)["letter_id"] for name in ("no order", "refused"))
        self.cor.says("letters", "redrive", sent, "--who", "clerk", ends=(0, DONE_WITH_LETTERS))
        self.cor.says("letters", "settle", closed, "--why", "entered by hand", "--who", "clerk")

    def lost_submission(self) -> None:
        """Nothing tells whether CINX has it: a person is asked."""
        self.enter("lost", 1003, "Slab", items=[item(MATERIAL, "4100", 372)], set={"CONDITION": APPROVED})
        fault = self.cinx.fault("drop_before", {"method": "POST", "path": IMPORT}, times=0)
        self.work("poll-constructiononline", "mapper")
        with self.cor.running("cinx-submitter"):
            awaited(partial(self.letter, "lost"), "the question whether it was ordered")
        self.cinx.disarm(fault)

    def denied_project(self) -> None:
        """What belongs into the project waits, a known change order and a new one."""
        self.procore.people("block_project", project=317)
        self.acme.people("edit_change_order", id=self.ids["before the denial"], set={"PRICE": "330"})
        self.enter("after the denial", 1004, "Downpipe", set={"PRICE": "120"})
        self.work("poll-constructiononline", "mapper")
        with self.cor.running("procore-writer"):
            awaited(self.is_held, "both to be held")

    def is_held(self) -> bool:
        """Whether the writer holds all that has come for the project."""
        status = self.cor.tells("status")
        [writer] = (one for one in status["stages"] if one["stage"] == "procore-writer")
        return (writer["lag"], writer["inbox"], writer["held"]) == (0, 2, 2)

    def long_job(self) -> None:
        """The submission is accepted, and the import has no end yet."""
        self.cinx.settings(hold_jobs=True)
        self.enter("long job", 1003, "Beam", items=[item(MATERIAL, "2300", 380)], set={"CONDITION": APPROVED})
        self.work("poll-constructiononline", "mapper")
        before = self.cinx.history(bodies=0)[-1]["n"]
        with self.cor.running("cinx-submitter"):
            asked = partial(self.cinx.history, since=before, bodies=0, path="/status$", answered=1)
            awaited(lambda: len(asked()) > 1, "two looks at the job")

    def lost_answer(self) -> None:
        """The writer dies when Procore has made the PCO and its answer is on the way."""
        self.enter("answer lost", 1001, "Ramp", set={"PRICE": "1840"})
        self.work("poll-constructiononline", "mapper")
        origin = self.origin("answer lost", "owner")
        fault = self.procore.fault("hold", {"path": "potential_change_orders/sync$", "body": f'"{origin}"'})
        with self.cor.running("procore-writer") as writer:
            awaited(lambda: self.procore.history(phase="held", bodies=0), "the writer's call")
            writer.kill()
            writer.wait()
        self.procore.disarm(fault)
        self.procore.release()
        self.pco(origin)

    def seen_there(self) -> None:
        """The pollers of the targets have seen all that is there."""
        self.work("poll-procore", "poll-cinx", "dead-letters")

    def unread(self) -> None:
        """A command that the writer has not read, and an event that the mapper has not."""
        self.acme.people("edit_change_order", id=self.ids["detailed"], set={"NAME": "Kitchen: island moved twice"})
        self.work("poll-constructiononline", "mapper")
        self.enter("unmapped", 1002, "Banister", items=[item(LABOR, "95", 372)])
        self.work("poll-constructiononline")

    # -- what they are made of

    def enter(self, what: str, project: int, name: str, **body: Any) -> None:
        """A person enters a change order."""
        self.ids[what] = self.acme.people("create_change_order", project=project, name=name, **body)["ID"]

    def work(self, *stages: str) -> None:
        """These stages, or all, until nothing is left to do."""
        self.cor.runs(*(stages or ("all",)))

    def key(self, what: str) -> str:
        """A change order's key; the other office gives out the same ids."""
        return f"constructiononline:acme:{self.ids[what]}"

    def origin(self, what: str, target: str) -> str:
        """Under which the target knows it."""
        return f"cor:{self.key(what)}:{target}"

    def letter(self, what: str) -> Any:
        """The open letter of a change order, or None."""
        listed = self.cor.tells("letters", "list", "--change-order", self.key(what))
        return listed[0] if listed else None

    def pco(self, origin_id: str) -> Any:
        """What Procore holds under an origin id; raises StopIteration where it holds nothing."""
        held = self.procore.state()["potential_change_orders"]
        return next(one for one in held if one["origin_id"] == origin_id)


def item(classification: int, rate: str, cost_code: int) -> dict[str, Any]:
    """One line of a change order."""
    named = {"NAME": f"Item at {rate}", "CLASSIFICATION": classification, "COST_CODE_ID": cost_code}
    return {**named, "RATE": rate, "RATE_QTY": 2}


def answers(cor: Cor, under_way: Mapping[str, Any]) -> dict[str, Any]:
    """What people see of it."""
    return {
        "letters": cor.tells("letters", "list"),
        "status": cor.tells("status"),
        "traces": {key: cor.tells("trace", key) for key in under_way["settled"]},
    }


def take(cor: Cor, held: Mapping[str, Simulated], revision: str, under_way: Mapping[str, Any]) -> dump.Dump:
    """Everything, of an installation whose stages have ended."""
    found = logs.topics(cor.servers, cor.prefix)
    records, ends = logs.records(cor.servers, found)
    return dump.Dump(
        installation=dump.Installation(
            revision=revision,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            prefix=cor.prefix,
            partitions=PARTITIONS,
            configuration=CONFIGURATION.read_text(encoding="utf-8"),
            under_way=under_way,
            answers=answers(cor, under_way),
        ),
        simulators={
            name: {
                "system": SIMULATORS[name],
                "url": one.url,
                "snapshot": one.snapshot(),
            }
            for name, one in held.items()
        },
        topics=found,
        ends=ends,
        records=records,
        offsets=logs.offsets(cor.servers, cor.prefix),
    )


def checked(revision: str) -> str:
    """The whole name of the revision; ends the program if the product in the working tree is another."""
    named = ["git", "-C", str(FOLDER), "rev-parse", "--verify", f"{revision}^{{commit}}"]
    whole = subprocess.run(named, capture_output=True, text=True, check=True).stdout.strip()
    others = [f":(top,exclude){path}" for path in NOT_THE_PRODUCT]
    differing = ["git", "-C", str(FOLDER), "diff", "--name-only", whole, "--", ":(top)", *others]
    if found := subprocess.run(differing, capture_output=True, text=True, check=True).stdout:
        sys.exit(f"the product that is checked out is not that of {revision}:\n{found}")
    return whole


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make_dump", description=__doc__)
    parser.add_argument("revision", help="the one that is checked out")
    revision = checked(parser.parse_args().revision)
    file = FOLDER / f"dump-{revision[:7]}.jsonl.gz"
    with tempfile.TemporaryDirectory() as folder, broker() as kafka, remotes() as held:
        cor = Cor(Path(folder), kafka.bootstrap_servers, f"upgrade-{revision[:7]}-000000.")
        cor.prepare(CONFIGURATION.read_text(encoding="utf-8"), held)
        try:
            under_way = Story(cor, held).tell()
        except Exception:
            print(cor.log(), file=sys.stderr)  # noqa: T201 - the program ends here
            raise
        dump.write(take(cor, held, revision, under_way), file)
    print(f"{file.name}: {file.stat().st_size:,} bytes")  # noqa: T201 - what whoever runs it wants to know


if __name__ == "__main__":
    main()
