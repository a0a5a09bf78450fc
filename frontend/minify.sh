#!/bin/sh
# Minifies scripts and styles of a release build in place; does nothing where esbuild is missing.
set -eu
[ "${TRUNK_PROFILE:-debug}" = release ] || exit 0
command -v esbuild >/dev/null 2>&1 || exit 0
find "$TRUNK_STAGING_DIR" -name '*.js' -o -name '*.css' | while read -r file; do
    format=
    case "$file" in *theme.js|*.css) ;; *.js) format=--format=esm ;; esac
    esbuild "$file" --minify $format --target=es2022,chrome123,firefox120,safari17.5 --supported:nesting=true \
        --log-level=error --allow-overwrite --outfile="$file" || exit 1
done
