"""Jinja2 for every floor's templates: the frame, the macros, the filters, and words in the reader's language."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from markupsafe import Markup
from pyramid.threadlocal import get_current_request

from fleet.web.navigation import rail
from foundation.look.assets import ICONS
from foundation.look.energies import ENERGIES
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from foundation.look.language import Language


class ReaderLanguage:
    """What Jinja2's `_` and `ngettext` call: the language of the request being answered."""

    def __init__(self, domain: str) -> None:
        """Take the domain pyramid_jinja2 names; there is one catalogue only."""

    @property
    def _language(self) -> Language:
        language: Language = get_current_request().language
        return language

    def gettext(self, message: str) -> str:
        """Return `message` translated."""
        return self._language.translate(message)

    def ngettext(self, singular: str, plural: str, number: float) -> str:
        """Return the form that `number` asks for, translated."""
        return self._language.translate_plural(singular, plural, number)


SETTINGS = {
    "jinja2.undefined": "strict",
    "jinja2.trim_blocks": "true",
    "jinja2.lstrip_blocks": "true",
    "jinja2.i18n.gettext": ReaderLanguage,
    "jinja2.newstyle": "true",
}
"""What pyramid_jinja2 reads when it is included."""


@cache
def icon(name: str) -> Markup:
    """Return one of Tabler's outline icons, to stand inside a page beside its word (hidden from screen readers)."""
    drawing = (ICONS / f"{name}.svg").read_text("utf-8")
    body = drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.rindex("</svg>")]
    return Markup(  # noqa: S704 - a file of a locked package, not what somebody wrote
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        + "".join(body.split("\n"))
        + "</svg>"
    )


def day_before(day: dt.date) -> dt.date:
    """Return the last day of a period that ends before `day`."""
    return day - dt.timedelta(days=1)


def includeme(config: Configurator) -> None:
    """Set up the environment once all floors are included."""

    def set_up() -> None:
        environment = config.get_jinja2_environment()
        environment.globals.update(
            frame="fleet.web:templates/frame.jinja2",
            alone="fleet.web:templates/alone.jinja2",
            ui="foundation.look:templates/ui.jinja2",
            icon=icon,
            rail=rail,
            energies=ENERGIES,
            Permission=Permission,
            day_before=day_before,
            zone_of=ZoneInfo,
            day_of=dt.date.fromisoformat,
            decimal=Decimal,
        )

    config.action(None, set_up, order=9999)
