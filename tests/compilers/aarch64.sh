#!/usr/bin/env bash
# Compiles what runs inside the host program for 64-bit ARM, warnings being errors, and runs the
# model of tests/pool/ with it in an emulator.
#
#   aarch64.sh SOURCES
#
# Exit status: 0 all of it compiles and the model finds nothing wrong, 1 not.
set -euo pipefail
cd "$1"

FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
# Values that meson would fill in.
sed 's/@CHECKED@/1/' pool/config.h.in >"$FOLDER/config.h"

FLAGS=(-O2 -c -Wall -Wextra -Werror -Wno-missing-field-initializers -fPIC -fvisibility=hidden
    -ftls-model=initial-exec -D_GNU_SOURCE= -I"$FOLDER" -I. -Ipool -Istats)
FAILED=0
COUNT=0
compile() {
    local source=$1
    shift
    COUNT=$((COUNT + 1))
    "$@" "${FLAGS[@]}" "$source" -o "$FOLDER/out.o" || FAILED=$((FAILED + 1))
}
for source in pool/*.c preload/*.c stats/*.c; do
    # poolstat's own need libraries that are here for this machine only.
    case $source in stats/symbol.c | preload/option_list.c) continue ;; esac
    compile "$source" aarch64-linux-gnu-gcc -std=gnu17
done
echo "aarch64: $COUNT sources, $FAILED failed"
[ "$COUNT" -gt 20 ] && [ "$FAILED" = 0 ] || exit 1

# config.h has the assertions on.
aarch64-linux-gnu-gcc -std=gnu17 -O2 -static -pthread -I"$FOLDER" -I. -Ipool \
    tests/pool/model.c pool/*.c -o "$FOLDER/model"
qemu-aarch64 "$FOLDER/model" 4
echo "aarch64: the model found nothing wrong"
