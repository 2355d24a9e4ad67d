"""The drill of going back: the release before on topics that this one has written to, and this one again.

It takes the code of the release before from the repository's history. A checkout without one has the tests of
``tests/unit/schemas/test_compatibility.py``: every earlier schema reads what the newest writes.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import pytest

from deploy.local import Kafka
from deploy.sandbox.process import Simulated
from relay.engine.kafka import Cluster, Connection
from tests.drills import commands
from tests.integration.upgrade import dump, logs
from tests.integration.upgrade.installation import DONE, DONE_WITH_LETTERS, Cor, remotes
from tests.integration.upgrade.make_dump import CONFIGURATION, PARTITIONS, Story, take
from tests.integration.upgrade.test_upgrade import (
    DUMPS,
    POLLERS,
    Restored,
    attempts_of,
    finishes_what_was_under_way,
    sees_nothing_new,
    sees_only_what_was_written,
    work,
    work_of,
    writes_nothing_when_replayed,
)

pytestmark = [pytest.mark.storm, pytest.mark.timeout(1_500)]

ROOT = Path(__file__).parents[3]
START = "import sys\nfrom {module} import {name}\nsys.exit({name}())\n"


@pytest.fixture
def earlier(tmp_path: Path) -> tuple[str, ...]:
    """The program of the release before: the newest of which there is a dump."""
    newest = max((dump.read(file).installation for file in DUMPS), key=lambda one: one.made_at)
    revision = newest.revision
    git = ["git", "-C", str(ROOT), "archive", "--format=tar", revision]
    done = subprocess.run(git, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"the history of this checkout does not have {revision}, the release before")
    tree = tmp_path / "earlier"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(tree, filter="data")
    module, _, name = tomllib.loads((tree / "pyproject.toml").read_text())["project"]["scripts"]["cor"].partition(":")
    start = tree / "start_cor.py"
    start.write_text(START.format(module=module, name=name), encoding="utf-8")
    return sys.executable, str(start)


@pytest.fixture
def held() -> Iterator[dict[str, Simulated]]:
    with remotes() as running:
        yield running


@pytest.fixture
def today(tmp_path: Path, kafka: Kafka, registry_url: str) -> Iterator[Cor]:
    """This release, with a registry: without one there is no way back."""
    folder = tmp_path / "installation"
    folder.mkdir()
    prefix = f"going-back-{token_hex(3)}."
    settings = {"COR_SCHEMA_REGISTRY_URL": registry_url, "COR_VIEWS_URL": f"sqlite:///{folder / 'views.sqlite'}"}
    yield Cor(folder, kafka.bootstrap_servers, prefix, settings=settings)
    with Cluster(Connection(kafka.bootstrap_servers)) as cluster:
        cluster.delete([topic.name for topic in logs.topics(kafka.bootstrap_servers, prefix)])


def test_the_release_before_goes_on_and_this_one_after_it(
    today: Cor, earlier: tuple[str, ...], held: Mapping[str, Simulated]
) -> None:
    today.prepare(CONFIGURATION.read_text(encoding="utf-8"), held)
    today.says("schemas", "register")
    story = Story(today, held)
    under_way = story.tell()
    written = take(today, held, "this one", under_way)
    for remote in held.values():
        remote.forget()

    settings = {name: value for name, value in today.settings.items() if name != "COR_VIEWS_URL"}
    before = Restored(replace(today, program=earlier, settings=settings), held, written)
    answers = written.installation.answers
    look, *forward = commands("Back to the release before")
    before.cor.says(*look, ends=(DONE, DONE_WITH_LETTERS))
    assert before.letters() == attempts_of(answers["letters"])
    assert work_of(before.cor.tells("status")) == work_of(answers["status"])
    sees_nothing_new(before)
    finishes_what_was_under_way(before)

    again = replace(before, cor=today)
    for words in forward:
        told = ["--partitions", str(PARTITIONS)] if words[0] == "topics" else []
        again.cor.says(*words, *told, ends=(DONE, DONE_WITH_LETTERS))
    sees_only_what_was_written(again)
    writes_nothing_when_replayed(again)
    story.acme.people("edit_change_order", id=story.ids["lump sum"], set={"PRICE": "1400"})
    again.cor.runs(*POLLERS)
    work(again.cor)
    assert story.pco(story.origin("lump sum", "owner"))["origin_id"] in again.written()
