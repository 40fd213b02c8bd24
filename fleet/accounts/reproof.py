"""Ask who is signed in to prove it again, before what a borrowed browser must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.accounts.sign_in import Refused, prove
from foundation.actors import PUBLIC
from foundation.messages import N_
from foundation.tenancy import bind_actor

if TYPE_CHECKING:
    from pyramid.request import Request

    from fleet.accounts.models import Account
    from foundation.forms import EntryForm

WRONG_PASSWORD = N_("Ce n'est pas votre mot de passe.")
OWN_SESSION = "own session"
"""Stands for the browser where tries of who is signed in already are counted."""


def proven_again(request: Request, form: EntryForm, account: Account) -> bool:
    """Say whether `form` is filled in and its field `current` is the password of today; else it says why not.

    Outside the savepoint of `foundation.forms.submit`: a wrong try is kept and slows down the next, as at the door.
    """
    session, actor = request.dbsession, request.dbsession.info["actor"]
    if form.validate():
        bind_actor(session, PUBLIC)
        address = request.remote_addr or ""
        answer = prove(session, account.email, form["current"].data, remote_address=address, browser=OWN_SESSION)
        bind_actor(session, actor)
        if not isinstance(answer, Refused):
            return True
        sentence = answer.sentence if answer.seconds else WRONG_PASSWORD
        form.refusal = request.language.translate(sentence).format(seconds=answer.seconds)
        form.refused_field = "current"
    request.response.status_int = 422
    return False
