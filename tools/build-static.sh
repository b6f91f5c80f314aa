#!/usr/bin/env bash
# Builds a program of images as one static file for each of some architectures: target/launcher/PROGRAM-linux-ARCHITECTURE.
# In one go: while one of them is optimised as a whole, which takes one processor, another is compiled.
# Usage: tools/build-static.sh PROGRAM PACKAGE FEATURES ARCHITECTURE...      (as images call them: amd64, arm64)
set -euo pipefail

program=$1 package=$2 features=$3
shift 3

command -v rustup >/dev/null || {
    echo "error: rustup is not installed" >&2
    echo "hint: https://rustup.rs" >&2
    exit 1
}

# The C compiler for each: the cryptography of TLS is in C, and needs no library of the other machine.
machine=$(uname -m)
targets=() programs=()
for architecture in "$@"; do
    case $architecture in
    amd64) rust=x86_64 compiler=x86_64-linux-gnu-gcc packages="gcc-x86-64-linux-gnu libc6-dev-amd64-cross" ;;
    arm64) rust=aarch64 compiler=aarch64-linux-gnu-gcc packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;;
    *)
        echo "error: no images are made for $architecture" >&2
        exit 2
        ;;
    esac
    if [ "$machine" = "$rust" ]; then
        compiler=cc packages="gcc libc6-dev"
    fi
    # Names of several packages.
    # shellcheck disable=SC2086
    command -v "$compiler" >/dev/null || tools/install-packages.sh $packages
    rustup --quiet target add "$rust-unknown-linux-musl"
    targets+=(--target "$rust-unknown-linux-musl")
    programs+=("target/$rust-unknown-linux-musl/image/$program")
    export "CC_${rust}_unknown_linux_musl=$compiler"
done

# Rust brings musl and a linker along.
export RUSTFLAGS="-C linker=rust-lld -C link-self-contained=yes -C target-feature=+crt-static"
cargo build --profile image --package "$package" --bin "$program" --features "$features" "${targets[@]}"

mkdir -p target/launcher
for built in "${programs[@]}"; do
    cp "$built" "target/launcher/$program-linux-$1"
    shift
done
