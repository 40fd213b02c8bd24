"""The one exception users read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Refusal(Exception):  # noqa: N818 - a refusal is an answer to the user, not a failure of the program
    """A request that cannot be met, said in one sentence: what is wrong and what to do.

    The web shows it beside the form in the reader's language, the command line prints it in French and exits 2,
    a job stores it on the item it refused. Nothing has been changed when it is raised.
    """

    def __init__(self, sentence: str, /, *, field: str | None = None, **values: object) -> None:
        """Keep `sentence` and the form field it is about, if any.

        `sentence` is French, complete, addressed to the reader and found by the catalogue where it is written; what
        changes from case to case stands in it as `{name}` and is given by name in `values`.
        """
        self.pattern = sentence
        self.values = values
        self.sentence = _fill(sentence, values)
        self.field = field
        super().__init__(self.sentence)

    def said_in(self, translate: Callable[[str], str]) -> str:
        """Return the sentence in the language of `translate`, which takes the French pattern."""
        return _fill(translate(self.pattern), self.values)


def _fill(pattern: str, values: dict[str, object]) -> str:
    return pattern.format(**values) if values else pattern
