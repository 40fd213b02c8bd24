"""`fleet db`: make the database, migrate it, check it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from fleet.settings import settings_for

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

KEPT_BY = {
    "retention": "la règle de conservation",
    "evidence": "un plan de mesure ou un rapport",
    "energy": "de l'énergie à calculer",
}


@click.group()
def group() -> None:
    """Créer la base, la mettre à niveau, la vérifier."""


@group.command()
def bootstrap() -> None:
    """Créer la base et ses rôles, en administrateur (DATABASE_URL) ; sans effet la deuxième fois."""
    from fleet.database.bootstrap import bootstrap_all

    bootstrap_all(settings_for("administrator"))


@group.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Appliquer les migrations, en propriétaire de la base."""
    from fleet.database.history import upgrade as run

    run(_owner_url(), revision)


@group.command()
def check() -> None:
    """Vérifier que modèles et migrations disent la même chose."""
    from fleet.database.history import check as compare

    compare(_owner_url())


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def partitions(*, as_json: bool) -> None:
    """Montrer les mois de relevés : attachés ou détachés, leur taille, et ce qui les retient."""
    from devices.storage.register import reading_months

    with _owner_session() as session:
        months = reading_months(session)
    if as_json:
        listed = [
            {
                "month": f"{month.month:%Y-%m}",
                "detached": month.detached,
                "rows_estimated": month.rows_estimated,
                "size_bytes": month.size_bytes,
                "kept_by": month.kept_by,
            }
            for month in months
        ]
        click.echo(json.dumps({"table": "devices.reading", "months": listed}))
        return
    for month in months:
        state = (
            "détaché" if month.detached else f"retenu par {KEPT_BY[month.kept_by]}" if month.kept_by else "à détacher"
        )
        size = f"{month.size_bytes / 2**20:,.1f} Mio".replace(",", " ")
        click.echo(f"{month.month:%Y-%m}  ~{month.rows_estimated:>12} relevés  {size:>14}  {state}")


@group.command()
@click.argument("kind", metavar="NATURE", type=click.Choice(["reading", "ingest_heartbeat"]))
@click.argument("months", metavar="MOIS", type=int)
def retention(kind: str, months: int) -> None:
    """Régler combien de mois se gardent sous la main ; ce dont une preuve dépend n'est jamais détaché.

    Les relevés plus anciens sont détachés par le worker et restent dans le schéma « archive » ; les battements de la
    collecte (ingest_heartbeat) sont effacés.
    """
    from devices.storage.register import retain

    with _owner_session() as session:
        retain(session, kind, months)
    click.echo(f"{kind} : {months} mois")


@group.command()
@click.argument("month", metavar="AAAA-MM", type=click.DateTime(["%Y-%m"]))
def attach(month: dt.datetime) -> None:
    """Rattacher le mois de relevés détaché en dernier, par exemple 2014-03."""
    from devices.storage.register import attach_month

    with _owner_session() as session:
        attach_month(session, month.date())
    click.echo(f"{month:%Y-%m} est rattaché ; rejouez les messages mis de côté (fleet devices replay).")


@contextmanager
def _owner_session() -> Iterator[Session]:
    from foundation.tenancy import engine_for, session_factory

    engine = engine_for(_owner_url())
    try:
        with session_factory(engine).begin() as session:
            yield session
    finally:
        engine.dispose()


def _owner_url() -> str:
    return settings_for("owner").database_url
