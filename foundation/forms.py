"""Forms: what a person typed becomes exact values, or a sentence under the field; a refusal changes nothing."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from wtforms import DateField, Field, FileField, Form, PasswordField, SelectField, StringField, TextAreaField
from wtforms.meta import DefaultMeta
from wtforms.validators import DataRequired, InputRequired, Length, Optional, StopValidation, ValidationError
from wtforms.widgets import DateTimeLocalInput, TextInput

from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

LONGEST = 200
# Directional overrides and invisible characters make two names look alike (hostile input 45).
_DECEIVING = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
FIRST_YEAR, LAST_YEAR = 1800, 2199
"""What a person may mean: a year of two digits or of another era breaks every page that shows it."""
WIDEST_OFFSET = dt.timedelta(hours=14)
"""From UTC, anywhere on earth; what is written further off is a slip, and PostgreSQL takes none beyond 16 hours."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}([.,][0-9]{1,6})?")


SOMEBODY_WAS_FASTER = {"23001", "23505", "23P01"}
"""What the database says where two people do the same at once: frozen, there already, overlapping (class 23)."""
MEANWHILE = N_("Quelqu'un vient de faire la même chose ; rechargez la page pour voir ce qui est enregistré.")
MISSING = N_("Remplissez ce champ.")


class EntryForm(Form):
    """A form with a place for the refusal of what it asks for; one about a single field stands beside that field."""

    class Meta(DefaultMeta):
        """How what was sent reaches the fields."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Leave out what is of another kind than its field: a file sent for a text is no text."""
            if formdata is None:
                return None
            files = {field.name for field in form if isinstance(field, FileField)}
            kept = formdata.copy()
            for name in {name for name, sent in formdata.items() if not isinstance(sent, str)} - files:
                del kept[name]
            return super().wrap_formdata(form, kept)

    refusal: str = ""
    refused_field: str = ""


class _Text:
    """Canonical text: NFC, trimmed, one line, nothing that deceives the eye."""

    def __call__(self, _form: Form, field: Any) -> None:
        if len(field.data or "") > LONGEST:
            raise ValidationError(N_("C'est trop long : 200 signes au plus."))
        if _DECEIVING.search(field.data or ""):
            raise ValidationError(
                N_("Ce texte contient des signes invisibles ; tapez-le au clavier plutôt que de le coller.")
            )


def _canonical(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def text_field(label: str, *, help_text: str = "", required: bool = True, default: str = "") -> Any:
    """Return a field of one line."""
    presence = DataRequired(MISSING) if required else Optional()
    return StringField(label, [presence, _Text()], filters=[_canonical], description=help_text, default=default)


def pasted_field(label: str, longest: int, *, help_text: str = "", required: bool = True, rows: int = 6) -> Any:
    """Return a field of several lines, kept as they were pasted, of `longest` characters at most."""
    presence = InputRequired(MISSING) if required else Optional(strip_whitespace=False)
    size = Length(max=longest, message=N_("C'est trop long."))
    look = {"rows": rows, "spellcheck": "false", "class": "code"}
    return TextAreaField(label, [presence, size], description=help_text, render_kw=look)


class _Prose:
    """Several lines of text in which nothing deceives the eye."""

    def __call__(self, _form: Form, field: Any) -> None:
        if _DECEIVING.search((field.data or "").replace("\r", "")):
            raise ValidationError(
                N_("Ce texte contient des signes invisibles ; tapez-le au clavier plutôt que de le coller.")
            )


def prose_field(label: str, *, help_text: str = "", required: bool = True, longest: int = 4000) -> Any:
    """Return a field for a few sentences."""
    presence = DataRequired(MISSING) if required else Optional()
    size = Length(max=longest, message=N_("C'est trop long."))
    return TextAreaField(label, [presence, size, _Prose()], description=help_text, render_kw={"rows": 5})


def password_field(label: str, *, help_text: str = "") -> Any:
    """Return a field whose text is not shown and not changed in any way."""
    return PasswordField(label, [InputRequired(MISSING)], description=help_text)


def choice_field(label: str, *, help_text: str = "", required: bool = True) -> Any:
    """Return a list to choose one from; who makes the form fills its choices: what is sent → what is read."""
    presence = InputRequired(MISSING) if required else Optional()
    return ChosenField(label, [presence], description=help_text)


class ChosenField(SelectField):
    """A choice whose refusal is a sentence."""

    def pre_validate(self, _form: Any) -> None:
        """Refuse what is not offered."""
        if self.data not in {choice[0] for choice in self.iter_choices()}:
            raise ValidationError(N_("Choisissez dans la liste."))


class DecimalEntry(Field):
    """A number as French or English writes it, kept as Decimal (hostile input 42: no exponent, no other digits)."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed, if anything; what is no number is refused."""
        if valuelist:
            # Nothing sent leaves the default; an empty field sent is no number.
            self.data = self.read(valuelist[0]) if valuelist[0].strip() else None

    @staticmethod
    def read(typed: str) -> Decimal:
        """Return "1 234,5", "1234.5" or "-3" as a number; ValueError with a sentence where it is none."""
        written = "".join(typed.split())
        if not _NUMBER.fullmatch(written):
            raise ValueError(N_("Écrivez un nombre, par exemple 1234,5."))
        return Decimal(written.replace(",", "."))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data).replace(".", ",")


class _Given:
    """A value is demanded; zero is one, and what could not be read has been told why."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads it so

    def __call__(self, _form: Form, field: Any) -> None:
        if field.data is None and not field.errors:
            raise StopValidation(MISSING)


def number_field(label: str, *, help_text: str = "", required: bool = True, default: Decimal | None = None) -> Any:
    """Return a field for a decimal number."""
    presence = _Given() if required else Optional()
    return DecimalEntry(label, [presence], description=help_text, default=default, render_kw={"inputmode": "decimal"})


_RATIO = re.compile(r"([0-9]{1,6})/([1-9][0-9]{0,5})")
_PART = re.compile(r"[+-]?[0-9]{1,3}([.,][0-9]{1,12})?")


def read_ratio(typed: str) -> Fraction:
    """Return "1/3", "0,5" or "50 %" as an exact fraction; ValueError with a sentence where it is none."""
    written = "".join(typed.split())
    if found := _RATIO.fullmatch(written):
        return Fraction(int(found[1]), int(found[2]))
    if not _PART.fullmatch(written.removesuffix("%")):
        raise ValueError(N_("Écrivez une fraction, par exemple 1/3 ou 0,5."))
    number = Fraction(written.removesuffix("%").replace(",", "."))
    return number / 100 if written.endswith("%") else number


class RatioEntry(Field):
    """A part of a whole, kept exactly: a third stays a third."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed, if anything; what is no fraction is refused."""
        if valuelist:
            self.data = None
            self.data = read_ratio(valuelist[0]) if valuelist[0].strip() else None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else written_ratio(self.data)


def written_ratio(ratio: Fraction) -> str:
    """Return `ratio` as a person types it: 0,5 where the decimal is exact and short, else 1/3."""
    decimal = Decimal(ratio.numerator) / Decimal(ratio.denominator)
    text = f"{decimal.normalize():f}"
    return text.replace(".", ",") if Fraction(text) == ratio and len(text) < 10 else str(ratio)


def ratio_field(label: str, *, help_text: str = "", required: bool = True, default: Fraction | None = None) -> Any:
    """Return a field for a part of a whole."""
    presence = _Given() if required else Optional()
    return RatioEntry(label, [presence], description=help_text, default=default, render_kw={"inputmode": "text"})


def _demand_our_times(field: Any) -> None:
    if field.data is not None and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        field.data = None
        raise ValueError(N_("Vérifiez l'année de cette date."))


class DayEntry(DateField):
    """A local day, written 2026-03-01 (what browsers send) or 01/03/2026."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day, if anything; what is no day is refused."""
        if not valuelist:
            return  # nothing sent leaves the default
        if not "".join(valuelist).strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(N_("Écrivez une date, par exemple 01/03/2026.")) from None
        _demand_our_times(self)


def day_field(label: str, *, help_text: str = "", required: bool = True) -> Any:
    """Return a field for a local day."""
    presence = _Given() if required else Optional()
    return DayEntry(label, [presence], format=["%Y-%m-%d", "%d/%m/%Y"], description=help_text)


class MomentEntry(Field):
    """A time as browsers write it (2026-03-01T10:00), with or without its offset from UTC."""

    widget = DateTimeLocalInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the time; anything else is refused."""
        typed = valuelist[0].strip() if valuelist else ""
        try:
            self.data = dt.datetime.fromisoformat(typed) if typed else None
        except ValueError:
            self.data = None
            raise ValueError(N_("Écrivez une date et une heure, par exemple 2026-03-01T10:00.")) from None
        _demand_our_times(self)
        offset = self.data and self.data.utcoffset()
        if offset and abs(offset) > WIDEST_OFFSET:
            self.data = None
            raise ValueError(N_("Vérifiez le décalage de cette heure : il va de -14:00 à +14:00."))

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""


def moment_field(label: str, *, help_text: str = "", required: bool = True) -> Any:
    """Return a field for a time; `at_wall` makes it an instant."""
    presence = _Given() if required else Optional()
    return MomentEntry(label, [presence], description=help_text)


def at_wall(written: dt.datetime, zone_name: str) -> dt.datetime:
    """Return `written` as an instant: without an offset it is what the clock on the wall in `zone_name` shows.

    Where that clock shows a time twice, the first is meant.
    """
    return written if written.tzinfo else written.replace(tzinfo=ZoneInfo(zone_name))


class _FileGiven:
    """A file is demanded; what WebOb sends for one cannot be asked whether it is true."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads it so

    def __call__(self, _form: Form, field: Any) -> None:
        if not getattr(field.data, "filename", ""):
            raise StopValidation(MISSING)


def file_field(label: str, *, help_text: str = "", required: bool = True) -> Any:
    """Return a field for one file."""
    return FileField(label, [_FileGiven()] if required else [], description=help_text)


def submit(request: Any, form: EntryForm, act: Callable[[], Result]) -> Result | None:
    """Do `act` where the form is valid and return its result; else put what is wrong on the form and return None.

    `act` runs in a savepoint: what a refusal had begun is taken back. The answer then has status 422, so that a program
    sees the refusal too.
    """
    if form.validate():
        try:
            with request.dbsession.begin_nested():
                return act()
        except Refusal as refusal:
            _show(request, form, refusal)
        except IntegrityError as error:
            if getattr(error.orig, "sqlstate", None) not in SOMEBODY_WAS_FASTER:
                raise
            _show(request, form, Refusal(MEANWHILE))
    request.response.status_int = 422
    return None


def _show(request: Any, form: EntryForm, refusal: Refusal) -> None:
    form.refusal = refusal.said_in(request.language.translate)
    # "shareholder" is asked for as a number chosen from a list: "shareholder_id".
    form.refused_field = next((n for n in (refusal.field or "", f"{refusal.field}_id") if n in form), "")
