"""Everything that processes of the relay leave behind, and the search for secrets in it."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

from relay.engine.kafka import Cluster, Connection, Partition, read_to_end

Trace = tuple[str, bytes]
"""Where something was left, and what."""


def forms_of(secret: str) -> set[bytes]:
    """A secret as URLs, JSON, headers and people write it; in lower case, as it is looked for."""
    texts = {
        secret,
        secret.replace("-", ""),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        secret.replace("/", "\\/"),
        *_encoded(secret),
    }
    return {text.lower().encode() for text in texts}


def _encoded(text: str) -> Iterator[str]:
    """Base64, wherever in a longer text it begins: of every third, what surely belongs to the secret alone."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + text.encode()).decode()
        whole = encoded.rstrip("=")
        inner = whole[(0, 2, 3)[before] : len(whole) - (1 if encoded.endswith("=") else 0)]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def found_in(traces: Iterable[Trace], secrets: Iterable[str]) -> list[str]:
    """Where a secret was left, with the words around it but not the secret."""
    wanted = {name: re.compile(b"|".join(map(re.escape, sorted(forms_of(name))))) for name in secrets}
    told = []
    for place, content in traces:
        text = content.lower()
        for secret, pattern in wanted.items():
            for match in pattern.finditer(text):
                around = content[max(0, match.start() - 80) : match.start()], content[match.end() : match.end() + 40]
                told.append(f"{place}: {secret[:3]}... between {around[0]!r} and {around[1]!r}")
    return told


def files(folder: Path, secrets: Iterable[Path]) -> Iterator[Trace]:
    """Every file of a folder but those that hold the secrets themselves."""
    apart = set(secrets)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in apart:
            yield f"file {path.name}", path.read_bytes()


def topics(connection: Connection, cluster: Cluster, prefix: str) -> Iterator[Trace]:
    """Every record: key, value and headers."""
    for topic in sorted(one for one in cluster.topics() if one.startswith(prefix)):
        partitions = [Partition(topic, number) for number in range(cluster.partitions(topic))]
        for record in read_to_end(connection, partitions):
            named = f"{topic.removeprefix(prefix)}[{record.partition}] {record.offset}"
            yield f"key of {named}", record.key or b""
            yield f"value of {named}", record.value or b""
            for name, value in record.headers:
                yield f"header of {named}", name.encode() + b": " + (value or b"")


def process(pid: int) -> Iterator[Trace]:
    """What the system shows of a running process: command line, title, environment, and files without a name."""
    for name in ("cmdline", "comm", "environ"):
        yield f"{name} of process {pid}", Path(f"/proc/{pid}/{name}").read_bytes()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # It has been closed meanwhile.
            if str(descriptor.readlink()).endswith(" (deleted)"):
                yield f"nameless file of process {pid}", descriptor.read_bytes()


def pages(url: str) -> Iterator[Trace]:
    """What it serves."""
    for path in ("/metrics", "/livez", "/readyz"):
        with urllib.request.urlopen(url + path, timeout=30) as answer:
            yield f"{url}{path}", answer.read()
