"""Running a stage's command: its streams pass through untouched, and are digested on the way."""

import contextlib
import hashlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tcps.errors import InvalidInput, TcpsError
from tcps.model import Artifact, Json, ReceiptStatus, Stage
from tcps.rules import gates, pipeline
from tcps.rules.pipeline import Recorded
from tcps.service import line
from tcps.store import Store

_BLOCK = 65_536
_LINGER_SECONDS = 0.5
"""How long to wait for output that a child of the command still holds open after it ended."""
_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


class Outcome(NamedTuple):
    """How a command ended: its exit code (128 + n for signal n), its time, and what it wrote."""

    exit_code: int
    duration_ms: int
    streams: dict[str, Json]


class Reports(NamedTuple):
    """What is read after the command has run, since the command may write it."""

    metrics: Callable[[], Any]
    evidence: Callable[[], Any]
    artifacts: Sequence[str]


def run(
    store: Store, sku_id: str, stage: Stage, command: Sequence[str], reports: Reports
) -> tuple[Recorded, int]:
    """Run the command as the SKU's stage and leave its receipt; gives it and the command's exit code.

    What the rules refuse is refused before the command starts. A report that cannot be read after it
    makes the receipt a fail.
    """
    line.require_runnable(store, sku_id, stage)
    outcome = execute(command)
    read, problems = _read(reports)
    given = read["metrics"] or {}
    evidence: Json = {
        **(read["evidence"] or {}),
        "command": list(command),
        "exit_code": outcome.exit_code,
        **outcome.streams,
    }
    if problems:
        evidence["problems"] = problems
    failed = outcome.exit_code != 0 or problems
    stage_run = pipeline.read_run(
        sku_id=sku_id,
        stage=stage,
        status=ReceiptStatus.FAIL if failed else ReceiptStatus.PASS,
        metrics={**gates.metrics_of_command(stage, outcome.exit_code), **given},
        evidence=evidence,
        artifacts=read["artifacts"],
        duration_ms=outcome.duration_ms,
    )
    return line.run_stage(store, stage_run), outcome.exit_code


def execute(command: Sequence[str]) -> Outcome:
    """Run a command; its output goes to ours as it comes, signals that we get go to it.

    Raises InvalidInput when it cannot be started.
    """
    started = time.monotonic()
    try:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise InvalidInput(
            f"cannot run {command[0]}: {error.strerror}",
            code="invalid_field",
            hint="no receipt was written",
            details={"fields": ["CMD"]},
        ) from None
    with _forwarding(child):
        streams = _pass_through(child)
        code = child.wait()
    duration = round((time.monotonic() - started) * 1000)
    return Outcome(code if code >= 0 else 128 - code, duration, streams)


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
    """Copy what is there to read; False at the end. A reader of ours that has gone stops nothing."""
    block = os.read(source, _BLOCK)
    sink[0].update(block)
    sink[1] += len(block)
    rest = memoryview(block)
    with contextlib.suppress(BrokenPipeError):
        while rest and sink[2] is not None:
            rest = rest[os.write(sink[2], rest) :]
    if rest:
        sink[2] = None
    return bool(block)


@contextlib.contextmanager
def _forwarding(child: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Pass signals on to the command. An interrupt from the keyboard reaches it by itself."""

    def forward(number: int, _: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    before = {}
    with contextlib.suppress(ValueError):  # only the main thread may set handlers
        before = {number: signal.signal(number, forward) for number in _FORWARDED}
        before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(reports: Reports) -> tuple[dict[str, Any], list[str]]:
    """What the command left behind, and what of it could not be read."""
    problems: list[str] = []
    read: dict[str, Any] = {"metrics": None, "evidence": None, "artifacts": []}
    for name in ("metrics", "evidence"):
        try:
            value = getattr(reports, name)()
            if value is not None and not isinstance(value, dict):
                raise InvalidInput(f"--{name} must be a JSON object")
            read[name] = value
        except TcpsError as error:
            problems.append(error.message)
    for path in reports.artifacts:
        try:
            artifact: Artifact = line.artifact(path)
            read["artifacts"].append(artifact)
        except TcpsError as error:
            problems.append(error.message)
    return read, problems
