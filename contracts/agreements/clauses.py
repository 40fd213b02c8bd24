"""Every clause of the sharing terms as fields of a form, and back."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from contracts.agreements.terms.data import (
    BuyOut,
    CumulativeCap,
    Deadlines,
    Hurdle,
    HurdleKind,
    LateData,
    Revision,
    Share,
    Terms,
)
from contracts.agreements.terms.presets import PRESETS
from contracts.prices.energies import ENERGY_NAMES
from foundation.errors import Refusal
from foundation.forms import (
    EntryForm,
    choice_field,
    number_field,
    pasted_field,
    ratio_field,
    read_ratio,
    written_ratio,
)
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PRESET_NAMES = {
    "pay_as_you_save": N_("Moitié des économies prouvées"),
    "interessement_third": N_("Intéressement au tiers"),
    "interessement_half": N_("Intéressement par moitié"),
    "interessement_two_thirds": N_("Intéressement aux deux tiers"),
}
"""What each of `PRESETS` is called."""
HURDLES = {
    "threshold": N_("seuil : franchi, tout compte"),
    "deductible": N_("franchise : franchie, seul compte ce qui dépasse"),
}
_AMOUNT_HELP = N_("Vide s'il n'y en a pas.")


class ClausesForm(EntryForm):
    """The sharing terms, clause by clause."""

    share = ratio_field(
        N_("Part de la SPL"), help_text=N_("Une fraction de ce qui est retenu comme économie : 0,5 ou 1/3.")
    )
    shares = pasted_field(
        N_("Autres parts, par énergie ou par année"),
        2000,
        required=False,
        rows=3,
        help_text=N_(
            "Une ligne chacune : énergie ; à partir de l'année ; part."
            " Par exemple : gaz ; 1 ; 0,4, ou toutes ; 4 ; 1/3."
        ),
    )
    confidence = ratio_field(
        N_("Niveau de confiance"),
        default=Fraction(9, 10),
        help_text=N_("De l'intervalle des économies : 0,9 laisse une chance sur dix de se tromper."),
    )
    correlation = ratio_field(
        N_("Corrélation entre périmètres"),
        default=Fraction(1),
        help_text=N_("1 additionne les incertitudes, ce qui n'est jamais trop peu ; 0 les suppose indépendantes."),
    )
    significance = ratio_field(
        N_("Significativité"),
        required=False,
        default=Fraction(1),
        help_text=N_("Combien de fois son incertitude l'économie doit dépasser ; vide : pas d'examen."),
    )
    significance_kind = choice_field(N_("Si elle est significative"))
    neutral_band = ratio_field(
        N_("Zone neutre"),
        required=False,
        help_text=N_("Une fraction de la référence, par exemple 0,04 : en dessous, rien n'est retenu."),
    )
    neutral_band_kind = choice_field(N_("Si elle sort de la zone neutre"))
    floor = number_field(
        N_("Plancher annuel, € HT"),
        default=Decimal(0),
        help_text=N_("Dû même sans économie. Au-dessus de zéro, c'est un recouvrement garanti : un constat le dit."),
    )
    yearly_cap = number_field(N_("Plafond annuel, € HT"), required=False, help_text=_AMOUNT_HELP)
    cap_factor = ratio_field(
        N_("Plafond cumulé : facteur"),
        required=False,
        help_text=N_("Tous les paiements ensemble restent sous ce facteur × (coût des capteurs − subventions)."),
    )
    cap_cost = number_field(N_("Coût des capteurs, € HT"), required=False)
    cap_grants = number_field(N_("Subventions reçues pour eux, €"), required=False)
    carry_forward = choice_field(N_("Une année négative"))
    late_months = number_field(
        N_("Données tardives : délai, mois"), default=Decimal(12), help_text=N_("Après le règlement de l'année.")
    )
    late_amount = number_field(N_("Données tardives : montant au plus, €"), required=False, help_text=_AMOUNT_HELP)
    revision_gap = ratio_field(
        N_("Révision de la référence (NB) : écart moyen"),
        required=False,
        help_text=N_("Par exemple 0,1 : au-delà, la référence se renégocie ; vide : pas de clause."),
    )
    revision_years = number_field(N_("Révision : années de suite"), default=Decimal(2))
    dispute_days = number_field(
        N_("Pour accepter ou contester un décompte, jours"),
        default=Decimal(30),
        help_text=N_("À compter du jour où il est soumis à la collectivité."),
    )
    answer_days = number_field(N_("Pour répondre à une contestation, jours"), default=Decimal(30))
    expert_days = number_field(N_("Pour un expert indépendant, jours"), default=Decimal(60))
    buy_out = pasted_field(
        N_("Rachat des capteurs"),
        2000,
        required=False,
        rows=3,
        help_text=N_("Une ligne par valeur : après l'année ; montant. Par exemple : 3 ; 4 500."),
    )


def clauses_form(form: ClausesForm, translate: Callable[[str], str]) -> ClausesForm:
    """Return `form` with the choices of its lists."""
    hurdles = {code: translate(word) for code, word in HURDLES.items()}
    form.significance_kind.choices = form.neutral_band_kind.choices = hurdles
    form.carry_forward.choices = {
        "yes": translate(N_("diminue les suivantes")),
        "no": translate(N_("ne change rien aux suivantes")),
    }
    return form


def filled(terms: Terms) -> dict[str, Any]:
    """Return `terms` as the values of the form's fields."""
    base = next((one for one in terms.shares if one.energy is None and one.from_year == 1), None)
    cap, revision = terms.cumulative_cap, terms.revision
    return {
        "share": base.share if base else Fraction(0),
        "shares": "\n".join(
            f"{ENERGY_NAMES[one.energy] if one.energy else 'toutes'} ; {one.from_year} ; {written_ratio(one.share)}"
            for one in terms.shares
            if one is not base
        ),
        "confidence": terms.confidence,
        "correlation": terms.correlation,
        "significance": terms.significance and terms.significance.limit,
        "significance_kind": _kind(terms.significance),
        "neutral_band": terms.neutral_band and terms.neutral_band.limit,
        "neutral_band_kind": _kind(terms.neutral_band),
        "floor": terms.floor,
        "yearly_cap": terms.yearly_cap,
        "cap_factor": cap and cap.factor,
        "cap_cost": cap and cap.sensor_cost,
        "cap_grants": cap and cap.grants,
        "carry_forward": "yes" if terms.carry_forward else "no",
        "late_months": Decimal(terms.late_data.months),
        "late_amount": terms.late_data.amount,
        "revision_gap": revision and revision.gap,
        "revision_years": Decimal(revision.years if revision else 2),
        "dispute_days": Decimal(terms.deadlines.dispute_days),
        "answer_days": Decimal(terms.deadlines.answer_days),
        "expert_days": Decimal(terms.deadlines.expert_days),
        "buy_out": "\n".join(f"{row.after_year} ; {row.amount}".replace(".", ",") for row in terms.buy_out),
    }


def preset(code: str) -> dict[str, Any]:
    """Return the values of the form's fields for the preset `code`; those of the first where there is none such."""
    return filled(PRESETS.get(code, PRESETS["pay_as_you_save"]))


def terms_of(form: ClausesForm) -> Terms:
    """Return the terms a valid form says; refuse what contradicts itself, beside its field."""
    return Terms(
        shares=(Share(form.share.data), *(_share(cells) for cells in _rows(form.shares.data, "shares", 3))),
        confidence=form.confidence.data,
        correlation=form.correlation.data,
        significance=_hurdle(form.significance.data, form.significance_kind.data, "significance"),
        neutral_band=_hurdle(form.neutral_band.data, form.neutral_band_kind.data, "neutral_band"),
        floor=form.floor.data,
        yearly_cap=form.yearly_cap.data,
        cumulative_cap=_cap(form),
        carry_forward=form.carry_forward.data == "yes",
        late_data=LateData(_whole(form.late_months.data, "late_months"), form.late_amount.data),
        revision=None
        if form.revision_gap.data is None
        else Revision(form.revision_gap.data, _whole(form.revision_years.data, "revision_years")),
        deadlines=Deadlines(
            *(_whole(form[name].data, name) for name in ("dispute_days", "answer_days", "expert_days"))
        ),
        buy_out=tuple(_buy_out(cells) for cells in _rows(form.buy_out.data, "buy_out", 2)),
    )


def _kind(hurdle: Hurdle | None) -> str:
    return (hurdle.kind if hurdle else HurdleKind.THRESHOLD).value


def _hurdle(limit: Fraction | None, kind: str, field: str) -> Hurdle | None:
    if limit is not None and limit < 0:
        raise Refusal("Une limite ne peut pas être négative ; écrivez zéro ou plus.", field=field)
    return None if limit is None else Hurdle(limit, HurdleKind(kind))


def _cap(form: ClausesForm) -> CumulativeCap | None:
    if form.cap_factor.data is None and form.cap_cost.data is None:
        return None
    if form.cap_factor.data is None or form.cap_cost.data is None:
        raise Refusal(
            "Le plafond cumulé demande un facteur et le coût des capteurs ; complétez l'un, ou effacez l'autre.",
            field="cap_cost" if form.cap_cost.data is None else "cap_factor",
        )
    return CumulativeCap(form.cap_factor.data, form.cap_cost.data, form.cap_grants.data or Decimal("0.00"))


def _rows(typed: str | None, field: str, cells: int) -> Iterable[list[str]]:
    for line in (typed or "").splitlines():
        if not line.strip():
            continue
        row = [cell.strip() for cell in line.replace("\t", ";").split(";")]
        if len(row) != cells:
            raise Refusal(
                "La ligne « {line} » doit avoir {cells} valeurs séparées par des points-virgules ; corrigez-la.",
                field=field,
                line=line.strip(),
                cells=cells,
            )
        yield row


def _share(cells: list[str]) -> Share:
    energies = {name: code for code, name in ENERGY_NAMES.items()} | {code: code for code in ENERGY_NAMES}
    energy, year, share = cells
    if energy.lower() not in {*energies, "toutes", "all"}:
        raise Refusal(
            "L'énergie « {energy} » n'existe pas ici ; choisissez parmi toutes, {energies}.",
            field="shares",
            energy=energy,
            energies=", ".join(ENERGY_NAMES.values()),
        )
    return Share(_ratio(share, "shares"), energies.get(energy.lower()), _year(year, "shares"))


def _buy_out(cells: list[str]) -> BuyOut:
    year, amount = cells
    return BuyOut(_year(year, "buy_out"), Decimal(_exact(amount)))


def _exact(typed: str) -> str:
    amount = "".join(typed.removesuffix("€").split()).replace(",", ".")
    if not amount.replace(".", "", 1).isdigit() or not amount.isascii():
        raise Refusal("« {typed} » n'est pas un montant ; écrivez par exemple 4500,00.", field="buy_out", typed=typed)
    return amount


def _ratio(typed: str, field: str) -> Fraction:
    try:
        return read_ratio(typed)
    except ValueError:
        raise Refusal(
            "« {typed} » n'est pas une part ; écrivez par exemple 0,5 ou 1/3.", field=field, typed=typed
        ) from None


def _year(typed: str, field: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) < 4):
        raise Refusal("« {typed} » n'est pas une année du contrat ; écrivez 1, 2…", field=field, typed=typed)
    return int(typed)


def _whole(number: Decimal, field: str) -> int:
    if number != number.to_integral_value():
        raise Refusal("Écrivez un nombre entier.", field=field)
    return int(number)
