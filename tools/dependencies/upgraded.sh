#!/bin/sh
# The unit tests with the newest version of every dependency, in a copy: `make upgraded` calls it with a Python.
set -eu
here=$(pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy"
ln -s "$here/.tools" "$copy/.tools"
cd "$copy"
export UV_PYTHON="$1"
newest=$(date -u +%FT%TZ)
.tools/uv/bin/uv lock --quiet --upgrade --exclude-newer "$newest"
echo 'what is newer:'
diff "$here/uv.lock" uv.lock | grep '^> version' | sort | uniq -c | wc -l
.tools/uv/bin/uv sync --quiet --exclude-newer "$newest" --group dev
.venv/bin/python -m pytest -q tests/unit
