"""Whatever is sent, a form holds exact values or a sentence; nothing typed breaks the page that shows it."""

import datetime as dt
from cgi import FieldStorage
from decimal import Decimal

import pytest
from webob.multidict import MultiDict

from foundation.forms import EntryForm, day_field, file_field, moment_field, number_field, text_field


class Everything(EntryForm):
    """One field of each kind."""

    name = text_field("Nom")
    count = number_field("Nombre")
    day = day_field("Jour")
    at = moment_field("Instant")
    file = file_field("Fichier")


def upload():
    file = FieldStorage()
    file.name, file.filename = "sent", "sent.csv"
    return file


VALID = {"name": "École", "count": "1 234,5", "day": "28/02/2026", "at": "2026-03-01T10:00"}


def form(**sent):
    return Everything(MultiDict({**VALID, "file": upload(), **sent}))


def test_what_is_typed_becomes_exact_values():
    entry = form()
    assert entry.validate(), entry.errors
    assert (entry.name.data, entry.count.data) == ("École", Decimal("1234.5"))
    assert (entry.day.data, entry.at.data) == (dt.date(2026, 2, 28), dt.datetime(2026, 3, 1, 10))  # noqa: DTZ001 - the wall's clock


@pytest.mark.parametrize("field", ["name", "count", "day", "at"])
def test_a_file_sent_for_a_text_is_nothing(field):
    entry = form(**{field: upload()})
    assert not entry.validate()
    assert list(entry.errors) == [field]


@pytest.mark.parametrize(
    "written", ["0001-01-01", "9999-12-31", "0026-03-01", "31/12/9999", "29/02/2025", "١٢/٠١/٢٠٢٦x"]
)
def test_a_day_nobody_means_is_refused(written):
    entry = form(day=written)
    assert not entry.validate()
    assert list(entry.errors) == ["day"]


@pytest.mark.parametrize(
    "written", ["0001-01-01T00:00", "9999-12-31T23:59-12:00", "0026-03-01T10:00", "2026-03-01T24:30"]
)
def test_a_time_nobody_means_is_refused(written):
    entry = form(at=written)
    assert not entry.validate()
    assert list(entry.errors) == ["at"]


@pytest.mark.parametrize("written", ["1e5", "١٢", "NaN", "Infinity", "1.1234567890123", "9" * 30, "1_000", "0x10"])
def test_a_number_read_in_two_ways_is_refused(written):
    entry = form(count=written)
    assert not entry.validate()
    assert list(entry.errors) == ["count"]


@pytest.mark.parametrize("written", ["a\0b", "\u202eabc", "a\u200bb", "x" * 201])
def test_a_text_that_deceives_is_refused(written):
    entry = form(name=written)
    assert not entry.validate()
    assert list(entry.errors) == ["name"]


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("day", "31/02/2026", "Écrivez une date"),
        ("day", "", "Remplissez ce champ."),
        ("at", "demain", "Écrivez une date et une heure"),
        ("at", "", "Remplissez ce champ."),
        ("at", "2026-03-01T10:00-23:59", "décalage"),
    ],
)
def test_what_is_no_date_is_told_why(field, written, said):
    entry = form(**{field: written})
    assert not entry.validate()
    assert said in entry.errors[field][0]
