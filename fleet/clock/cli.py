"""`fleet clock`: make web and worker believe another day, in demonstration and tests only."""

from __future__ import annotations

import datetime as dt

import click

from fleet.settings import settings_for
from foundation.clock import set_clock
from foundation.errors import Refusal
from foundation.tenancy import engine_for, session_factory


@click.group("clock", help="Régler le jour que croient le site et les tâches (jamais en production).")
def group() -> None:
    """Set the clock or give it back."""


@group.command("set", help="Croire qu'il est INSTANT, par exemple 2012-01-15T09:00+01:00.")
@click.argument("instant")
def set_(instant: str) -> None:
    """Make it `instant` for web and worker."""
    try:
        now = dt.datetime.fromisoformat(instant)
    except ValueError:
        now = None
    if now is None or now.tzinfo is None:
        raise Refusal(
            "« {instant} » n'est pas un instant ; écrivez par exemple 2012-01-15T09:00+01:00.", instant=instant
        )
    _write(now.astimezone(dt.UTC))
    click.echo(f"Il est {instant} pour le site et les tâches.")


@group.command("release", help="Rendre l'heure à la machine.")
def release() -> None:
    """Give the clock back to the machine."""
    _write(None)
    click.echo("L'heure est de nouveau celle de la machine.")


def _write(now: dt.datetime | None) -> None:
    settings = settings_for("owner")
    if not settings.mode.clock_settable:
        raise Refusal("L'horloge ne se règle pas en production ; utilisez une installation de démonstration.")
    engine = engine_for(settings.database_url)
    with session_factory(engine).begin() as session:
        set_clock(session, now)
    engine.dispose()
