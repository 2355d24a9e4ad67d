"""A route's change orders, carried: what was chosen is written into the backfill lane."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused
from operations.golive.chosen import Chosen, unseen_of
from operations.golive.mappers import prove_routes, wait_until_obeyed_by_mappers
from operations.golive.pilots import end_all_pilots, make_pilots, pilots_of
from operations.pace import Pace
from operations.plan.routes import as_live
from operations.replay.events import ReplayMapping
from operations.replay.places import Places
from operations.replay.write import Tally, write
from relay.domain.routes import RouteMode
from relay.engine.kafka import CommitFailed

BEGUN, ENDED = "go_live", "go_live.ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class WentLive:
    """What a go-live has done. ``pilots`` are keys of change orders that are carried from now on."""

    go_live_id: str
    chosen: Chosen
    tally: Tally
    pilots: tuple[str, ...]


def carry(
    environment: Environment,
    chosen: Chosen,
    *,
    only: Sequence[str],
    who: str,
    why: str,
    rate: float,
    wait: float,
    advanced: Callable[[int], None],
) -> WentLive:
    """Carries what was chosen. Raises ``Refused`` where a mapper follows other routes, or does not obey in time.

    What is carried before its route is live becomes a pilot first, and is read again once every mapper obeys it: a
    revision that comes meanwhile is carried too.
    """
    prove_routes(environment)
    route = chosen.route
    pilots: tuple[str, ...] = ()
    if route.mode is not RouteMode.LIVE:
        standing = {pilot.change_order_key for pilot in pilots_of(environment, route.label)}
        pilots = tuple(sorted(chosen.found - standing))
        make_pilots(environment, route.label, pilots, who=who, why=why)
        wait_until_obeyed_by_mappers(environment, wait)
        newest = unseen_of(environment, route, only, chosen.plan_id)
        commands = {place: ids for place, ids in newest.commands.items() if newest.keys[place] in chosen.found}
        chosen = replace(newest, commands=commands, left=chosen.left)
    else:
        end_all_pilots(environment, route.label, who=who, why=why)  # Else they would count again with the next dry_run.
    go_live_id = str(uuid.uuid4())
    if not chosen.commands:
        return WentLive(go_live_id=go_live_id, chosen=chosen, tally=Tally(), pilots=pilots)
    tally = _write(environment, chosen, go_live_id, who=who, why=why, rate=rate, advanced=advanced)
    return WentLive(go_live_id=go_live_id, chosen=chosen, tally=tally, pilots=pilots)


def _write(
    environment: Environment,
    chosen: Chosen,
    go_live_id: str,
    *,
    who: str,
    why: str,
    rate: float,
    advanced: Callable[[int], None],
) -> Tally:
    again = "what was carried already is not carried again: run the same command once more"
    about = {"route": chosen.route.label, "plan_id": chosen.plan_id, "events": len(chosen.commands)}
    mapping = ReplayMapping(
        environment,
        as_live([chosen.route], environment.configuration.routing),
        plan_id=chosen.plan_id,
        only=chosen.origin_ids,
    )
    with AuditedTransaction(environment, who, why) as transaction:
        try:
            transaction.commit([], [transaction.action(go_live_id, BEGUN, about)])
            tally = write(transaction, go_live_id, mapping.events(Places.of(chosen.commands)), Pace(rate), advanced)
            transaction.commit([], [transaction.action(go_live_id, ENDED, {"commands": tally.commands})])
        except CommitFailed as error:
            raise Refused(f"{error}; {again}") from error
        except KeyboardInterrupt:
            raise Refused(f"interrupted; {again}") from None
    return tally
