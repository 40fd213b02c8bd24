"""The process codecs run in, started by `devices.codecs.runner` with nothing of ours: a program, not a module.

A line of JSON in (`source`, `input`), a line of JSON out (`said`, `text`). Each uplink has a V8 of its own (4 ms),
so that nothing a codec leaves behind meets the next one. V8 offers no file, no network and no module; what it may
cost is bounded here by its heap and its time, and by the kernel for what V8 keeps outside its heap. Where V8 gives up
and aborts, only this process ends.
"""

import json
import os
import resource
import threading
import time
from pathlib import Path
from typing import cast

from py_mini_racer import JSEvalException, JSFunction, JSOOMException, JSParseException, JSTimeoutException, MiniRacer

HARNESS = Path(__file__).with_name("harness.js").read_text("utf-8")
HEAP = 48 * 1024 * 1024
OUTSIDE_HEAP = 128 * 1024 * 1024
"""Bytes this process may grow by: array buffers live there."""
SECONDS = 1.0
LIMITS = ("time", "memory")
LONGEST = 64 * 1024
"""Characters of an answer: as many as a message may have."""


def main() -> None:
    """Answer until nobody asks any more."""
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What V8 prints when it gives up is no answer.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    answer("function decodeUplink() { return {data: {}}; }", "{}")
    limit()
    answers.write(b"\n")
    answers.flush()
    for line in asked:
        question = json.loads(line)
        said, text = answer(question["source"], question["input"])
        answers.write(json.dumps({"said": said, "text": text}).encode() + b"\n")
        answers.flush()
        if said in LIMITS:
            break  # what is left of a codec that took too much is not the next one's
    os._exit(0)


def answer(source: str, given: str) -> tuple[str, str]:
    """Return what `source` makes of `given`, the JSON of its input: a word and what belongs to it."""
    racer = MiniRacer()
    racer.set_hard_memory_limit(HEAP)
    until = time.monotonic() + SECONDS
    went_wrong = "loading"
    try:
        # eval returns any JavaScript value; this script's is a function.
        run = cast("JSFunction", racer.eval(HARNESS))
        racer.eval(source, timeout_sec=SECONDS)
        went_wrong = "error"
        found = run(given, LONGEST, timeout_sec=max(0.01, until - time.monotonic()))
    except JSTimeoutException:
        return "time", ""
    except JSOOMException:
        return "memory", ""
    except (JSParseException, JSEvalException) as error:
        if racer.was_hard_memory_limit_reached():
            return "memory", ""
        kind = "syntax" if isinstance(error, JSParseException) or "SyntaxError" in str(error)[:200] else went_wrong
        return kind, str(error).partition("\n")[0]
    finally:
        racer.close()
    said, _, text = found.partition(":") if isinstance(found, str) else ("error", "", "")
    return said, text


def limit() -> None:
    """Take from this process what a codec that broke out would want, and bound what V8 keeps outside its heap."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmData:"))
    for what, most in (
        (resource.RLIMIT_DATA, kilobytes * 1024 + OUTSIDE_HEAP),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def end_with_parent(parent: int) -> None:
    """End this process with the one that started it, even a killed one and even in the middle of a codec."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main()
