#!/usr/bin/env bash
# Makes this checkout ready: Debian packages, virtual environment, the matting network.
#   deploy/setup.sh run     what the appliance needs
#   deploy/setup.sh test    and what its tests need
# A second call finds everything in place and returns at once. Nothing outside .venv, the package
# manager and the user's cache is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?"usage: deploy/setup.sh run|test"}
venv=.venv
lock=requirements-dev.lock
[ "$purpose" = run ] && lock=requirements.lock

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Of "a|b" the installed one, else the first that the package lists know.
pick() {
    local name names
    IFS='|' read -r -a names <<<"$1"
    for name in "${names[@]}"; do installed "$name" && { echo "$name"; return; }; done
    for name in "${names[@]}"; do apt-cache show "$name" >/dev/null 2>&1 && { echo "$name"; return; }; done
    echo "${names[0]}"
}

missing_packages() {
    local names who name
    while read -r names who; do
        case $names in ''|'#'*) continue ;; esac
        [ "$who" != run ] && [ "$purpose" != test ] && continue
        [ "$who" = test-debian ] && ! grep -qx 'ID=debian' /etc/os-release && continue
        name=$(pick "$names")
        installed "$name" || echo "$name"
    done <deploy/debian-packages.txt
}

debian_packages() {
    command -v dpkg-query >/dev/null || { say "Not a Debian system: install by hand what deploy/debian-packages.txt lists."; return; }
    local missing
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} = 0 ] && return
    if [ "$(id -u)" = 0 ]; then
        say "Debian packages: ${missing[*]}"
        apt-get update -q >&2
        # Names may differ once the lists are there.
        mapfile -t missing < <(missing_packages)
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
    else
        say "These Debian packages are missing; install them with:"
        printf '  sudo apt-get update && sudo apt-get install --no-install-recommends %s\n' "${missing[*]}" >&2
        say "Going on without them."
    fi
}

python_packages() {
    local stamp=$venv/.installed-$purpose want
    want=$(cat "$lock" pyproject.toml | sha256sum)
    # The test environment holds everything the run environment does.
    for s in "$stamp" "$venv/.installed-test"; do
        [ "$s" = "$venv/.installed-test" ] && want=$(cat requirements-dev.lock pyproject.toml | sha256sum)
        [ -f "$s" ] && [ "$(cat "$s")" = "$want" ] && return
    done
    want=$(cat "$lock" pyproject.toml | sha256sum)
    python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' ||
        die "Python 3.11 to 3.13 is needed, this is $(python3 --version). On Debian 12 and Ubuntu 24.04 python3 is right."
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" ||
        die "No virtual environment could be made: sudo apt-get install python3-venv"
    say "Python packages (about 500 MB the first time) ..."
    # On a terminal pip shows what it fetches and how far it is; in a log that would be noise.
    local loudness=(--quiet)
    [ -t 1 ] && loudness=()
    "$venv/bin/pip" install "${loudness[@]}" --disable-pip-version-check --require-hashes -r "$lock"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    rm -f "$venv"/.installed-*
    echo "$want" >"$stamp"
}

network() {
    # A network that is whole is not fetched again.
    "$venv/bin/classroom" models install rvm-mobilenetv3
}

# So that the first start need not; again when the source has changed.
loops() {
    local stamp=$venv/.compiled
    [ -f "$stamp" ] && [ -z "$(find pipelines -name '*.py' -newer "$stamp" -print -quit)" ] && return
    say "Compiling what runs on every pixel (about a minute) ..."
    touch "$stamp.part"
    # Where nothing can be kept it says so, and every start compiles.
    "$venv/bin/classroom" compile >&2 && mv "$stamp.part" "$stamp" || true
}

debian_packages
python_packages
network
loops
