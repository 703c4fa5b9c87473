# Shared by the commands in bin/: find Python, make .venv, install what the lock files name.
# Sourced, not run. Expects: root (the project's directory), set -euo pipefail.
# shellcheck shell=bash

export PIP_DISABLE_PIP_VERSION_CHECK=1
venv="$root/.venv"
python="$venv/bin/python"
apt_lists_are_fresh=no

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "bin/${0##*/}: $*"
    exit 1
}

# Python 3.11 to 3.13, as pyproject.toml says.
fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if fits "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Installs those of the named Debian packages that are missing; fails when it may not.
apt_install() {
    local name missing=()
    command -v dpkg-query >/dev/null || return 1
    for name in "$@"; do
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
            missing+=("$name")
        fi
    done
    [ ${#missing[@]} = 0 ] && return 0
    may_install || return 1
    say "Installing ${missing[*]} ..."
    if [ "$apt_lists_are_fresh" = no ]; then
        apt-get -qq update >/dev/null || return 1
        apt_lists_are_fresh=yes
    fi
    # Run level 1 keeps the packages from starting services: the tests start their own.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y install --no-install-recommends "${missing[@]}" >/dev/null 2>&1
}

may_make_networks() { [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; }

# Installs the programs of the lab that are missing, without letting Debian start or enable the services that they
# bring along. What is missing afterwards is named by the console itself.
install_lab_programs() {
    local pair missing=()
    PATH="$PATH:/usr/sbin:/sbin"
    for pair in keepalived:keepalived nft:nftables ip:iproute2 nginx:nginx; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} = 0 ] || ! may_install || install_idle "${missing[@]}" || true
}

install_idle() (
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    apt_install "$@" || exit 1
    if command -v systemctl >/dev/null; then
        for name in "$@"; do
            systemctl disable --quiet "$name" 2>/dev/null || true
        done
    fi
)

make_venv() {
    local base
    if [ -x "$python" ] && fits "$python" && "$python" -m pip --version >/dev/null 2>&1; then
        return 0
    fi
    if ! base=$(find_python); then
        apt_install python3 python3-venv && base=$(find_python) ||
            fail "Python 3.11, 3.12 or 3.13 is needed, but none was found (set PYTHON to name one)."
    fi
    if ! "$base" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        apt_install python3-venv || true
        "$base" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
            fail "$base has no venv module; on Debian and Ubuntu, install the package python3-venv."
    fi
    say "Making .venv with $("$base" --version) ..."
    rm -rf "$venv"
    "$base" -m venv "$venv"
}

checksum() { "$python" -c 'import hashlib,sys; print(hashlib.sha256(open(sys.argv[1],"rb").read()).hexdigest())' "$1"; }

# Installs requirements/NAME.txt, unless exactly that was installed before. dev.txt holds all of base.txt.
install_lock() {
    local name=$1 lock="$root/requirements/$1.txt" sum
    sum=$(checksum "$lock")
    if [ "$(cat "$venv/.lock-$name" 2>/dev/null)" = "$sum" ]; then
        return 0
    fi
    say "Installing requirements/$name.txt ..."
    "$python" -m pip install --quiet --quiet --require-hashes --no-deps -r "$lock" ||
        fail "pip could not install requirements/$name.txt."
    printf '%s\n' "$sum" >"$venv/.lock-$name"
    if [ "$name" = dev ]; then
        checksum "$root/requirements/base.txt" >"$venv/.lock-base"
    fi
}

# prepare base|dev: everything Python needs. Two commands at once take turns.
prepare() {
    local lock="$root/.venv.lock"
    if command -v flock >/dev/null; then
        exec 9>"$lock"
        flock 9
    fi
    make_venv
    install_lock "$1"
    "$python" "$root/bin/lib/compile_messages.py" "$root/locale"
    exec 9>&-
}
