"""Kafka, topics, schemas, names and routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from operations.check.result import CheckResult, prove
from operations.environment import Environment, registry_of
from operations.golive.pilots import RoutePilots, pilots_by_route
from operations.holds.standing import read_standing
from operations.known_losses import known_losses
from operations.preflight import names_in, prove_names
from operations.wording import counted
from relay.domain.failures import Fatal
from relay.domain.routes import RouteMode
from relay.engine import provision
from relay.engine.configuration import Configuration
from relay.engine.kafka import Cluster
from relay.engine.provision import ProvisionReport, TopicsLost
from relay.engine.topics import ALL
from schemas import SchemaNotRegistered, all_incompatibilities, published, unpublished


def kafka(environment: Environment) -> str:
    """That the brokers answer, and take us."""
    with Cluster(environment.connection) as cluster:
        brokers = cluster.brokers()
    protocol = environment.settings.kafka_security_protocol
    count = f"{brokers} broker{'s' if brokers != 1 else ''}"
    return f"{count} at {environment.connection.bootstrap_servers} ({protocol})"


def topics(environment: Environment) -> str:
    """That all topics and first offsets are there, as declared, and that the topics are those that they were."""
    with Cluster(environment.connection) as cluster:
        lost = known_losses(environment, cluster)
        if lost:
            raise TopicsLost(lost)
        counts = cluster.partition_counts([environment.name(topic) for topic in ALL])
        report = provision.diff(
            cluster,
            environment.prefix,
            partitions=_made_with(environment, counts),
            largest_message=environment.settings.largest_message_bytes,
        )
    if not report.clean:
        raise Fatal(f"{', '.join(_wrong(report))}: see `cor topics diff`, then run `cor topics apply`")
    return f"{len(ALL)} topics as declared, first offsets set"


def _made_with(environment: Environment, counts: dict[str, int]) -> int | None:
    """The number that the topics were made with: another one than 12 is no drift here."""
    made = {counts[name] for topic in ALL if topic.partitions > 1 and (name := environment.name(topic)) in counts}
    return made.pop() if len(made) == 1 else None


def _wrong(report: ProvisionReport) -> Iterator[str]:
    if report.missing:
        yield f"missing: {', '.join(report.missing)}"
    if report.drift:
        yield f"not as declared: {', '.join(sorted({drift.topic for drift in report.drift}))}"
    if report.unset:
        yield f"no first offsets: {', '.join(group for group, _ in report.unset)}"
    if report.lost:
        yield f"offsets that are gone: {', '.join(sorted({lost.group for lost in report.lost}))}"


def schemas(environment: Environment) -> str:
    """That every published version can be read, and that the registry holds what we write."""
    breaks = sorted({broken.record for broken in all_incompatibilities()} | set(unpublished()))
    if breaks:
        raise Fatal(f"not compatible, or not published: {', '.join(breaks)}: see `cor schemas check`")
    registry = registry_of(environment.settings)
    if registry is None:
        return "every published version can be read; no registry is configured"
    missing = []
    for topic in ALL:
        try:
            registry.id_of(environment.name(topic), published(topic.record)[-1])
        except SchemaNotRegistered:
            missing.append(environment.name(topic))
    if missing:
        raise Fatal(f"not in the registry at {registry.url}: {', '.join(missing)}: run `cor schemas register`")
    return f"every published version can be read; all are in the registry at {registry.url}"


def names(environment: Environment, configuration: Configuration) -> str:
    """That names stand for what they always stood for."""
    accounts, targets = names_in(configuration)
    prove_names(environment)
    return f"{len(accounts)} accounts and {len(targets)} targets stand for what is recorded"


def routes(configuration: Configuration) -> str:
    """What is carried where."""
    modes = Counter(route.mode.value for route in configuration.routing.routes)
    targets = sum(len(route.targets) for route in configuration.routing.routes)
    if not modes:
        return "there are no routes: everything that is observed becomes a letter, or is skipped"
    listed = ", ".join(f"{count} {mode}" for mode, count in sorted(modes.items()))
    return f"{sum(modes.values())} routes ({listed}) to {targets} targets"


def pilots(environment: Environment, configuration: Configuration) -> str:
    """Which change orders are carried before their routes are live; empty where there is nothing to say."""
    modes = {route.label: route.mode for route in configuration.routing.routes}
    standing = read_standing(environment)
    found = pilots_by_route(standing, modes)
    wrong = [_stray(one) for one in found if not one.has_route]
    wrong += [f"{key} cannot be read, and counts as no pilot" for key in sorted(standing.unreadable_pilots)]
    if wrong:
        raise Fatal("\n".join(wrong))
    early = [one for one in found if one.mode is not RouteMode.LIVE]
    return "\n".join(f"{one.route}: {_counted(one)}, until the file says live" for one in early)


def _stray(of: RoutePilots) -> str:
    return (
        f"{of.route}: no route of the file is called so, and its {_counted(of)} "
        f"{'is' if len(of.change_orders) == 1 else 'are'} not carried: {', '.join(of.change_orders)}. "
        "Where the route has another name now, make them anew: cor go-live ROUTE --only CHANGE-ORDER. Then end these: "
        f"cor go-live {of.route} --end-pilot"
    )


def _counted(of: RoutePilots) -> str:
    return counted(len(of.change_orders), "pilot")


def check_kafka(environment: Environment, configuration: Configuration | None) -> Iterator[CheckResult]:
    """Each check by itself; what Kafka is needed for is left out where it does not answer."""
    answer = prove("kafka", lambda: kafka(environment))
    yield answer
    has_topics = False
    if answer.ok:
        result = prove("topics", lambda: topics(environment))
        has_topics = result.ok
        yield result
    yield prove("schemas", lambda: schemas(environment))
    if configuration is None:
        return
    if answer.ok:
        yield prove("names", lambda: names(environment, configuration))
    yield prove("routes", lambda: routes(configuration))
    if has_topics:
        told = prove("pilots", lambda: pilots(environment, configuration))
        if told.said:
            yield told
