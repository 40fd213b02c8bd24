"""The whole chain of money at once: series, seals, books, and revenue added up by the database on its own.

Read in one transaction that sees one moment, so that an audit may run while invoices are issued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from billing.evidence.verify import Discrepancy, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

# Each question finds rows only where something is wrong: where, and the figures of its sentence.
QUESTIONS = {
    "L'écriture {0} ne s'équilibre pas : il y manque {1} €.": """
        SELECT e.document, e.id, coalesce(-sum(p.amount), 0) FROM billing.entry e
        LEFT JOIN billing.posting p ON p.entry_id = e.id GROUP BY e.id HAVING coalesce(sum(p.amount), 1) <> 0""",
    "Le document est émis et passé {0} fois en comptabilité.": """
        SELECT i.number, count(e.id) FROM billing.invoice i
        LEFT JOIN billing.entry e ON e.document = i.number AND e.kind IN ('invoice', 'credit_note')
        WHERE i.number IS NOT NULL GROUP BY i.number HAVING count(e.id) <> 1""",
    "Passé en comptabilité sans qu'aucun document émis porte ce numéro.": """
        SELECT e.document FROM billing.entry e LEFT JOIN billing.invoice i ON i.number = e.document
        WHERE e.kind IN ('invoice', 'credit_note') AND i.id IS NULL""",
    "Ses lignes font {0} € et son écriture de produit {1} €.": """
        WITH said AS (
            SELECT i.number, CASE i.type_code WHEN '381' THEN -1 ELSE 1 END * sum(round(
                (line ->> 'quantity')::numeric * (line ->> 'unit_price')::numeric, 2)) AS net
            FROM billing.invoice i CROSS JOIN LATERAL jsonb_array_elements(i.snapshot -> 'lines') AS line
            WHERE i.number IS NOT NULL GROUP BY i.number, i.type_code),
        booked AS (
            SELECT e.document, -sum(p.amount) AS net FROM billing.entry e JOIN billing.posting p ON p.entry_id = e.id
            WHERE p.account_code IN ('706', '775') GROUP BY e.document)
        SELECT coalesce(s.number, b.document), coalesce(s.net, 0), coalesce(b.net, 0)
        FROM said s FULL JOIN booked b ON b.document = s.number WHERE coalesce(s.net, 0) <> coalesce(b.net, 0)""",
    "Son total TTC est de {0} € et le compte de la collectivité porte {1} €.": """
        SELECT i.number, i.gross, coalesce(sum(p.amount), 0) FROM billing.invoice i
        LEFT JOIN billing.entry e ON e.document = i.number AND e.kind IN ('invoice', 'credit_note')
        LEFT JOIN billing.posting p
            ON p.entry_id = e.id AND p.account_code = '411' AND p.shareholder_id = i.shareholder_id
        WHERE i.number IS NOT NULL GROUP BY i.id
        HAVING coalesce(sum(p.amount), 0) <> CASE i.type_code WHEN '381' THEN -i.gross ELSE i.gross END""",
    "Le paiement est de {0} € et son écriture de banque de {1} €.": """
        WITH received AS (SELECT reference, sum(amount) AS amount FROM billing.payment GROUP BY reference),
        booked AS (
            SELECT e.document, sum(p.amount) AS amount FROM billing.entry e JOIN billing.posting p ON p.entry_id = e.id
            WHERE p.account_code = '512' GROUP BY e.document)
        SELECT coalesce(r.reference, b.document), coalesce(r.amount, 0), coalesce(b.amount, 0)
        FROM received r FULL JOIN booked b ON b.document = r.reference
        WHERE coalesce(r.amount, 0) <> coalesce(b.amount, 0)""",
    "Il est crédité de {0} € : plus que son montant.": """
        SELECT i.number, sum(c.amount) FROM billing.credit c JOIN billing.invoice i ON i.id = c.invoice_id
        GROUP BY i.id HAVING sum(c.amount) > i.gross OR (sum(c.amount) = i.gross) <> (i.state = 'credited')""",
    "{0} € en sont imputés : plus qu'il ne vaut.": """
        WITH used AS (
            SELECT payment_id, amount FROM billing.allocation
            UNION ALL SELECT payment_id, interest + indemnity FROM billing.late_charge)
        SELECT p.reference, sum(a.amount) FROM used a JOIN billing.payment p ON p.id = a.payment_id
        GROUP BY p.id HAVING sum(a.amount) > greatest(p.amount, 0) OR sum(a.amount) < 0""",
    "Le retard payé est de {0} € et son produit de {1} €.": """
        WITH paid AS (
            SELECT i.number, sum(c.interest + c.indemnity) AS amount FROM billing.late_charge c
            JOIN billing.invoice i ON i.id = c.invoice_id GROUP BY i.number),
        booked AS (
            SELECT e.document, -sum(p.amount) AS amount FROM billing.entry e JOIN billing.posting p ON p.entry_id = e.id
            WHERE e.kind = 'late' AND p.account_code IN ('763', '758') GROUP BY e.document)
        SELECT coalesce(l.number, b.document), coalesce(l.amount, 0), coalesce(b.amount, 0)
        FROM paid l FULL JOIN booked b ON b.document = l.number WHERE coalesce(l.amount, 0) <> coalesce(b.amount, 0)""",
}


def audit(session: Session) -> tuple[Discrepancy, ...]:
    """Return everything that does not agree; an empty tuple when all does. `session` has asked nothing yet."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return (*verify(session), *_books(session))


def _books(session: Session) -> Iterator[Discrepancy]:
    for sentence, question in QUESTIONS.items():
        for where, *figures in session.execute(text(question)):
            yield Discrepancy(where, sentence.format(*figures))
