"""The one exception users read."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - a refusal is an answer to the user, not a failure of the program
    """A request that cannot be met, said in one sentence: what is wrong and what to do.

    The web shows it beside the form, the command line prints it and exits 2,
    a job stores it on the item it refused. Nothing has been changed when it is raised.
    """

    def __init__(self, sentence: str, /, *, field: str | None = None) -> None:
        """Keep `sentence` (French, complete, addressed to the reader) and the form field it is about, if any."""
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
