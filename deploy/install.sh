#!/usr/bin/env bash
# Installs the box as a systemd service on Debian 12 or Ubuntu 24.04. Safe to run again: it then updates.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

prefix=/opt/classroom
venv=$prefix/venv
config=/etc/classroom/appliance.toml
command=/usr/local/bin/classroom
accept_licence=no
action=install

usage() {
    cat <<'TEXT'
usage: sudo deploy/install.sh [--accept-licence] [--uninstall]

  sudo deploy/install.sh                    install or update, and ask before the network is fetched
  sudo deploy/install.sh --accept-licence   the same without questions, for many boxes
  sudo deploy/install.sh --uninstall        remove the service; settings, tokens and networks stay

What it makes:
  /opt/classroom/venv           the software, from requirements.lock with checked hashes
  /etc/classroom/appliance.toml the settings, only if there are none yet
  /var/lib/classroom            tokens, courseware, networks
  /usr/local/bin/classroom      the command, run as the service's user
  classroom.service             the service
TEXT
}

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() { printf '✗ %s\n' "$*" >&2; exit 1; }

for argument in "$@"; do
    case $argument in
        --accept-licence) accept_licence=yes ;;
        --uninstall) action=uninstall ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; die "Unknown argument: $argument" ;;
    esac
done

check_machine() {
    [ "$(id -u)" = 0 ] || die "This needs root: sudo deploy/install.sh"
    [ -d /run/systemd/system ] || die "systemd is not running here. In a container, start 'classroom run' instead."
    command -v apt-get >/dev/null || die "Debian or Ubuntu is needed. Elsewhere, see what deploy/debian-packages.txt lists."
}

install_packages() {
    say "Debian packages"
    local names=() line name
    while read -r line who; do
        case $line in '' | '#'*) continue ;; esac
        [ "$who" = run ] || continue
        # Of "a|b" the first that this release knows.
        for name in ${line//|/ }; do
            apt-cache show "$name" >/dev/null 2>&1 && break
        done
        names+=("$name")
    done <deploy/debian-packages.txt
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${names[@]}"
}

install_software() {
    say "Software in $prefix"
    python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' ||
        die "Python 3.11 to 3.13 is needed, this is $(python3 --version)."
    install -d -m 755 "$prefix"
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall .
}

install_service() {
    say "Service"
    install -D -m 644 systemd/classroom.sysusers.conf /usr/lib/sysusers.d/classroom.conf
    install -D -m 644 systemd/classroom.tmpfiles.conf /usr/lib/tmpfiles.d/classroom.conf
    install -D -m 644 systemd/classroom.service /etc/systemd/system/classroom.service
    systemd-sysusers /usr/lib/sysusers.d/classroom.conf
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/classroom.conf
    # 640: the address of a camera may hold its password.
    [ -e "$config" ] || install -D -m 640 -g classroom deploy/appliance.toml "$config"
    install -d -m 755 -o classroom -g classroom /var/cache/classroom
    install_command
    systemctl daemon-reload
    systemctl enable --quiet classroom.service
}

# The command must see what the service sees: its user, its folders, its settings.
install_command() {
    cat >"$command" <<TEXT
#!/bin/sh
set -eu
if [ "\$(id -un)" != classroom ]; then
    [ "\$(id -u)" = 0 ] || { echo "✗ The box's command needs root: sudo classroom \$*" >&2; exit 1; }
    exec runuser -u classroom -- "\$0" "\$@"
fi
export STATE_DIRECTORY=/var/lib/classroom XDG_CACHE_HOME=/var/cache/classroom HOME=/var/lib/classroom
export CLASSROOM_MODELS_DIR=/var/lib/classroom/models NUMBA_CACHE_DIR=/var/cache/classroom/numba
cd /var/lib/classroom
exec $venv/bin/classroom "\$@"
TEXT
    chmod 755 "$command"
}

install_network() {
    if "$command" models verify rvm-mobilenetv3 >/dev/null 2>&1; then
        return
    fi
    if [ "$accept_licence" != yes ]; then
        printf '\nThe network that cuts the teacher out (Robust Video Matting, GPL-3.0) is not part of this software.\n'
        printf 'Fetch it now, about 150 MB? [y/N] '
        read -r answer </dev/tty || answer=n
        case $answer in
            y | Y | yes) ;;
            *) printf 'Later: sudo classroom models install rvm-mobilenetv3\n'; return ;;
        esac
    fi
    "$command" models install rvm-mobilenetv3
}

# So that the first lesson need not wait for it. Without it the service compiles when it starts.
compile_loops() {
    say "Compiling what runs on every pixel (about a minute)"
    "$command" compile || true
}

next_steps() {
    say "Installed. Next:"
    cat <<TEXT
  sudo nano $config     # the camera, to begin with
  sudo classroom doctor                          # is everything there?
  sudo systemctl restart classroom               # start
  sudo classroom links                           # the links to the console and for remote classrooms
  journalctl -u classroom -f                     # what it says

Courseware: drop files into the console. For PowerPoint, Word and SVG files LibreOffice converts (300 MB):
  sudo apt-get install --no-install-recommends libreoffice-impress-nogui libreoffice-writer-nogui
TEXT
}

uninstall() {
    systemctl disable --now classroom.service 2>/dev/null || true
    rm -f /etc/systemd/system/classroom.service /usr/lib/sysusers.d/classroom.conf /usr/lib/tmpfiles.d/classroom.conf "$command"
    rm -rf "$prefix"
    systemctl daemon-reload
    say "Removed. Settings and state stay; to remove them too: rm -r /etc/classroom /var/lib/classroom /var/cache/classroom"
}

check_machine
if [ "$action" = uninstall ]; then
    uninstall
    exit 0
fi
install_packages
install_software
install_service
install_network
compile_loops
next_steps
