"""The page with its decisions, against topics of the test's own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from deploy.local import Kafka
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.stages.context import StageContext
from relay.engine.stages.process import run_stages
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics
from tests.integration.cli.conftest import Place, place, recorded
from tests.unit.web.decisions_page import PROXY, Person, form_in
from web.app import application
from workers.views.stage import Views

__all__ = ["place", "recorded"]


class Office:
    """People at pages of one installation, and the tables that these show. ``user``: settings of the Kafka user."""

    def __init__(self, place: Place, servers: str, folder: Path, user: Mapping[str, object] | None = None) -> None:
        self.place = place
        self._views = f"sqlite:///{folder / 'views.sqlite'}"
        self._servers = servers
        self._user = user or {}
        self._apps: list[Starlette] = []
        self._later = timedelta()

    def settings(self, instance: str, user: Mapping[str, object]) -> Settings:
        return Settings.model_validate(
            {
                "kafka_bootstrap_servers": self._servers,
                "topic_prefix": self.place.prefix,
                "config": self.place.folder / "cor.yaml",
                "views_url": self._views,
                "instance": instance,
                "web_decisions": True,
                "web_user_header": "X-Forwarded-User",
                "web_proxy": PROXY,
                **user,
            }
        )

    def page(self, instance: str = "page-0") -> Starlette:
        """A page that has started."""
        app = application(self.settings(instance, self._user), clock=lambda: datetime.now(UTC) + self._later)
        self._apps.append(app)
        return app

    def fold(self) -> None:
        """The tables have what stands on the topics now."""
        stop, health, metrics = threading.Event(), Health(), Metrics()
        context = StageContext(
            settings=self.settings("views-0", {}),
            configuration=LiveConfiguration(self.place.folder / "cor.yaml", metrics),
            connection=self.place.connection,
            codec=record_codec(),
            stop=stop,
            health=health,
            metrics=metrics,
        )
        assert run_stages([Views(context, pause=0.05)], stop=stop, health=health, shutdown_budget=30, once=True) == 0

    def want_second_person(self) -> None:
        """From now on the configuration says so."""
        file = self.place.folder / "cor.yaml"
        file.write_text(file.read_text(encoding="utf-8") + "second_person: [adopt, resubmit]\n", encoding="utf-8")

    def close(self) -> None:
        for app in self._apps:
            app.state.site.store.close()


@pytest.fixture
def office(recorded: None, place: Place, kafka: Kafka, tmp_path: Path) -> Iterator[Office]:
    made = Office(place, kafka.bootstrap_servers, tmp_path)
    yield made
    made.close()


Sends = Callable[..., httpx.Response]


def sends(person: Person, screen: str, action: str, **written: str) -> httpx.Response:
    """Looks at a screen, and sends a form of it."""
    page = person.get(screen)
    assert page.status_code == 200, page.text
    return person.send(action, [*form_in(page.text, action), *written.items()])


def sentences(page: httpx.Response) -> list[str]:
    """What a screen says first, and what it refuses."""
    assert "<h1>" in page.text
    found = re.findall(r'<p class="(?:sentence|problem)"[^>]*>(.*?)</p>', page.text, re.DOTALL)
    return [unescape(re.sub(r"<[^>]*>", " ", text)).strip() for text in found]
