//! Vector instructions: which ones the loops use, decided once at run time.

#![expect(
    unsafe_code,
    reason = "functions compiled for a processor feature may run only where it was detected"
)]

pub(crate) mod strips;
pub(crate) mod vector;

use std::sync::OnceLock;

/// A set of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SimdLevel {
    /// What the compiler's target guarantees: SSE2 on x86-64, NEON on 64-bit ARM.
    Baseline,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
}

/// The level in use: the highest that the processor has. For tests, the environment variable
/// `BNTRAIN_KERNEL` can set a lower one: `baseline`, `avx2` or `avx512`.
#[inline]
pub fn simd_level() -> SimdLevel {
    static LEVEL: OnceLock<SimdLevel> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let wanted = match std::env::var("BNTRAIN_KERNEL").as_deref() {
            Ok("baseline") => SimdLevel::Baseline,
            Ok("avx2") => SimdLevel::Avx2,
            _ => SimdLevel::Avx512,
        };
        detected().min(wanted)
    })
}

#[cfg(target_arch = "x86_64")]
fn detected() -> SimdLevel {
    use std::arch::is_x86_feature_detected as has;
    if !(has!("avx2") && has!("fma")) {
        SimdLevel::Baseline
    } else if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
        SimdLevel::Avx512
    } else {
        SimdLevel::Avx2
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detected() -> SimdLevel {
    SimdLevel::Baseline
}

/// Runs `f` compiled for the [`simd_level`]. `f` should be a closure over a whole loop: what is inlined
/// into it uses the vector instructions of that level.
#[inline(always)]
pub fn with_simd<R>(f: impl FnOnce() -> R) -> R {
    match simd_level() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `simd_level` returns this only where `detected` saw every feature that the function enables.
        SimdLevel::Avx512 => unsafe { avx512(f) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        SimdLevel::Avx2 => unsafe { avx2(f) },
        _ => f(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
#[inline(never)]
pub(crate) fn avx512<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline(never)]
pub(crate) fn avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}
