//! Vectors of the processor, as the matrix product uses them.

#![expect(unsafe_code, reason = "the processor's vector instructions")]
#![expect(
    clippy::inline_always,
    reason = "these become single instructions, but only inside the function that enables them"
)]

use num_traits::Float;

/// Some numbers that are computed with at once.
///
/// Vectors wider than the compilation target's may be used only inside the dispatch to
/// the [`Level`](super::Level) that they belong to.
pub trait Vector: Copy {
    /// What it is made of.
    type Element: Float;

    /// How many there are.
    const LANES: usize;

    /// The same number everywhere.
    fn splat(x: Self::Element) -> Self;

    /// The first `LANES` numbers of `x`.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    fn load(x: &[Self::Element]) -> Self;

    /// Writes the numbers to the front of `x`.
    ///
    /// # Panics
    ///
    /// If there is less room.
    fn store(self, x: &mut [Self::Element]);

    /// `self * b + c`, rounded once where the processor can.
    fn mul_add(self, b: Self, c: Self) -> Self;
}

/// The vectors of a number type at each [`Level`](super::Level).
pub trait Vectors: Float {
    /// For [`Level::Avx512`](super::Level::Avx512).
    type Avx512: Vector<Element = Self>;
    /// For [`Level::Avx2`](super::Level::Avx2).
    type Avx2: Vector<Element = Self>;
    /// For [`Level::Baseline`](super::Level::Baseline).
    type Baseline: Vector<Element = Self>;
}

#[cfg(target_arch = "x86_64")]
impl Vectors for f32 {
    type Avx512 = std::arch::x86_64::__m512;
    type Avx2 = std::arch::x86_64::__m256;
    type Baseline = [Self; 4];
}

#[cfg(target_arch = "x86_64")]
impl Vectors for f64 {
    type Avx512 = std::arch::x86_64::__m512d;
    type Avx2 = std::arch::x86_64::__m256d;
    type Baseline = [Self; 2];
}

#[cfg(not(target_arch = "x86_64"))]
impl Vectors for f32 {
    type Avx512 = [Self; 4];
    type Avx2 = [Self; 4];
    type Baseline = [Self; 4];
}

#[cfg(not(target_arch = "x86_64"))]
impl Vectors for f64 {
    type Avx512 = [Self; 2];
    type Avx2 = [Self; 2];
    type Baseline = [Self; 2];
}

/// What every target has; the compiler turns it into the target's vectors.
impl<F: Float, const N: usize> Vector for [F; N] {
    type Element = F;

    const LANES: usize = N;

    #[inline(always)]
    fn splat(x: F) -> Self {
        [x; N]
    }

    #[inline(always)]
    fn load(x: &[F]) -> Self {
        std::array::from_fn(|lane| x[lane])
    }

    #[inline(always)]
    fn store(self, x: &mut [F]) {
        x[..N].copy_from_slice(&self);
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // On 64-bit ARM this is one instruction; on older x86-64 it would be a slow function.
        let fused = cfg!(target_arch = "aarch64");
        std::array::from_fn(|lane| {
            if fused { self[lane].mul_add(b[lane], c[lane]) } else { self[lane] * b[lane] + c[lane] }
        })
    }
}

#[cfg(target_arch = "x86_64")]
macro_rules! vector {
    ($vector:ident, $element:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $mul_add:ident) => {
        impl Vector for std::arch::x86_64::$vector {
            type Element = $element;

            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(x: $element) -> Self {
                // SAFETY: runs inside `wide` at the level that has this instruction, see the trait.
                unsafe { std::arch::x86_64::$splat(x) }
            }

            #[inline(always)]
            fn load(x: &[$element]) -> Self {
                assert!(x.len() >= $lanes, "room for a vector");
                // SAFETY: as above, and there are enough numbers; the load needs no alignment.
                unsafe { std::arch::x86_64::$load(x.as_ptr()) }
            }

            #[inline(always)]
            fn store(self, x: &mut [$element]) {
                assert!(x.len() >= $lanes, "room for a vector");
                // SAFETY: as above, and there is enough room; the store needs no alignment.
                unsafe { std::arch::x86_64::$store(x.as_mut_ptr(), self) }
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: runs inside `wide` at the level that has this instruction, see the trait.
                unsafe { std::arch::x86_64::$mul_add(self, b, c) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
vector!(__m512, f32, 16, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps);
#[cfg(target_arch = "x86_64")]
vector!(__m512d, f64, 8, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd);
#[cfg(target_arch = "x86_64")]
vector!(__m256, f32, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps);
#[cfg(target_arch = "x86_64")]
vector!(__m256d, f64, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd);
