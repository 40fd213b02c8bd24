"""An invoice's PDF alone proves its amount: whoever changes a figure anywhere in it is caught."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing.cli import group
from billing.documents.invoice import XML_NAME, render_invoice
from billing.evidence.document import verify_pdf
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from billing.pack.contents import EVIDENCE, MANIFEST, sha256_of
from billing.pack.gather import hours_behind
from billing.pack.keys import published_keys, sign_with, signer_in_use
from billing.pack.manifest import read_manifest, write_manifest
from billing.pack.recompute import contradictions
from billing.pack.signing import public_key_of, signer_of
from foundation.documents.render import EmbeddedFile
from foundation.errors import Refusal
from tests import databases
from tests.billing.test_invoices import TODAY, URL
from tests.chain import SEED, SIRENS, accepted_settlement, company, signed_agreement

SIGNER = signer_of(SEED)
OTHER = signer_of(base64.b64encode(bytes(32)).decode())


@pytest.fixture(scope="module")
def original(template):
    """Return the PDF of an issued invoice, the hours it names, and the key the SPL publishes."""
    name = "fleet_test_proof"
    databases.drop(name)
    database = databases.copy(template, name)
    with database.sessions().begin() as session:
        company(session)
        settlement = accepted_settlement(session, signed_agreement(session, SIRENS[0]))
        invoice = check(session, draft(session, settlement, base_url=URL, today=TODAY))
        render(session, issue(session, invoice, today=TODAY), today=TODAY)
        pdf = invoice.pdf.content
        hours = [one.content for one in hours_behind(session, settlement)]
        pem = published_keys(session)[0].pem
    database.close()
    return pdf, hours, pem


@pytest.fixture(scope="module")
def parts(original):
    """Return what the PDF carries."""
    attached = PdfReader(io.BytesIO(original[0])).attachments
    return {name: attached[name][0] for name in (EVIDENCE, MANIFEST, XML_NAME)}


def made_of(evidence, xml, *, signer=SIGNER, manifest=None):
    """Return the invoice somebody would make of altered parts, signed anew where `signer` can."""
    pack = json.loads(evidence)
    files = {XML_NAME: sha256_of(xml), EVIDENCE: sha256_of(evidence)}
    signed = manifest or write_manifest(
        invoice_number=pack["snapshot"]["invoice_number"], seal=pack["seal"], files=files, signer=signer
    )
    return render_invoice(
        pack["snapshot"],
        xml,
        sha256=pack["seal"],
        attachments=(EmbeddedFile(EVIDENCE, evidence, "preuve"), EmbeddedFile(MANIFEST, signed, "manifeste")),
    )


def test_an_original_holds(original):
    pdf, hours, pem = original
    verdict = verify_pdf(pdf, published=public_key_of(pem), hourly=hours)
    assert verdict.holds
    assert verdict.number == "F2026-0001"
    assert verdict.key == SIGNER.public.fingerprint


def test_the_command_says_it_in_one_line(original, tmp_path):
    pdf, hours, pem = original
    for name, content in (("f.pdf", pdf), ("h.csv", hours[0]), ("k.pem", pem.encode())):
        (tmp_path / name).write_bytes(content)
    key, hourly = ["--public-key", str(tmp_path / "k.pem")], ["--hourly", str(tmp_path / "h.csv")]
    said = CliRunner().invoke(group, ["verify", str(tmp_path / "f.pdf"), *key, *hourly])
    assert said.exit_code == 0
    assert said.output.count("\n") == 1
    (tmp_path / "h.csv").write_bytes(hours[0].replace(b"measured", b"mesured_", 1))
    said = CliRunner().invoke(group, ["verify", str(tmp_path / "f.pdf"), *key, *hourly, "--json"])
    assert said.exit_code == 1
    assert json.loads(said.output)["holds"] is False


def test_another_key_is_not_the_spl(parts):
    pdf = made_of(parts[EVIDENCE], parts[XML_NAME], signer=OTHER)
    assert verify_pdf(pdf).key == OTHER.public.fingerprint
    assert not verify_pdf(pdf, published=SIGNER.public).holds


@pytest.mark.parametrize("name", [EVIDENCE, XML_NAME])
def test_any_digit_changed_in_an_attachment_is_caught(parts, name):
    for place in [at for at, byte in enumerate(parts[name]) if chr(byte).isdigit()][::20011]:
        digit = parts[name][place]
        changed = parts[name][:place] + (b"1" if digit != ord("1") else b"2") + parts[name][place + 1 :]
        altered = {**parts, name: changed}
        try:
            pdf = made_of(altered[EVIDENCE], altered[XML_NAME], manifest=parts[MANIFEST])
        except ValueError:
            continue  # the pages of such amounts cannot even be drawn
        with contextlib.suppress(Refusal):
            assert not verify_pdf(pdf).holds


@given(st.data())
def test_a_manifest_says_what_was_signed_and_nothing_else(data):
    signed = write_manifest(invoice_number="F2026-0001", seal="0" * 64, files={"a": "1" * 64}, signer=SIGNER)
    assert read_manifest(signed).genuine
    place = data.draw(st.integers(0, len(signed) - 1))
    byte = data.draw(st.integers(32, 126).filter(lambda one: one != signed[place]))
    try:
        changed = read_manifest(signed[:place] + bytes([byte]) + signed[place + 1 :], SIGNER.public)
    except Refusal:
        return
    same = read_manifest(signed)
    said = (changed.invoice_number, changed.seal, changed.files)
    assert not changed.genuine or said == (same.invoice_number, same.seal, same.files)


def seen(pack):
    return [refusal.sentence for refusal in contradictions(pack)]


def alter(pack, *path, to):
    """Change one value inside `pack`."""
    for step in path[:-1]:
        pack = pack[step]
    pack[path[-1]] = to(pack[path[-1]])


ONE_MORE = {
    "a measured day": (("reports", 0, "days", 40, 1), lambda kwh: str(Decimal(kwh) + 1)),
    "a temperature": (("reports", 0, "days", 40, 4), lambda celsius: str(Decimal(celsius) + 1)),
    "a baseline day": (("plans", 0, "days", 40, 1), lambda kwh: str(Decimal(kwh) + 1)),
    "a coefficient": (("plans", 0, "document", "model", "regimes", 0, "levels", 0), lambda _: "61.5"),
    "a price": (("settlement", "inputs", "prices", "electricity", 0, 2), lambda _: "0.300000"),
    "a share": (("settlement", "inputs", "years", 0, "terms", "shares", 0, "share"), lambda _: "2/3"),
    "what was billed": (("settlement", "inputs", "years", 0, "billed"), lambda _: [[1, "electricity", "10.00"]]),
    "a line": (("settlement", "lines", 0, 6), lambda euros: str(Decimal(euros) + 1)),
    "the net": (("snapshot", "totals", "net"), lambda euros: str(Decimal(euros) + 1)),
    "a building's energy": (("snapshot", "boundaries", 0, "avoided_kwh"), lambda kwh: str(Decimal(kwh) + 1)),
    "a report's total": (("reports", 0, "document", "measured_kwh"), lambda kwh: str(Decimal(kwh) + 1)),
}


@pytest.mark.parametrize("what", ONE_MORE)
def test_whoever_holds_the_key_cannot_make_the_figures_agree(parts, what):
    pack = json.loads(parts[EVIDENCE])
    assert seen(pack) == []
    path, to = ONE_MORE[what]
    alter(pack, *path, to=to)
    assert seen(pack)


def printed_otherwise(pdf, before, after):
    """Return `pdf` with the drawing of its first page changed, its attachments left as they are."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    page = writer.pages[0]
    stream = DecodedStreamObject()
    content = page.get_contents().get_data()
    assert before in content
    stream.set_data(content.replace(before, after, 1))
    page[NameObject("/Contents")] = writer._add_object(stream)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_a_figure_printed_otherwise_is_caught(original):
    pdf, _, pem = original
    content = PdfReader(io.BytesIO(pdf)).pages[0].get_contents().get_data()
    shown = [line for line in content.split(b"\n") if line.rstrip().endswith((b"Tj", b"TJ"))]
    changed = printed_otherwise(pdf, shown[-1], b"")
    assert not verify_pdf(changed, published=public_key_of(pem)).holds


def test_what_is_no_invoice_is_refused():
    with pytest.raises(Refusal, match="n'est pas un PDF lisible"):
        verify_pdf(b"%PDF-1.7 cut")
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    blank = io.BytesIO()
    writer.write(blank)
    with pytest.raises(Refusal, match="ne porte pas la pièce jointe"):
        verify_pdf(blank.getvalue())


def test_those_who_print_sign_side_by_side_and_a_key_that_takes_over_waits(database):
    sign_with(SIGNER)
    with database.sessions("worker").begin() as session:
        signer_in_use(session, TODAY)
    with database.sessions("worker")() as first, database.sessions("worker")() as second:
        for session in (first, second):
            session.execute(text("SET LOCAL lock_timeout = '200ms'"))
            assert signer_in_use(session, TODAY) is SIGNER
        sign_with(OTHER)
        with database.sessions("worker")() as third:
            third.execute(text("SET LOCAL lock_timeout = '200ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                signer_in_use(third, TODAY)
    sign_with(SIGNER)


def test_keys_take_over_from_one_another_and_never_come_back(dbsession):
    sign_with(SIGNER)
    assert signer_in_use(dbsession, TODAY) is SIGNER
    sign_with(OTHER)
    signer_in_use(dbsession, TODAY)
    assert [(one.fingerprint, one.retired_on) for one in published_keys(dbsession)] == [
        (OTHER.public.fingerprint, None),
        (SIGNER.public.fingerprint, TODAY),
    ]
    sign_with(SIGNER)
    with pytest.raises(Refusal, match="a été remplacée"):
        signer_in_use(dbsession, TODAY)
    sign_with(None)
    with pytest.raises(Refusal, match="La clé de signature manque"):
        signer_in_use(dbsession, TODAY)
