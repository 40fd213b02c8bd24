"""Documents: literal text whatever it says, no fetch whatever it asks, archivable, the same bytes twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import jinja2
import pytest
from markupsafe import Markup
from pypdf import PdfReader

from foundation.documents import assets, legible, templates
from foundation.documents.render import DocumentFacts, EmbeddedFile, render_pdf
from foundation.documents.templates import environment
from foundation.errors import Refusal
from foundation.look.language import FRENCH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FACTS = DocumentFacts(
    title="Essai", author="SPL", instant=dt.datetime(2026, 1, 15, 8, 30, tzinfo=dt.UTC), xmp_descriptions=()
)
HOSTILE = "<script>alert(1)</script> {{7*7}} ${7*7} <%=7*7%> <img src=file:///etc/passwd>"

Document = "Callable[[str], bytes]"


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """Return what renders a template given as text, inside the frame all documents have."""
    read = templates.read_data

    def render(body: str, context: dict[str, object] | None = None, **options: object) -> bytes:
        page = '{% extends "base.html.jinja2" %}{% block body %}' + body + "{% endblock %}"
        monkeypatch.setattr(
            templates, "read_data", lambda name: page.encode() if name == "essai.jinja2" else read(name)
        )
        environment.cache_clear()
        return render_pdf("essai.jinja2", context or {}, FACTS, **options)  # type: ignore[arg-type]  # passed on as is

    return render


def words(pdf: bytes) -> str:
    """Return the text of all pages, its spaces made plain."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_hostile_text_is_printed_as_it_is(document: Callable[..., bytes]) -> None:
    pdf = document("<p>{{ name }}</p><p title='{{ name }}'>suite</p>", {"name": HOSTILE})
    assert " ".join(HOSTILE.split()) in words(pdf)
    assert PdfReader(BytesIO(pdf)).attachments == {}


ADDRESSES = (
    "file:///etc/passwd",
    "http://169.254.169.254/latest",
    "https://spl.example/logo.png",
    "ftp://spl.example/a",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
    "//spl.example/logo.png",
    "asset:../setup.py",
    "asset:/etc/passwd",
    "asset:.hidden.css",
    "asset:invoice.html.jinja2",
    "asset:unknown.css",
    "asset:unknown.ttf",
)
PLACES = (
    "<img alt='x' src=\"{}\">",
    '<link rel="stylesheet" href="{}">',
    '<style>@import url("{}");</style>',
    '<style>p {{ background: url("{}") }}</style><p>a</p>',
    '<style>@font-face {{ font-family: F; src: url("{}") }} p {{ font-family: F }}</style><p>a</p>',
    '<p><a rel="attachment" href="{}">a</a></p>',
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_foreign_is_fetched(document: Callable[..., bytes], address: str) -> None:
    with pytest.raises(Refusal):
        document(PLACES[0].format(address))


@pytest.mark.parametrize("place", PLACES)
def test_nothing_foreign_is_fetched_wherever_it_is_asked(document: Callable[..., bytes], place: str) -> None:
    with pytest.raises(Refusal, match="ressource étrangère"):
        document(place.format("file:///etc/passwd"))


def test_a_picture_in_a_picture_is_not_fetched_either(document: Callable[..., bytes], tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="9">secret</text></svg>')
    pdf = document(
        '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="9">'
        f'<image width="99" height="9" href="{secret.as_uri()}"/></svg><p>a</p>'
    )
    assert words(pdf).startswith("a ")


def test_a_linked_attachment_never_gets_in(document: Callable[..., bytes]) -> None:
    pdf = document('<link rel="attachment" href="file:///etc/passwd"><p>a</p>')
    assert PdfReader(BytesIO(pdf)).attachments == {}


def test_assets_given_by_the_caller_are_known_by_name(document: Callable[..., bytes]) -> None:
    mark = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    assert document("<img alt='Marque' src='asset:marque.svg'>", assets={"marque.svg": mark})


def test_a_missing_value_is_an_error_not_a_blank(document: Callable[..., bytes]) -> None:
    with pytest.raises(jinja2.UndefinedError):
        document("<p>{{ nobody.said.this }}</p>")


@pytest.mark.parametrize("name", ["../setup.py", "/etc/passwd", "invoice.css", "absent.jinja2", "a/b.jinja2"])
def test_templates_come_from_one_folder(name: str) -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        render_pdf(name, {}, FACTS)


def test_a_missing_font_says_what_to_run(
    document: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(assets, "FONTS", tmp_path)
    with pytest.raises(Refusal, match="npm ci"):
        document("<p>a</p>")


def test_figures_and_days_are_written_in_french() -> None:
    env = environment(FRENCH)
    write = env.from_string(
        "{{ amount | euros }}|{{ energy | kwh }}|{{ share | exact_percent }}|{{ day | date }}|{{ day | short_date }}"
        "|{{ price | exact }}|{{ iban | in_fours }}|{{ amount | number(1) }}"
    )
    written = write.render(
        amount="1234.56",
        energy=Decimal("118300.4"),
        share="0.335",
        day="2026-02-03",
        price="0.092260",
        iban="FR7630006",
    )
    assert written.split("|") == [
        "1\u202f234,56\u00a0€",
        "118\u202f300\u202fkWh",
        "33,5\u202f%",
        "3 février 2026",
        "03/02/2026",
        "0,09226",
        "FR76 3000 6",
        "1\u202f234,6",
    ]


def test_the_pdf_is_archivable_tagged_and_says_what_it_is(document: Callable[..., bytes]) -> None:
    given = EmbeddedFile("piece.json", b'{"a": 1}', "Une pièce", "Data")
    pdf = document("<h1>Titre</h1><p>Élève, 1 €</p>", attachments=[given])
    reader = PdfReader(BytesIO(pdf))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Essai", "SPL")
    assert reader.metadata.creation_date == FACTS.instant
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) == ("3", "A")
    (attachment,) = reader.attachment_list
    assert (attachment.name, attachment.content) == ("piece.json", b'{"a": 1}')
    assert attachment.associated_file_relationship == "/Data"
    for font in reader.pages[0]["/Resources"]["/Font"].values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "/FontFile2" in descriptor
        assert "Source-Sans-3" in descriptor["/FontName"]


def test_the_same_document_gives_the_same_bytes(document: Callable[..., bytes]) -> None:
    body = "<h1>Titre</h1><p><strong>{{ name }}</strong></p>"
    attached = [EmbeddedFile("a.xml", b"<a/>", "")]
    assert document(body, {"name": "é"}, attachments=attached) == document(body, {"name": "é"}, attachments=attached)


def test_a_letter_without_glyph_is_written_as_its_code(document: Callable[..., bytes]) -> None:
    assert legible.legible("Kerlann 中") == "Kerlann [U+4E2D]"
    assert legible.legible("a\u202eb\x00c\nd\u200de") == "a[U+202E]b[U+0000]c\nd\u200de"
    assert legible.legible("Œuvre, 1\u202f234\u00a0€, Ł Ж α ±") == "Œuvre, 1\u202f234\u00a0€, Ł Ж α ±"
    drawn = Markup("<b>中</b>")
    assert legible.legible(drawn) is drawn
    assert "nom [U+4E2D]" in words(document("<p>{{ name }}</p>", {"name": "nom 中"}))
