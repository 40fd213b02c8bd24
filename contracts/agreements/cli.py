"""`fleet contracts agreements`: what was agreed, with whom, until when."""

from __future__ import annotations

import json

import click
from sqlalchemy import select

from contracts.agreements.models import Agreement
from foundation.tenancy import engine_for, session_factory
from foundation.time import bounds


@click.command(help="Lister les accords : numéro, collectivité, état, durée, annexes.")
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    help="L'adresse de la base pour le rôle fleet_worker.",
    show_envvar=True,
)
@click.option("--json", "as_json", is_flag=True, help="Écrire la liste en JSON.")
def agreements(database_url: str, *, as_json: bool) -> None:
    """Print every agreement, by number."""
    engine = engine_for(database_url)
    with session_factory(engine)() as session:
        rows = [_row(agreement) for agreement in session.scalars(select(Agreement).order_by(Agreement.number))]
    engine.dispose()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            "{number}  {shareholder}  {state}  du {starts_on} au {ends_on} exclu  {annexes} annexe(s)".format(**row)
        )


def _row(agreement: Agreement) -> dict[str, object]:
    start, end = bounds(agreement.term)
    return {
        "number": agreement.number,
        "shareholder": agreement.shareholder.name,
        "state": agreement.state,
        "starts_on": start.isoformat(),
        "ends_on": end.isoformat(),
        "annexes": len(agreement.annexes),
    }
