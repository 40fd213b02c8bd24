"""What the server answers to a request that never reaches the application: a sentence, in both languages."""

from __future__ import annotations

from typing import Any, Final, cast

from waitress.task import ErrorTask

SENTENCES: Final = {
    400: (
        "Cette demande est mal écrite et n'a pas pu être lue ; rechargez la page.",
        "This request is malformed and could not be read; reload the page.",
    ),
    413: (
        "Ce que vous envoyez dépasse 32 Mo ; envoyez un fichier plus petit, ou plusieurs l'un après l'autre.",
        "What you are sending exceeds 32 MB; send a smaller file, or several one after the other.",
    ),
    431: (
        "Les en-têtes de cette demande sont trop longs ; effacez les cookies de ce site, puis rechargez la page.",
        "The headers of this request are too long; clear this site's cookies, then reload the page.",
    ),
    500: (
        "Le serveur n'a pas pu répondre ; rechargez la page, et prévenez la SPL si cela dure.",
        "The server could not answer; reload the page, and tell the SPL if it persists.",
    ),
    501: (
        "Cette demande emploie un codage que le serveur n'accepte pas ; envoyez-la sans codage de transfert.",
        "This request uses an encoding the server does not accept; send it without a transfer encoding.",
    ),
}
"""By status; no language is known here: nothing of the request is believed."""


class UnreadRequest(ErrorTask):
    """The answer of waitress with a sentence of ours in the place of its own."""

    def execute(self) -> None:
        """Write the sentence and close the connection."""
        error = cast("Any", self.request).error
        body = ("\r\n\r\n".join(SENTENCES.get(error.code, SENTENCES[400])) + "\r\n").encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [*self.response_headers, ("Content-Type", "text/plain; charset=utf-8")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
