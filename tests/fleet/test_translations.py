"""Every French sentence of the code and of the pages has its English one, with the same places to fill."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from fleet.web.translations import CATALOGUES, languages

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "Refusal": None}
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture(scope="module")
def sentences():
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    floors = ("foundation", "contracts", "devices", "baseline", "billing", "fleet")
    return {
        message
        for floor in floors
        for _, _, message, _, _ in extract_from_dir(
            ROOT / floor,
            methods,
            options,
            KEYWORDS,
        )
    }


@pytest.fixture(scope="module")
def english():
    with (CATALOGUES / "en" / "LC_MESSAGES" / "fleet.po").open("rb") as file:
        return {message.id: message for message in read_po(file, locale="en") if message.id}


def test_every_sentence_is_in_english(sentences, english):
    assert len(sentences) > 400
    missing = [sentence for sentence in sentences if sentence not in english or not english[sentence].string]
    assert missing == []


def test_nothing_is_translated_that_nobody_says(sentences, english):
    assert set(english) - sentences == set()


def test_a_translation_fills_the_same_places(english):
    for message in english.values():
        french = message.id if isinstance(message.id, tuple) else (message.id,)
        written = message.string if isinstance(message.string, tuple) else (message.string,)
        for one in written:
            assert set(PLACES.findall(one)) == set(PLACES.findall(french[-1])), message.id


def test_plurals_follow_each_language():
    french, english = languages()["fr"], languages()["en"]
    sentence = ("%(num)s facture.", "%(num)s factures.")
    assert [french.translate_plural(*sentence, n) for n in (0, 1, 2)] == [sentence[0], sentence[0], sentence[1]]
    said = [english.translate_plural(*sentence, n) for n in (0, 1, 2)]
    assert said == ["%(num)s invoices.", "%(num)s invoice.", "%(num)s invoices."]
