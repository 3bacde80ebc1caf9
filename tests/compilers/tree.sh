#!/usr/bin/env bash
# Builds the whole tree with a compiler, warnings being errors, and throws the result away.
#
#   tree.sh CC CXX SOURCES
#
# Exit status: 0 built, 1 not.
set -euo pipefail
CC=$1 CXX=$2 SOURCES=$3
export CC CXX

FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
# Meson passes these on to its tests; they are of the build that runs this one.
unset DESTDIR MESONINTROSPECT

if ! meson setup --werror "$SOURCES" "$FOLDER" >"$FOLDER.log" 2>&1 ||
    ! ninja -C "$FOLDER" -k0 >>"$FOLDER.log" 2>&1; then
    grep -E -A6 'error|ERROR|warning' "$FOLDER.log" || cat "$FOLDER.log"
    rm -f "$FOLDER.log"
    exit 1
fi
rm -f "$FOLDER.log"
