#!/usr/bin/env bash
# The long proof, for a release or a night: each mesh ten times on a busy machine, then every sabotage.
# Arguments are passed on to every `meshproof run` (for instance: --seed 7).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

readonly TOOLS="${MESHPROOF_TOOLS:-$HOME/.cache/meshproof/tools}"
readonly TARGET="${CARGO_TARGET_DIR:-$PWD/target}"
readonly OUT="${MESHPROOF_OUT:-$PWD/meshproof-out/long}"
readonly REPEAT=10
export CARGO_TARGET_DIR="$TARGET"
export PATH="$TOOLS/bin:$PATH"

busy=''
cleanup() { [[ -z "$busy" ]] || kill "$busy" 2>/dev/null || true; }
trap cleanup EXIT

bash tests/install.sh
cargo build --release --locked
mkdir -p "$OUT"

# One core is kept busy throughout: a verdict must not depend on a quiet machine.
(while :; do :; done) &
busy=$!

failed=()
for mesh in reference envoy haproxy; do
    printf '\n=== %s, %d times, beside one busy core\n' "$mesh" "$REPEAT"
    "$TARGET/release/meshproof" run --mesh "$mesh" --repeat "$REPEAT" --out "$OUT/$mesh" "$@" || failed+=("$mesh: exit $?")
done

kill "$busy"
busy=''

printf '\n=== the sabotage matrix\n'
MESHPROOF_MATRIX=whole cargo test --release --locked -p meshproof --test sabotage || failed+=("sabotage matrix: exit $?")

printf '\n=== three hundred services\n'
MESHPROOF_MATRIX=whole cargo test --release --locked -p meshproof --test scale -- --include-ignored || failed+=("suite scale: exit $?")

if ((${#failed[@]})); then
    printf '\nlong.sh: FAILED after %d s\n' "$SECONDS" >&2
    printf '  %s\n' "${failed[@]}" >&2
    exit 1
fi
printf '\nlong.sh: everything passed (%d s)\n' "$SECONDS"
