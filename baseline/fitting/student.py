"""Quantile of Student's t, without SciPy.

The distribution function is the regularised incomplete beta function I_x(a, b), computed by its continued fraction
(Abramowitz & Stegun 26.5.8, evaluated by Lentz's method); the quantile is found by bisection on it, so that it is
the same on every machine to the last digits a report prints.
"""

from __future__ import annotations

import math

_TINY = 1e-300


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of I_x(a, b), which converges fast for x < (a + 1) / (a + b + 2)."""
    c = 1.0
    d = 1.0 / (1.0 - (a + b) * x / (a + 1.0) or _TINY)
    h = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / (1.0 + term * d or _TINY)
            c = 1.0 + term / c or _TINY
            h *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return h


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b); `rest` is 1 - x, given because x may be close to 1."""
    if x <= 0.0 or rest <= 0.0:
        return 0.0 if x <= 0.0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _continued_fraction(a, b, x) / a
    return 1.0 - front * _continued_fraction(b, a, rest) / b


def t_two_sided(confidence: float, degrees_of_freedom: float) -> float:
    """Return t such that a Student variable lies in [-t, t] with probability `confidence` (0 < confidence < 1).

    `degrees_of_freedom` may be fractional and must be positive. t_two_sided(0.9, 10) is 1.8125.
    """
    if not 0.0 < confidence < 1.0 or degrees_of_freedom <= 0.0:
        raise ValueError(f"no quantile for confidence {confidence} and {degrees_of_freedom} degrees of freedom")
    tail = 1.0 - confidence

    def beyond(t: float) -> float:
        """Return P(|T| > t)."""
        whole = degrees_of_freedom + t * t
        return _incomplete_beta(degrees_of_freedom / 2.0, 0.5, degrees_of_freedom / whole, t * t / whole)

    low, high = 0.0, 1.0
    while beyond(high) > tail:
        low, high = high, high * 2.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        low, high = (middle, high) if beyond(middle) > tail else (low, middle)
    return (low + high) / 2.0
