"""`fleet devices read`: a file of a network operator, and what it says."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from devices.sources.enedis.files import Flow
    from devices.sources.envelope.keys import Ring
    from devices.sources.reading import Record


class Known(NamedTuple):
    """What a C68 among the files says of points: their segment (which end R63 stamps) and subscribed power."""

    segments: dict[str, str]
    watts: dict[str, Decimal]

    def learn(self, record: Record) -> None:
        """Remember what `record` says of its point."""
        from devices.sources.leaps import watts_of
        from devices.sources.reading import PointFacts

        if isinstance(record, PointFacts):
            if record.segment:
                self.segments[record.point] = record.segment
            if (watts := watts_of(record)) is not None:
                self.watts[record.point] = watts


@click.command("read")
@click.argument("files", type=click.Path(), nargs=-1, required=True, metavar="FILE…")
@click.option("--source", type=click.Choice(["enedis-sge"]), required=True, help="D'où viennent les fichiers.")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(),
    help="Trousseau : une ligne par clé, « NOM CLÉ [VECTEUR] » en hexadécimal ; le vecteur pour l'ancien chiffrement.",
)
@click.option("--json", "as_json", is_flag=True, help="Répondre par un objet JSON.")
def read(*, files: tuple[str, ...], source: str, keys_file: str | None, as_json: bool) -> None:
    """Dire ce que des fichiers d'un gestionnaire de réseau contiennent : points, grandeurs, instants, valeurs.

    Sans base de données ni réglages. Le flux est reconnu à son contenu et à son nom ; archives et fichiers chiffrés
    sont ouverts. Un C68 parmi les fichiers dit des points ce que les autres taisent : leur segment, et la puissance
    souscrite au-delà de laquelle une valeur est impossible. Un fichier qui ne peut pas être lu en entier est refusé
    (code 2) par une phrase qui dit pourquoi, et rien n'est écrit.
    """
    from devices.sources.answer import dumps
    from foundation.errors import Refusal

    file = ""
    try:
        ring = _ring(keys_file)
        # Read once to be sure and once to print: a large file is never held whole, a bad one prints nothing.
        known = Known({}, {})
        for file in files:
            for flow in _flows(file, ring, known):
                for record in flow.records:
                    known.learn(record)
    except Refusal as refusal:
        if as_json:
            reason = getattr(refusal, "reason", "unreadable")
            told = {"file": file, "reason": reason, "sentence": refusal.sentence}
            click.echo(dumps({"source": source, "refused": told}))
        click.echo(_printable(f"{file} : {refusal.sentence}" if file else refusal.sentence), err=True)
        sys.exit(2)
    if as_json:
        _print_json(files, source, ring, known)
    else:
        _print_text(files, ring, known)


def _print_json(files: tuple[str, ...], source: str, ring: Ring, known: Known) -> None:
    from devices.sources.answer import dumps, to_json
    from devices.sources.reading import PointFacts

    click.echo(f'{{"source": {dumps(source)},\n "readings": [', nl=False)
    facts, read_files, comma = [], [], "\n  "
    for file in files:
        for flow in _flows(file, ring, known):
            count = 0
            for record in flow.records:
                count += 1
                written = to_json(record, flow.name, flow.flow)
                if isinstance(record, PointFacts):
                    facts.append(written)
                    continue
                click.echo(comma + dumps(written), nl=False)
                comma = ",\n  "
            told = {"file": file, "name": flow.name, "flow": flow.flow, "key": flow.key, "records": count}
            read_files.append(told)
    click.echo(f'],\n "points": {dumps(facts)},\n "files": {dumps(read_files)}}}')


def _print_text(files: tuple[str, ...], ring: Ring, known: Known) -> None:
    from devices.sources.answer import to_text

    for file in files:
        for flow in _flows(file, ring, known):
            click.echo(_printable(f"{flow.name} : {flow.flow}"))
            for record in flow.records:
                click.echo(_printable(to_text(record)))


def _flows(file: str, ring: Ring, known: Known) -> Iterator[Flow]:
    from devices.sources.enedis.files import flows
    from devices.sources.leaps import judged

    name = file.replace("\\", "/").rpartition("/")[2]
    for flow in flows(name, _content(file), ring, segments=known.segments):
        yield flow._replace(records=judged(flow.records, known.watts))


def _ring(path: str | None) -> Ring:
    from devices.sources.envelope.keys import ring_of
    from foundation.errors import Refusal

    if path is None:
        return ()
    try:
        return ring_of(_content(path).decode("utf-8"))
    except UnicodeDecodeError:
        raise Refusal("Le fichier de clés n'est pas du texte UTF-8 ; vérifiez son chemin.") from None


def _content(path: str) -> bytes:
    from foundation.errors import Refusal

    try:
        with click.open_file(path, "rb") as opened:
            found: bytes = opened.read()
    except OSError as error:
        raise Refusal(
            "Le fichier {path} ne peut pas être lu ({why}) ; vérifiez son chemin.", path=path, why=error.strerror
        ) from None
    return found


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
