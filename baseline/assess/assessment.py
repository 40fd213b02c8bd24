"""From a question to its answer: read the files, choose the model, put the gravest findings first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from baseline.assess.billed import assess_bills, holds_bills
from baseline.assess.daily import assess_days
from baseline.assess.hourly import assess_hours
from baseline.assess.rows import read_table

if TYPE_CHECKING:
    from baseline.assess.answer import Assessment
    from baseline.assess.question import Question

KINDS = {"daily": assess_days, "billing": assess_bills, "hourly": assess_hours}


def assessed(question: Question) -> Assessment:
    """Answer. Raises Refusal, with a line where there is one, when the files cannot be read."""
    table = read_table(question.file)
    for column, values in question.filters:
        table = table.where(column, values)
    weather = read_table(question.temperature_file) if question.temperature_file else None
    model = question.model
    if model == "auto":
        model = "billing" if holds_bills(table, question) else "daily"
    answer = KINDS[model](table, weather, question)
    findings = sorted(answer.findings, key=lambda finding: not finding.blocking)
    return replace(answer, findings=findings, confidence=question.confidence)
