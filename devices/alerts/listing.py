"""The list of alerts: what was asked for in the address, what there is of each, and the query that answers."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import selectinload

from devices.alerts.kinds import Kind, Severity
from devices.alerts.models import Alert
from devices.alerts.transitions import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

AGES: Final = {"day": dt.timedelta(days=1), "week": dt.timedelta(days=7), "month": dt.timedelta(days=30)}
_NUMBER = re.compile("[0-9]{1,9}")
_WORST_FIRST = case({severity.value: -severity.rank for severity in Severity}, value=Alert.severity)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader wants to see; whatever else stands in the address is left aside."""

    state: str = State.OPEN.value
    kind: str = ""
    site: int | None = None
    age: str = ""
    """Older than that."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Read the part of an address behind the question mark."""
        state, kind, site, age = (query.get(name, "") for name in ("state", "kind", "site", "age"))
        return cls(
            state if state in set(State) else State.OPEN.value,
            kind if kind in set(Kind) else "",
            int(site) if _NUMBER.fullmatch(site) else None,
            age if age in AGES else "",
        )

    def but(self, **changed: object) -> dict[str, Any]:
        """Return the query of the same list with something else asked for; "" asks for all."""
        whole = {"state": self.state, "kind": self.kind, "site": self.site, "age": self.age} | changed
        return {name: value for name, value in whole.items() if value not in {"", None}}

    def conditions(self, now: dt.datetime, *, without: str = "") -> list[ColumnElement[bool]]:
        """Return what the rows have to meet, one filter left out where its own choices are counted."""
        wanted: dict[str, ColumnElement[bool] | None] = {
            "state": Alert.state == self.state,
            "kind": Alert.kind == self.kind if self.kind else None,
            "site": Alert.site_id == self.site if self.site else None,
            "age": Alert.began_at < now - AGES[self.age] if self.age else None,
        }
        return [one for name, one in wanted.items() if one is not None and name != without]


def rows(asked: Asked, now: dt.datetime) -> Select[Alert]:
    """Return the alerts asked for: the worst first, then the latest."""
    query = select(Alert).where(*asked.conditions(now)).options(selectinload(Alert.site), selectinload(Alert.point))
    return query.order_by(_WORST_FIRST, Alert.began_at.desc(), Alert.id.desc())


def counts(session: Session, asked: Asked, now: dt.datetime) -> dict[str, dict[str, int]]:
    """Return how many there are in each state and of each kind, under the other filters."""
    found = {}
    for name, column in (("state", Alert.state), ("kind", Alert.kind)):
        query = select(column, func.count()).where(*asked.conditions(now, without=name)).group_by(column)
        found[name] = dict(session.execute(query).all())
    return found
