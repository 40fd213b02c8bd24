"""Every sentence of the pages is French where it is written and English in the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

CHECKOUT = Path(__file__).parents[2]
CATALOGUE = CHECKOUT / "fleet" / "locale" / "en" / "LC_MESSAGES" / "fleet.po"
SOURCES = ("foundation", "contracts", "devices", "baseline", "billing", "fleet", "invoices_templates")
METHODS = [("**.py", "python"), ("**.jinja2", "jinja2.ext:babel_extract")]
OPTIONS = {"**.jinja2": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """Return every marked sentence with the place where it is written."""
    found = {}
    for source in SOURCES:
        for path, line, message, _comments, _context in extract_from_dir(
            CHECKOUT / source, METHODS, OPTIONS, keywords=KEYWORDS
        ):
            sentence = message[0] if isinstance(message, tuple) else message
            found.setdefault(sentence, f"{source}/{path}:{line}")
    return found


@pytest.fixture(scope="module")
def english():
    with CATALOGUE.open("rb") as file:
        return {
            (message.id[0] if message.pluralizable else message.id): message
            for message in read_po(file, locale="en")
            if message.id
        }


def test_every_sentence_is_translated(written, english):
    missing = [f"{place}: {sentence}" for sentence, place in written.items() if sentence not in english]
    assert not missing, f"{len(missing)} sentences lack their English (run scripts/catalogue): {missing[:20]}"


def test_no_translation_is_empty_or_doubtful(english):
    unsure = [i for i, m in english.items() if m.fuzzy or not all(m.string if m.pluralizable else (m.string,))]
    assert not unsure, f"{len(unsure)} sentences to translate: {unsure[:20]}"


def test_a_translation_fills_in_the_same_values(english):
    for sentence, message in english.items():
        for string in message.string if message.pluralizable else (message.string,):
            assert sorted(PLACEHOLDER.findall(string)) == sorted(PLACEHOLDER.findall(sentence)), sentence
