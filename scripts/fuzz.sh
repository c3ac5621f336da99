#!/usr/bin/env bash
# Fuzzes the targets of fuzz/, one after the other: with `smoke` a thousand inputs each, otherwise as many
# seconds each as the first argument says. The other arguments are targets; without any, all of them.
#
#   bash scripts/fuzz.sh smoke
#   bash scripts/fuzz.sh 3600 record_reader model
#
# `smoke` is compiled without optimization, in fuzz/target/*/debug. Needs `cargo-fuzz` and a C++ compiler.
# SANITIZER=none is about twice as fast as the default, `address`. What was found on the way is kept in fuzz/corpus/,
# an input that broke a promise in fuzz/artifacts/.
set -euo pipefail
cd "$(dirname "$0")/.."

duration=${1:?smoke, or seconds for each target}
shift
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  for program in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$program" .rs)"); done
fi

cargo fuzz --version >/dev/null 2>&1 || { echo "needs cargo-fuzz: cargo install cargo-fuzz" >&2; exit 1; }
# The instrumentation is unstable: a nightly compiler, or a stable one that is told to be.
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  export RUSTUP_TOOLCHAIN=nightly
else
  export RUSTC_BOOTSTRAP=1
fi

if [ "$duration" = smoke ]; then
  corpora=$(mktemp -d)
  trap 'rm -rf "$corpora"' EXIT
  # The same inputs each time.
  limits=(-runs=1000 -seed=1)
  # Compiled quickly, see fuzz/Cargo.toml.
  profile=(--dev)
else
  profile=(--release)
  corpora=fuzz/corpus
  limits=("-max_total_time=$duration")
fi

cargo fuzz build "${profile[@]}" --sanitizer "${SANITIZER:-address}"
for target in "${targets[@]}"; do
  printf '\n== %s\n' "$target"
  mkdir -p "$corpora/$target"
  cargo fuzz run "${profile[@]}" --sanitizer "${SANITIZER:-address}" "$target" "$corpora/$target" "fuzz/seeds/$target" -- \
    "${limits[@]}" -timeout=30 -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1 2>&1 |
    sed -E '/^#[0-9]+\s+(NEW|REDUCE|RELOAD|pulse)|NEW_FUNC/d'
done
printf '\n== no finding in %d targets\n' "${#targets[@]}"
