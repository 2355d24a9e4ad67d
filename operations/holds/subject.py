"""What a hold is to be about, as a person names it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from operations.environment import Environment
from operations.errors import Refused, WrongUsage
from operations.reading import KnownAccount, known_accounts, with_any, with_key
from operations.trace.subject import find_change_order, was_observed
from relay.domain.commands import ProcoreDestination
from relay.domain.control import Subject
from relay.domain.events import ChangeOrderObserved
from relay.domain.mapping.commands import root_of
from relay.domain.routes import Route, Target
from relay.engine.kafka import Partition, partition_of
from relay.engine.topics import CURRENT, FAMILIES, NAMES, OBSERVED, OUTCOMES, Topic
from schemas import Unreadable

_OPTIONS = {
    Subject.CHANGE_ORDER: "--change-order",
    Subject.SOURCE_PROJECT: "--source-project",
    Subject.TARGET: "--target",
    Subject.DESTINATION_PROJECT: "--destination-project",
    Subject.ACCOUNT: "--account",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSubject:
    """What a hold is about, as holds write it. ``record``: a record of ours that was named, which came from it."""

    subject: str
    record: str | None = None


def chosen(named: Mapping[Subject, str | None]) -> tuple[Subject, str]:
    """The one of these that is named. Raises ``WrongUsage`` where it is none, or several."""
    given = [(kind, name.strip()) for kind, name in named.items() if name is not None]
    if len(given) != 1:
        said = f"{len(given)} are named" if given else "nothing is named"
        raise WrongUsage(f"a hold is about one thing, and {said}: say one of {', '.join(_OPTIONS.values())}")
    kind, name = given[0]
    if not name:
        raise WrongUsage(f"{_OPTIONS[kind]} names nothing")
    return kind, name


def subject_of(environment: Environment, kind: Subject, named: str) -> HeldSubject:
    """``named`` as holds write it. Raises ``Refused`` where there is no such thing, or there are several."""
    match kind:
        case Subject.CHANGE_ORDER:
            return _change_order(environment, named)
        case Subject.SOURCE_PROJECT:
            return HeldSubject(subject=_source_project(environment, named))
        case Subject.TARGET:
            return HeldSubject(subject=_target(environment, named))
        case Subject.DESTINATION_PROJECT:
            return HeldSubject(subject=_destination_project(environment, named))
        case Subject.ACCOUNT:
            return HeldSubject(subject=_account(environment, named))


def _change_order(environment: Environment, named: str) -> HeldSubject:
    counts = environment.counts([OBSERVED, CURRENT, OUTCOMES, NAMES])
    key = find_change_order(environment, named, counts)
    if not was_observed(environment, key, counts):
        raise Refused(f"{key} was never observed: there is no such change order to hold (a key is SYSTEM:ACCOUNT:ID)")
    root = _root(environment, key, counts)
    return HeldSubject(subject=root, record=None if root == key else key)


def _root(environment: Environment, key: str, counts: Mapping[Topic, int]) -> str:
    """The change order that all commands about the observed one name: its own key, unless it is a record of ours."""
    if key.partition(":")[0] not in FAMILIES:
        return key
    newest = _newest(environment, CURRENT, key, counts) or _newest(environment, OBSERVED, key, counts)
    return key if newest is None else root_of(newest)


def _newest(
    environment: Environment, topic: Topic, key: str, counts: Mapping[Topic, int]
) -> ChangeOrderObserved | None:
    """Its newest event there that can be read. What was deleted long ago is on the topic of history alone."""
    sought, newest = key.encode(), None
    place = Partition(environment.name(topic), partition_of(sought, counts[topic]))
    for record in with_key(environment.connection, [place], sought.__eq__, batches=with_any([sought])):
        with suppress(Unreadable):
            newest = environment.codec.decode(record.value, ChangeOrderObserved) if record.value else newest
    return newest


def _account(environment: Environment, named: str) -> str:
    known = [account.key for account in _accounts(environment)]
    targets = [key for key in known if key.partition(":")[0] in FAMILIES]
    if named in targets:
        return named
    listed = ", ".join(targets) or "none; run `cor topics apply`"
    if named in known:
        raise Refused(f"nothing is ever written to {named}; a hold is on an account that is written to: {listed}")
    raise Refused(f"there is no account {named!r} that is written to; there are: {listed}")


def _accounts(environment: Environment) -> list[KnownAccount]:
    return known_accounts(environment, environment.counts([NAMES])[NAMES])


def _targets(environment: Environment) -> list[tuple[Route, Target]]:
    return [(route, target) for route in environment.configuration.routing.routes for target in route.targets]


def _target(environment: Environment, named: str) -> str:
    every = _targets(environment)
    meant = {target.name for route, target in every if named in (target.name, route.shown(target))}
    pairs = [(route, target) for route, target in every if target.name in meant]
    if not pairs:
        names = sorted({route.shown(target) for route, target in every})
        raise Refused(f"no route has a target {named!r}; there are: {', '.join(names) or 'none'}")
    starts = [route.name or f"from {_start(route)}" for route, _ in pairs]
    if len({route.source for route, _ in pairs}) > 1:
        raise Refused(
            f"{len(starts)} routes have a target {pairs[0][1].name!r} ({', '.join(starts)}), and a hold on the name "
            "would hold all of them: hold the source project, the destination project or the account instead"
        )
    return pairs[0][1].name


def _start(route: Route) -> str:
    source = route.source
    return f"{source.system}:{source.account}" + (f"/project:{source.project}" if source.project else "")


def _parsed(named: str, option: str) -> tuple[str | None, str]:
    """The account, where it is named, and the id of the project."""
    account, marked, project = named.partition("/project:")
    if marked:
        pass
    elif named.count(":") == 2:
        account, _, project = named.rpartition(":")
    else:
        account, project = "", named
    if not project or ":" in project or account.count(":") not in (0, 1) or (account and ":" not in account):
        raise WrongUsage(f"{option} {named!r} is no project: say ID, or SYSTEM:ACCOUNT/project:ID")
    return account or None, project


def _source_project(environment: Environment, named: str) -> str:
    account, project = _parsed(named, _OPTIONS[Subject.SOURCE_PROJECT])
    sources = [route.source for route in environment.configuration.routing.routes]
    routed = {f"{source.system}:{source.account}" for source in sources if source.project == project}
    found = _one_account(account, routed, project, "no route starts at")
    if found is not None:
        return f"{found}/project:{project}"
    if account not in {known.key for known in _accounts(environment)}:
        raise Refused(f"there is no account {account!r}: `cor topics apply` records those of the configuration")
    if not _was_seen(environment, account or "", project):
        raise Refused(
            f"no route names the project {project} of {account}, and no change order of it was ever observed: there is "
            "nothing to hold"
        )
    return f"{account}/project:{project}"


def _one_account(account: str | None, having: set[str], project: str, none: str) -> str | None:
    """The account that has the project; ``None``: the one that is named does not, as far as routes say."""
    if account is not None:
        return account if account in having else None
    if not having:
        raise Refused(f"{none} a project {project}: name its account as well, SYSTEM:ACCOUNT/project:{project}")
    if len(having) > 1:
        listed = ", ".join(f"{one}/project:{project}" for one in sorted(having))
        raise Refused(f"several accounts have a project {project}; say which: {listed}")
    return next(iter(having))


def _was_seen(environment: Environment, account: str, project: str) -> bool:
    """Whether any change order of the project was observed."""
    prefix = f"{account}:".encode()
    count = environment.counts([OBSERVED])[OBSERVED]
    partitions = environment.every(OBSERVED, count)
    for record in with_key(environment.connection, partitions, lambda key: key.startswith(prefix)):
        try:
            event = environment.codec.decode(record.value or b"", ChangeOrderObserved)
        except Unreadable:
            continue
        if event.project == project:
            return True
    return False


def _destination_project(environment: Environment, named: str) -> str:
    account, project = _parsed(named, _OPTIONS[Subject.DESTINATION_PROJECT])
    having = {
        f"{target.system}:{target.account}"
        for _, target in _targets(environment)
        if isinstance(target.destination, ProcoreDestination) and str(target.destination.project_id) == project
    }
    found = _one_account(account, having, project, "no route goes to")
    if found is None:
        raise Refused(f"no route goes to the project {project} of {account}: there is nothing to hold")
    return f"{found}/project:{project}"
