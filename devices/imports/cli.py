"""`fleet devices import` and `fleet devices profile`."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from devices.imports.outcome import Outcome

DATABASE = click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    help="L'adresse de la base pour le rôle fleet_worker.",
    show_envvar=True,
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Répondre par un objet JSON.")
REFUSED = 2


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--profile", "name", help="Nom du profil ; sans lui, le fichier n'est que regardé, et un profil proposé.")
@click.option("--dry-run", is_flag=True, help="Dire ce qui se passerait, et ne rien enregistrer.")
@click.option("--reason", default="", help="Pourquoi des valeurs changent, si c'est une correction.")
@DATABASE
@AS_JSON
def import_file(*, file: Path, name: str | None, dry_run: bool, reason: str, database_url: str, as_json: bool) -> None:
    """Faire entrer un fichier : factures, index ou courbe de charge, toutes ses lignes ou aucune.

    Le même fichier importé une deuxième fois ne change rien. Une ligne illisible ou contraire à ce qui est enregistré
    est dite avec son numéro, et rien n'est importé (code 2).
    """
    import datetime as dt

    from devices.imports.outcome import Outcome
    from devices.imports.register import carry_out, check, find_profile, receive
    from devices.imports.table import LARGEST
    from foundation.errors import Refusal

    with _opened(file) as opened:
        content = opened.read(LARGEST + 1)
    if name is None:
        _propose(content)
    now = dt.datetime.now(dt.UTC)
    with _session(database_url) as session:
        profile = find_profile(session, name or "")
        received = receive(session, content, name=file.name, profile=profile, by="ligne de commande", now=now)
        already = received.state == "imported"
        if already:
            outcome, refusal = Outcome.from_json(received.outcome or {}), ""
        else:
            outcome, refusal = check(session, received, today=now.date()), ""
            if not dry_run:
                try:
                    carry_out(session, received, reason=reason, by="ligne de commande", now=now, today=now.date())
                    session.commit()
                except Refusal as told:
                    refusal = told.sentence
    _say(outcome, refusal, already=already, done=not dry_run, as_json=as_json)
    if refusal or not outcome.is_clean:
        sys.exit(REFUSED)


@contextmanager
def _session(database_url: str) -> Iterator[Session]:
    """Yield a session whose changes are lost unless it is told to commit."""
    from foundation.tenancy import engine_for, session_factory

    engine = engine_for(database_url)
    try:
        with session_factory(engine)() as session:
            yield session
    finally:
        engine.dispose()


def _opened(file: Path) -> Any:
    from foundation.errors import Refusal

    try:
        return file.open("rb")
    except OSError as error:
        raise Refusal(
            "Le fichier {file} ne peut pas être lu ({strerror}) ; vérifiez son chemin.",
            file=file,
            strerror=error.strerror,
        ) from None


def _propose(content: bytes) -> None:
    """Print what the file seems to be, and stop: nothing is imported with a profile nobody has saved."""
    from devices.imports.guess import guess
    from devices.imports.table import check_whole

    check_whole(content, "Le fichier")
    click.echo(json.dumps(guess(content), ensure_ascii=False, indent=2))
    click.echo(
        "Ce n'est qu'une proposition : complétez-la, enregistrez-la par « fleet devices profile NOM FICHIER.json »,"
        " puis importez avec --profile NOM.",
        err=True,
    )
    sys.exit(REFUSED)


def _say(outcome: Outcome, refusal: str, *, already: bool, done: bool, as_json: bool) -> None:
    imported = done and not already and not refusal and outcome.is_clean
    if as_json:
        click.echo(
            json.dumps(
                outcome.to_json() | {"imported": imported, "already_imported": already, "refused": refusal},
                ensure_ascii=False,
            )
        )
        return
    if already:
        click.echo("Ce fichier est déjà importé ; rien n'a changé.")
        return
    click.echo(
        f"{outcome.rows} lignes : {outcome.new} nouvelles, {outcome.same} déjà connues, {outcome.changed} contraires à"
        f" ce qui est enregistré, {outcome.problem_count} refusées."
    )
    for line, column, sentence in (*outcome.problems, *outcome.conflicts):
        click.echo(f"Ligne {line}{f', {column}' if column else ''} : {sentence}", err=True)
    if refusal or outcome.refusal:
        click.echo(refusal or outcome.refusal, err=True)
    click.echo("Importé." if imported else "Rien n'a été importé.")


@click.command("profile")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@DATABASE
def save(*, name: str, file: Path, database_url: str) -> None:
    """Enregistrer sous un nom comment une source écrit ses fichiers (un objet JSON)."""
    from devices.imports.profile import Profile
    from devices.imports.register import save_profile
    from foundation.errors import Refusal

    with _opened(file) as opened:
        content = opened.read(1024 * 1024)
    try:
        written = json.loads(content)
        written.pop("headings", None)
        profile = Profile.from_json(written)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refusal(
            "{file} n'est pas un profil ({error}) ; partez de celui que propose l'import.", file=file, error=error
        ) from None
    with _session(database_url) as session:
        save_profile(session, name=name, profile=profile, by="ligne de commande")
        session.commit()
    click.echo(f"Profil « {name} » enregistré.")
