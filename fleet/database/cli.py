"""`fleet db`: make the database, migrate it, check it."""

from __future__ import annotations

import click

from fleet.settings import settings_for


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


def _owner_url() -> str:
    return settings_for("owner").database_url
