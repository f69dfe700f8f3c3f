#!/usr/bin/env bash
# Puts a fitcheck binary on the runner: prebuilt by version and checksum, or built from this action's own source.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=${FITCHECK_VERSION:-source}
place=${RUNNER_TEMP:?}/fitcheck-bin

target() {
  case "${RUNNER_OS:?}-${RUNNER_ARCH:?}" in
    Linux-X64) echo x86_64-unknown-linux-musl ;;
    Linux-ARM64) echo aarch64-unknown-linux-musl ;;
    macOS-X64) echo x86_64-apple-darwin ;;
    macOS-ARM64) echo aarch64-apple-darwin ;;
    Windows-X64) echo x86_64-pc-windows-msvc ;;
    *) echo "error: no prebuilt binary for $RUNNER_OS-$RUNNER_ARCH; use version: source" >&2; return 1 ;;
  esac
}

# From standard input: a name with a backslash, as on Windows, would mark the line with one.
digest() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d' ' -f1
}

suffix=
[ "${RUNNER_OS:-}" = Windows ] && suffix=.exe
mkdir -p "$place"

if [ "$version" = source ]; then
  # Pinned toolchain files of the checked repository must not decide what runs here.
  (cd "$here/../.." && cargo install --quiet --locked --path . --root "$place/built" --target-dir "$place/target")
  bin=$place/built/bin/fitcheck$suffix
else
  if ! [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
    echo "error: version must be \`source\` or like 1.2.3" >&2
    exit 2
  fi
  triple=$(target)
  # Lines of the table: VERSION TARGET SHA256.
  wanted=$(awk -v v="$version" -v t="$triple" '$1 == v && $2 == t { print $3 }' "${FITCHECK_CHECKSUMS:-$here/checksums.txt}")
  if [ -z "$wanted" ]; then
    echo "error: this revision of the action knows no fitcheck $version for $triple" >&2
    exit 2
  fi
  base=${FITCHECK_RELEASES:-https://github.com/${FITCHECK_ACTION_REPOSITORY:?}/releases/download}
  archive=$place/fitcheck.tar.gz
  curl --fail --silent --show-error --location --retry 3 --output "$archive" "$base/v$version/fitcheck-$version-$triple.tar.gz"
  if [ "$(digest "$archive")" != "$wanted" ]; then
    echo "error: the checksum of fitcheck $version for $triple does not match" >&2
    exit 2
  fi
  # Given as an argument, a directory like D:\a would be a host to tar, and a backslash an escape.
  (cd "$place" && tar -xzf fitcheck.tar.gz "fitcheck$suffix")
  bin=$place/fitcheck$suffix
fi
"$bin" --version
printf 'bin=%s\n' "$bin" >>"${GITHUB_OUTPUT:?}"
