#!/usr/bin/env bash
# Makes the base images of the tests: a Debian with Python as an OCI layout, and a second one with Beam's worker boot in it.
# Usage: tools/base-image.sh BOOT BASE BASE_BEAM
#
# BOOT is Beam's boot program; BASE and BASE_BEAM are the layouts to write. Root is needed. The packages come from where this
# machine's own apt has them. The same packages give the same digest: one mtime, sorted entries, no logs, no caches.
set -euo pipefail

boot=$(realpath "$1")
base=$2
base_beam=$3

suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
if [ "$suite" != bookworm ]; then
    echo "error: the base image is made from Debian 12 (bookworm), and this machine is ${suite:-no Debian}" >&2
    echo "hint: run this on Debian 12, for instance in a container" >&2
    exit 1
fi

export SOURCE_DATE_EPOCH=0
epoch=1970-01-01T00:00:00Z
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The release, its updates and its security fixes, and nothing else that this machine may be configured with.
apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$suite" '$3 ~ "^" suite "(-updates|-security)?$" && $4 == "main"' | sort -u >"$work/sources"
if [ ! -s "$work/sources" ]; then
    echo "error: apt on this machine knows no packages of $suite" >&2
    echo "hint: apt-get update" >&2
    exit 1
fi

mmdebstrap --quiet --mode=root --variant=minbase --include=python3,ca-certificates \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -f "$1"/etc/apt/sources.list "$1"/etc/resolv.conf "$1"/etc/hostname' \
    "$suite" "$work/base.tar" - <"$work/sources"

mkdir -p "$work/opt/opt/apache/beam"
install -m 755 "$boot" "$work/opt/opt/apache/beam/boot"
tar -C "$work/opt" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/boot.tar" opt

umoci init --layout "$work/layout"
umoci new --image "$work/layout"
umoci raw add-layer --image "$work/layout" --history.created "$epoch" --history.created_by "Debian $suite" "$work/base.tar"
umoci config --image "$work/layout" --no-history --created "$epoch" --config.cmd /bin/sh \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umoci gc --layout "$work/layout"
cp -r "$work/layout" "$work/layout-beam"
umoci raw add-layer --image "$work/layout-beam" --history.created "$epoch" --history.created_by "Beam's boot" "$work/boot.tar"
umoci config --image "$work/layout-beam" --no-history --created "$epoch"
umoci gc --layout "$work/layout-beam"

# Whole or not at all: a run that was interrupted leaves nothing behind that looks finished.
rm -rf "$base" "$base_beam"
mkdir -p "$(dirname "$base")" "$(dirname "$base_beam")"
for pair in "layout:$base" "layout-beam:$base_beam"; do
    cp -r "$work/${pair%%:*}" "${pair#*:}.part"
    chown -R "${SUDO_UID:-0}:${SUDO_GID:-0}" "${pair#*:}.part"
    mv "${pair#*:}.part" "${pair#*:}"
done
