"""Visits, what the site demands of who goes there, what phones sent, tests, reports."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.sites.models import Site
from devices.field.words import ASBESTOS, AUTHORISATIONS, OUTCOMES, PHOTOS, PLACES, STEPS, TASKS, TESTS, VISITS
from devices.inventory.models import Device, Installation
from devices.points.models import MeteringPoint
from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier


class Visit(Base):
    """A technician goes to a site on a day to do what its tasks say."""

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint(f"state IN {tuple(VISITS)}", name="state"),
        Index("ix_visit_technician_id_planned_on", "technician_id", "planned_on"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id), index=True)
    planned_on: Mapped[dt.date]
    # A number, not a foreign key: accounts belong to the roof.
    technician_id: Mapped[int]
    technician: Mapped[str]
    """Name of the technician, as it was when the visit was planned."""
    instructions: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(default="planned")
    planned_by: Mapped[str]
    started_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    keeper: Mapped[str] = mapped_column(default="", server_default="")
    """Who signed for the site, and as what."""
    keeper_email: Mapped[str] = mapped_column(default="", server_default="")
    signature: Mapped[list[Any] | None]
    """Strokes of the keeper's finger: lists of [x, y] in a box of 1000 by 400."""
    remarks: Mapped[str] = mapped_column(default="", server_default="")
    """What the technician or the keeper added when the visit ended."""
    created_at: Mapped[created]

    site: Mapped[Site] = relationship()
    tasks: Mapped[list[VisitTask]] = relationship(back_populates="visit", order_by="VisitTask.id")
    submissions: Mapped[list[Submission]] = relationship(order_by="Submission.done_at, Submission.id", viewonly=True)
    document: Mapped[VisitDocument | None] = relationship(viewonly=True)


class VisitTask(Base):
    """One thing to do on a metering point, with what the operator knows of the device's register."""

    __tablename__ = "visit_task"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(TASKS)}", name="kind"),
        CheckConstraint(f"place IN {tuple(PLACES)}", name="place"),
        CheckConstraint("factor > 0", name="factor"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    visit_id: Mapped[int] = mapped_column(ForeignKey(Visit.id), index=True)
    kind: Mapped[str]
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id))
    place: Mapped[str] = mapped_column(default="", server_default="")
    channel: Mapped[str] = mapped_column(default="index", server_default="index")
    quantity: Mapped[str] = mapped_column(default="energy_index", server_default="energy_index")
    factor: Mapped[Decimal] = mapped_column(default=Decimal(1), server_default="1")
    """Pulse weight as planned; the technician confirms it or writes what the plate says."""
    shows_dial: Mapped[bool] = mapped_column(default=True, server_default="true")
    """Whether the device sends what the dial shows; a pulse counter that starts at 0 does not."""
    note: Mapped[str] = mapped_column(default="", server_default="")
    done: Mapped[bool] = mapped_column(default=False, server_default="false")

    visit: Mapped[Visit] = relationship(back_populates="tasks")
    point: Mapped[MeteringPoint] = relationship()


class SiteSheet(Base):
    """What who goes to a site must know before: keys, alarm, hours, whom to call, risks."""

    __tablename__ = "site_sheet"
    __table_args__ = (CheckConstraint(f"asbestos IN {tuple(ASBESTOS)}", name="asbestos"), {"schema": "devices"})

    id: Mapped[identifier]
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id), unique=True)
    keys: Mapped[str] = mapped_column(default="", server_default="")
    alarm: Mapped[str] = mapped_column(default="", server_default="")
    opening_hours: Mapped[str] = mapped_column(default="", server_default="")
    contact: Mapped[str] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    asbestos: Mapped[str] = mapped_column(default="unknown", server_default="unknown")
    height_risk: Mapped[str] = mapped_column(default="", server_default="")
    explosion_risk: Mapped[str] = mapped_column(default="", server_default="")
    written_by: Mapped[str]
    written_at: Mapped[dt.datetime]

    site: Mapped[Site] = relationship()


class Authorisation(Base):
    """What a technician is allowed to work on during [start, end) of local days, and the paper that says so."""

    __tablename__ = "authorisation"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(AUTHORISATIONS)}", name="kind"),
        CheckConstraint("NOT isempty(period)", name="period"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    account_id: Mapped[int] = mapped_column(index=True)
    holder: Mapped[str]
    kind: Mapped[str]
    level: Mapped[str] = mapped_column(default="", server_default="")
    """As the title of authorisation writes it: BS, B1V, BR…"""
    reference: Mapped[str] = mapped_column(default="", server_default="")
    period: Mapped[Range[dt.date]]
    recorded_by: Mapped[str]
    created_at: Mapped[created]


class Download(Base):
    """What a phone carries: until when it may, and whether it was taken back."""

    __tablename__ = "field_download"
    __table_args__ = {"schema": "devices"}

    id: Mapped[identifier]
    account_id: Mapped[int] = mapped_column(index=True)
    by: Mapped[str]
    token_sha256: Mapped[str] = mapped_column(unique=True)
    """Of the secret the phone shows when it connects, signed in or not."""
    phone: Mapped[str]
    """What the browser calls itself."""
    made_at: Mapped[dt.datetime]
    renewed_at: Mapped[dt.datetime]
    """When it last connected and took the visits anew."""
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[str] = mapped_column(default="", server_default="")
    told_at: Mapped[dt.datetime | None]
    """When the phone was told to forget, and did."""


class Submission(Base):
    """One thing a technician did, sent once by its key: what was said, and what became of it. Never deleted."""

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(STEPS)}", name="kind"),
        CheckConstraint(f"state IN {tuple(OUTCOMES)}", name="state"),
        Index("ix_submission_open", "id", postgresql_where="state = 'conflict'"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    key: Mapped[str] = mapped_column(unique=True)
    """Made by the phone (UUID): the same again is answered, not done again."""
    digest: Mapped[str]
    """SHA-256 of what was said: another content under the same key is refused."""
    account_id: Mapped[int] = mapped_column(index=True)
    by: Mapped[str]
    visit_id: Mapped[int | None] = mapped_column(ForeignKey(Visit.id), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey(VisitTask.id))
    kind: Mapped[str]
    done_at: Mapped[dt.datetime]
    """By the phone's clock; `received_at` is when it reached us."""
    received_at: Mapped[dt.datetime]
    based_on: Mapped[dt.datetime]
    """When the phone downloaded what it decided on: what others did since is a conflict."""
    app_version: Mapped[str]
    latitude: Mapped[Decimal | None]
    longitude: Mapped[Decimal | None]
    said: Mapped[dict[str, Any]]
    state: Mapped[str]
    sentence: Mapped[str] = mapped_column(default="", server_default="")
    """Why it was refused or what it contradicts, in French with places to fill from `filled`."""
    filled: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What it made: numbers of installations, the gap between two indexes…"""
    device_id: Mapped[int | None] = mapped_column(ForeignKey(Device.id), index=True)
    point_id: Mapped[int | None] = mapped_column(ForeignKey(MeteringPoint.id), index=True)
    rival_id: Mapped[int | None] = mapped_column(ForeignKey("devices.submission.id"))
    """What another technician did to the same device or point, applied before."""
    settled_by: Mapped[str] = mapped_column(default="", server_default="")

    visit: Mapped[Visit | None] = relationship(viewonly=True)
    device: Mapped[Device | None] = relationship()
    point: Mapped[MeteringPoint | None] = relationship()
    rival: Mapped[Submission | None] = relationship(remote_side="Submission.id")


class Photo(Base):
    """A photo of a submission: the picture without what a camera hides in it, and where it was taken beside it."""

    __tablename__ = "field_photo"
    __table_args__ = (
        UniqueConstraint("submission_key", "sent_sha256"),
        CheckConstraint(f"kind IN {tuple(PHOTOS)}", name="kind"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    submission_key: Mapped[str]
    account_id: Mapped[int]
    kind: Mapped[str]
    sent_sha256: Mapped[str]
    """Of the bytes as the phone sent them; the attachment has the hash of what is kept."""
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    width: Mapped[int]
    height: Mapped[int]
    taken_at: Mapped[dt.datetime]
    latitude: Mapped[Decimal | None]
    longitude: Mapped[Decimal | None]
    created_at: Mapped[created]

    attachment: Mapped[Attachment] = relationship()


class CommissioningTest(Base):
    """Whether an installation works; only what its device sends can pass it."""

    __tablename__ = "commissioning_test"
    __table_args__ = (
        CheckConstraint(f"state IN {tuple(TESTS)}", name="state"),
        Index("ix_commissioning_test_open", "id", postgresql_where="state IN ('pending', 'failed')"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    installation_id: Mapped[int] = mapped_column(ForeignKey(Installation.id), unique=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey(Submission.id))
    dial_index: Mapped[Decimal | None]
    """What the dial showed at `began_at`; None where it could not be read."""
    shows_dial: Mapped[bool]
    began_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(default="pending", server_default="pending")
    checks: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Each check as `devices.field.commissioning.rules.Check` writes it."""
    looked_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime | None]

    installation: Mapped[Installation] = relationship()


class VisitDocument(Base):
    """The printed report of a visit: made once, kept as the original."""

    __tablename__ = "visit_document"
    __table_args__ = {"schema": "devices"}

    visit_id: Mapped[int] = mapped_column(ForeignKey(Visit.id), primary_key=True)
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    made_at: Mapped[dt.datetime]

    attachment: Mapped[Attachment] = relationship()
