"""A command of every kind, for a store that `SETUP` makes."""

Words = tuple[str, ...]

_SKU = ("--sku", "SKU-1", "--stage", "shacl")
_GOOD = '{"shacl_conforms": true, "shacl_violations": 0}'
_TEXTS = ("--root-cause", "a", "--fix", "b", "--prevention", "c")

WRITES: dict[str, Words] = {
    "create": ("work-order", "create", "--title", "new"),
    "start": ("work-order", "start", "WO-2"),
    "update": ("work-order", "update", "WO-2", "--title", "another"),
    "cancel": ("work-order", "cancel", "WO-1", "--reason", "no more"),
    "delete": ("work-order", "delete", "WO-2"),
    "depend": ("work-order", "depend", "WO-2", "--on", "WO-3"),
    "reorder": ("work-order", "reorder", "features", "WO-3", "WO-2"),
    "sku": ("sku", "create", "--work-order", "WO-2"),
    "abort": ("sku", "abort", "SKU-1", "--reason", "no more"),
    "run": ("run", *_SKU, "--", "true"),
    "receipt": ("receipt", "add", *_SKU, "--status", "pass", "--metrics", _GOOD),
    "andon": ("andon", "trigger", "--type", "test_failure", "--sku", "SKU-1"),
    "investigate": ("andon", "investigate", "ANDON-1"),
    "resolve": ("andon", "resolve", "ANDON-1", *_TEXTS),
    "five whys": ("root-cause", "start", "ANDON-1", "--problem", "it stopped"),
    "policy": ("policy", "set", "max_gap_hours", "12"),
    "limit": ("kanban", "set-limit", "features", "7"),
    "checkpoint": ("checkpoint",),
    "repair": ("repair",),
    "backup": ("backup", "create", "--to", "backups"),
    "init": ("init", "another"),
}
READS: dict[str, Words] = {
    "list": ("work-order", "list", "--json"),
    "show": ("work-order", "show", "WO-1", "--json"),
    "history": ("work-order", "history", "WO-1", "--json"),
    "skus": ("sku", "list", "--json"),
    "andons": ("andon", "list", "--json"),
    "check": ("andon", "check", "SKU-1", "--json"),
    "receipts": ("receipt", "list", "--json"),
    "kanban": ("kanban", "status", "--json"),
    "schedule": ("heijunka", "schedule", "--json"),
    "verify": ("verify", "--json"),
    "chains": ("verify-chain", "--all", "--json"),
    "log": ("log", "--json"),
    "archives": ("backup", "list", "--json"),
    "stats": ("stats", "--json"),
}
SETUP: tuple[Words, ...] = (
    ("init",),
    *(("work-order", "create", "--title", f"order {n}") for n in (1, 2, 3)),
    ("sku", "create", "--work-order", "WO-1"),
    ("andon", "trigger", "--type", "test_failure", "--sku", "elsewhere"),
)
