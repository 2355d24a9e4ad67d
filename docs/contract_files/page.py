"""The contract as one HTML page that loads nothing from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from docs.contract_files.document import KEYS, TITLES, for_others, has_tombstones, short
from docs.contract_files.growth import beginnings, growth
from docs.contract_files.promises import promises, version
from docs.contract_files.samples import Sample
from relay.engine.topics import DAY_MS, FOR_EVER, Cleanup, Topic
from schemas import published, schema

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem 1.5rem 4rem; max-width: 75rem }
body { color: #1c2430 }
h1, h2, h3 { line-height: 1.2; margin: 2.2rem 0 .6rem } h2 { border-bottom: 1px solid #c9d1dc; padding-bottom: .3rem }
nav ul { columns: 3 16rem; padding-left: 1.2rem } a { color: #0b5394 }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .92rem }
th, td { border: 1px solid #c9d1dc; padding: .35rem .55rem; text-align: left; vertical-align: top }
th { background: #eef2f7 } code { background: #eef2f7; padding: 0 .2rem; border-radius: 3px; overflow-wrap: anywhere }
pre { background: #f5f7fa; border: 1px solid #c9d1dc; padding: .8rem; overflow: auto; font-size: .85rem }
summary { cursor: pointer; margin: .3rem 0 } .scroll { overflow-x: auto }
"""


def page(described: dict[str, Any], samples: list[Sample]) -> str:
    """The text of the page; ``described`` is the AsyncAPI document."""
    prose = MarkdownIt().render(promises())
    for number, heading in enumerate(_headings()):
        prose = prose.replace(f"<h2>{escape(heading)}</h2>", f'<h2 id="promise-{number}">{escape(heading)}</h2>', 1)
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Change orders: the contract {version()}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f"<h1>Change orders on Kafka: the contract, {version()}</h1>",
        f"<p>Made from the declarations that the code uses. {_asyncapi(described)} says the same to tools.</p>",
        *_contents(),
        prose,
        *(part for topic in for_others() for part in _topic(topic, described, samples)),
        *_growth(),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _asyncapi(described: dict[str, Any]) -> str:
    return f'<a href="asyncapi.json">asyncapi.json</a> (AsyncAPI {escape(described["asyncapi"])})'


def _headings() -> list[str]:
    return [line.removeprefix("## ") for line in promises().splitlines() if line.startswith("## ")]


def _contents() -> Iterator[str]:
    yield "<nav>\n<ul>"
    for number, heading in enumerate(_headings()):
        yield f'<li><a href="#promise-{number}">{escape(heading)}</a></li>'
    yield '<li><a href="#changes">What has changed</a></li>\n</ul>\n</nav>'
    rows = (
        (f'<a href="#{short(topic)}"><code>{topic.base}</code></a>', escape(TITLES[topic]), _code(topic.record))
        for topic in for_others()
    )
    yield _table(("topic", "what it holds", "record"), rows)


def _topic(topic: Topic, described: dict[str, Any], samples: list[Sample]) -> Iterator[str]:
    yield f'<h2 id="{short(topic)}"><code>{topic.base}</code></h2>\n<p>{escape(TITLES[topic])}.</p>'
    headers = described["components"]["messages"][topic.record]["headers"]["properties"]
    settings = described["channels"][short(topic)]["bindings"]["kafka"]["topicConfiguration"]
    yield _table(("", ""), (*_facts(topic), *_transport(headers, settings)))
    versions = published(topic.record)
    yield f"<details><summary>Fields of <code>{topic.record}</code> {len(versions)}</summary><div class=scroll>"
    yield _table(("field", "type", "meaning"), _fields(schema(topic.record)))
    yield "</div></details>"
    for sample in samples:
        if sample.topic is topic:
            shown = json.dumps(sample.content, indent=2, ensure_ascii=False)
            link = f'<a href="samples/{sample.name}.json">{sample.name}</a>'
            yield f"<details><summary>Sample {link}</summary>\n<pre>{escape(shown)}</pre>\n</details>"


def _facts(topic: Topic) -> Iterator[tuple[str, str]]:
    yield "Key", _code(KEYS[topic][0])
    yield "Partitions", f"{topic.partitions}, unless the installation has chosen another number"
    if topic.cleanup is Cleanup.COMPACT:
        yield "Kept", "the newest record of each key, for ever (compacted)"
    else:
        kept = "for ever" if topic.retention_ms == FOR_EVER else f"{topic.retention_ms // DAY_MS} days"
        yield "Kept", f"{kept}, unless the people who run the relay decide otherwise"
    if has_tombstones(topic):
        yield "Tombstones", f"kept for {topic.tombstones_ms // DAY_MS} days"
    yield "Largest record", f"{topic.max_message_bytes:,} bytes, unless <code>COR_LARGEST_MESSAGE</code> says otherwise"
    fingerprints = ", ".join(f"{one.version}: <code>{one.fingerprint.hex()}</code>" for one in published(topic.record))
    yield "Schema", f"<code>{topic.record}</code>; fingerprints of its versions: {fingerprints}"
    yield "Subject in a registry", _code(f"{topic.base}-value")


def _transport(headers: dict[str, Any], settings: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Headers", ", ".join(map(_code, headers)) or "none"
    listed = (f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in settings.items())
    yield "Settings", ", ".join(map(_code, listed))


def _fields(node: Any, inside: str = "") -> Iterator[tuple[str, str, str]]:
    for field in node["fields"]:
        path = f"{inside}{field['name']}"
        words, inner = _type(field["type"])
        listed = _words(field["type"])
        meaning = escape(field.get("doc", "")) + (f" One of {', '.join(map(_code, listed))}." if listed else "")
        yield _code(path), escape(words), meaning
        if inner is not None:
            yield from _fields(inner, f"{path}.")


def _type(node: Any) -> tuple[str, Any]:
    """What a type is called, and the record in it, if there is one."""
    if isinstance(node, list):
        names, inner = zip(*(_type(branch) for branch in node if branch != "null"), strict=True)
        return f"{' or '.join(names)}, or null", next((one for one in inner if one is not None), None)
    if isinstance(node, str):
        return node, None
    if node.get("logicalType") == "decimal":
        return f"decimal({node['precision']},{node['scale']})", None
    if "logicalType" in node:
        return str(node["logicalType"]), None
    if node["type"] in {"array", "map"}:
        name, inner = _type(node["items" if node["type"] == "array" else "values"])
        return f"{node['type']} of {name}", inner
    if node["type"] == "record":
        return str(node["name"]), node
    return _type(node["type"])


def _words(node: Any) -> list[str]:
    if isinstance(node, list):
        return [word for branch in node for word in _words(branch)]
    return list(node.get("words", ())) if isinstance(node, dict) else []


def _growth() -> Iterator[str]:
    yield '<h2 id="changes">What has changed</h2>'
    yield "<p>Each published version of a record, by the release that tells of it first; the newest stands first.</p>"
    rows = (
        (
            escape(one.release),
            f"<code>{one.record}</code> {one.version}",
            ", ".join(map(_code, one.fields))
            if one.fields
            else ("the first" if one.version == 1 else "no field is new"),
        )
        for one in growth()
    )
    yield _table(("release", "record", "new fields"), rows)
    topics = ((escape(release), _code(topic.base)) for release, topic in beginnings(for_others()))
    yield _table(("release", "new topic"), topics)


def _table(head: tuple[str, ...], rows: Any) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    first = f"<thead><tr>{titles}</tr></thead>\n" if any(head) else ""
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>\n{first}<tbody>\n{body}\n</tbody>\n</table>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
