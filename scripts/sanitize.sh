#!/usr/bin/env bash
# Looks for undefined behavior in `kernel/`, the only part with `unsafe`: AddressSanitizer, ThreadSanitizer and Miri
# over its tests, as far as they are installed; says what was not run. Leaves nothing behind but target/.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

host=$(rustc -vV | sed -n 's/^host: //p')
# Sanitizers are unstable: a nightly compiler, or a stable one that is told to be.
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  export RUSTUP_TOOLCHAIN=nightly
else
  export RUSTC_BOOTSTRAP=1
fi
# With its sources, the standard library is instrumented, too.
std=()
if [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ]; then
  std=(-Zbuild-std)
fi

# The flags differ, so each has its own folder. Doctests would need them a second time.
sanitized() {
  local sanitizer=$1
  shift
  CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitize-$sanitizer" \
    RUSTFLAGS="-Zsanitizer=$sanitizer -Cunsafe-allow-abi-mismatch=sanitizer" \
    cargo test --locked "${std[@]}" --target "$host" -p bntrain-kernel --lib -- "$@"
}

for level in avx512 avx2 baseline; do
  step "AddressSanitizer at SIMD level $level"
  BNTRAIN_KERNEL=$level ASAN_OPTIONS=detect_stack_use_after_return=1 sanitized address
done

step "ThreadSanitizer"
if [ ${#std[@]} = 0 ]; then
  echo "the standard library is not instrumented (no rust-src): its own races would not be seen, and"
  echo "scripts/sanitize.supp names the reports that come from that"
fi
TSAN_OPTIONS="suppressions=$PWD/scripts/sanitize.supp halt_on_error=1" sanitized thread

step "Miri"
if cargo miri --version >/dev/null 2>&1; then
  # Narrow shapes: at the speed of Miri, the long sums would take hours. It cannot map files.
  BNTRAIN_KERNEL=baseline MIRIFLAGS="-Zmiri-many-seeds=0..4" cargo miri test --locked -p bntrain-kernel --lib -- \
    --skip mapped --skip long_sums --skip the_epilogue_equals --skip any_number_of_threads \
    --skip weight_gradient_finds --skip passes_are_those_with --skip one_bad_number_is_found --skip an_element_depends --skip agrees_with_sums --skip sums_are_accurate \
    --skip all_finite_finds
else
  echo "not run: Miri is not installed (rustup +nightly component add miri)"
fi

step "done"
