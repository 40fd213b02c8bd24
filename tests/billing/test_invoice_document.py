"""The invoice as it is sent: two pages, its XML inside, the figures of the snapshot, the same bytes every time."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from pypdf import PdfReader

from billing.documents.invoice import render_invoice
from billing.documents.sentences import finding, headline, period_words
from billing.documents.structured import priced, structured
from billing.documents.waterfall import WaterfallSteps, steps_of, waterfall
from billing.einvoice.cii import to_cii
from billing.einvoice.rules import check
from billing.einvoice_check.validate import validate
from foundation.documents.render import EmbeddedFile
from foundation.look.tokens import tokens
from tests.billing.invoice_snapshot_example import SHA256, example_snapshot

if TYPE_CHECKING:
    from billing.documents.snapshot import HeadlineSnapshot, WaterfallSnapshot

SVG = "{http://www.w3.org/2000/svg}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
COLOURS = tokens("light")


@cache
def example_xml() -> bytes:
    return to_cii(structured(example_snapshot()))


@cache
def example_pdf() -> bytes:
    return render_invoice(example_snapshot(), example_xml(), sha256=SHA256)


def rendered(**changes: Any) -> PdfReader:
    return PdfReader(BytesIO(render_invoice(example_snapshot(**changes), b"<a/>", sha256=SHA256)))


def words(reader: PdfReader) -> str:
    """Return the text of all pages, its spaces made plain."""
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def figures_of(element: Any) -> list[Any]:
    """Return the figures of a structure tree, in reading order."""
    element = element.get_object()
    if not hasattr(element, "get"):
        return []
    children = element.get("/K", [])
    found = [element] if element.get("/S") == "/Figure" else []
    return found + [
        one for child in (children if isinstance(children, list) else [children]) for one in figures_of(child)
    ]


def test_the_snapshot_gives_an_invoice_that_passes_every_control() -> None:
    assert check(structured(example_snapshot())) == ()
    assert validate(example_xml()) == ()


def test_amounts_follow_from_the_lines() -> None:
    snapshot = example_snapshot()
    assert [line["net"] for line in snapshot["lines"]] == ["2520.21", "481.81", "1594.36", "1245.44"]
    assert snapshot["totals"] == {"net": "5841.82", "vat": "1168.36", "gross": "7010.18", "paid": "0", "due": "7010.18"}
    assert priced(snapshot) == snapshot  # type: ignore[arg-type]  # pricing what is priced changes nothing


def test_two_pages_with_what_the_accountant_looks_for() -> None:
    reader = PdfReader(BytesIO(example_pdf()))
    assert len(reader.pages) == 2
    assert len(example_pdf()) < 1_000_000
    first = " ".join(reader.pages[0].extract_text().split())
    for expected in (
        "Facture F2026-00042",
        "EJ-2026-0117",
        "ENERGIE",
        "CONV-2024-07",
        "215 601 212 00016",
        "À payer 7 010,18 €",
        "Total HT 5 841,82 €",
        "TVA 20 % sur 5 841,82 € 1 168,36 €",
        "FR76 3000 6000 0112 3456 7890 189",
        "À payer au plus tard le 14 février 2026",
        "R2192-10",
        "majoré de huit points",
        "40 €",
        "Pas d'escompte",
        "TVA sur les encaissements",
        "RCS Lorient 844 123 455",
        "page 1 de 2",
    ):
        assert expected in first
    second = " ".join(reader.pages[1].extract_text().split())
    for expected in (
        "Décompte",
        "186 420 131 870 54 550",
        "46 200 à 62 900",
        "99,2 %",
        "Vérifier cette facture",
        "https://spl.example/verifier/F2026-00042",
        "page 2 de 2",
    ):
        assert expected in second
    assert SHA256 in second.replace(" ", "")
    assert SHA256[:16] in first.replace(" ", "")


def test_the_xml_comes_back_byte_for_byte() -> None:
    (attachment,) = PdfReader(BytesIO(example_pdf())).attachment_list
    assert attachment.name == "factur-x.xml"
    assert attachment.content == example_xml()
    assert attachment.subtype == "/text/xml"
    assert attachment.associated_file_relationship == "/Alternative"


def test_further_pieces_stand_beside_the_xml() -> None:
    piece = EmbeddedFile("preuve.json", b"{}", "Dossier de preuve")
    pdf = render_invoice(example_snapshot(), example_xml(), sha256=SHA256, attachments=[piece])
    assert PdfReader(BytesIO(pdf)).attachments == {"factur-x.xml": [example_xml()], "preuve.json": [b"{}"]}


def test_the_metadata_say_factur_x_inside_pdf_a_3() -> None:
    root = PdfReader(BytesIO(example_pdf())).trailer["/Root"]
    packet = etree.fromstring(root["/Metadata"].get_data())
    (rdf,) = packet.iter(f"{RDF}RDF")
    descriptions = list(rdf.iter(f"{RDF}Description"))
    assert all(description.get(f"{RDF}about") == "" for description in descriptions)
    values = {
        child.tag: child.text for description in descriptions for child in description if child.tag.startswith(FX)
    }
    assert values == {
        f"{FX}DocumentType": "INVOICE",
        f"{FX}DocumentFileName": "factur-x.xml",
        f"{FX}Version": "1.0",
        f"{FX}ConformanceLevel": "EN 16931",
    }
    assert len(root["/AF"]) == 1


def test_pictures_have_words_for_who_cannot_see_them() -> None:
    root = PdfReader(BytesIO(example_pdf())).trailer["/Root"]
    logo, picture, code = (figure["/Alt"] for figure in figures_of(root["/StructTreeRoot"]["/K"][0]))
    assert logo == "Logo de SPL Énergies du Blavet"
    assert "Part de la SPL 5\u202f841,82\u00a0€" in picture
    assert "vérification" in code


def test_a_second_rendering_gives_the_first_even_in_another_process() -> None:
    program = (
        "import sys\n"
        "from billing.documents.invoice import render_invoice\n"
        "from tests.billing.invoice_snapshot_example import SHA256, example_snapshot\n"
        "sys.stdout.buffer.write(render_invoice(example_snapshot(), sys.stdin.buffer.read(), sha256=SHA256))\n"
    )
    again = subprocess.run(
        [sys.executable, "-c", program],
        input=example_xml(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "20260115", "PYTHONPATH": "."},
    )
    assert again.stdout == example_pdf()
    assert render_invoice(example_snapshot(), example_xml(), sha256=SHA256) == example_pdf()


def test_another_hash_is_another_document() -> None:
    assert render_invoice(example_snapshot(), example_xml(), sha256="0" * 64) != example_pdf()


def test_synthetic_data_say_so_on_every_page_and_real_ones_never() -> None:
    assert all("DONNÉES DE SYNTHÈSE" in page.extract_text() for page in PdfReader(BytesIO(example_pdf())).pages)
    assert "SYNTHÈSE" not in words(rendered(synthetic=False))


def test_hostile_names_are_printed_and_fetch_nothing() -> None:
    snapshot = example_snapshot()
    name = "<script>alert(1)</script><img src=file:///etc/passwd>{{7*7}}${7*7}😀"
    reader = rendered(
        buyer={**snapshot["buyer"], "name": name},
        boundaries=[{**row, "label": "X" * 300} for row in snapshot["boundaries"]],
        purchase_order_reference="E" * 80,
        legal_basis="<link rel=attachment href=http://169.254.169.254/>",
    )
    printed = words(reader).replace(" ", "")
    assert "<script>alert(1)</script><imgsrc=file:///etc/passwd>{{7*7}}${7*7}" in printed
    assert "<linkrel=attachmenthref=http://169.254.169.254/>" in printed
    assert "E" * 80 in printed
    assert list(reader.attachments) == ["factur-x.xml"]


def test_what_is_not_said_leaves_no_gap() -> None:
    bare = rendered(waterfall=None, payment=None, steps=[], evidence=[], buyer_reference="", legal_basis="")
    assert len(bare.pages) == 2
    assert "non demandé" in words(bare)
    assert "étape par étape" not in words(bare)


def test_thirteen_boundaries_stay_on_two_pages_owed_first_measured_second() -> None:
    example = example_snapshot()
    places = [f"École publique de Lambrezel-sur-Mer {place} – gaz" for place in range(13)]
    facts = [
        {"label": f"{place} : {what}", "value": value}
        for place in places
        for what, value in (
            ("plan de mesure", SHA256),
            ("rapport d'économies", SHA256[::-1]),
            ("station", "Lann Bihoué"),
        )
    ]
    reader = rendered(
        boundaries=[{**example["boundaries"][0], "label": place} for place in places],
        lines=[
            {**example["lines"][0], "identifier": place, "name": f"Part des économies : {place}"} for place in places
        ],
        steps=example["steps"] * 2,
        evidence=facts,
    )
    assert len(reader.pages) == 2
    first, second = (" ".join(page.extract_text().split()) for page in reader.pages)
    assert first.count("Part des économies : École publique") == 13
    assert "Pas d'escompte" in first
    assert second.count("46 200 à 62 900") == 13
    assert second.count(f"plan de mesure {SHA256[:12]}…") == 1, "what all have in common is said once"
    assert "Vérifier cette facture" in second


def test_a_long_invoice_takes_the_pages_it_needs() -> None:
    line = example_snapshot()["lines"][0]
    reader = rendered(lines=[{**line, "identifier": str(place)} for place in range(1, 61)])
    assert len(reader.pages) > 2
    assert words(reader).count("Désignation") >= 2  # the header of the table is said again on each page


def test_amounts_that_do_not_follow_from_the_lines_are_never_printed() -> None:
    snapshot = example_snapshot()
    forged = {**snapshot, "totals": {**snapshot["totals"], "due": "1.00"}}
    with pytest.raises(ValueError, match="do not follow"):
        render_invoice(forged, example_xml(), sha256=SHA256)  # type: ignore[arg-type]  # the same keys


def test_rendering_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    rendered()
    assert [record.message for record in caplog.records if record.name.startswith("weasyprint")] == []


# Sentences


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2025-01-01", "2025-12-31", "en 2025"),
        ("2024-10-01", "2025-09-30", "du 1er octobre 2024 au 30 septembre 2025"),
        ("2024-01-01", "2025-12-31", "du 1er janvier 2024 au 31 décembre 2025"),
        ("2025-03-11", "2025-03-11", "le 11 mars 2025"),
    ],
)
def test_a_period_is_said_as_people_say_it(first: str, last: str, said: str) -> None:
    assert period_words({"first_day": first, "last_day": last}) == said


def test_the_headline_gives_the_figure_and_its_interval() -> None:
    assert headline(example_snapshot()) == (
        "En 2025, vos 3 bâtiments ont évité 118\u202f300\u202fkWh ± 9\u202f% (confiance 90\u202f%),"
        " soit le chauffage de 9\u00a0logements."
    )
    one: HeadlineSnapshot = {
        "buildings": 1,
        "avoided_kwh": "1000",
        "uncertainty": "",
        "confidence": "0.9",
        "equivalent": "",
    }
    assert headline(example_snapshot(headline=one)) == (
        "En 2025, votre bâtiment a évité 1\u202f000\u202fkWh (estimation)."
    )


def test_the_finding_adds_up() -> None:
    steps = steps_of(example_snapshot()["waterfall"])
    assert steps is not None
    assert finding(steps) == "11\u202f683,62\u00a0€ d'énergie évités, dont 5\u202f841,80\u00a0€ restent à la commune"


# The waterfall


def bars(svg: str) -> list[tuple[float, float]]:
    """Return top and height of the five bars of a waterfall, in order."""
    drawn = [
        rect
        for rect in etree.fromstring(svg).iterchildren(f"{SVG}rect")
        if rect.get("height") != "15"  # the paper behind an amount
    ]
    return [(float(rect.get("y")), float(rect.get("height"))) for rect in drawn]


def test_bars_share_one_scale_from_zero_and_add_up() -> None:
    steps = WaterfallSteps(Decimal(1000), Decimal(600), Decimal(150))
    svg = waterfall(steps, colours=COLOURS, family="Source Sans 3")
    without, measured, avoided, share, kept = bars(svg)
    assert measured[1] == pytest.approx(without[1] * 0.6, abs=0.02)
    assert avoided[1] == pytest.approx(without[1] * 0.4, abs=0.02)
    assert share[1] == pytest.approx(without[1] * 0.15, abs=0.02)
    assert kept[1] == pytest.approx(without[1] * 0.25, abs=0.02)
    assert avoided[0] == without[0] == share[0]
    assert kept[0] == pytest.approx(share[0] + share[1], abs=0.02)
    assert kept[0] + kept[1] == pytest.approx(measured[0], abs=0.02)


@pytest.mark.parametrize("amounts", [(100, 100, 0), (100, 120, 0), (100, 50, 51), (100, 50, -1), (100, -1, 2)])
def test_there_is_no_picture_of_a_share_without_savings(amounts: tuple[int, int, int]) -> None:
    without_works, measured, provider_share = map(str, amounts)
    facts: WaterfallSnapshot = {
        "without_works": without_works,
        "measured": measured,
        "provider_share": provider_share,
    }
    assert steps_of(facts) is None
    assert len(rendered(waterfall=facts).pages) == 2


def test_a_year_that_used_more_is_said_so() -> None:
    more = {**example_snapshot()["headline"], "avoided_kwh": "-1200.000", "uncertainty": "", "equivalent": ""}
    assert headline(example_snapshot(headline=more)) == (
        "En 2025, vos 3 bâtiments ont consommé 1\u202f200\u202fkWh de plus que la référence (estimation)."
    )


def test_a_boundary_that_avoided_nothing_has_no_price() -> None:
    rows = [{**row, "price": "", "share": "", "avoided_kwh": "0.000"} for row in example_snapshot()["boundaries"]]
    assert "sans objet" in words(rendered(boundaries=rows))
