"""A maker's codec runs shut in: what it returns is data, what else it does is a sentence, and nothing else stops."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from devices.codecs import runner as running
from devices.codecs.runner import Runner, Source, read_source
from devices.dialects.measurement import Unreadable
from devices.dialects.uplink import Undecoded

UPLINK = Undecoded("70b3d5e75e000a01", b"\x01\x02", 3, dt.datetime(2026, 3, 1, 11, 58, 20, 775_000, tzinfo=dt.UTC))


@pytest.fixture(scope="module")
def runner():
    with Runner() as runner:
        yield runner


def body(text: str) -> Source:
    return script(f"function decodeUplink(input) {{ {text} }}")


def script(text: str) -> Source:
    return Source("Compteur X", text, text)


def refusal(runner, source) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        runner.run(source, UPLINK)
    assert refused.value.sentence.endswith(".")
    return refused.value


def test_a_codec_gets_what_the_norm_says_and_returns_data(runner):
    source = body(
        "return {data: {sum: input.bytes[0] + input.bytes[1] / 10, port: input.fPort,"
        " year: input.recvTime.getUTCFullYear(), ms: input.recvTime.getTime() % 1000, v: typeof input.variables},"
        " warnings: ['pile faible']}"
    )
    outcome = runner.run(source, UPLINK)
    assert outcome.data == {"sum": Decimal("1.2"), "port": 3, "year": 2026, "ms": 775, "v": "object"}
    assert outcome.warnings == ("pile faible",)


def test_a_codec_written_as_a_constant_and_traces_left_in_it(runner):
    source = script("const decodeUplink = (input) => { console.log('x'); return {data: {n: input.bytes.length}}; };")
    assert runner.run(source, UPLINK).data == {"n": 2}


@pytest.mark.parametrize(
    ("source", "reason", "said"),
    [
        (body("while (true) {}"), "codec_time", "une seconde"),
        (script("for (;;) { try { while (true) {} } finally {} }"), "codec_time", "une seconde"),
        (body("return {data: {get x() { while (true) {} }}}"), "codec_time", "une seconde"),
        (body("throw new Error('port inconnu')"), "codec_error", "Error: port inconnu"),
        (body("throw {toString() { throw 1 }}"), "codec_error", "erreur"),
        (script("throw new Error('au chargement')"), "codec_loading", "au chargement"),
        (body("return decodeUplink(input)"), "codec_error", "Maximum call stack"),
        (body("return {data: {t: 0 / 0}}"), "codec_number", "t = NaN"),
        (body("return {data: {a: {t: -1 / 0}}}"), "codec_number", "t = -Infinity"),
        (body("return {data: {t: 10n}}"), "codec_error", "BigInt"),
        (body("const o = {}; o.o = o; return {data: o}"), "codec_error", "circular"),
        (body("return {data: {t: 'x'.repeat(100000)}}"), "codec_long", "65 536"),
        (body("return {data: {t: 1}, errors: ['port 3 ?']}"), "codec_refused", "port 3 ?"),
        (body("return {errors: 'non'}"), "codec_refused", "non"),
        (body("return {}"), "codec_nothing", "data"),
        (body("return {data: [1]}"), "codec_nothing", "data"),
        (body("return"), "codec_error", "undefined"),
        (script("async function decodeUplink() { return {data: {a: 1}} }"), "codec_nothing", "data"),
        (script("function Decoder(bytes, port) { return {} }"), "codec_function", "decodeUplink"),
        (script("var x = ;"), "codec_syntax", "Unexpected token"),
        (script("export function decodeUplink() {}"), "codec_syntax", "export"),
        (body("return {data: process.env}"), "codec_error", "process is not defined"),
        (body("return {data: require('fs')}"), "codec_error", "require is not defined"),
        (body("return {data: fetch('http://exemple')}"), "codec_error", "fetch is not defined"),
        (body("setTimeout(() => 1, 1)"), "codec_error", "setTimeout is not"),
    ],
)
def test_what_a_codec_should_not_do_is_said(runner, source, reason, said):
    refused = refusal(runner, source)
    assert refused.reason == reason
    assert said in refused.sentence
    assert runner.run(body("return {data: {ok: 1}}"), UPLINK).data == {"ok": 1}, "the next codec is not held up"


@pytest.mark.parametrize(
    "bomb",
    [
        "const a = []; while (true) a.push(new Array(1000).fill(1))",
        "const a = []; while (true) a.push(new Uint8Array(2e7).fill(1))",
        "new Array(5e8).fill(1)",
    ],
)
def test_a_codec_that_fills_memory_is_ended_and_nothing_else_is(runner, bomb):
    # On a machine that is busy the second is over before the memory is full.
    assert refusal(runner, body(bomb)).reason in {"codec_memory", "codec_time"}
    assert runner.run(body("return {data: {ok: 1}}"), UPLINK).data == {"ok": 1}


def test_no_way_out_by_constructors_nor_modules(runner):
    source = body(
        "const host = this.constructor.constructor('return this')();"
        " return {data: {found: ['process', 'require', 'fetch', 'WebAssembly', 'SharedArrayBuffer', 'Deno']"
        ".filter((name) => typeof host[name] !== 'undefined').join()}}"
    )
    assert runner.run(source, UPLINK).data == {"found": ""}
    assert refusal(runner, body("return import('fs')")).reason == "codec_nothing"


@pytest.mark.parametrize(
    "trick",
    [
        "JSON.stringify = () => '[{\"x\":9},null,null]'; return {data: {x: 1}}",
        "JSON.parse = null; Number.isFinite = () => false; String = null; return {data: {x: 1}}",
        "Object.prototype.length = 0; String.prototype.toString = null; return {data: {x: 1}}",
    ],
)
def test_what_the_answer_is_written_with_is_out_of_reach(runner, trick):
    assert runner.run(body(trick), UPLINK).data == {"x": 1}


def test_bent_prototypes_change_its_own_answer_at_most_and_meet_nobody_else(runner):
    bent = body("Object.prototype.toJSON = Array.prototype.toJSON = () => ({z: 9}); return {data: {x: 1}}")
    assert refusal(runner, bent).reason == "codec_nothing"
    polluting = body('return {data: JSON.parse(\'{"__proto__": {"x": 1}, "y": 2}\')}')
    assert runner.run(polluting, UPLINK).data == {"__proto__": {"x": 1}, "y": 2}
    counting = body("globalThis.n = (globalThis.n || 0) + 1; return {data: {n: globalThis.n}}")
    assert [runner.run(counting, UPLINK).data["n"] for _ in range(3)] == [1, 1, 1]


def test_a_codec_that_takes_too_much_again_and_again_is_left_alone_for_a_while():
    with Runner() as runner:
        greedy = read_source(body("const a = []; while (true) a.push(new Array(1000).fill(1))").text.encode(), "Avide")
        reasons = [refusal(runner, greedy).reason for _ in range(running.STRIKES + 1)]
        # On a machine that is busy the second is over before the memory is full.
        assert set(reasons[:-1]) <= {"codec_memory", "codec_time"}
        assert reasons[-1] == "codec_resting"
        other = read_source(body("return {data: {ok: 1}}").text.encode(), "Autre")
        assert runner.run(other, UPLINK).data == {"ok": 1}


def test_a_child_that_was_killed_is_started_again():
    with Runner() as runner:
        good = body("return {data: {ok: 1}}")
        runner.run(good, UPLINK)
        os.kill(runner._child.pid, signal.SIGKILL)
        runner._child.wait()
        assert runner.run(good, UPLINK).data == {"ok": 1}


PARENT = """
import datetime as dt, os, signal, threading, time
from devices.codecs.runner import Runner, Source
from devices.dialects.uplink import Undecoded
runner, uplink = Runner(), Undecoded("a", b"", 1, dt.datetime.now(dt.UTC))
runner.run(Source("a", "function decodeUplink() { return {data: {}} }", "a"), uplink)
print(runner._child.pid, flush=True)
loop = Source("b", "function decodeUplink() { while (true) {} }", "b")
threading.Thread(target=lambda: runner.run(loop, uplink), daemon=True).start()
time.sleep(0.1)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_child_ends_with_a_parent_that_was_killed():
    parent = subprocess.run([sys.executable, "-c", PARENT], check=False, capture_output=True, text=True)
    child = int(parent.stdout)
    until = time.monotonic() + 20
    while time.monotonic() < until and _alive(child):
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # An orphan that nobody has buried yet has ended all the same.
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_the_child_knows_nothing_of_ours():
    with Runner() as runner:
        runner.run(body("return {data: {}}"), UPLINK)
        assert Path(f"/proc/{runner._child.pid}/environ").read_bytes() == b""
