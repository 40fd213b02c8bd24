"""Totals follow the calculation rules of EN 16931, whatever the lines."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from billing.einvoice.model import Line
from billing.einvoice.totals import line_net, totals, vat_breakdown
from tests.billing.einvoice_example import example_invoice

quantities = st.decimals("-99999", "99999", places=4).filter(bool)
prices = st.decimals("0.000001", "9999", places=6)
rates = st.sampled_from([Decimal(20), Decimal(10), Decimal("5.5")])


@st.composite
def invoice_lines(draw: st.DrawFn) -> tuple[Line, ...]:
    amounts = draw(st.lists(st.tuples(quantities, prices, rates), min_size=1, max_size=8))
    return tuple(
        Line(identifier=str(place), name="x", quantity=quantity, unit_code="KWH", unit_price=price, vat_rate=rate)
        for place, (quantity, price, rate) in enumerate(amounts, start=1)
    )


def half_up(exact: Fraction) -> Fraction:
    """Return `exact` rounded to the cent, ties away from zero, computed on whole numbers."""
    cents = (abs(exact) * 200 + 1) // 2
    return Fraction(-cents if exact < 0 else cents, 100)


def test_the_example_to_the_cent() -> None:
    invoice = example_invoice()
    assert [line_net(line) for line in invoice.lines] == [Decimal("10914.37"), Decimal("-114.33")]
    amounts = totals(invoice)
    assert (amounts.net, amounts.vat, amounts.gross, amounts.due) == (
        Decimal("10800.04"),
        Decimal("2160.01"),
        Decimal("12960.05"),
        Decimal("12960.05"),
    )


def test_what_was_paid_is_deducted_from_what_is_due() -> None:
    amounts = totals(example_invoice(paid_amount=Decimal("2000.00")))
    assert amounts.due == amounts.gross - 2000


@given(invoice_lines())
def test_lines_are_rounded_first_and_vat_once_a_rate(lines: tuple[Line, ...]) -> None:
    invoice = example_invoice(lines=lines)
    nets = [half_up(Fraction(line.quantity) * Fraction(line.unit_price)) for line in lines]
    amounts = totals(invoice)
    assert Fraction(amounts.net) == sum(nets)
    breakdown = vat_breakdown(invoice)
    assert len(breakdown) == len({line.vat_rate for line in lines})
    for part in breakdown:
        base = sum(net for net, line in zip(nets, lines, strict=True) if line.vat_rate == part.rate)
        assert Fraction(part.base) == base
        assert Fraction(part.amount) == half_up(base * Fraction(part.rate) / 100)
    assert amounts.gross == amounts.net + sum(part.amount for part in breakdown)


@given(invoice_lines())
def test_a_credit_note_is_the_exact_opposite_of_its_invoice(lines: tuple[Line, ...]) -> None:
    opposite = tuple(
        Line(
            identifier=line.identifier,
            name=line.name,
            quantity=-line.quantity,
            unit_code=line.unit_code,
            unit_price=line.unit_price,
            vat_rate=line.vat_rate,
        )
        for line in lines
    )
    assert totals(example_invoice(lines=lines)).gross == -totals(example_invoice(lines=opposite)).gross
