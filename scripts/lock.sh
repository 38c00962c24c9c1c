#!/usr/bin/env bash
# Write the lock files: exact versions with hashes and no addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet pyproject.toml --universal --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --python-version 3.11 "$@"
}
compile --group setup --output-file requirements.txt
compile --group setup --group dev --constraint requirements.txt --output-file requirements-dev.txt
uv pip compile --quiet --group node --universal --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links --python-version 3.11 --output-file requirements-node.txt
