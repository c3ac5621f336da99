#!/usr/bin/env bash
# What a change must pass besides `scripts/lint.sh` and `cargo test`: other SIMD levels, fewer features, examples, docs,
# a training and the published findings through the program.
# Runs from any folder; leaves nothing behind but target/.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

# The lower SIMD levels compute the same within rounding; a machine without AVX2 or AVX-512 runs the
# level that it has.
for level in baseline avx2; do
  step "tests of the arithmetic at SIMD level $level"
  BNTRAIN_KERNEL=$level cargo test --locked -p bntrain-kernel --lib
  BNTRAIN_KERNEL=$level cargo test --locked --test it -- gradient:: golden:: cs231n:: threads:: evaluation_mode::
done

step "library without features"
cargo test --doc --no-default-features --locked

step "examples"
for example in examples/*.rs; do
  cargo run --quiet --locked --example "$(basename "$example" .rs)"
done

step "docs"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

step "smoke training"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cargo run --release --locked -- --config configs/smoke.toml --out "$out/run" \
  --require 'valid_accuracy >= 0.95' --require 'batch_norm.valid_loss < 0.5'
for file in config.toml run.json metrics.csv steps.csv summary.json confusion.csv report.html curves.svg; do
  test -s "$out/run/$file"
done

step "published findings"
cargo run --release --locked -- reproduce all --quiet --markdown "$out/findings.md"
# The last digits depend on the vectors of the processor; claims and verdicts do not.
verdicts() { awk -F ' [|] ' '/^[|] \[/ { print $1 " | " $NF } / claims hold/' "$1"; }
test "$(verdicts "$out/findings.md" | wc -l)" -gt 20
diff <(verdicts docs/findings.md) <(verdicts "$out/findings.md")

step "all passed"
