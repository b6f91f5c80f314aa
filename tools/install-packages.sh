#!/usr/bin/env bash
# Installs Debian packages without their recommendations and without starting the services that are in them.
# Usage: tools/install-packages.sh PACKAGE...
set -euo pipefail

echo "installing the Debian packages $*"
if [ "$(id -u)" != 0 ]; then
    exec sudo "$0" "$@"
fi

# What Debian asks before a service is started by an installation: the answer is no. Tests start servers of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi

# Java's packages link their manual pages, and fail where a small image was made without the folder for them.
mkdir -p /usr/share/man/man1

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get -q update && apt-get -qy install --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "error: these packages are missing and could not be installed: $*" >&2
    echo "hint: apt-get install $*" >&2
    exit 1
fi
rm -f "$log"
