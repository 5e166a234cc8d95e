#!/usr/bin/env bash
# tcps put through its own line: a work order, a SKU, ten stages with real tools, one real stop, a proof.
#
#   bash examples/itself.sh              works in a temporary folder, which goes away at the end
#   bash examples/itself.sh --keep DIR   works in DIR, which stays: look at the store, run tcps on it
#
# Needs Python 3.11 or later, git, and a package index to install from. Takes about two minutes.
# What goes through the line is the commit that is checked out, not what lies uncommitted beside it.
set -euo pipefail

clone="$(cd "$(dirname "$0")/.." && pwd)"
keep=""
case "${1-}" in
    "") ;;
    --keep) keep="${2:?--keep needs a folder}" ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

# --- how this script talks, checks and cleans up ---

started=$SECONDS step="" step_started=$SECONDS times="" server="" done_well=""

heading() { # the next step; notes how long the one before took
    [ -z "$step" ] || times+="$(printf '%5d s  %s' $((SECONDS - step_started)) "$step")"$'\n'
    step="$1" step_started=$SECONDS
    [ -z "$step" ] || printf '\n== %s\n' "$step"
}

expect() { # CODE COMMAND…: shows the command, runs it, and wants exactly this exit code
    local wanted="$1" code=0
    shift
    shown "$@"
    "$@" || code=$?
    if [ "$code" != "$wanted" ]; then
        printf 'STOPPED: that exited with %s, but %s was expected\n' "$code" "$wanted" >&2
        exit 1
    fi
    [ "$wanted" = 0 ] || printf '(exit code %s, as expected)\n' "$code"
}

shown() { # a command as one would type it
    local word
    printf '$'
    for word in "$@"; do
        case "$word" in
            *\"*) printf " '%s'" "$word" ;;
            *[!A-Za-z0-9_./:=@,+-]*) printf ' "%s"' "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
}

leave() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    cd "$clone"
    if [ -z "$keep" ] && [ -n "$done_well" ]; then
        rm -rf "$work"
    elif [ -z "$done_well" ]; then
        printf '\nNot finished. What there is lies in %s\n' "$work" >&2
    fi
}

if [ -n "$keep" ]; then
    mkdir -p "$keep"
    work="$(cd "$keep" && pwd)"
    [ -z "$(ls -A "$work")" ] || { echo "$work is not empty" >&2; exit 2; }
else
    work="$(mktemp -d "${TMPDIR:-/tmp}/tcps-itself.XXXXXX")"
fi
trap leave EXIT

# --- set-up ---

heading "Set-up: .venv with tcps and the tools of the stages"
if [ ! -x "$clone/.venv/bin/python" ]; then
    for python in python3 python3.14 python3.13 python3.12 python3.11 ""; do
        [ -n "$python" ] || { echo "Python 3.11 or later is needed" >&2; exit 1; }
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
    done
    "$python" -m venv "$clone/.venv"
fi
export PATH="$clone/.venv/bin:$PATH" PYTHONPYCACHEPREFIX="$clone/.venv/bytecode"
export PIP_CACHE_DIR="$clone/.venv/pip-cache" PIP_DISABLE_PIP_VERSION_CHECK=1 NO_COLOR=1
export PIP_NO_COMPILE=0 # 0 is how pip is told: no bytecode before it is needed
python -m pip --version >/dev/null 2>&1 || python -m ensurepip >/dev/null
python -m pip install -q -e "$clone[test,example]" 'build>=1.3' 'hatchling>=1.27' 'pyshacl>=0.30'

cd "$work"
SOURCE_REVISION="$(git -C "$clone" rev-parse HEAD)"
export SOURCE_REVISION TCPS_STORE="$work" TCPS_HOME="$work/home" TCPS_ACTOR="${TCPS_ACTOR:-itself}"
mkdir source reports
git -C "$clone" archive "$SOURCE_REVISION" | tar -xf - -C source
[ -z "$(git -C "$clone" status --porcelain)" ] || echo "note: what is not committed does not go through the line"
version="$(cd source && python -c 'import tcps; print(tcps.__version__)')"
sku="tcps-$version"
own=source/examples/itself
run=(tcps run --sku "$sku" --stage)
echo "the store and everything else is in $work"
echo "the product is tcps $version, commit ${SOURCE_REVISION:0:12}"

# --- the line ---

heading "A store, a work order, a SKU"
expect 0 tcps init
expect 0 tcps work-order create --title "Release tcps $version" --bucket features \
    --source "commit:$SOURCE_REVISION" --description "Put tcps through its own line."
expect 0 tcps sku create "$sku" --work-order WO-1

report() { # STAGE [OPTION FILE]…: what the stage leaves for the gate: reports of tools, else metrics of its script
    local folder="reports/$1"
    shift
    files=(--evidence "@$folder/evidence.json")
    [ $# -gt 0 ] || files+=(--metrics "@$folder/metrics.json")
    while [ $# -gt 0 ]; do
        files+=("$1" "$folder/$2")
        shift 2
    done
}

heading "1 shacl_validation: the package's metadata against SHACL shapes"
report 1
expect 0 "${run[@]}" shacl_validation "${files[@]}" --artifact reports/1/metadata.ttl \
    -- python $own/validate.py source reports/1

heading "2 compilation: every module, nothing cached, warnings are errors"
expect 0 "${run[@]}" compilation --evidence "{\"source_revision\": \"$SOURCE_REVISION\"}" \
    -- env PYTHONPYCACHEPREFIX="$work/compiled" python -W error -m compileall -q -f source/tcps

heading "3 test_execution: a part of the test suite, with coverage"
report 3 --junit junit.xml --coverage coverage.xml
expect 0 "${run[@]}" test_execution "${files[@]}" -- python $own/run_tests.py source reports/3

heading "4 security_scan: bandit"
report 4 --sarif bandit.sarif
expect 0 "${run[@]}" security_scan "${files[@]}" -- python $own/security.py source reports/4

heading "5 deterministic_build: the wheel, twice, and compared"
report 5
wheel="reports/5/tcps-$version-py3-none-any.whl"
expect 0 "${run[@]}" deterministic_build "${files[@]}" --artifact "$wheel" \
    -- python $own/build_twice.py "$clone" "$SOURCE_REVISION" reports/5

heading "6 quality_metrics: the tests, and how the line has run so far"
report 6
expect 0 "${run[@]}" quality_metrics "${files[@]}" -- python $own/quality.py "$sku" reports/6

heading "7 release_verification, first run: the gate stops the line"
echo "The wheel asks for ranges of versions, and no lock says which ones are released with it."
report 7 --sbom bom.json
expect 3 "${run[@]}" release_verification "${files[@]}" --artifact "$wheel" \
    -- python $own/sbom.py "$wheel" reports/7

heading "The line is stopped; the cause is found and removed"
expect 3 tcps andon check "$sku"
expect 3 tcps sku advance "$sku"
expect 0 tcps andon investigate ANDON-1
expect 0 python $own/lock.py "$wheel" requirements.lock
expect 0 tcps andon resolve ANDON-1 \
    --root-cause "Dependencies were taken by range: two installations could get different versions" \
    --fix "A lock with the version and the hash of each, and an environment made from it" \
    --prevention "The SBOM is made from the lock; the gate counts what has no exact version"
expect 0 tcps andon check "$sku"

heading "7 release_verification, second run: with the lock"
report 7-again --sbom bom.json
expect 0 "${run[@]}" release_verification "${files[@]}" --artifact "$wheel" \
    -- python $own/sbom.py "$wheel" reports/7-again requirements.lock

heading "8 smoke_test: the wheel alone in an empty environment"
report 8
expect 0 "${run[@]}" smoke_test "${files[@]}" -- python $own/smoke.py "$wheel" reports/8

heading "9 marketplace_validation: what the wheel says about itself"
report 9
expect 0 "${run[@]}" marketplace_validation "${files[@]}" -- python $own/listing.py "$wheel" reports/9

heading "10 publication: a package index, and pip fetches from it"
mkdir index
python -u -m http.server 0 --bind 127.0.0.1 --directory index >reports/server.log 2>&1 &
server=$!
for _ in $(seq 50); do
    port="$(sed -n 's/^Serving HTTP on .* port \([0-9]*\) .*/\1/p' reports/server.log)"
    [ -z "$port" ] || break
    sleep 0.1
done
report 10
expect 0 "${run[@]}" publication "${files[@]}" --artifact "$wheel" \
    -- python $own/publish.py "$wheel" index "http://127.0.0.1:${port:?no web server}" reports/10
expect 0 tcps sku publish "$sku"

# --- the proof ---

heading "The proof: every receipt read again, every stage there"
expect 0 tcps verify-chain "$sku" --complete
expect 0 tcps quality gates "$sku"
expect 0 tcps work-order show WO-1
[ "$(tcps work-order show WO-1 --json | python -c 'import json, sys; print(json.load(sys.stdin)["status"])')" = completed ] ||
    { echo "STOPPED: the work order is not completed" >&2; exit 1; }

heading "One byte changed in one receipt of a copy of the store: found"
mkdir copy
cp -R .tcps copy/
receipt="$(find copy/.tcps/records -name '*-test_execution.json')"
expect 0 python $own/tamper.py "$receipt"
expect 12 tcps --store copy verify-chain "$sku" --complete
echo "The store itself is as it was:"
expect 0 tcps verify-chain "$sku" --complete

heading ""
printf '\n== Done in %d s\n%s' $((SECONDS - started)) "$times"
done_well=yes
if [ -n "$keep" ]; then
    printf 'Look around: tcps --store %s log\n' "$work"
else
    echo "The folder is removed now; --keep DIR keeps it."
fi
