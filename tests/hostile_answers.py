"""What remotes, and whatever stands between, have answered or may: the corpus of every search among answers.

What a search finds is added here, and then tried by all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping


def _tree(depth: int) -> object:
    """Two ways on from each member, of which neither ends in a word."""
    return {"error": _tree(depth - 1), "errors": _tree(depth - 1)} if depth else {}


TREE = json.dumps(_tree(11)).encode()

TOKENS = [
    "1e5000000", "-1e-400000000", "9" * 400, "1e99999999999999999999", "18446744073709551616", "0.1", "null", "true",
    r'"half \ud83d"', r'"\ude00"', '"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"', '"1e5000000"',
    '"\u00b2"', "[" * 200 + "]" * 200, '{"errors":' * 50 + '"x"' + "}" * 50, "[]", "{}", "[[]]", '[{"id": null}]', '""',
    "200", "404", "500", "102", "-1", "-0", "0", "1E+2", '"\\u0000"', '"\\u001b[2J\\u202e"', '"NaN"', '"Infinity"',
    '" 7 "', '"\u0663\u0664"', '"1_000"', '"0x10"', '"1,2,3"', '"' + "x" * 70_000 + '"', '"a|b:c/d%2f\\n"', "1.5e3",
    '"2026-02-30"', '"2026-01-17"', '"-0001-01-01T00:00:00Z"', '"+292278994-08-17T07:12:55Z"', '"1e40"', "1e40",
]  # fmt: skip
"""Each stands where a member's value is expected."""

NAMES = [
    "id", "ID", "origin_id", "number", "title", "status", "status_code", "status_message", "message", "errors", "rows",
    "response", "entities", "line_items", "access_token", "expires_in", "cinx_api_token", "org", "subscription",
    "cinx_guid", "links", "amount", "grand_total", "updated_at", "login", "total_count", "record_count", "guid", "data",
]  # fmt: skip

UNITS = [
    b"<", b"<script ", b"[", b"[],", b'{"a":', b" ", b"\\ud83d", b"1", b"1s ", b"://", b"&#", b'"', b"\x00", b"\xff",
    b"retry after ", b"token=", b"Bearer ", b"\xf0\x9f", b"{}\n", b"\xe2\x80\xae", b'"password":"',
]  # fmt: skip
"""Pages are made of one of them, again and again."""

SIZES = [1_000, 60_000, 300_000, 2_000_000]

MOMENTS = [
    "Mon, 01 Jan 99999999999999 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sat, 01 Jan 0001 00:00:00 +2359", "1e400", "nan", "-1", "7", "9" * 400, "", ",", "0x1", "1_0", "\u00b2", "soon",
    "Mon, 01 Jan 2026 00:00:00 +99999999999999", "1970-01-01", "-inf", "1e11", "999999999999", "0",
]  # fmt: skip

HEADER_NAMES = [
    "Date", "Retry-After", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "Total", "Per-Page",
    "Link", "Location", "Content-Type", "Set-Cookie",
]  # fmt: skip

HEADER_VALUES = [
    *MOMENTS, "25", "3600", "0", "application/json; charset=utf-16", "text/html; charset=\xff", "<x>; rel=next",
    "http://127.0.0.1:1/", "a=b; Path=/", "x" * 3_000, "<" * 90_000,
]  # fmt: skip

CODINGS = ["gzip", "gzip, gzip", "GZIP", "gzip,deflate", "deflate", "br", "identity", "x-gzip", "zstd", "\x0bgzip"]

STATUSES = [200, 200, 201, 204, 206, 299, 302, 304, 400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 502, 503, 599]

ANSWERS: list[tuple[int, Mapping[str, str], bytes]] = [
    (500, {}, b"<" * 200_000),
    (200, {}, b'{"response":{"status_code":1e300000},"rows":[]}'),
    (200, {}, b'{"id":1e5000000}'),
    (200, {}, b'[{"id":1e5000000}]'),
    (200, {}, rb'[{"ID":1,"NAME":"half \ud83d"}]'),
    (422, {}, rb'{"errors":{"title":["is not acceptable: \ud83d"]}}'),
    (400, {}, rb'{"response":{"status_code":400,"message":"no \ud83d"},"rows":[]}'),
    (429, {"Retry-After": "Mon, 01 Jan 99999999999999 00:00:00 GMT"}, b""),
    (503, {"Retry-After": "1e400"}, b"wait nan seconds"),
    (200, {"Date": "Fri, 31 Dec 9999 23:59:59 -2359", "X-Rate-Limit-Limit": "25"}, b"[]"),
    (200, {}, b"[" * 100_000),
    (200, {}, b'{"rows":' * 30_000),
    (200, {}, b"[" + b"{}," * 50_000 + b"{}]"),
    (200, {}, b"\xff\xfe[\x00]\x00"),
    (200, {}, b"\xef\xbb\xbf[]"),
    (200, {}, b"NaN"),
    (200, {}, b""),
    (204, {}, b""),
    (200, {"Content-Type": "text/html"}, b"<html><title>Sign in to the wireless network</title></html>"),
    (302, {"Location": "https://login.example/"}, b""),
    (200, {}, b" " * 34_000_000),
    (401, {"WWW-Authenticate": 'Basic realm="\x7f"'}, b"\x1b]0;owned\x07"),
    (404, {}, b'{"errors":"' + b"\\u001b" * 5_000 + b'"}'),
    (422, {}, TREE),
    (200, {}, b'{"entities":[],"errors":[' + TREE + b"]}"),
]
"""Whole answers: status, headers, body."""

LONG_TEXT = "x" * 9_500_000
"""A member that an answer may hold, and no topic takes. By itself, since it takes seconds where it is drawn often."""
