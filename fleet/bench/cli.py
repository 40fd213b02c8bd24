"""`fleet bench`: how fast, on this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

LEDGERS = Path("var/drill/ledgers")


class _Many(click.ParamType[int]):
    """A number that may end in k or M."""

    name = "nombre"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read 500, 10k or 1M."""
        text = str(value)
        try:
            return int(text.rstrip("kM")) * {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
        except ValueError:
            self.fail(f"« {text} » n'est pas un nombre ; écrivez 500, 10k ou 1M.", param, ctx)


@click.group()
def group() -> None:
    """Mesurer, sur cette machine : relevés enregistrés par seconde, énergie calculée, références ajustées."""


@group.command()
@click.option("--messages", type=_Many(), default="50k", show_default=True, help="Messages par tour.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Tours.")
@click.option("--sensors", type=click.IntRange(1), default=200, show_default=True, help="Capteurs.")
@click.option("--values", type=click.IntRange(1, 200), default=4, show_default=True, help="Relevés par message.")
@click.option(
    "--stored",
    type=_Many(),
    multiple=True,
    help="Remplir d'abord tant de valeurs d'historique : 1M, 10M, 100M ; répétée, mesurer avec chacune.",
)
@click.option("--minutes", type=click.FloatRange(0), default=0, help="Suivre ensuite la mémoire tant de minutes.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=LEDGERS,
    show_default=True,
    help="Où garder les registres des capteurs et le journal d'ingest.",
)
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def ingest(
    *,
    messages: int,
    rounds: int,
    sensors: int,
    values: int,
    stored: tuple[int, ...],
    minutes: float,
    folder: Path,
    as_json: bool,
) -> None:
    """Valeurs enregistrées par seconde, à côté de ce que permettent la base seule et un client qui ne fait que compter.

    Les capteurs publient avant, pendant que l'ingestion est arrêtée : ce temps n'est pas compté. Sans adresses dans
    l'environnement, la commande apporte ses propres services (var/drill).
    """
    from fleet.bench.ingest import Bench
    from fleet.drill.ground import bring_services_unless_given, ground_from

    bring_services_unless_given()
    bench = Bench(
        ground_from(os.environ, folder), sensors=sensors, values=values, tell=lambda line: click.echo(line, err=True)
    )
    found = bench.run(messages, rounds, stored, minutes)
    if as_json:
        click.echo(json.dumps(found.as_json()))
        return
    for line in found.as_table():
        click.echo(line)


@group.command()
@click.option("--points", type=click.IntRange(1), default=200, show_default=True, help="Points de mesure.")
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def energy(*, points: int, as_json: bool) -> None:
    """Ce que coûte l'énergie d'une année de relevés horaires, puis d'un relevé de plus, à l'heure ou en retard."""
    from fleet.bench.energy import energy as measure
    from fleet.drill.ground import bring_services_unless_given, ground_from

    bring_services_unless_given()
    found = measure(ground_from(os.environ, LEDGERS), points, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, figure in found.items():
        click.echo(f"{name:14} {figure}")


@group.command()
@click.option("--meters", type=_Many(), default="200", show_default=True, help="Compteurs inventés du portefeuille.")
@click.option(
    "--compared",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="Compteurs inventés qu'opendsm ajuste aussi, avec tous les réels ; dix secondes chacun.",
)
@click.option("--buildings", type=_Many(), help="Réajuster seulement tant de bâtiments inventés : 10k.")
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def baseline(*, meters: int, compared: int, buildings: int | None, as_json: bool) -> None:
    """Références ajustées par seconde, et erreur de l'année suivante, à côté d'opendsm sur les mêmes compteurs.

    Des bâtiments inventés, et les fichiers réels du dossier que nomme FLEET_REFERENCE_DATA. opendsm s'installe la
    première fois dans un environnement à lui (var/opendsm, 1,2 Go). Avec --buildings, sans opendsm : ce que dure un
    portefeuille entier, par lots, sur tous les cœurs.
    """
    # One thread for both: the libraries under NumPy read these before it is imported.
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    from fleet.bench.baselines import baselines, table
    from fleet.bench.meters import generated, real
    from fleet.bench.opendsm import FOLDER, install
    from fleet.bench.portfolio import refit

    def tell(line: str) -> None:
        click.echo(line, err=True)

    if buildings:
        figures = refit(buildings, tell)
        click.echo(
            json.dumps(figures) if as_json else "\n".join(f"{name:10} {value}" for name, value in figures.items())
        )
        return
    folder = os.environ.get("FLEET_REFERENCE_DATA")
    portfolio = generated(max(meters, compared))
    files = real(Path(folder)) if folder else []
    found = baselines([*portfolio[:compared], *files], portfolio, install(FOLDER, tell), tell)
    if as_json:
        click.echo(json.dumps(found))
        return
    for line in table(found):
        click.echo(line)


@group.command()
@click.option("--meters", type=_Many(), default="100", show_default=True, help="Compteurs inventés.")
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def intervals(*, meters: int, as_json: bool) -> None:
    """Part des années sans travaux dont chaque intervalle à 90 % contient la vérité : aucune économie."""
    from fleet.bench.coverage import by_bill, by_day, coverage
    from fleet.bench.meters import generated, real

    folder = os.environ.get("FLEET_REFERENCE_DATA")
    years = list(by_day(generated(meters)))
    if folder:
        years += [*by_day(real(Path(folder))), *by_bill(Path(folder))]
    found = coverage(years)
    if as_json:
        click.echo(json.dumps(found))
        return
    for kind, figures in found.items():
        click.echo(f"{kind:24} {figures}")


@group.command()
@click.option("--twins", "count", type=_Many(), default="50", show_default=True, help="Bâtiments inventés.")
@click.option("--drift", type=click.FloatRange(0.0, 0.2), default=0.0, show_default=True, help="Dérive d'un mois.")
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON, chaque bâtiment compris.")
def events(*, count: int, drift: float, as_json: bool) -> None:
    """Événements de vérité connue : ce que coûte un événement dit, et ceux que la machine remarque seule."""
    from fleet.bench.twins import judge, twins

    found = judge(twins(count, drift=drift))
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, figures in found.items():
        if name != "rows":
            click.echo(f"{name:16} {figures}")


@group.command()
@click.option("--drafts", type=click.IntRange(1), default=200, show_default=True, help="Brouillons prêts.")
@click.option("--processes", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def invoices(*, drafts: int, processes: int, as_json: bool) -> None:
    """Factures émises par seconde et imprimées par minute, à côté de WeasyPrint seul sur les mêmes pages.

    Sans adresses dans l'environnement, la commande apporte ses propres services (var/drill).
    """
    from fleet.bench.invoices import bench_invoices
    from fleet.drill.ground import bring_services_unless_given, ground_from

    bring_services_unless_given()
    ground = ground_from(os.environ, LEDGERS)
    found = bench_invoices(ground["FLEET_DATABASE_OWNER_URL"], ground["FLEET_DATABASE_WORKER_URL"], drafts, processes)
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:>18} {value:,}")


@group.command()
@click.option("--points", type=_Many(), default="10k", show_default=True, help="Points de mesure.")
@click.option("--stored", type=_Many(), default="10M", show_default=True, help="Relevés enregistrés : 10M, 100M.")
@click.option(
    "--rounds", type=click.IntRange(1), default=20, show_default=True, help="Fois que chaque page est ouverte."
)
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def pages(*, points: int, stored: int, rounds: int, as_json: bool) -> None:
    """Ce que durent les pages sur un grand parc (95e centile), à côté d'une page vide de la même application.

    Sans adresses dans l'environnement, la commande apporte ses propres services (var/drill).
    """
    from fleet.bench.pages import Size, bench_pages
    from fleet.drill.ground import bring_services_unless_given, ground_from
    from fleet.settings import ini_path, settings_for
    from fleet.web.app import make_app

    bring_services_unless_given()
    ground = ground_from(os.environ, LEDGERS)
    settings = settings_for("web", ini_path(os.environ))
    found = bench_pages(
        make_app(settings),
        ground["FLEET_DATABASE_OWNER_URL"],
        settings.url,
        Size(points, stored, rounds),
        lambda line: click.echo(line, err=True),
    )
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, milliseconds in found["p95_ms"].items():
        click.echo(f"{name:20} {milliseconds:8.1f} ms")
