"""Guessing is slowed down, nobody is locked out.

The wait after wrong tries doubles up to a minute for an account, and a place on the network that tries many accounts
waits too. A browser that has signed in to the account before is counted by itself: whoever hammers on an address
from elsewhere does not keep its owner out (hostile input 20; CNIL, délibération 2022-100).
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from fleet.accounts.models import SignInAttempt

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

WINDOW = dt.timedelta(hours=1)
FREE_TRIES = 5
"""For one account, before the first wait."""
FREE_TRIES_OF_AN_ADDRESS = 40
"""For one place on the network, which may be a whole town hall."""
LONGEST_WAIT = 60.0
"""Seconds; 1,440 guesses a day at most, against 50 bits at least."""
LETTERS = 3
"""An hour, to one address."""


def wait_before(session: Session, email: str, *, remote_address: str, browser: str = "") -> int:
    """Return how many seconds to wait before another try is looked at; 0 for now.

    `browser` is the mark of a browser that has signed in to this account before.
    """
    of_account = _wait(session, FREE_TRIES, SignInAttempt.email == email, SignInAttempt.browser == browser)
    if browser:
        return of_account
    of_place = _wait(session, FREE_TRIES_OF_AN_ADDRESS, SignInAttempt.remote_address == remote_address)
    return max(of_account, of_place)


def _wait(session: Session, free: int, *whose: ColumnElement[bool]) -> int:
    wrong = (*whose, SignInAttempt.kind != "link", SignInAttempt.succeeded.is_(False))
    tried = select(func.count(), func.extract("epoch", func.now() - func.max(SignInAttempt.at)))
    count, since = session.execute(tried.where(SignInAttempt.at > func.now() - WINDOW, *wrong)).one()
    if count < free:
        return 0
    return max(0, math.ceil(min(LONGEST_WAIT, 2.0 ** min(count - free + 1, 10)) - float(since)))


def may_write(session: Session, email: str, *, remote_address: str) -> bool:
    """Say whether one more letter may be asked for this address, and note that it was."""
    asked = select(func.count()).where(SignInAttempt.kind == "link", SignInAttempt.at > func.now() - WINDOW)
    to_address = session.scalar(asked.where(SignInAttempt.email == email)) or 0
    from_place = session.scalar(asked.where(SignInAttempt.remote_address == remote_address)) or 0
    session.add(SignInAttempt(email=email, remote_address=remote_address, succeeded=True, kind="link"))
    session.flush()
    return to_address < LETTERS and from_place < FREE_TRIES_OF_AN_ADDRESS
