"""A file that cannot be read is refused with exit code 2, a sentence, and the line where there is one."""

from __future__ import annotations

import gzip
import random

import pytest
from click.testing import CliRunner

from baseline.cli import group

GOOD = [f"2022-01-{day:02},{100 + day},{5 + day % 7}" for day in range(1, 32)]


def refused(
    path, *words, time="t", energy="kwh", temperature="temp", zone="Europe/Paris", baseline="2022-01-01/2022-01-31"
):
    options = ("--time", time, "--energy", energy, "--temperature", temperature, "--timezone", zone)
    result = CliRunner().invoke(group, ["assess", str(path), *options, "--baseline", baseline, *words])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    sentence = result.stderr.strip()
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    return sentence


@pytest.fixture
def file(tmp_path):
    def make(rows=GOOD, header="t,kwh,temp", content=None):
        path = tmp_path / "compteur.csv"
        path.write_bytes("\n".join([header, *rows, ""]).encode() if content is None else content)
        return path

    return make


def changed(line, text):
    """Return the good rows with the row of `line` (counted from 1, header included) replaced."""
    return [text if place == line - 2 else row for place, row in enumerate(GOOD)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2022-01-09,12a,5", "« 12a » n'est pas un nombre"),
        ("2022-01-09,inf,5", "« inf » n'est pas un nombre"),
        ("2022-01-09,12,chaud", "« chaud » n'est pas un nombre dans la colonne « temp »"),
        ("2022-02-30,12,5", "« 2022-02-30 » n'est pas une date"),
        ("31/02/2022,12,5", "« 31/02/2022 » n'est pas une date"),
        ("hier,12,5", "« hier » n'est pas une date"),
        (",12,5", "n'est pas une date"),
        ("0001-01-09,12,5", "n'est pas une date"),
        ("2022-01-09,12", "nombre de champs : 2, l'en-tête en a 3"),
        ("2022-01-09,12,5,5", "nombre de champs : 4, l'en-tête en a 3"),
        ("2022-01-08,12,5", "a déjà d'autres valeurs à la ligne 9"),
        ("2022-01-09T00:00Z,12,5", "un horodatage avec décalage et d'autres sans"),
        ('2022-01-09,"12,5', "guillemets"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(file, row, words):
    sentence = refused(file(changed(10, row)))

    assert words in sentence
    assert "Ligne 10" in sentence or "guillemets" in sentence


@pytest.mark.parametrize(
    ("names", "missing"),
    [({"time": "heure"}, "heure"), ({"energy": "conso"}, "conso"), ({"temperature": "temperature"}, "temperature")],
)
def test_a_missing_column_is_named_with_those_there_are(file, names, missing):
    sentence = refused(file(), **names)

    assert sentence.startswith("Ligne 1 : ")
    assert f"« {missing} »" in sentence
    assert "« t », « kwh », « temp »" in sentence


def test_a_column_that_stands_twice_is_refused(file):
    assert "existe 2 fois" in refused(file(header="t,kwh,kwh"), temperature="t")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(file, content):
    assert "Ligne 1" in refused(file(content=content))


def test_a_header_alone_is_refused(file):
    assert "aucune ligne" in refused(file([]))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "ne peut pas être lu" in refused(tmp_path / "absent.csv")


def test_a_folder_is_refused(tmp_path):
    assert "ne peut pas être lu" in refused(tmp_path)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_truncated_archive_is_refused_with_the_line_it_reaches(file, kept):
    rng = random.Random(0)
    many = "\n".join(["t,kwh,temp", *(f"2022-01-01,{rng.random()},{rng.random()}" for _ in range(5000))]).encode()
    packed = gzip.compress(many)

    sentence = refused(file(content=packed[: int(kept * len(packed))]))

    assert "tronquée" in sentence
    assert int(sentence.split()[1]) == pytest.approx(5000 * kept, rel=0.1)


def test_a_damaged_archive_is_refused(file):
    packed = bytearray(gzip.compress("\n".join(["t,kwh,temp", *GOOD]).encode()))
    packed[-6] ^= 1

    assert "abîmée" in refused(file(content=bytes(packed)))


def test_another_encoding_is_refused_with_its_line(file):
    content = "\n".join(["t,kwh,temp", *GOOD[:4], "2022-01-05,1é,3"]).encode("latin-1")

    assert refused(file(content=content)).startswith("Ligne 6 : ")


def test_utf_16_is_refused(file):
    assert "UTF-" in refused(file(content="\n".join(["t,kwh,temp", *GOOD]).encode("utf-16")))


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        ("2022-01-31/2022-01-01", "finit avant de commencer"),
        ("2022-01-01", "AAAA-MM-JJ/AAAA-MM-JJ"),
        ("2022-13-01/2022-12-31", "AAAA-MM-JJ/AAAA-MM-JJ"),
        ("2019-01-01/2019-12-31", "va du 2022-01-01 au 2022-01-31"),
    ],
)
def test_periods_that_make_no_sense_are_refused(file, baseline, words):
    assert words in refused(file(), baseline=baseline)


def test_a_reporting_period_outside_the_file_is_refused(file):
    assert "aucune ligne du 2030-01-01" in refused(file(), "--reporting", "2030-01-01/2030-12-31")


def test_an_unknown_time_zone_is_refused(file):
    assert "fuseau horaire « Europe/Lorient »" in refused(file(), zone="Europe/Lorient")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--where", "kwh"), "COLONNE=VALEUR"),
        (("--where", "phase=pre"), "« phase »"),
        (("--where", "temp=99"), "Aucune ligne"),
    ],
)
def test_filters_that_find_nothing_are_refused(file, words, sentence):
    assert sentence in refused(file(), *words)


def test_quarter_hours_are_refused(file):
    rows = [
        f"2022-01-{day:02} {hour:02}:{minute:02},1,5"
        for day in range(1, 32)
        for hour in range(24)
        for minute in (0, 15, 30, 45)
    ]

    assert refused(file(rows)).startswith("Ligne 3 : ")


def test_three_hour_steps_are_refused(file):
    rows = [f"2022-01-{day:02} {hour:02}:00,1,5" for day in range(1, 32) for hour in range(0, 24, 3)]

    assert "se suivent à 3 heures" in refused(file(rows))


def test_a_period_of_empty_cells_is_refused(file):
    assert "22 heures de 24" in refused(file([f"2022-01-{day:02},,5" for day in range(1, 32)]))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("hier", "écrivez DÉBUT/FIN"),
        ("2022-01-40/2022-01-41", "écrivez DÉBUT/FIN"),
        ("2022-01-10/2022-01-09", "finit avant de commencer"),
        ("2022-01-10/2022-01-12:magic", "n'existe pas"),
        ("2022-01-10/2022-01-12:estimate", "kWh"),
        ("2022-01-10/2022-01-12:estimate:beaucoup", "écrivez DÉBUT/FIN"),
        ("2022-01-10/2022-01-12", "--reporting"),
    ],
)
def test_events_that_make_no_sense_are_refused(file, event, words):
    assert words in refused(file(), "--event", event)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2022-01-10,2022-01-12,magic,,", "Ligne 3 : "),
        ("hier,2022-01-12,drop,,", "Ligne 3 : "),
        ("2022-01-10,2022-01-12,estimate,dix,", "Ligne 3 : "),
        ("2022-01-10,2022-01-12,drop,10,", "Ligne 3 : "),
    ],
)
def test_a_file_of_events_is_refused_with_its_line(file, tmp_path, row, words):
    events = tmp_path / "events.csv"
    events.write_text(f"start,end,method,energy_kwh,reason\n2022-01-02,2022-01-03,drop,,\n{row}\n", encoding="utf-8")

    assert words in refused(file(), "--events", str(events), "--reporting", "2022-01-20/2022-01-31")
