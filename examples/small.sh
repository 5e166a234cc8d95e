#!/usr/bin/env bash
# The smallest useful thing: an order, a stop, a chain. Ten tcps commands, in a temporary folder.
set -euo pipefail

clone="$(cd "$(dirname "$0")/.." && pwd)"
command -v tcps >/dev/null || PATH="$clone/.venv/bin:$PATH"
command -v tcps >/dev/null || { echo "tcps is not installed: pip install tcps, or see README.md" >&2; exit 1; }

work="$(mktemp -d "${TMPDIR:-/tmp}/tcps-small.XXXXXX")"
trap 'rm -rf "$work"' EXIT
cd "$work"
unset TCPS_STORE
export TCPS_HOME="$work/home" # what verify-chain remembers goes away with the folder

expect() { # CODE COMMAND…: shows the command, runs it, and wants exactly this exit code
    local wanted="$1" code=0 word
    shift
    printf '\n$'
    for word in "$@"; do
        case "$word" in *" "*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    "$@" 2>&1 || code=$?
    [ "$code" = "$wanted" ] || { echo "STOPPED: that exited with $code, not with $wanted" >&2; exit 1; }
    [ "$wanted" = 0 ] || echo "(exit code $code, as expected)"
}

echo 'A product: a script, with a quotation mark that was forgotten.'
echo 'echo "Hello' >hello.sh

expect 0 tcps init
expect 0 tcps work-order create --title "A script that says hello" --bucket features
expect 0 tcps sku create hello-1.0.0 --work-order WO-1
expect 0 tcps run --sku hello-1.0.0 --stage validation -- test -s hello.sh
expect 2 tcps run --sku hello-1.0.0 --stage compile -- bash -n hello.sh
expect 3 tcps andon check hello-1.0.0

printf '\nThe line stands still until the cause is removed.\n'
echo 'echo "Hello"' >hello.sh

expect 0 tcps andon resolve ANDON-1 --root-cause "a quotation mark was forgotten" \
    --fix "it is there now" --prevention "the compile stage stays"
expect 0 tcps run --sku hello-1.0.0 --stage compile -- bash -n hello.sh
expect 0 tcps receipt list --sku hello-1.0.0
expect 0 tcps verify-chain hello-1.0.0
