#!/usr/bin/env bash
# Everything that must hold before a change lands. The first step that fails ends it.
#
# One profile throughout: end-to-end tests drive real load, so the code under test is the optimised one, and
# clippy and the tests then share what build scripts and procedural macros cost.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

readonly TOOLS="${MESHPROOF_TOOLS:-$HOME/.cache/meshproof/tools}"
readonly TARGET="${CARGO_TARGET_DIR:-$PWD/target}"
export CARGO_TARGET_DIR="$TARGET"
export PATH="$TOOLS/bin:$PATH"

current='before the first step'
passed=0
scratch="$(mktemp -d)"
finish() {
    local status=$?
    rm -rf "$scratch"
    if ((status == 0)); then
        printf '\nall.sh: every step passed (%d steps, %d s)\n' "$passed" "$SECONDS"
    else
        printf '\nall.sh: FAILED in step "%s" after %d s (exit %d)\n' "$current" "$SECONDS" "$status" >&2
    fi
}
trap finish EXIT

# step NAME COMMAND…
step() {
    local began=$SECONDS
    current="$1"
    printf '\n=== %s\n' "$current"
    "${@:2}"
    passed=$((passed + 1))
    printf -- '--- %s: %d s\n' "$current" $((SECONDS - began))
}

# The first command of README.md, word for word: what a newcomer types must work.
readme() {
    local command
    command="$(awk '/^```/ { if (inside) exit; inside = 1; next } inside && NF && !/^#/ { sub(/^\$ /, ""); print; exit }' README.md)"
    [[ -n "$command" ]] || {
        echo 'README.md: no command found in its first code block' >&2
        return 1
    }
    printf '$ %s\n' "$command"
    bash -euo pipefail -c "$command"
}

# A build with nothing on PATH but cargo, rustc, cc with what it runs itself, and coreutils.
bare() {
    local bin="$scratch/bin" sysroot tool path
    sysroot="$(rustc --print sysroot)"
    mkdir -p "$bin"
    ln -s "$sysroot/bin/cargo" "$sysroot/bin/rustc" "$bin/"
    for tool in cc as ld ar \
        basename cat chmod cp cut date dirname echo env expr false head install ln ls mkdir mktemp mv od \
        printf pwd readlink realpath rm rmdir sha256sum sort stat tail tee test touch tr true uname uniq wc; do
        path="$(type -P "$tool")" || {
            echo "$tool: not found; on Debian: apt-get install gcc binutils coreutils" >&2
            return 1
        }
        ln -s "$path" "$bin/$tool"
    done
    # Plain dependencies: this asks what the build needs, not how fast the outcome is.
    env -i HOME="$HOME" ${CARGO_HOME:+CARGO_HOME="$CARGO_HOME"} PATH="$bin" \
        CARGO_TARGET_DIR="$TARGET-bare" CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 \
        cargo build --locked --offline --config 'profile.dev.package."*".opt-level=0'
    # The result runs without a tool on PATH at all.
    env -i HOME="$HOME" PATH=/nonexistent "$TARGET-bare/debug/meshproof" --version
}

step 'tools' bash tests/install.sh
step 'format' cargo fmt --all --check
step 'clippy' cargo clippy --release --workspace --all-targets --locked -- -D warnings
step 'bans, licences, sources' cargo deny --locked check --hide-inclusion-graph bans licenses sources
step 'tests' cargo test --release --workspace --locked --no-fail-fast
step 'the first command of README.md' readme
step 'a build with cargo, rustc, cc and coreutils alone' bare
