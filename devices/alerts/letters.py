"""Letters about alerts: at once for the worst, else one a day or a week with what opened and what closed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import selectinload

from devices.alerts.hearing import listener_of, told_to_be, wishes
from devices.alerts.kinds import Severity
from devices.alerts.listeners import Rhythm, rhythm_for
from devices.alerts.models import Alert, AlertEvent, Digest
from devices.alerts.sentences import sentence
from foundation.mail.register import post
from foundation.messages import N_
from foundation.people import people
from foundation.time import local_midnight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment
    from foundation.look.language import Language
    from foundation.people import Person

LOCAL: Final = ZoneInfo("Europe/Paris")
"""The day of the SPL, in which its people read their letters."""
WRITTEN_AT: Final = dt.time(6)
MOST_LINES: Final = 100
"""Of each part; the list holds the rest."""
TOLD: Final = ("opened", "reopened", "escalated", "returned", "left")
BEGAN: Final = ("opened", "reopened", "escalated")
FOUND, ENDED = N_("Ce qui s'est ouvert"), N_("Ce qui s'est fermé")


def write_at_once(session: Session, events: Sequence[AlertEvent], moment: Moment) -> int:
    """Write to whoever hears of the worst of `events`, one letter each; return how many."""
    worst = [event for event in events if event.severity == Severity.CRITICAL]
    if not worst:
        return 0
    session.flush()
    written = 0
    for person, mine in _heard(session, worst, set(Rhythm) - {Rhythm.NONE}):
        ngettext = person.language.translate_plural
        subject = ngettext("{n} alerte urgente", "{n} alertes urgentes", len(mine)).format(n=len(mine))
        key = f"alerts.at_once:{person.account_id}:{min(event.id for event in mine)}"
        body = _part(N_("Urgent"), mine, person.language, moment.url)
        written += post(session, to=person.email, subject=subject, body=body, key=key) is not None
    return written


def write_digests(session: Session, moment: Moment) -> int:
    """Write the letters that are due: daily ones from six in the morning on, weekly ones on Mondays.

    Each begins where the one before ended, so that a day on which nothing ran is told the day after; local days have
    23, 24 or 25 hours.
    """
    local = moment.now.astimezone(LOCAL)
    if local.time() < WRITTEN_AT:
        return 0
    written = _write(session, Rhythm.DAILY, local.date(), dt.timedelta(days=1), moment)
    monday = local.date() - dt.timedelta(days=local.weekday())
    return written + _write(session, Rhythm.WEEKLY, monday, dt.timedelta(days=7), moment)


def _write(session: Session, rhythm: Rhythm, day: dt.date, usual: dt.timedelta, moment: Moment) -> int:
    until, first = local_midnight(day, LOCAL), local_midnight(day - usual, LOCAL)
    told = dict(session.execute(select(Digest.account_id, Digest.until).where(Digest.rhythm == rhythm.value)).all())
    due = [person for person in people(session) if told.get(person.account_id, first) < until]
    if not due:
        return 0
    since = min(told.get(person.account_id, first) for person in due)
    events = session.scalars(
        select(AlertEvent)
        .join(Alert)
        .options(selectinload(AlertEvent.alert))
        .where(AlertEvent.at >= since, AlertEvent.at < until, AlertEvent.what.in_(TOLD), Alert.opened_at.is_not(None))
        .order_by(AlertEvent.id)
    ).all()
    heard = {person.account_id: mine for person, mine in _heard(session, events, {rhythm}, due)}
    written = 0
    for person in due:
        begins = told.get(person.account_id, first)
        mine = [event for event in heard.get(person.account_id, []) if event.at >= begins]
        if mine:
            written += _post_digest(session, person, mine, name=f"{rhythm.value}:{day}", url=moment.url)
        row = {"account_id": person.account_id, "rhythm": rhythm.value, "until": until}
        session.execute(
            insert(Digest)
            .values(row)
            .on_conflict_do_update(index_elements=["account_id", "rhythm"], set_={"until": until})
        )
    return written


def _post_digest(session: Session, person: Person, events: Sequence[AlertEvent], *, name: str, url: str) -> bool:
    language = person.language
    began = [event for event in events if event.what in BEGAN]
    ended = [event for event in events if event.what not in BEGAN]
    pattern = language.translate(N_("Alertes : {opened} ouvertes, {closed} closes"))
    parts = [_part(title, mine, language, url) for title, mine in ((FOUND, began), (ENDED, ended)) if mine]
    parts.append(
        language.translate(N_("Choisir ce que vous recevez : {address}")).format(address=f"{url}/alerts/letters")
    )
    letter = post(
        session,
        to=person.email,
        subject=pattern.format(opened=len(began), closed=len(ended)),
        body="\n".join(parts),
        key=f"alerts.{name}:{person.account_id}",
    )
    return letter is not None


def _part(title: str, events: Sequence[AlertEvent], language: Language, url: str) -> str:
    """Return one part of a letter: a title, then for each alert its site, its sentence and its address."""
    alerts = list({event.alert_id: event.alert for event in events}.values())
    lines = [language.translate(title), ""]
    for alert in alerts[:MOST_LINES]:
        place = f"{alert.site.name}, {alert.site.city} — " if alert.site is not None else ""
        lines += [f"- {place}{sentence(alert.kind, alert.facts, language)}", f"  {url}/alerts/{alert.id}"]
    if len(alerts) > MOST_LINES:
        more = language.translate(N_("Et {n} autres : {address}"))
        lines.append(more.format(n=len(alerts) - MOST_LINES, address=f"{url}/alerts"))
    return "\n".join([*lines, ""])


def _heard(
    session: Session,
    events: Sequence[AlertEvent],
    rhythms: set[Rhythm],
    among: Sequence[Person] | None = None,
) -> list[tuple[Person, list[AlertEvent]]]:
    """Return for each person what of `events` they want in letters of one of `rhythms`; nobody without any."""
    said, known, found = told_to_be(session, events), wishes(session), []
    for person in people(session) if among is None else among:
        listener = listener_of(person)
        mine = [event for event, what in said if rhythm_for(listener, what, known) in rhythms]
        if mine:
            found.append((person, mine))
    return found
