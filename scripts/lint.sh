#!/usr/bin/env bash
# Formatting, lints, and the licenses of dependencies.
# Runs from any folder.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "formatting"
cargo fmt --all --check

step "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings
cargo clippy --lib --no-default-features --locked -- -D warnings

# Fetches what other systems need, too, so that without a network it is left out.
step "licenses, duplicates and sources of dependencies"
if ! cargo deny --version >/dev/null 2>&1; then
  echo "not run: cargo-deny is not installed"
elif ! cargo fetch --locked; then
  echo "not run: no network"
else
  cargo deny --locked check licenses bans sources
  if timeout 30 git ls-remote --quiet https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then
    cargo deny --locked check advisories
  else
    echo "advisories not checked: their database cannot be reached"
  fi
fi
