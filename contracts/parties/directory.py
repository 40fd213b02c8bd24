"""The directory of public structures of Chorus Pro: what each refuses an invoice without, and its services."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert

from contracts.parties.models import Structure, StructureService
from foundation.errors import Refusal
from foundation.identifiers import check_siret

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from contracts.parties.models import Budget

COLUMNS = (
    "siret",
    "structure",
    "service_exige",
    "engagement_exige",
    "code_service",
    "service",
    "actif",
    "service_exige_engagement",
)
"""Of a file: a line a service, with its structure repeated; one without services has one line. Commas or semicolons."""
MOST_LINES = 20_000
YES, NO = {"oui", "o", "1", "vrai", "true"}, {"non", "n", "0", "faux", "false", ""}


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service of a structure."""

    code: str
    name: str = ""
    active: bool = True
    commitment_required: bool = False


@dataclass(frozen=True, slots=True)
class StructureFacts:
    """What the directory says of a SIRET; `known` is False where it does not have it."""

    siret: str
    name: str = ""
    known: bool = True
    service_code_required: bool = False
    commitment_required: bool = False
    one_of_both_required: bool = False
    payment_told: bool = True
    services: tuple[ServiceFacts, ...] = ()


def note_structure(session: Session, facts: StructureFacts, *, source: str, now: dt.datetime) -> Structure:
    """Keep what the directory says of a structure in place of what it said before; its former services stay, closed."""
    told = {
        "name": facts.name,
        "known": facts.known,
        "service_code_required": facts.service_code_required,
        "commitment_required": facts.commitment_required,
        "one_of_both_required": facts.one_of_both_required,
        "payment_told": facts.payment_told,
        "source": source,
        "asked_at": now,
    }
    session.execute(
        insert(Structure).values(siret=facts.siret, **told).on_conflict_do_update(index_elements=["siret"], set_=told)
    )
    structure = session.get_one(Structure, facts.siret, populate_existing=True)
    named = {one.code: one for one in facts.services}
    for kept in structure.services:
        if kept.code not in named:
            kept.active = False
    for code, one in named.items():
        session.merge(
            StructureService(
                siret=facts.siret,
                code=code,
                name=one.name,
                active=one.active,
                commitment_required=one.commitment_required,
            )
        )
    session.flush()
    session.expire(structure, ["services"])
    return structure


def structure_of(session: Session, budget: Budget) -> Structure | None:
    """Return what is known of the structure that `budget` is; None where nobody asked yet."""
    return session.get(Structure, budget.siret)


def read_directory(content: bytes) -> list[StructureFacts]:
    """Return the structures of a file of `COLUMNS`; refuse it whole at its first fault."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal("Ce fichier n'est pas en UTF-8 ; enregistrez-le en CSV UTF-8.", field="file") from None
    separator = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
    found: dict[str, StructureFacts] = {}
    services: dict[str, list[ServiceFacts]] = {}
    try:
        if tuple(name.strip().lower() for name in rows.fieldnames or ()) != COLUMNS:
            raise Refusal(
                "La première ligne du fichier nomme ses colonnes : {columns}.", field="file", columns=";".join(COLUMNS)
            )
        for row in rows:
            line = rows.line_num
            if line > MOST_LINES:
                raise Refusal("Ce fichier a plus de {most} lignes ; coupez-le.", field="file", most=MOST_LINES)
            facts = _structure_of(
                dict(zip(COLUMNS, (row[name] or "" for name in rows.fieldnames or ()), strict=True)), line
            )
            found.setdefault(facts.siret, facts)
            services.setdefault(facts.siret, []).extend(facts.services)
    except csv.Error as error:
        raise Refusal("Ligne {line} illisible ({error}).", field="file", line=rows.line_num, error=error) from None
    if not found:
        raise Refusal("Ce fichier ne contient aucune structure.", field="file")
    return [
        StructureFacts(
            siret=one.siret,
            name=one.name,
            service_code_required=one.service_code_required,
            commitment_required=one.commitment_required,
            services=tuple(services[one.siret]),
        )
        for one in found.values()
    ]


def _structure_of(row: dict[str, str], line: int) -> StructureFacts:
    try:
        siret = check_siret(row["siret"])
    except Refusal as wrong:
        raise Refusal("Ligne {line} : {sentence}", field="file", line=line, sentence=wrong.sentence) from None
    code = row["code_service"].strip()
    service = ServiceFacts(
        code,
        row["service"].strip(),
        _answer(row["actif"] or "oui", line, "actif"),
        _answer(row["service_exige_engagement"], line, "service_exige_engagement"),
    )
    return StructureFacts(
        siret=siret,
        name=row["structure"].strip(),
        service_code_required=_answer(row["service_exige"], line, "service_exige"),
        commitment_required=_answer(row["engagement_exige"], line, "engagement_exige"),
        services=(service,) if code else (),
    )


def _answer(written: str, line: int, column: str) -> bool:
    word = written.strip().lower()
    if word not in YES | NO:
        raise Refusal(
            "Ligne {line}, colonne {column} : écrivez oui ou non, et non « {word} ».",
            field="file",
            line=line,
            column=column,
            word=word[:40],
        )
    return word in YES


def missing_references(
    budget: Budget, structure: Structure | None, *, service_code: str, commitment_number: str
) -> list[tuple[str, str]]:
    """Return what Chorus Pro would reject an invoice to `budget` for: a rule and a sentence each."""
    found = []
    services = {one.code: one for one in structure.services} if structure else {}
    service = services.get(service_code)
    demanded = budget.service_code_required or (structure is not None and structure.service_code_required)
    committed = (
        budget.commitment_required
        or (structure is not None and structure.commitment_required)
        or (service is not None and service.commitment_required)
    )
    if structure is not None and not structure.known:
        found.append(
            (
                "CHORUS-SIRET",
                f"L'annuaire de Chorus Pro ne connaît pas le SIRET {budget.siret} ; corrigez le budget.",
            )
        )
    if demanded and not service_code:
        found.append(
            (
                "CHORUS-SERVICE",
                f"« {budget.name} » demande un code service ; obtenez-le de la collectivité et écrivez-le ici.",
            )
        )
    elif service_code and services and (service is None or not service.active):
        open_ones = ", ".join(sorted(one.code for one in services.values() if one.active)[:8])
        found.append(
            (
                "CHORUS-SERVICE",
                f"Chorus Pro n'a pas de service actif « {service_code} » au SIRET {budget.siret}"
                + (f" ; il a : {open_ones}." if open_ones else " ; demandez à la collectivité lequel convient."),
            )
        )
    if committed and not commitment_number:
        found.append(
            (
                "CHORUS-ENGAGEMENT",
                f"« {budget.name} » demande un numéro d'engagement ; enregistrez celui de l'année sur son budget.",
            )
        )
    if (
        structure is not None
        and structure.one_of_both_required
        and not service_code
        and not commitment_number
        and not (demanded or committed)
    ):
        found.append(
            (
                "CHORUS-REFERENCE",
                f"« {budget.name} » demande un code service ou un numéro d'engagement ; donnez l'un des deux.",
            )
        )
    return found
