"""What each role may do; every view names one of these, and row-level security decides on which rows."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from foundation.actors import Role

if TYPE_CHECKING:
    from collections.abc import Mapping


class Permission(StrEnum):
    """One thing that can be allowed."""

    STAY_SIGNED_IN = "stay_signed_in"
    """Have a home page, a language, and sign out."""
    SEE_SITES = "see_sites"
    """Sites, buildings, and who holds them."""
    SEE_MEASUREMENTS = "see_measurements"
    """Metering points, boundaries, readings and clean energy."""
    SEE_DEVICES = "see_devices"
    """Devices, where they are installed, what they last sent."""
    SEE_CONTRACTS = "see_contracts"
    """Shareholders, budgets, agreements, prices."""
    SEE_SAVINGS = "see_savings"
    """Weather, measurement plans and savings reports."""
    SEE_BILLING = "see_billing"
    """Settlements, invoices and their documents."""
    SEE_JOBS = "see_jobs"
    """Long work and how far it is."""
    SEE_HISTORY = "see_history"
    """Who changed what."""
    SEE_MAIL = "see_mail"
    """Letters the product sends, and what became of each."""
    ACCEPT_SETTLEMENTS = "accept_settlements"
    """Accept what a period's savings are worth."""
    DECIDE_EVENTS = "decide_events"
    """Propose what changed a building's use, agree or reject, accept findings; each party for itself."""
    INSTALL_DEVICES = "install_devices"
    """Take devices into stock, install and remove them."""
    PLAN_VISITS = "plan_visits"
    """Send technicians to sites, write what sites demand, say what their phones may keep, settle conflicts."""
    WORK_IN_FIELD = "work_in_field"
    """Carry visits on a phone and send what was done."""
    PROVISION_DEVICES = "provision_devices"
    """Give devices what they sign in to the broker with, and take it away."""
    MANAGE_CONTRACTS = "manage_contracts"
    """Register shareholders, sites and buildings; draft and sign agreements."""
    MANAGE_MEASUREMENTS = "manage_measurements"
    """Register points and boundaries; replay what could not be read."""
    HANDLE_ALERTS = "handle_alerts"
    """Acknowledge, assign and annotate alerts; declare maintenance windows."""
    MANAGE_SUBSCRIPTIONS = "manage_subscriptions"
    """Say who receives which alerts."""
    MANAGE_SAVINGS = "manage_savings"
    """Import weather; draft, freeze and sign plans; make reports."""
    BILL = "bill"
    """Propose settlements; draft and issue invoices."""
    MANAGE_ACCOUNTS = "manage_accounts"
    """Invite people, close their accounts, end their sessions."""
    INVITE_GUESTS = "invite_guests"
    """Let others read what one's own municipality holds."""
    SEE_JOURNAL = "see_journal"
    """Who came in, what was done to accounts, who changed what."""
    SEND_READINGS = "send_readings"
    """Bring readings by the programming interface."""
    SET_CLOCK = "set_clock"
    """Set the day it is, in demonstration and tests only."""


_READING = {
    Permission.STAY_SIGNED_IN,
    Permission.SEE_SITES,
    Permission.SEE_MEASUREMENTS,
    Permission.SEE_DEVICES,
    Permission.SEE_CONTRACTS,
    Permission.SEE_SAVINGS,
    Permission.SEE_BILLING,
}

GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.OPERATOR: frozenset(Permission),
        Role.SHAREHOLDER: frozenset(
            _READING | {Permission.ACCEPT_SETTLEMENTS, Permission.DECIDE_EVENTS, Permission.INVITE_GUESTS}
        ),
        # Never agreements or money (foundation.actors.Role.TECHNICIAN).
        Role.TECHNICIAN: frozenset(
            {
                Permission.STAY_SIGNED_IN,
                Permission.SEE_SITES,
                Permission.SEE_MEASUREMENTS,
                Permission.SEE_DEVICES,
                Permission.INSTALL_DEVICES,
                Permission.WORK_IN_FIELD,
                Permission.HANDLE_ALERTS,
            }
        ),
        Role.PUBLIC: frozenset(),
    }
)


def allows(role: Role, permission: str, *, guest: bool = False) -> bool:
    """Say whether `role` may do what `permission` names; a name nobody knows is never allowed.

    A guest of that role may do what reads and nothing else.
    """
    return permission in GRANTS[role] and (not guest or permission in _READING)
