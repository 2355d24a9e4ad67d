"""How the e-mail of a day says it: plain text with links, and nothing attached."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from operations.digest.contents import OLD, Digest
from operations.reports.home import amounts_behind
from operations.reports.open_items import OpenItem
from operations.wording import amount, counted, duration
from relay.engine.settings import Settings

_MOST = 20
"""New items that are listed."""
_OLD_AFTER = timedelta(minutes=5)
_LONGEST = 120
_LONGEST_REASON = 500
"""Why an account is not read, in the words of the system that refuses it."""
_ACTIONS = {
    "letter.redrive": "send again",
    "letter.settle": "close without sending",
    "letter.adopt": "link to existing record",
    "letter.resubmit": "send once more",
    "letter.propose": "propose",
    "letter.propose-by-name": "put a name to a proposal",
    "letter.decline": "decline",
    "letter.assign": "assign",
    "letter.note": "note",
    "letter.snooze": "snooze",
    "hold.make": "hold",
    "hold.release": "release",
}
_SIDES = {"owner": "owner side", "cost": "cost side", None: "side not known"}


def subject(digest: Digest) -> str:
    """``Relay: 7 open items, 48,210.00 USD, 2 older than 5 days``, and what was not read: then it may not be all."""
    late = digest.reads.late
    if not late:
        return f"Relay: {_counted(digest)}"
    unread = f"{counted(len(late), 'account')} not read lately"
    if digest.items:
        return f"Relay: {_counted(digest)}; {unread}"
    return f"Relay: {_plain(late[0].said(digest.now)) if len(late) == 1 else unread}"


def _standing(digest: Digest) -> list[str]:
    """What is open, and which accounts were not read, so that something may be that nobody knows of."""
    late = digest.reads.late
    unread = [_plain(one.sentence(digest.now), _LONGEST_REASON) for one in late[:_MOST]]
    if len(late) > _MOST:
        unread.append(f"{counted(len(late) - _MOST, 'more account')} not read lately.")
    if not digest.reads.accounts:
        unread.append("No account was read yet.")
    if late and not digest.items:
        return [*unread, *([f"Besides, {digest.resting} snoozed."] if digest.resting else [])]
    return [f"{_counted(digest)[:1].upper()}{_counted(digest)[1:]}{_resting(digest)}.", *unread]


def _counted(digest: Digest) -> str:
    many = len(digest.items)
    if not many:
        return "no open items"
    old = len(digest.old)
    older = f", {old} older than {OLD.days} days" if old else ""
    return f"{many} open item{'s' if many != 1 else ''}, {_money(digest.items)}{older}"


def _resting(digest: Digest) -> str:
    return f"; besides, {digest.resting} snoozed" if digest.resting else ""


def body(digest: Digest, zone: ZoneInfo, page: str | None) -> str:
    """The text; ``page``: the address at which people find it."""
    paragraphs = [
        _standing(digest),
        _fresh(digest, zone),
        list(_new(digest, zone)),
        list(_oldest(digest)),
        list(_written(digest, zone)),
        list(_decided(digest, zone)),
        list(_ending(digest, zone)),
        _links(page),
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def message(digest: Digest, settings: Settings, zone: ZoneInfo, day: date) -> EmailMessage:
    """The whole message. Its id is that of the day: one that came twice is known by it."""
    mail = EmailMessage()
    mail["Subject"] = subject(digest)
    mail["From"], mail["To"] = settings.mail_from, settings.mail_to
    mail["Date"] = format_datetime(digest.now)
    host = (settings.mail_from or "").rpartition("@")[2].rstrip(">")
    mail["Message-ID"] = f"<{day.isoformat()}.{settings.topic_prefix}{settings.installation}.digest@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body(digest, zone, settings.web_url))
    return mail


def _fresh(digest: Digest, zone: ZoneInfo) -> list[str]:
    if digest.read_at is None:
        return ["The tables are still being built: what is missing here may yet come."]
    if digest.now - digest.read_at > _OLD_AFTER:
        return [f"This is not up to date: the tables have everything until {_moment(digest.read_at, zone)}, not later."]
    return []


def _new(digest: Digest, zone: ZoneInfo) -> Iterator[str]:
    new = digest.new
    if not new:
        yield f"New open items {_days(digest, zone)}: none"
        return
    yield f"New open items {_days(digest, zone)}: {len(new)}, {_money(new)}"
    yield from (f"  {_item(item)}" for item in new[:_MOST])
    if len(new) > _MOST:
        yield f"  and {len(new) - _MOST} more"


def _oldest(digest: Digest) -> Iterator[str]:
    for item in digest.items[:1]:
        assigned = f", assigned to {_plain(item.assigned)}" if item.assigned else ", assigned to nobody"
        yield f"Oldest: {_item(item)} ({duration((digest.now - item.first_at).total_seconds())}{assigned})"


def _days(digest: Digest, zone: ZoneInfo) -> str:
    """The days that the e-mail tells of: ``Mar 2``, ``Feb 27 to Mar 1``."""
    first, last = digest.since.astimezone(zone).date(), (digest.until - timedelta(days=1)).astimezone(zone).date()
    return f"{first:%b} {first.day}" + (f" to {last:%b} {last.day}" if last > first else "")


def _written(digest: Digest, zone: ZoneInfo) -> Iterator[str]:
    written, when = digest.written, _days(digest, zone)
    if not written.count:
        yield f"Written {when}: nothing"
        return
    yield f"Written {when}: {written.count} write{'s' if written.count != 1 else ''}"
    for side, told in written.effects.items():
        for word, sums in (("approved", told.approved), ("pending", told.pending)):
            if any(sums.values()):
                yield f"  {_SIDES[side]}, {word}: {_sums(sums, signed=True)}"
    if written.unknown:
        yield f"  {written.unknown} with an amount that is not known"


def _decided(digest: Digest, zone: ZoneInfo) -> Iterator[str]:
    if digest.waiting:
        yield f"Waiting for a second person: {digest.waiting}"
    if not digest.decisions:
        yield f"Decisions {_days(digest, zone)}: none"
        return
    told = (f"{_plain(who)}: {_ACTIONS.get(action, action)} ({count})" for who, action, count in digest.decisions)
    yield f"Decisions {_days(digest, zone)}: {'; '.join(list(told)[:_MOST])}"


def _ending(digest: Digest, zone: ZoneInfo) -> Iterator[str]:
    for hold in digest.ending:
        if hold.until is not None:
            about = f"{_plain(hold.what)}, by {_plain(hold.person)}: {_plain(hold.reason)}"
            yield f"A hold ends today at {hold.until.astimezone(zone):%H:%M %Z}: {about}"


def _links(page: str | None) -> list[str]:
    if page is None:
        return []
    return [f"Needs attention: {page}/attention", f"Writes: {page}/writes", f"Decisions: {page}/decisions"]


def _item(item: OpenItem) -> str:
    name = item.number or (item.change_order_key or item.letter_id).split(":", 2)[-1]
    money = amount(item.amount, item.currency) if item.amount is not None else "amount not known"
    title = f" {_plain(item.title)}" if item.title else ""
    return f"{_plain(name)}{title}, {money}: {_plain(item.sentence)}"


def _money(items: Sequence[OpenItem]) -> str:
    """Each side by itself, by its name where there are several."""
    sides = amounts_behind(items)
    told = []
    for side, known in sides.items():
        words = _sums(known.known) if known.known or not known.unknown else ""
        missing = f"{known.unknown} not known" if known.unknown else ""
        label = f"{_SIDES[side]} " if len(sides) > 1 else ""
        told.append(f"{label}{' and '.join(filter(None, (words, missing)))}")
    return "; ".join(told) or "0.00"


def _sums(sums: Mapping[str | None, Decimal], *, signed: bool = False) -> str:
    told = [
        f"{'+' if signed and money > 0 else ''}{amount(money, currency)}"
        for currency, money in sorted(sums.items(), key=lambda pair: pair[0] or "")
        if money
    ]
    return " and ".join(told) or "0.00"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    here = at.astimezone(zone)
    return f"{here:%b} {here.day}, {here:%Y %H:%M %Z}"


def _plain(text: str | None, longest: int = _LONGEST) -> str:
    """One line without what nobody sees, as much of it as belongs into a line."""
    seen: Iterable[str] = (one if unicodedata.category(one)[0] != "C" else " " for one in text or "")
    line = " ".join("".join(seen).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
