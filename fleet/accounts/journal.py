"""The journal of access: a line in the transaction of what it tells, so that neither stands without the other."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import insert

from fleet.accounts.models import AccessEvent
from foundation.messages import N_

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LONGEST = 200


class Event(StrEnum):
    """What can happen; the journal of an installation keeps these words for good."""

    SIGNED_IN = "signed_in"
    REFUSED = "refused"
    SLOWED_DOWN = "slowed_down"
    SIGNED_OUT = "signed_out"
    SECOND_FACTOR_REFUSED = "second_factor_refused"
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    RECOVERY_CODE_USED = "recovery_code_used"
    LINK_ASKED = "link_asked"
    INVITED = "invited"
    PASSWORD_CHOSEN = "password_chosen"  # noqa: S105 - a word of the journal
    EMAIL_CHANGED = "email_changed"
    SESSION_ENDED = "session_ended"
    TOKEN_MADE = "token_made"  # noqa: S105 - same
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - same
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_REFUSED = "identity_refused"
    CLOSED = "closed"
    REOPENED = "reopened"
    FORGOTTEN = "forgotten"


WORDS = {
    Event.SIGNED_IN: (N_("entrée"), "good"),
    Event.REFUSED: (N_("entrée refusée"), "bad"),
    Event.SLOWED_DOWN: (N_("essais ralentis"), "bad"),
    Event.SIGNED_OUT: (N_("sortie"), "plain"),
    Event.SECOND_FACTOR_REFUSED: (N_("code refusé"), "bad"),
    Event.SECOND_FACTOR_SET: (N_("second facteur posé"), "good"),
    Event.SECOND_FACTOR_REMOVED: (N_("second facteur retiré"), "warn"),
    Event.RECOVERY_CODE_USED: (N_("code de secours utilisé"), "warn"),
    Event.LINK_ASKED: (N_("lien demandé"), "plain"),
    Event.INVITED: (N_("invitation"), "plain"),
    Event.PASSWORD_CHOSEN: (N_("mot de passe choisi"), "good"),
    Event.EMAIL_CHANGED: (N_("adresse changée"), "warn"),
    Event.SESSION_ENDED: (N_("session fermée"), "plain"),
    Event.TOKEN_MADE: (N_("jeton créé"), "warn"),
    Event.TOKEN_REVOKED: (N_("jeton révoqué"), "plain"),
    Event.IDENTITY_LINKED: (N_("identité rattachée"), "good"),
    Event.IDENTITY_REFUSED: (N_("identité refusée"), "bad"),
    Event.CLOSED: (N_("compte fermé"), "warn"),
    Event.REOPENED: (N_("compte rouvert"), "plain"),
    Event.FORGOTTEN: (N_("données effacées"), "plain"),
}
"""Each event with its word and its tone."""


def note(
    session: Session,
    event: Event,
    *,
    account_id: int | None = None,
    email: str = "",
    by: int | None = None,
    remote_address: str = "",
    detail: str = "",
) -> None:
    """Add a line; `by` is who did it where it was not the account itself."""
    line = insert(AccessEvent).values(
        kind=event.value,
        account_id=account_id,
        email=email[:LONGEST],
        by_account_id=by,
        remote_address=remote_address,
        # One line of the journal is one event (hostile input 28).
        detail=" ".join(detail.split())[:LONGEST],
    )
    # Inline: nothing is read back, since who is not signed in may not read the journal.
    session.execute(line.inline())
