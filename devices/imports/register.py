"""Keep profiles; receive, check and import files: all of a file or nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from devices.imports.examine import Examined, take_turn
from devices.imports.models import FileImport, ImportProfile
from devices.imports.table import check_whole
from foundation.attachments.models import Attachment
from foundation.attachments.store import keep
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from devices.imports.outcome import Outcome
    from devices.imports.profile import Profile

LONGEST_NAME = 200


def silent(_rows: int) -> None:
    """Tell nobody how far the work is."""


def save_profile(session: Session, *, name: str, profile: Profile, by: str) -> ImportProfile:
    """Keep how one source writes its files under `name`; a name is never given to another profile."""
    if not name.strip():
        raise Refusal("Donnez un nom au profil, par exemple celui du fournisseur.", field="name")
    if session.scalar(select(ImportProfile.id).where(func.lower(ImportProfile.name) == name.lower())) is not None:
        raise Refusal("Un profil se nomme déjà « {name} » ; donnez-lui un autre nom.", field="name", name=name)
    saved = ImportProfile(name=name, mapping=profile.to_json(), created_by=by)
    session.add(saved)
    session.flush()
    return saved


def find_profile(session: Session, name: str) -> ImportProfile:
    """Return the profile of that name; refuse one nobody has saved."""
    found = session.scalar(select(ImportProfile).where(ImportProfile.name == name))
    if found is None:
        known = ", ".join(session.scalars(select(ImportProfile.name).order_by(ImportProfile.name))) or "aucun"
        raise Refusal(
            "Le profil « {name} » n'existe pas ; profils enregistrés : {known}.",
            field="profile",
            name=name,
            known=known,
        )
    return found


def receive(
    session: Session, content: bytes, *, name: str, profile: ImportProfile | None, by: str, now: dt.datetime
) -> FileImport:
    """Keep a file that is to be imported; the same file with the same profile is the one received before."""
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise Refusal("Le nom du fichier est illisible ou trop long ; renommez-le, puis importez-le.", field="file")
    check_whole(content, name)
    known = session.scalars(
        select(FileImport)
        .join(Attachment)
        .where(
            Attachment.sha256 == hashlib.sha256(content).hexdigest(),
            FileImport.profile_id.is_not_distinct_from(profile.id if profile else None),
        )
        .order_by(FileImport.imported_at.desc().nulls_last(), FileImport.id.desc())
    ).first()
    if known is not None:
        return known
    received = FileImport(
        attachment=keep(session, content, name=name, media_type="text/csv"),
        profile=profile,
        state="received",
        size=len(content),
        received_by=by,
        received_at=now,
    )
    session.add(received)
    session.flush()
    return received


def choose_profile(session: Session, imported: FileImport, profile: ImportProfile) -> FileImport:
    """Say how to read a received file; what was found with another profile is forgotten."""
    if imported.state == "imported":
        raise Refusal("Ce fichier est déjà importé ; déposez-le de nouveau pour le lire avec un autre profil.")
    imported.profile, imported.state, imported.outcome = profile, "received", None
    session.flush()
    return imported


def check(
    session: Session, imported: FileImport, *, today: dt.date, progress: Callable[[int], None] = silent
) -> Outcome:
    """Say what importing the file would do, and do nothing of it."""
    take_turn(session)
    session.refresh(imported)
    if imported.state == "imported":
        raise Refusal(_already(imported))
    examined = Examined(session, imported, today, progress)
    examined.try_writing()
    imported.state, imported.outcome, imported.rows_read = "checked", examined.outcome.to_json(), examined.outcome.rows
    session.flush()
    return examined.outcome


def carry_out(
    session: Session,
    imported: FileImport,
    *,
    reason: str = "",
    by: str,
    now: dt.datetime,
    today: dt.date,
    progress: Callable[[int], None] = silent,
) -> Outcome:
    """Import the file: every row or none; `reason` declares rows that contradict what is stored a correction.

    Raises:
        Refusal: a row has a problem, or contradicts without a reason; nothing has been written then.

    """
    take_turn(session)
    session.refresh(imported)
    if imported.state == "imported":
        raise Refusal(_already(imported))
    examined = Examined(session, imported, today, progress)
    outcome = examined.outcome
    if not outcome.is_clean:
        told = outcome.refusal or f"Ligne {outcome.problems[0].line} : {outcome.problems[0].sentence}"
        raise Refusal(
            "Rien n'a été importé ({count} problème(s)). {told}",
            field="file",
            count=outcome.problem_count or 1,
            told=told,
        )
    if outcome.changed and not reason.strip():
        raise Refusal(
            "Rien n'a été importé : {changed} ligne(s) contredisent ce qui est enregistré. Ligne {line} : "
            "{sentence} Si c'est une correction, dites pourquoi.",
            field="reason",
            changed=outcome.changed,
            line=outcome.conflicts[0].line,
            sentence=outcome.conflicts[0].sentence,
        )
    examined.write(reason=reason.strip(), by=by, now=now)
    imported.state, imported.outcome, imported.rows_read = "imported", outcome.to_json(), outcome.rows
    imported.correction_reason = reason.strip() if outcome.changed else ""
    imported.imported_by, imported.imported_at = by, now
    session.flush()
    return outcome


def _already(imported: FileImport) -> str:
    when = f"{imported.imported_at:%d/%m/%Y}" if imported.imported_at else ""
    return f"Ce fichier est déjà importé ({when}, {imported.imported_by}) ; il n'y a rien à refaire."
