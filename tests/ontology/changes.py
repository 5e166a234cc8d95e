"""What may stand in the fields of records, some of it right and some not: each is a change by itself."""

from collections.abc import Iterator
from typing import Any

from tests.ontology.broken import Change, Key, drop, put

X = "x"
WHY = {"question": "why?", "answer": "because"}
ARTIFACT = {"name": "a", "sha256": "ab" * 32, "size": 1, "uri": None}
SEEN = {"timestamp": "2026-01-20T10:00:00.000Z", "actor": "alice", "details": {}}
RESOLUTION = {
    "root_cause": "a",
    "fix_applied": "b",
    "prevention_added": "c",
    "resolver": "alice",
    "resolved_at": "2026-01-20T10:00:00.000Z",
    "resolution_minutes": 0.0,
}
GATE = {"result": "fail", "violations": [{"metric": "m", "operator": "=", "expected": 1, "actual": 2}]}
VISIT = {
    "stage": "compilation",
    "entered_at": "2026-01-20T10:00:00.000Z",
    "left_at": None,
    "receipt_id": None,
}
TASK = {"task": "sla_check", "status": "ok", "duration_ms": 0, "issues": [], "details": {}}
ISSUE = {
    "severity": "low",
    "task": "sla_check",
    "location": "a",
    "description": "b",
    "detected_at": "2026-01-20T10:00:00.000Z",
}
COUNTS = (-1, 0, 1, 2, 3.5, True, None)
TIMES = ("yesterday", "2026-13-01T00:00:00.000Z", "2026-01-20T09:59:59.999Z", "2026-01-20T10:00:00.001Z", "")
TEXTS = ("", " ", " \n\t\u3000", "a", X * 256, X * 257)
DIGESTS = ("", "sha256:", f"sha256:{'0' * 64}", f"sha256:{'A' * 64}", "0" * 64)
WHO = ("", " ", "a", X * 128, X * 129)

FIELDS: dict[Key, dict[str, tuple[Any, ...]]] = {
    ("work_order", "WO-1"): {
        "status": ("queued", "in_progress", "blocked", "cancelled"),
        "completed_at": (None, "2026-01-20T09:00:00.000Z"),
    },
    ("work_order", "WO-3"): {
        "status": ("queued", "in_progress", "cancelled"),
        "depends_on": ([], ["WO-2", "WO-4"], ["WO-99"]),
        "cancelled_at": ("2026-01-20T10:00:00.000Z",),
    },
    ("work_order", "WO-4"): {
        "work_order_id": ("", "WO-0", "WO-01", "WO-x", "wo-1", "WO-7"),
        "revision": COUNTS,
        "title": TEXTS,
        "bucket": ("fun", "cost", "", None),
        "priority": (*COUNTS, 10, 11),
        "status": ("in_progress", "blocked", "cancelled", "completed", "done", None),
        "created_at": TIMES,
        "created_by": WHO,
        "labels": (
            ["a" * 128],
            ["a" * 129],
            [" "],
            [str(n) for n in range(100)],
            [str(n) for n in range(101)],
        ),
        "sla_deadline": (None, *TIMES[2:4], "2026-01-20T10:00:00.000Z"),
        "due_on": ("2026-02-19T10:00:00.000Z",),
        "pull_signal": (None,),
        "pull_signal.type": ("cve", "nothing", None),
        "queue_key": (None, "0"),
        "depends_on": (["WO-5"], ["WO-99"]),
    },
    ("work_order", "WO-5"): {"cancelled_at": (None,), "status": ("queued", "completed")},
    ("work_order", "WO-6"): {
        "sla_deadline": ("2026-01-19T10:00:00.000Z", "2026-01-18T10:00:00.000Z", "2026-02-19T10:00:00.000Z"),
        "due_on": (None,),
    },
    ("sku", "SKU-1"): {
        "status": ("in_production", "completed", "failed", "gone", None),
        "published_at": (None,),
        "ended_at": (None,),
        "head": DIGESTS,
        "receipt_count": (*COUNTS, 9, 10, 11),
    },
    ("sku", "SKU-2"): {
        "sku_id": ("", "-", "SKU 2", "a" * 129),
        "revision": COUNTS,
        "status": ("published", "aborted", "failed"),
        "current_stage": ("nothing", "publication", None),
        "created_at": TIMES,
        "created_by": WHO,
        "work_order_id": ("WO-99", None),
        "history": ([], [VISIT], [VISIT | {"stage": "nothing"}]),
        "history.0.stage": (None, "compilation"),
        "ended_at": ("2026-01-20T10:00:00.000Z",),
        "published_at": ("2026-01-20T10:00:00.000Z",),
    },
    ("receipt", "RCPT-4"): {"status": ("fail", "warning"), "stage": ("shacl_validation", "publication")},
    ("receipt", "RCPT-11"): {
        "previous": DIGESTS,
        "sequence": (0, 2, 3),
        "stage": ("compilation", "test_execution"),
        "timestamp": ("2026-01-20T10:00:00.001Z",),
    },
    ("receipt", "RCPT-12"): {
        "receipt_id": ("", "RCPT-0", "RCPT-012", "12"),
        "revision": COUNTS,
        "sku_id": ("SKU-99",),
        "work_order_id": ("WO-99", None),
        "sequence": (-1, 0, 1, 3),
        "stage": ("shacl_validation", "nothing", None),
        "status": ("pass", "warning", "nothing", None),
        "timestamp": TIMES,
        "actor": WHO,
        "duration_ms": COUNTS,
        "previous": DIGESTS,
        "evidence": ({}, {"gate": GATE}, {"gate": {"result": "pass", "violations": []}}),
        "artifacts": (
            [ARTIFACT] * 1000,
            [ARTIFACT] * 1001,
            *([ARTIFACT | {"sha256": text}] for text in ("", "ab", "AB" * 32, "ab" * 32 + "\n")),
            *([ARTIFACT | {"size": size}] for size in COUNTS),
        ),
    },
    ("andon_event", "ANDON-1"): {"sku_id": ("elsewhere", "SKU-1"), "stage": ("publication", None)},
    ("andon_event", "ANDON-3"): {
        "andon_id": ("", "ANDON-0", "ANDON", "ANDON-1-1"),
        "revision": COUNTS,
        "stage": ("nothing", None),
        "failure_type": ("nothing", "sla_breach", None),
        "severity": ("nothing", "low", None),
        "status": ("investigating", "resolved", "nothing", None),
        "created_at": TIMES,
        "created_by": WHO,
        "occurrences": COUNTS,
        "occurrence_log": ([], [SEEN] * 100, [SEEN] * 101),
        "escalation_level": (*COUNTS, 3),
        "resolution": (RESOLUTION,),
    },
    ("andon_event", "ANDON-2"): {
        "status": ("open",),
        "resolution": (None,),
        **{f"resolution.{name}": (*TEXTS[:4], X * 65_536, X * 65_537) for name in list(RESOLUTION)[:3]},
        "resolution.resolved_at": TIMES,
    },
    ("analysis", "RCA-1"): {
        "analysis_id": ("", "RCA-0", "KZ-1"),
        "revision": COUNTS,
        "andon_id": ("ANDON-99", None),
        "problem": (*TEXTS[:4], X * 65_536, X * 65_537),
        "status": ("pending", "in_progress", "nothing", None),
        "created_at": TIMES,
        "whys": ([], [WHY] * 4, [WHY] * 6),
        "root_cause": (None, ""),
        "prevention_action": (None, ""),
    },
    ("improvement", "KZ-1"): {
        "improvement_id": ("", "KZ-0", "KZ"),
        "revision": COUNTS,
        "waste_type": ("nothing", None),
        "effort": ("nothing", "high", None),
        "status": ("nothing", "applied", None),
        "created_at": TIMES,
        "weekly_waste_hours": (-0.5, 0.0, 0, 10**6, None),
    },
    ("tpm_run", "TPM-1"): {
        "tpm_run_id": ("", "TPM-0"),
        "revision": COUNTS,
        "frequency": ("hourly", "weekly", None),
        "status": ("nothing", "failed", None),
        "score": (-0.5, 0, 100, 100.5, None),
        "tasks": (
            [],
            [TASK],
            *([TASK | {name: None}] for name in ("task", "status")),
            *([TASK | {name: "nothing"}] for name in ("task", "status")),
            [TASK | {"issues": [ISSUE]}],
            *([TASK | {"issues": [ISSUE | {name: None}]}] for name in ("task", "severity")),
            *([TASK | {"issues": [ISSUE | {name: "nothing"}]}] for name in ("task", "severity")),
        ),
    },
    ("policy", "policy"): {"revision": COUNTS, "settings": ({}, {"max_gap_hours": 7})},
}
GONE: tuple[Key, ...] = (
    *(("work_order", "WO-1"), ("work_order", "WO-2"), ("work_order", "WO-4"), ("work_order", "WO-5")),
    *(
        ("sku", "SKU-1"),
        ("sku", "SKU-2"),
        ("receipt", "RCPT-1"),
        ("receipt", "RCPT-5"),
        ("receipt", "RCPT-12"),
    ),
    *(("andon_event", "ANDON-1"), ("andon_event", "ANDON-2"), ("policy", "policy")),
)


def every() -> Iterator[tuple[str, Key, Change]]:
    """Each change by a name, of which record it is, and what it does."""
    for (kind, record_id), fields in FIELDS.items():
        for path, values in fields.items():
            for number, value in enumerate(values):
                yield f"{record_id}.{path}={number}", (kind, record_id), put(kind, record_id, path, value)
    for kind, record_id in GONE:
        yield f"without {record_id}", (kind, record_id), drop(kind, record_id)
