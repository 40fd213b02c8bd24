"""Who hears of what: the most particular subscription about an alert decides how often a person is written to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.alerts.kinds import Kind, Severity
from foundation.actors import Role
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Rhythm(StrEnum):
    """How often somebody wants a letter."""

    NONE = "none"
    DAILY = "daily"
    WEEKLY = "weekly"


RHYTHMS: Final = {
    Rhythm.NONE: N_("aucune lettre"),
    Rhythm.DAILY: N_("une lettre par jour au plus"),
    Rhythm.WEEKLY: N_("une lettre par semaine au plus"),
}


class Listener(NamedTuple):
    """What of a person decides what they hear."""

    account_id: int
    role: Role
    shareholder_id: int | None


class About(NamedTuple):
    """What of an alert decides who hears of it; `holder_id` holds the building it is about."""

    kind: Kind
    severity: Severity
    site_id: int | None
    holder_id: int | None


@dataclass(frozen=True, slots=True)
class Wish:
    """One row of who receives what: a person or everybody of a role, about what, how often."""

    rhythm: Rhythm
    account_id: int | None = None
    role: Role | None = None
    kind: Kind | None = None
    site_id: int | None = None
    shareholder_id: int | None = None
    least_severity: Severity = Severity.INFO

    def is_of(self, listener: Listener) -> bool:
        """Whether it speaks of that person."""
        return self.account_id == listener.account_id or (self.account_id is None and self.role is listener.role)

    def is_about(self, about: About) -> bool:
        """Whether it speaks of that alert, however bad."""
        return (
            self.kind in {None, about.kind}
            and self.site_id in {None, about.site_id}
            and self.shareholder_id in {None, about.holder_id}
        )

    @property
    def particular(self) -> tuple[bool, bool, bool, bool]:
        """How particular it is: a person's own word before that of the role, a site before a shareholder, a kind."""
        return (
            self.account_id is not None,
            self.site_id is not None,
            self.shareholder_id is not None,
            self.kind is not None,
        )


def may_hear(listener: Listener, about: About) -> bool:
    """Whether a person may know of it at all: a municipality of what it holds, and nothing else (truth 11)."""
    return listener.role is not Role.SHAREHOLDER or (
        about.holder_id is not None and about.holder_id == listener.shareholder_id
    )


def rhythm_for(listener: Listener, about: About, wishes: Iterable[Wish]) -> Rhythm:
    """Return how often `listener` is written to about `about`; of two equally particular wishes the later decides."""
    if not may_hear(listener, about):
        return Rhythm.NONE
    mine = [wish for wish in wishes if wish.is_of(listener) and wish.is_about(about)]
    if not mine:
        return Rhythm.NONE
    decides = max(enumerate(mine), key=lambda numbered: (numbered[1].particular, numbered[0]))[1]
    return decides.rhythm if about.severity.rank >= decides.least_severity.rank else Rhythm.NONE


def deaf(listeners: Sequence[Listener], abouts: Iterable[About], wishes: Sequence[Wish]) -> list[About]:
    """Return what nobody would be written to about."""
    return [
        about for about in abouts if all(rhythm_for(listener, about, wishes) is Rhythm.NONE for listener in listeners)
    ]
