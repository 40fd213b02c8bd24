"""One account per role, with passwords of this checkout: made at random, kept readable by its owner only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from contracts.parties.models import Shareholder
from fleet.accounts.models import Account
from fleet.accounts.passwords import matches
from fleet.accounts.register import change_password, create_account
from fleet.demonstration.municipalities import MUNICIPALITIES

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a visitor types to come in."""

    role: str
    name: str
    email: str
    password: str
    siren: str | None = None


def sign_ins(folder: Path) -> list[SignIn]:
    """Return the sign-ins kept in `folder`, made where there were none."""
    path = folder / "sign-ins.json"
    if path.exists():
        return [SignIn(**kept) for kept in json.loads(path.read_text("utf-8"))]
    made = [
        _sign_in("operator", "Opératrice de la SPL", "operatrice@spl.example"),
        _sign_in("technician", "Technicien de la SPL", "technicien@spl.example"),
        *(_sign_in("shareholder", f"Mairie de {m.name}", f"mairie@{m.key}.example", m.siren) for m in MUNICIPALITIES),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump([asdict(one) for one in made], file, ensure_ascii=False, indent=1)
    fresh.rename(path)
    return made


def _sign_in(role: str, name: str, email: str, siren: str | None = None) -> SignIn:
    return SignIn(role, name, email, secrets.token_urlsafe(12), siren)


def opens(session: Session, wanted: SignIn) -> bool:
    """Tell whether `wanted` can come in."""
    account = session.scalar(select(Account).where(Account.email == wanted.email))
    return account is not None and matches(account.password_hash, wanted.password)


def open_account(session: Session, wanted: SignIn) -> bool:
    """Make `wanted` able to come in: a new account, or its password where that was lost; False if all was well."""
    account = session.scalar(select(Account).where(Account.email == wanted.email))
    if account is None:
        town = session.scalars(select(Shareholder).where(Shareholder.siren == wanted.siren)).one_or_none()
        create_account(
            session,
            email=wanted.email,
            name=wanted.name,
            role=wanted.role,
            password=wanted.password,
            shareholder=town,
        )
        return True
    if not matches(account.password_hash, wanted.password):
        change_password(session, account, wanted.password)
        return True
    return False
