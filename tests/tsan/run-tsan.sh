#!/usr/bin/env bash
# run-tsan.sh: builds with ThreadSanitizer and runs the tests with threads
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: run-tsan.sh [BUILD-DIRECTORY]

set -euo pipefail
source=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
build=${1:-$source/_build/tsan}

if ! command -v clang >/dev/null; then
  echo "skipped: there is no clang"
  exit 77
fi

if [ ! -f "$build/build.ninja" ]; then
  CC=clang meson setup "$build" "$source" -Db_sanitize=thread -Db_lundef=false \
    -Dintrospection=disabled -Dexamples=disabled
fi
ninja -C "$build" tests-tsan
exec meson test -C "$build" --no-rebuild --print-errorlogs --suite tsan
