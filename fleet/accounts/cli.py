"""`fleet account`: open an account from the command line, the first one above all."""

from __future__ import annotations

import click
from sqlalchemy import select

from contracts.parties.models import Shareholder
from fleet.accounts.register import create_account
from fleet.settings import settings_for
from foundation.errors import Refusal
from foundation.tenancy import engine_for, session_factory


@click.group("account", help="Ouvrir des comptes.")
def group() -> None:
    """Open accounts."""


@group.command("create", help="Ouvrir un compte ; le mot de passe est demandé, ou lu dans FLEET_PASSWORD.")
@click.argument("email")
@click.option("--name", required=True, help="Nom de la personne.")
@click.option("--role", type=click.Choice(["operator", "shareholder", "technician"]), required=True)
@click.option("--shareholder", "siren", help="SIREN de la collectivité, pour un compte de collectivité.")
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.password_option(envvar="FLEET_PASSWORD", prompt="Mot de passe")
def create(email: str, *, name: str, role: str, siren: str | None, language: str, password: str) -> None:
    """Open an account as the owner of the database."""
    engine = engine_for(settings_for("owner").database_url)
    with session_factory(engine).begin() as session:
        shareholder = None
        if siren is not None:
            shareholder = session.scalar(select(Shareholder).where(Shareholder.siren == siren))
            if shareholder is None:
                raise Refusal("Aucune collectivité n'a le SIREN {siren} ; enregistrez-la d'abord.", siren=siren)
        create_account(
            session, email=email, name=name, role=role, password=password, shareholder=shareholder, language=language
        )
    engine.dispose()
    click.echo(f"Compte ouvert pour {email}.")
