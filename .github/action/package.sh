#!/usr/bin/env bash
# Builds the release archive of one target: dist/fitcheck-VERSION-TARGET.tar.gz, and its line for checksums.txt.
set -euo pipefail
target=${TARGET:?}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
suffix=
case "$target" in *windows*) suffix=.exe ;; esac
rustup target add "$target"
cargo build --release --locked --target "$target"
mkdir -p dist
name=fitcheck-$version-$target.tar.gz
tar -czf "dist/$name" -C "${CARGO_TARGET_DIR:-target}/$target/release" "fitcheck$suffix"
if command -v sha256sum >/dev/null; then sum=$(sha256sum "dist/$name"); else sum=$(shasum -a 256 "dist/$name"); fi
echo "$version $target ${sum%% *}" >"dist/checksum-$target.txt"
