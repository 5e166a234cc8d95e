#!/usr/bin/env bash
# The whole gate: set-up, formatting, lint, types, layers, tests with coverage, documentation, the wheel.
# `bash tests/gate.sh` from a clone is all that is needed; CI runs the same.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "set up .venv"
python="${PYTHON:-python3}"
[ -x .venv/bin/python ] || "$python" -m venv .venv
bin="$PWD/.venv/bin"
if ! { command -v age && command -v jq && command -v strace && command -v virtuoso-t && command -v cron; } >/dev/null; then # documents and tests use them
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends age cron jq strace virtuoso-opensource-7-bin >/dev/null
    else
        echo "age, cron, jq, strace or virtuoso-t is not installed: what uses it is left out"
    fi
fi
"$bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
export PATH="$bin:$PATH"

step "formatting and lint"
ruff format --check .
ruff check .

step "types"
mypy

step "layers"
lint-imports

step "tests with branch coverage"
coverage erase
coverage run -m pytest --numprocesses auto --dist worksteal "$@"
coverage combine --quiet
coverage report

step "the wheel, bare"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
python -m build --wheel --no-isolation --outdir "$scratch/dist" . >"$scratch/build.log" 2>&1 || { cat "$scratch/build.log"; exit 1; }
"$python" -m venv "$scratch/bare"
"$scratch/bare/bin/python" -m pip install --quiet --disable-pip-version-check "$scratch"/dist/*.whl
(cd "$scratch" && bare/bin/tcps --help >help.txt && bare/bin/tcps init >/dev/null && bare/bin/tcps work-order create --title "bare" >/dev/null)
head -n 3 "$scratch/help.txt"
! "$scratch/bare/bin/python" -c 'import rdflib' 2>/dev/null || { echo "the bare wheel pulls in rdflib"; exit 1; }

step "the gate is passed"
