"""Two journals for whoever looks after the installation: who came in, and who changed what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from fleet.accounts.journal import WORDS, Event
from fleet.accounts.models import AccessEvent, Account
from foundation.history import Change, watched
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request
    from sqlalchemy import Select
    from sqlalchemy.orm import InstrumentedAttribute

HERE = "fleet.accounts:templates/"
_TABLE = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,60}")
_NUMBER = re.compile(r"[0-9]{1,9}")


def _number(request: Request, parameter: str) -> int | None:
    asked = request.GET.get(parameter, "")
    return int(asked) if _NUMBER.fullmatch(asked) else None


LINES = 100
"""Of one page; older ones stand behind `?before=`, so that a long journal opens as fast as a short one."""


def _lines(
    request: Request, query: Select[Any], number: InstrumentedAttribute[int]
) -> tuple[Sequence[Any], int | None]:
    """Return the newest lines asked for, and where the older ones begin, if any."""
    before = _number(request, "before")
    if before is not None:
        query = query.where(number < before)
    rows = request.dbsession.scalars(query.order_by(number.desc()).limit(LINES + 1)).all()
    return rows[:LINES], rows[LINES - 1].id if len(rows) > LINES else None


def _names(request: Request, numbers: set[int | None]) -> dict[int, str]:
    wanted = select(Account.id, Account.name).where(Account.id.in_({one for one in numbers if one is not None}))
    return dict(request.dbsession.execute(wanted).all())


def access(request: Request) -> dict[str, Any]:
    """List who came in and what was done to accounts, the latest first."""
    query = select(AccessEvent)
    kind, account = request.GET.get("kind", ""), _number(request, "account")
    if kind in set(Event):
        query = query.where(AccessEvent.kind == kind)
    if account is not None:
        query = query.where(AccessEvent.account_id == account)
    events, before = _lines(request, query, AccessEvent.id)
    ids = {number for event in events for number in (event.account_id, event.by_account_id)}
    counted = select(AccessEvent.kind, func.count()).where(AccessEvent.at > func.now() - func.make_interval(0, 0, 0, 1))
    return {
        "events": events,
        "before": before,
        "words": WORDS,
        "asked": kind if kind in set(Event) else "",
        "names": _names(request, ids),
        "today": dict(request.dbsession.execute(counted.group_by(AccessEvent.kind)).all()),
    }


def changes(request: Request) -> dict[str, Any]:
    """List who changed what, from what to what, the latest first."""
    query = select(Change)
    table, row, account = request.GET.get("table", ""), _number(request, "row"), _number(request, "account")
    if _TABLE.fullmatch(table):
        query = query.where(Change.table_name == table)
    if row is not None:
        query = query.where(Change.row_id == row)
    if account is not None:
        query = query.where(Change.account_id == account)
    lines, before = _lines(request, query, Change.id)
    tables = sorted(watched(request.dbsession))
    return {
        "changes": lines,
        "before": before,
        "names": _names(request, {change.account_id for change in lines}),
        "tables": tables,
        "asked": table if table in tables else "",
    }


def includeme(config: Configurator) -> None:
    """Register them."""
    for route, pattern, view, template in (
        ("journal_access", "/journal/access", access, "journal_access"),
        ("journal_changes", "/journal/changes", changes, "journal_changes"),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view,
            route_name=route,
            request_method="GET",
            renderer=f"{HERE}{template}.jinja2",
            permission=Permission.SEE_JOURNAL,
        )
