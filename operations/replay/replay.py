"""``cor replay``: chosen, priced, and run to its end or to where it can go on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused
from operations.golive.pilots import routing_in_force
from operations.letters.open_letters import OpenLetter, OpenLetters, Shown, as_shown
from operations.pace import Pace
from operations.preflight import prove_names
from operations.replay.cost import Cost, KnownEntries, LastEnds
from operations.replay.events import ReplayMapping
from operations.replay.newest import SelectedEvents, current_ends, select
from operations.replay.places import Places
from operations.replay.progress import BEGUN, ENDED, ReplayProgress, beginning, read_progress
from operations.replay.selection import Selection
from operations.replay.write import Tally, write
from relay.domain.letters import SourceProject
from relay.domain.routes import Routing, Unrouted
from relay.engine.kafka import CommitFailed
from relay.engine.topics import ALL, AUDIT, OBSERVED

Advanced = Callable[[int], None]
"""Called with the number of events that were done since the last call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReplay:
    """``places`` are left to be replayed. ``begins``: what its first audit entry says; ``None`` where it goes on.

    ``letters``: those about whole projects that may end with it, as they stood when it began.
    """

    replay_id: str
    selected: SelectedEvents
    places: Places
    letters: Shown
    begins: Mapping[str, object] | None
    mapping: ReplayMapping


def plan_replay(environment: Environment, selection: Selection, resume: str | None) -> PlannedReplay:
    """Chooses the events, or, of the replay whose id is ``resume``, those that are left of it.

    Raises ``Refused`` where there is no such replay, or it has ended, ``Fatal`` where names are not as recorded.
    """
    counts = environment.counts(ALL)
    prove_names(environment)
    mapping = ReplayMapping(environment, routing_in_force(environment))
    if resume is None:
        progress = ReplayProgress(
            selection=selection,
            ends=current_ends(environment, counts[OBSERVED]),
            letters={letter.id: letter.mark for letter in about_all_of(mapping.open_letters, selection)},
        )
    else:
        progress = read_progress(environment, resume, counts[AUDIT])
    selected = select(environment, progress.selection, progress.ends)
    places = selected.places.behind(progress.last)
    return PlannedReplay(
        replay_id=resume or str(uuid.uuid4()),
        selected=selected,
        places=places,
        letters=progress.letters,
        begins=None if resume else beginning(progress, len(places)),
        mapping=mapping,
    )


def estimate(environment: Environment, planned: PlannedReplay, advanced: Advanced) -> tuple[Cost, Tally]:
    """What the replay would cost and write. Nothing is written, and nothing asked of the remotes."""
    cost, tally = Cost(), Tally()
    with KnownEntries(environment) as entries, LastEnds(environment) as ends:
        for replayed in planned.mapping.events(planned.places):
            tally.add(replayed)
            cost.add(replayed.written.commands, entries, ends.carried)
            advanced(1)
    return cost, tally


def about_all_of(letters: Iterable[OpenLetter], selection: Selection) -> list[OpenLetter]:
    """The letters about projects of which all is replayed."""
    return [
        letter
        for letter in letters
        if (project := letter.letter.of_project) is not None
        and selection.takes_all_of(f"{project.system}:{project.account}", project.project)
    ]


def done_with(letters: Iterable[OpenLetter], planned: Shown, routing: Routing) -> list[OpenLetter]:
    """Those of ``planned`` that are done with, now that a route takes their projects or nothing is missing.

    One that was written anew stays: it tells of what no replay has read.
    """
    return [
        letter
        for letter in as_shown(letters, planned)
        if (project := letter.letter.of_project) is not None and is_provided_for(project, routing)
    ]


def is_provided_for(project: SourceProject, routing: Routing) -> bool:
    """Whether a route starts at the project, or its account says that what has none is skipped."""
    skips = routing.unrouted.get(f"{project.system}:{project.account}") is Unrouted.SKIP
    return skips or any(
        (route.source.system, route.source.account) == (project.system, project.account)
        and route.source.project in (None, project.project)
        for route in routing.routes
    )


def run_replay(
    environment: Environment, planned: PlannedReplay, *, who: str, why: str, rate: float, advanced: Advanced
) -> Tally:
    """Writes what the events become, at most ``rate`` a second, with its beginning and its end in the audit topic.

    Raises ``Refused``, with the command that goes on, where it is interrupted or a commit is not certain.
    """
    replay_id = planned.replay_id
    hint = f"go on with `cor replay --resume {replay_id}`"
    with AuditedTransaction(environment, who, why) as transaction:
        try:
            if planned.begins is not None:
                transaction.commit([], [transaction.action(replay_id, BEGUN, planned.begins)])
            replayed = planned.mapping.events(planned.places)
            tally = write(transaction, replay_id, replayed, Pace(rate), advanced)
            standing = OpenLetters(environment).open() if planned.letters else []
            done = done_with(standing, planned.letters, environment.configuration.routing)
            ended = {"events": tally.events, "letters": tally.letters, "settled": [letter.id for letter in done]}
            transaction.commit([letter.tombstone() for letter in done], [transaction.action(replay_id, ENDED, ended)])
            tally.number = transaction.numbers[-1]
        except CommitFailed as error:
            raise Refused(f"{error}; {hint}") from error
        except KeyboardInterrupt:
            raise Refused(f"interrupted; {hint}") from None
    return tally
