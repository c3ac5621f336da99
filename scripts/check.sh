#!/usr/bin/env bash
# Everything a change must pass: formatting, lints, tests, docs, and a smoke training through the
# release binary. Runs from any folder; leaves nothing behind but target/.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "formatting"
cargo fmt --all --check

step "lints"
cargo clippy --all-targets --locked -- -D warnings
cargo clippy --lib --no-default-features --locked -- -D warnings

step "tests"
cargo test --locked
# The lower vector levels compute the same within rounding; a machine without AVX-512 or AVX2 runs
# the level that it has.
for level in baseline avx2; do
  step "tests of the arithmetic at level $level"
  BNTRAIN_KERNEL=$level cargo test --locked -p bntrain-kernel
  BNTRAIN_KERNEL=$level cargo test --locked --test it -- gradient golden cs231n threads evaluation_mode
done

step "docs"
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked

step "smoke training"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cargo run --release --locked -- --config configs/smoke.toml --out "$out/run" \
  --require 'valid_accuracy >= 0.95' --require 'batch_norm.valid_loss < 0.5'
for file in config.toml run.json metrics.csv steps.csv summary.json curves.svg; do
  test -s "$out/run/$file"
done

step "all passed"
