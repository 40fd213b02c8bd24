"""Models of devices and lots of stock: registered once, named by every device of theirs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from devices.dialects.quantities import WORDS
from devices.inventory.models import HOURLY, DeviceModel, StockLot
from devices.inventory.register import check_interval, check_register_size
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def register_model(
    session: Session,
    *,
    maker: str,
    name: str,
    dialect: str = "",
    quantities: Sequence[str] = (),
    expected_every: dt.timedelta = HOURLY,
    battery: str = "",
    battery_months: int | None = None,
    pulse_weight: Decimal | None = None,
    max_power_kw: Decimal | None = None,
    register_size: Decimal | None = None,
) -> DeviceModel:
    """Add a model; refuse one there is already, and figures no device has."""
    if find_model(session, maker, name) is not None:
        raise Refusal(
            "Le modèle « {model} » est déjà enregistré ; choisissez-le.", field="name", model=f"{maker} {name}"
        )
    model = DeviceModel(maker=maker, name=name)
    session.add(model)
    return change_model(
        session,
        model,
        dialect=dialect,
        quantities=quantities,
        expected_every=expected_every,
        battery=battery,
        battery_months=battery_months,
        pulse_weight=pulse_weight,
        max_power_kw=max_power_kw,
        register_size=register_size,
    )


def change_model(
    session: Session,
    model: DeviceModel,
    *,
    dialect: str,
    quantities: Sequence[str],
    expected_every: dt.timedelta,
    battery: str,
    battery_months: int | None,
    pulse_weight: Decimal | None,
    max_power_kw: Decimal | None,
    register_size: Decimal | None,
) -> DeviceModel:
    """Put right what is known of `model`; what it was before stays in the history."""
    check_interval(expected_every)
    check_register_size(register_size)
    unknown = [code for code in quantities if code not in WORDS]
    if unknown:
        raise Refusal(
            "« {code} » n'est pas le code d'une grandeur ; écrivez parmi {codes}.",
            field="quantities",
            code=unknown[0],
            codes=", ".join(WORDS),
        )
    if battery_months is not None and not 0 < battery_months <= 600:
        raise Refusal("Une pile dure de 1 à 600 mois ; laissez vide si vous ne le savez pas.", field="battery_months")
    if pulse_weight is not None and pulse_weight <= 0:
        raise Refusal(
            "Le poids d'impulsion est plus grand que zéro ; laissez vide s'il n'y en a pas.", field="pulse_weight"
        )
    model.dialect = dialect
    model.quantities = list(quantities)
    model.expected_every = expected_every
    model.battery = battery
    model.battery_months = battery_months
    if max_power_kw is not None and max_power_kw <= 0:
        raise Refusal(
            "La puissance maximale est plus grande que zéro ; laissez vide si vous ne la savez pas.",
            field="max_power_kw",
        )
    model.pulse_weight = pulse_weight
    model.max_power_kw = max_power_kw
    model.register_size = register_size
    session.flush()
    return model


def find_model(session: Session, maker: str, name: str) -> DeviceModel | None:
    """Return the model of this maker and name, whatever its capitals."""
    query = select(DeviceModel).where(
        func.lower(DeviceModel.maker) == maker.lower(), func.lower(DeviceModel.name) == name.lower()
    )
    return session.scalar(query)


def model_named(session: Session, *, maker: str, name: str, register_size: Decimal | None = None) -> DeviceModel:
    """Return the model of this maker and name; where it was not there, registered now with `register_size` alone."""
    return find_model(session, maker, name) or register_model(
        session, maker=maker, name=name, register_size=register_size
    )


def register_lot(
    session: Session,
    *,
    reference: str,
    supplier: str,
    purchased_on: dt.date,
    unit_cost: Decimal,
    unit_grant: Decimal = Decimal(0),
    grant_source: str = "",
    warranty_ends_on: dt.date | None = None,
) -> StockLot:
    """Add a lot: `unit_cost` and `unit_grant` are of one device, before tax; the warranty ends before its day."""
    if find_lot(session, reference) is not None:
        raise Refusal(
            "Le lot « {reference} » est déjà enregistré ; choisissez-le.", field="reference", reference=reference
        )
    if unit_cost < 0:
        raise Refusal("Un prix d'achat n'est pas négatif ; écrivez 0 pour ce qui a été donné.", field="unit_cost")
    if not 0 <= unit_grant <= unit_cost:
        raise Refusal("La subvention par capteur se situe entre zéro et son prix d'achat.", field="unit_grant")
    if unit_grant and not grant_source:
        raise Refusal("Dites qui a accordé la subvention, et sous quelle référence.", field="grant_source")
    if warranty_ends_on is not None and warranty_ends_on <= purchased_on:
        raise Refusal("La garantie finit après l'achat ; corrigez l'une des deux dates.", field="warranty_ends_on")
    lot = StockLot(
        reference=reference,
        supplier=supplier,
        purchased_on=purchased_on,
        unit_cost=unit_cost,
        unit_grant=unit_grant,
        grant_source=grant_source,
        warranty_ends_on=warranty_ends_on,
    )
    session.add(lot)
    session.flush()
    return lot


def find_lot(session: Session, reference: str) -> StockLot | None:
    """Return the lot of this reference, whatever its capitals."""
    return session.scalar(select(StockLot).where(func.lower(StockLot.reference) == reference.lower()))
