"""Running a stage's command: its streams pass through untouched, and are digested on the way."""

import contextlib
import hashlib
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from tcps.canonical import line_bytes
from tcps.errors import InvalidInput, TcpsError, invalid_field
from tcps.model import Artifact, Json, ReceiptStatus, Stage
from tcps.model.text import ARTIFACTS, JSON_BYTES
from tcps.rules import gates, pipeline
from tcps.rules.pipeline import Recorded, Run
from tcps.service import artifacts, line, reports
from tcps.store import Store

_BLOCK = 65_536
_COMMAND_BYTES = 65_536
"""How much of a command's text its receipt holds."""
_PROBLEMS, _PROBLEM = 20, 1000
"""How many problems a receipt names, and how much of each."""
_LINGER_SECONDS = 0.5
"""How long to wait for output that a child of the command still holds open after it ended."""
_FORWARDED = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGUSR1, signal.SIGUSR2),
)


class Outcome(NamedTuple):
    """How a command ended: its exit code (128 + n for signal n), its time, and what it wrote."""

    exit_code: int
    duration_ms: int
    streams: dict[str, Json]


class Given(NamedTuple):
    """What is read after the command has run, since the command may write it."""

    metrics: Callable[[], Any]
    evidence: Callable[[], Any]
    artifacts: Sequence[str]
    reports: reports.Paths


class Ran(NamedTuple):
    """What became of a run: the command's exit code, and its receipt or why there is none."""

    exit_code: int
    recorded: Recorded | None
    error: TcpsError | None = None


def run(store: Store, sku_id: str, stage: Stage, command: Sequence[str], given: Given) -> Ran:
    """Run the command as the SKU's stage and leave its receipt.

    What the rules refuse is refused before the command starts. What cannot be taken after it, such as a
    report that the command did not write, makes the receipt a fail, which names the reason.
    """
    line.require_runnable(store, sku_id, stage)
    files = len(given.artifacts) + reports.count(given.reports)
    if files > ARTIFACTS:
        raise invalid_field("artifacts", f"are {files}; the limit is {ARTIFACTS}", "too_large")
    before = reports.stamps(given.reports)
    outcome = execute(command)
    try:
        problems: list[str] = []
        readings = reports.read(given.reports, before, problems)
        stage_run = _described(sku_id, stage, command, outcome, given, problems)
        return Ran(outcome.exit_code, line.run_stage(store, stage_run, readings))
    except TcpsError as error:  # the order was cancelled meanwhile, the lock was not free, the disk is full
        return Ran(outcome.exit_code, None, error)


def check_given(metrics: object, evidence: object, paths: reports.Paths) -> None:
    """Refuse before the command runs what a caller gives and `run` would not take."""
    reports.refuse_given_tests(paths, evidence)
    for name, value in (("metrics", metrics), ("evidence", evidence)):
        if value is not None:
            _checked(name, value)


def _described(
    sku_id: str, stage: Stage, command: Sequence[str], outcome: Outcome, given: Given, problems: list[str]
) -> Run:
    """The run as the line takes it: what ran, what came out, and what of the files could be read."""
    metrics = _read("metrics", given.metrics, problems)
    evidence: Json = {
        **_without_tests(given, _read("evidence", given.evidence, problems), problems),
        "command": _shown(command),
        "exit_code": outcome.exit_code,
        **outcome.streams,
    }
    listed = [a for a in (_artifact(path, problems) for path in given.artifacts) if a is not None]
    if problems:
        evidence["problems"] = _brief(problems)
    failed = outcome.exit_code != 0 or problems
    described = pipeline.read_run(
        sku_id=sku_id,
        stage=stage,
        status=ReceiptStatus.FAIL if failed else ReceiptStatus.PASS,
        metrics=metrics,
        evidence=evidence,
        artifacts=listed,
        duration_ms=outcome.duration_ms,
    )
    return replace(described, assumed=gates.metrics_of_command(stage, outcome.exit_code))


def execute(command: Sequence[str]) -> Outcome:
    """Run a command; its output goes to ours as it comes, signals that we get go to it.

    Raises InvalidInput when it cannot be started.
    """
    began = time.monotonic()
    with _forwarding() as forward_to:
        child = _started(command)
        forward_to(child)
        streams = _pass_through(child)
        code = child.wait()
    duration = round((time.monotonic() - began) * 1000)
    return Outcome(code if code >= 0 else 128 - code, duration, streams)


def _started(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise InvalidInput(
            f"cannot run {command[0]}: {error.strerror}",
            code="invalid_field",
            hint="no receipt was written",
            details={"fields": ["CMD"]},
        ) from None


def _pass_through(child: "subprocess.Popen[bytes]") -> dict[str, Json]:
    """Copy the command's output to ours until it has ended; gives digest and size of each stream."""
    assert child.stdout is not None
    assert child.stderr is not None
    sums: dict[str, list[Any]] = {
        "stdout": [hashlib.sha256(), 0, 1],
        "stderr": [hashlib.sha256(), 0, 2],
    }
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ, sums["stdout"])
        ready.register(child.stderr, selectors.EVENT_READ, sums["stderr"])
        silent_since = time.monotonic()
        while ready.get_map():
            events = ready.select(timeout=0.05)
            for key, _ in events:
                if not _copy(key.fd, key.data):
                    ready.unregister(key.fileobj)
            if events:
                silent_since = time.monotonic()
            elif child.poll() is not None and time.monotonic() - silent_since > _LINGER_SECONDS:
                break
    child.stdout.close()
    child.stderr.close()
    return {name: {"sha256": s[0].hexdigest(), "size": s[1]} for name, s in sums.items()}


def _copy(source: int, sink: list[Any]) -> bool:
    """Copy what is there to read; False at the end. An output of ours that fails stops nothing."""
    block = os.read(source, _BLOCK)
    sink[0].update(block)
    sink[1] += len(block)
    rest = memoryview(block)
    while rest and sink[2] is not None:
        try:
            rest = rest[os.write(sink[2], rest) :]
        except BlockingIOError:
            select.select([], [sink[2]], [])
        except OSError:  # the reader has gone, or the disk is full
            sink[2] = None
    return bool(block)


@contextlib.contextmanager
def _forwarding() -> Iterator[Callable[["subprocess.Popen[bytes]"], None]]:
    """Pass signals on to a command; the call says to which. What comes before it is kept for it.

    A signal that we were told to ignore the command ignores too. An interrupt from the keyboard
    reaches it by itself.
    """
    children: list[subprocess.Popen[bytes]] = []
    waiting: list[int] = []

    def forward(number: int, _: object) -> None:
        if number == signal.SIGINT and _has_keyboard():
            return
        waiting.append(number)
        pass_on()

    def pass_on() -> None:
        while children and waiting:
            children[0].send_signal(waiting.pop(0))

    def forward_to(child: "subprocess.Popen[bytes]") -> None:
        children.append(child)
        pass_on()

    before = {}
    with contextlib.suppress(ValueError):  # only the main thread may set handlers
        for number in _FORWARDED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, forward)
    try:
        yield forward_to
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _has_keyboard() -> bool:
    """Whether the terminal sends what is typed to this process, and to those that it started."""
    with contextlib.suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False


def _read(name: str, report: Callable[[], Any], problems: list[str]) -> Json:
    """A JSON object that may have been written by the command; what is wrong with it is a problem."""
    try:
        value = report()
        return {} if value is None else _checked(name, value)
    except TcpsError as error:
        problems.append(error.message)
        return {}


def _checked(name: str, value: object) -> Json:
    """A JSON object that a receipt can take as its metrics or evidence."""
    run: dict[str, Any] = {"sku_id": "checked", "stage": Stage.COMPILATION, name: value}
    checked: Json = getattr(pipeline.read_run(**run), name)
    if len(line_bytes(checked)) > JSON_BYTES - 2 * _COMMAND_BYTES:
        raise invalid_field(name, "leaves no room for what the run adds to it", "too_large")
    if name == "metrics":
        gates.refuse_system_metrics(checked)
    else:
        pipeline.refuse_system_evidence(checked)
    return checked


def _without_tests(given: Given, evidence: Json, problems: list[str]) -> Json:
    """Evidence without the outcomes of tests where they are read from reports."""
    try:
        reports.refuse_given_tests(given.reports, evidence)
    except InvalidInput as error:
        problems.append(error.message)
        return {name: value for name, value in evidence.items() if name != "tests"}
    return evidence


def _artifact(path: str, problems: list[str]) -> Artifact | None:
    try:
        return artifacts.artifact(path)
    except TcpsError as error:
        problems.append(error.message)
        return None


def _brief(problems: list[str]) -> list[str]:
    """Problems as a receipt can hold them, however many files there are and whatever their names."""
    texts = [problem.encode("utf-8", "backslashreplace").decode() for problem in problems[:_PROBLEMS]]
    told = [text if len(text) <= _PROBLEM else f"{text[:_PROBLEM]}…" for text in texts]
    more = len(problems) - len(told)
    return [*told, f"… and {more} more"] if more else told


def _shown(command: Sequence[str]) -> list[str]:
    """A command as text: bytes that are not UTF-8 escaped; of a very long one the beginning."""
    words: list[str] = []
    room = _COMMAND_BYTES
    for word in command:
        text = word.encode("utf-8", "backslashreplace").decode()
        room -= len(line_bytes(text))
        if room < 0:
            return [*words, text[:1000], f"… ({len(command)} words)"]
        words.append(text)
    return words
