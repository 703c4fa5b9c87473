# The cloud's own SDKs for the contract tests, in an environment of their own. Sourced, after setup.sh.
# shellcheck shell=bash

# Installs the Python SDKs into var/sdk/venv and the Node SDKs into tests/contract/node, unless exactly what the lock
# files name is there already. Where it cannot, it says why on standard output and fails.
prepare_sdks() {
    local sdk="$root/var/sdk" node="$root/tests/contract/node" sum program
    for program in node npm faketime; do # faketime gives a process another clock
        command -v "$program" >/dev/null || apt_install nodejs npm faketime >/dev/null 2>&1 || true
        if ! command -v "$program" >/dev/null; then
            echo "there is no $program here, and it could not be installed"
            return 1
        fi
    done
    mkdir -p "$sdk"
    sum=$(checksum "$root/requirements/sdk.txt")
    if [ "$(cat "$sdk/.lock-python" 2>/dev/null)" != "$sum" ] || [ ! -x "$sdk/venv/bin/python" ]; then
        say "Installing requirements/sdk.txt ..."
        rm -rf "$sdk/venv" "$sdk/.lock-python"
        if ! "$python" -m venv "$sdk/venv" ||
            ! "$sdk/venv/bin/python" -m pip install --quiet --quiet --require-hashes -r "$root/requirements/sdk.txt" >&2; then
            echo "pip could not install requirements/sdk.txt"
            return 1
        fi
        printf '%s\n' "$sum" >"$sdk/.lock-python"
    fi
    sum=$(checksum "$node/package-lock.json")
    if [ "$(cat "$sdk/.lock-node" 2>/dev/null)" != "$sum" ] || [ ! -d "$node/node_modules" ]; then
        say "Installing tests/contract/node/package-lock.json ..."
        rm -f "$sdk/.lock-node"
        if ! (cd "$node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2; then
            echo "npm could not install tests/contract/node/package-lock.json"
            return 1
        fi
        printf '%s\n' "$sum" >"$sdk/.lock-node"
    fi
}
