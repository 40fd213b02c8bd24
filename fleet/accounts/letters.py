"""Letters that let somebody in: an invitation, a new password, a new address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foundation.look.language import language_of
from foundation.mail.register import post_privately
from foundation.messages import N_

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from fleet.accounts.models import Account

LETTERS = {
    "invitation": (
        N_("{company} vous ouvre un compte"),
        N_(
            "Bonjour {name},\n\n{company} vous ouvre un compte pour suivre les économies d'énergie des bâtiments."
            " Choisissez votre mot de passe ici, dans les sept jours :\n\n{address}\n\nCe lien ne sert qu'une fois."
            " Si vous n'attendiez pas cette lettre, jetez-la : rien n'est ouvert sans vous.\n"
        ),
    ),
    "reset": (
        N_("Choisir un nouveau mot de passe"),
        N_(
            "Bonjour {name},\n\nQuelqu'un, vous sans doute, a demandé un nouveau mot de passe pour votre compte chez"
            " {company}. Choisissez-le ici, dans l'heure :\n\n{address}\n\nCe lien ne sert qu'une fois. Si ce n'était"
            " pas vous, jetez cette lettre : votre mot de passe reste le même.\n"
        ),
    ),
    "new_email": (
        N_("Confirmer votre nouvelle adresse"),
        N_(
            "Bonjour {name},\n\nVous avez demandé que votre compte chez {company} soit désormais à cette adresse."
            " Confirmez-le ici, dans les vingt-quatre heures :\n\n{address}\n\nCe lien ne sert qu'une fois. Si ce"
            " n'était pas vous, jetez cette lettre.\n"
        ),
    ),
    "moved": (
        N_("Votre compte a changé d'adresse"),
        N_(
            "Bonjour {name},\n\nVotre compte chez {company} est désormais à l'adresse {email}. Si ce n'est pas vous qui"
            " l'avez voulu, écrivez tout de suite à la SPL.\n\n{address}\n"
        ),
    ),
    "changed": (
        N_("Votre mot de passe a changé"),
        N_(
            "Bonjour {name},\n\nLe mot de passe de votre compte chez {company} vient de changer, et vos sessions sont"
            " fermées. Si ce n'était pas vous, demandez-en un autre tout de suite :\n\n{address}\n"
        ),
    ),
}
"""Each letter's subject and text."""


def write(session: Session, account: Account, letter: str, *, to: str, company: str, address: str) -> None:
    """Add `letter` to `account`'s person to the caller's transaction, in the language the account is read in."""
    translate = language_of(account.language).translate
    subject, body = (translate(pattern) for pattern in LETTERS[letter])
    said = {"name": account.name, "company": company, "address": address, "email": account.email}
    post_privately(session, to=to, subject=subject.format(**said), body=body.format(**said))
