"""Who is signed in and what that role may do, for Pyramid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.security import Allowed, Denied

from foundation.permissions import allows

if TYPE_CHECKING:
    from pyramid.request import Request

    from foundation.actors import Actor


class RolePolicy:
    """Permissions are those of the actor's role and of the token it shows; rows are row-level security's business."""

    def identity(self, request: Request) -> Actor:
        """Return who acts; the public where nobody is signed in."""
        actor: Actor = request.actor
        return actor

    def authenticated_userid(self, request: Request) -> str | None:
        """Return the account's number, or None."""
        account_id = request.actor.account_id
        return None if account_id is None else str(account_id)

    def permits(self, request: Request, context: object, permission: str) -> Allowed | Denied:  # noqa: ARG002 - Pyramid's signature
        """Say whether the actor's role has `permission`."""
        actor = request.actor
        held = permission in request.scope
        if held and allows(actor.role, permission, guest=actor.guest):
            return Allowed("%s may %s", actor.role, permission)
        return Denied("%s may not %s", actor.role, permission)

    def remember(self, request: Request, userid: str, **_options: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - same
        """Return no headers: `fleet.accounts.views` keeps the secret in the session cookie."""
        return []

    def forget(self, request: Request, **_options: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - same
        """Return no headers, for the same reason."""
        return []
