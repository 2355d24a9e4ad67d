"""Every check, in the order in which one rests on the other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from operations.check.kafka import check_kafka
from operations.check.polling import intervals
from operations.check.remotes import credentials
from operations.check.result import CheckResult, prove
from operations.check.targets.prove import prove_targets
from operations.environment import Environment
from operations.survey.calls import Calls
from operations.survey.seen_items import observed_items
from relay.engine.configuration import Configuration, load_configuration
from relay.engine.configuration.document import read_document
from relay.engine.configuration.problems import ConfigurationError


def check_all(calls: Calls) -> Iterator[CheckResult]:
    """Yields each result as soon as it is there; nothing after the settings where those are wrong.

    ``calls``: what may be asked to prove the targets of routes, beside the probes of the credentials.
    """
    try:
        environment = Environment.read()
    except ConfigurationError as error:
        yield CheckResult(check="settings", ok=False, said=str(error), usage=True)
        return
    settings = environment.settings
    prefix = f", topic prefix {settings.topic_prefix}" if settings.topic_prefix else ""
    yield CheckResult(check="settings", ok=True, said=f"installation {settings.installation}{prefix}")
    configuration, result = _read_configuration(environment)
    yield result
    kafka = []
    for result in check_kafka(environment, configuration):
        kafka.append(result.ok or result.check != "kafka")
        yield result
    if configuration is not None:
        yield prove("polling", partial(intervals, configuration))
        yield from credentials(configuration, settings, calls)
        document = read_document(settings.configuration_file())
        observed = partial(observed_items, environment) if all(kafka) else None
        yield from prove_targets(configuration, document, settings, calls, observed)


def _read_configuration(environment: Environment) -> tuple[Configuration | None, CheckResult]:
    """The configuration, or ``None`` where it is wrong, and what its check says."""
    configuration: Configuration | None = None

    def summary() -> str:
        nonlocal configuration
        configuration = load_configuration(  # with the files of its secrets
            environment.settings.configuration_file(), pins=environment.pins
        )
        return f"{environment.settings.config}: {len(configuration.accounts())} accounts"

    result = prove("configuration", summary)
    return configuration, result
