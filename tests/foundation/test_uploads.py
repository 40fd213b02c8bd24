"""What is kept of what people send, and what their spreadsheets open."""

import csv
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from foundation.errors import Refusal
from foundation.files import download
from foundation.sheets import csv_bytes, harmless
from foundation.uploads import accepted

BEFORE_SEA = (48.0, 45.0, 0.0)


def picture(kind="JPEG", size=(40, 30), **how):
    written = io.BytesIO()
    Image.new("RGB", size, (10, 90, 120)).save(written, kind, **how)
    return written.getvalue()


def with_position():
    exif = Image.Exif()
    exif[0x010E] = "Chaufferie <script>alert(1)</script>"
    exif.get_ifd(0x8825).update({1: "N", 2: BEFORE_SEA})
    return picture(exif=exif.tobytes()) + b"<script>alert(1)</script>"


def bomb_of_pixels(width, height):
    """Return a PNG whose head announces more points than anybody can open."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def archive(*names, size=10):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, b"0" * size)
    return written.getvalue()


def test_a_picture_is_drawn_anew_without_position_comment_or_tail():
    sent = with_position()
    assert b"Chaufferie" in sent
    kept = accepted(sent, "photo.html")
    assert (kept.name, kept.media_type) == ("photo.jpg", "image/jpeg")
    assert b"script" not in kept.content
    assert b"Chaufferie" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as image:
        assert image.size == (40, 30)
        assert dict(image.getexif()) == {}


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_pictures_become_png(kind):
    assert accepted(picture(kind), "a").media_type == "image/png"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"  <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
        b"MZ\x90\x00\x03",
        b"GIF89a\xff\xff",
        b"\xff\xd8\xff\xe0 no picture",
        b"RIFF....WEBPVP8 ",
        b"PK\x03\x04 no archive",
        archive("../../etc/passwd"),
        archive("a.exe"),
        archive("[Content_Types].xml", *(f"word/{n}.xml" for n in range(2100))),
        bomb_of_pixels(50_000, 50_000),
    ],
)
def test_what_is_none_of_the_kinds_is_refused(content):
    with pytest.raises(Refusal):
        accepted(content, "piece.pdf")


def test_an_archive_that_unpacks_to_gigabytes_is_refused_by_its_table_of_contents(monkeypatch):
    """Hostile input 32."""
    monkeypatch.setattr("foundation.uploads.LARGEST_UNPACKED", 1_000_000)
    sent = archive("[Content_Types].xml", "xl/workbook.xml", size=2_000_000)
    assert len(sent) < 10_000
    with pytest.raises(Refusal, match="trop grand"):
        accepted(sent, "classeur.xlsx")


def test_a_file_that_is_too_heavy_is_refused():
    with pytest.raises(Refusal, match="1 Mo"):
        accepted(b"a" * (1024 * 1024 + 1), "a.txt", heaviest=1024 * 1024)


def test_documents_and_texts_are_kept_as_they_came():
    assert accepted(b"%PDF-1.7", "lettre.PDF") == ("lettre.pdf", "application/pdf", b"%PDF-1.7")
    assert accepted("été;1\n".encode(), "relevé.csv").media_type == "text/plain"
    assert accepted(archive("[Content_Types].xml", "word/document.xml"), "note.docx").name == "note.docx"


@given(st.text(max_size=300))
def test_a_name_is_one_any_system_takes(name):
    kept = accepted(b"%PDF-1.7", name).name
    assert kept.endswith(".pdf")
    assert not set(kept) & set('/\\<>:"|?*\0\r\n')
    assert ".." not in kept
    assert len(kept) < 200
    assert download(kept, b"", "application/pdf").headers["Content-Disposition"].startswith("attachment; filename=")


@given(st.text(max_size=100))
def test_no_name_makes_a_second_header(name):
    disposition = download(name, b"", "text/csv").headers["Content-Disposition"]
    assert "\r" not in disposition
    assert "\n" not in disposition
    assert disposition.count('"') == 2


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0",
        "+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "＝1",
        "\0=1",
        '=HYPERLINK("http://e")',
        "\n+1",
    ],
)
def test_a_formula_is_kept_as_text(cell):
    """Hostile input 36."""
    written = csv_bytes(["a", cell], [[cell, 1]]).decode()
    header, row = csv.reader(io.StringIO(written))
    assert header[1].startswith("'")
    assert row[0].startswith("'")
    assert "\0" not in written


@pytest.mark.parametrize("number", ["-1", "-3.5", "1e-7", "-1234,5"])
def test_a_number_stays_a_number(number):
    assert csv_bytes(["a"], [[number]]).decode().splitlines()[1].strip('"') == number


@given(st.text(max_size=50))
def test_no_cell_begins_as_a_formula(cell):
    assert harmless(cell).lstrip()[:1] not in {"=", "@", "+", "-"}
