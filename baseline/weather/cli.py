"""`fleet baseline weather import` and `fleet baseline degree-days`."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from baseline.weather.degree_days import (
    Account,
    Extremes,
    Method,
    account,
    hourly_extremes,
    published_extremes,
)
from baseline.weather.files.recognise import AUTO, KINDS, parse
from baseline.weather.observed import HOURLY
from baseline.weather.told import to_json, to_text
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.orm import Session

    from baseline.weather.observed import Series

KIND = click.option(
    "--kind", type=click.Choice([AUTO, *KINDS]), default=AUTO, show_default=True, help="Format du fichier."
)
STATION = click.option("--station", "code", help="Code de la station, par exemple 56185001.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Répondre par un objet JSON.")
BY = "ligne de commande"


@click.group("weather", help="Météo : faire entrer les fichiers des services.")
def weather() -> None:
    """Gather the commands of weather."""


@weather.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@KIND
@STATION
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    help="L'adresse de la base pour le rôle fleet_worker.",
    show_envvar=True,
)
@AS_JSON
def import_files(*, files: tuple[Path, ...], kind: str, code: str | None, database_url: str, as_json: bool) -> None:
    """Faire entrer des fichiers météo, chacun en entier ou pas du tout.

    Sans --station, chaque station enregistrée dont parle le fichier reçoit ses valeurs. Le même fichier importé une
    deuxième fois ne change rien ; une valeur révisée est une nouvelle version, et aucun chiffre figé ne change.
    """
    now = dt.datetime.now(dt.UTC)
    done: list[dict[str, Any]] = []
    for path in files:
        # A transaction a file: what came before one that is refused stays.
        with _session(database_url) as session:
            told = _imported(session, path, kind, code, now)
            session.commit()
        done += told
    if as_json:
        click.echo(json.dumps({"imports": done}, ensure_ascii=False, indent=2))
        return
    for one in done:
        click.echo(
            "{file} → {station} : {hours_new} heures nouvelles, {hours_changed} révisées ; {days_new} valeurs"
            " quotidiennes nouvelles, {days_changed} révisées.".format(**one)
        )


@click.command("degree-days")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@KIND
@STATION
@click.option("--base", type=click.FLOAT, default=18.0, show_default=True, help="Température de base, en °C.")
@click.option("--method", type=click.Choice([one.value for one in Method]), default="costic", show_default=True)
@click.option("--period", "period_text", metavar="D1/D2", help="Premier et dernier jour, compris.")
@click.option("--database-url", envvar="FLEET_DATABASE_WORKER_URL", help="La base, sans FILE.", show_envvar=True)
@AS_JSON
def degree_days(
    *,
    file: Path | None,
    kind: str,
    code: str | None,
    base: float,
    method: str,
    period_text: str | None,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Compter les degrés-jours, de chauffage et de froid, d'un fichier météo ou d'une station enregistrée.

    Méthode, base, station et origine des températures extrêmes sont dites avec chaque chiffre. Un jour sans minimum ou
    sans maximum est compté comme manquant, jamais inventé.
    """
    if file is not None:
        name, extremes, days = _of_file(_content(file), kind, code)
    elif code and database_url:
        with _session(database_url) as session:
            name, extremes, days = _of_station(session, code)
    else:
        raise Refusal("Donnez un fichier, ou --station avec la base (FLEET_DATABASE_WORKER_URL).")
    start, end = _period(period_text, days)
    made: Account = account(days, start, end, base=Decimal(repr(base)), method=Method(method), extremes=extremes)
    click.echo(json.dumps(to_json(made, name), ensure_ascii=False, indent=2) if as_json else to_text(made, name))


def _imported(session: Session, path: Path, kind: str, code: str | None, now: dt.datetime) -> list[dict[str, Any]]:
    from baseline.weather.register import import_file, station_of, stations_in

    name, content = path.name, _content(path)
    stations = [station_of(session, code)] if code else stations_in(session, content, kind)
    if not stations:
        raise Refusal(
            "{name} ne parle d'aucune station enregistrée ; enregistrez-la (page Météo), ou nommez-la par --station.",
            name=name,
        )
    done = [
        import_file(session, station, content, name=name, kind=kind, imported_by=BY, now=now) for station in stations
    ]
    return [
        {
            "file": name,
            "station": station.code,
            "kind": one.kind,
            "hours_new": one.hours_new,
            "hours_changed": one.hours_changed,
            "days_new": one.days_new,
            "days_changed": one.days_changed,
        }
        for station, one in zip(stations, done, strict=True)
    ]


def _of_file(content: bytes, kind: str, code: str | None) -> tuple[str, str, Mapping[dt.date, Extremes]]:
    series = parse(content, kind).series
    chosen: Series | None = series.get(code) if code else next(iter(series.values()), None)
    if chosen is None or (code is None and len(series) > 1):
        raise Refusal(
            "Choisissez une station de ce fichier par --station : {found}.", found=", ".join(series) or "aucune"
        )
    name = " ".join(part for part in (chosen.station.code, chosen.station.name) if part) or "Open-Meteo"
    published = published_extremes(chosen.values)
    if published:
        return name, "published", published
    hours = {
        one.at: one.celsius
        for one in chosen.values
        if one.parameter == HOURLY and one.usable and one.celsius is not None
    }
    return name, "hourly", hourly_extremes(hours)


def _of_station(session: Session, code: str) -> tuple[str, str, Mapping[dt.date, Extremes]]:
    from baseline.weather.extremes import extremes_of
    from baseline.weather.register import station_of

    station = station_of(session, code)
    kind, days = extremes_of(session, station, dt.date(1800, 1, 1), dt.date(2200, 1, 1))
    return f"{station.code} {station.name}", kind, days


def _period(written: str | None, days: Mapping[dt.date, Extremes]) -> tuple[dt.date, dt.date]:
    if written:
        try:
            start, last = (dt.date.fromisoformat(part.strip()) for part in written.split("/"))
        except ValueError:
            raise Refusal("--period : écrivez deux jours, AAAA-MM-JJ/AAAA-MM-JJ.") from None
    elif known := sorted(day for day, both in days.items() if both.known):
        start, last = known[0], known[-1]
    else:
        raise Refusal("Aucun jour n'a de minimum et de maximum : il n'y a pas de degrés-jours à compter.")
    return start, last + dt.timedelta(days=1)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Refusal("Le fichier « {file} » ne se lit pas ; vérifiez son chemin.", file=path) from None


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
