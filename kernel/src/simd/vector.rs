//! The vectors of the processor, as the matrix product uses them.

#![expect(unsafe_code, reason = "the processor's vector instructions")]
#![expect(
    clippy::inline_always,
    reason = "these become single instructions, but only inside the function that enables them"
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m128;

use num_traits::Float;

/// A few numbers on which one instruction works.
///
/// Vectors wider than the compilation target's may be used only at the [`SimdLevel`](super::SimdLevel) that
/// they belong to, and there only inside [`compiled`](Self::compiled).
pub trait Vector: Copy {
    /// The type of each number.
    type Element: Float;

    /// How many numbers a vector holds.
    const LANES: usize;

    /// Runs `f` in a separate function that is compiled for these vectors. What is inlined into `f`
    /// uses them.
    fn compiled<R>(f: impl FnOnce() -> R) -> R;

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

    /// All of `x`, at most `LANES` numbers, and zeros after them.
    #[inline(always)]
    fn load_front(x: &[Self::Element]) -> Self {
        let mut all = [num_traits::zero(); WIDEST];
        all.iter_mut().zip(x).for_each(|(all, &x)| *all = x);
        Self::load(&all)
    }

    /// Writes as many numbers as there is room for, at most `LANES`, to `x`.
    #[inline(always)]
    fn store_front(self, x: &mut [Self::Element]) {
        let mut all = [num_traits::zero(); WIDEST];
        self.store(&mut all);
        x.iter_mut().zip(all).for_each(|(x, all)| *x = all);
    }

    /// The sum.
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        other.mul_add(Self::splat(num_traits::one()), self)
    }

    /// `f` of each number and the one at its place in `other`.
    #[inline(always)]
    fn zip_with(self, other: Self, f: impl Fn(Self::Element, Self::Element) -> Self::Element) -> Self {
        let (mut own, mut others) = ([num_traits::zero(); WIDEST], [num_traits::zero(); WIDEST]);
        self.store(&mut own);
        other.store(&mut others);
        for lane in 0..Self::LANES {
            own[lane] = f(own[lane], others[lane]);
        }
        Self::load(&own)
    }

    /// `self * b + c`, rounded once where the processor can.
    fn mul_add(self, b: Self, c: Self) -> Self;
}

/// The most lanes of any vector.
pub(crate) const WIDEST: usize = 16;

/// The vectors of a number type at each [`SimdLevel`](super::SimdLevel).
pub trait Vectors: Float {
    /// For [`SimdLevel::Avx512`](super::SimdLevel::Avx512).
    type Avx512: Vector<Element = Self>;
    /// For [`SimdLevel::Avx2`](super::SimdLevel::Avx2).
    type Avx2: Vector<Element = Self>;
    /// For [`SimdLevel::Baseline`](super::SimdLevel::Baseline).
    type Baseline: Vector<Element = Self>;

    /// The transpose of a 4 x 4 matrix.
    #[inline(always)]
    fn transposed(square: [[Self; 4]; 4]) -> [[Self; 4]; 4] {
        std::array::from_fn(|i| square.map(|row| row[i]))
    }
}

#[cfg(target_arch = "x86_64")]
impl Vectors for f32 {
    type Avx512 = std::arch::x86_64::__m512;
    type Avx2 = std::arch::x86_64::__m256;
    type Baseline = [Self; 4];

    #[inline(always)]
    fn transposed(square: [[Self; 4]; 4]) -> [[Self; 4]; 4] {
        use std::arch::x86_64::{_mm_movehl_ps, _mm_movelh_ps, _mm_unpackhi_ps, _mm_unpacklo_ps};
        // SAFETY: four floats and a vector of four are the same bytes.
        let [a, b, c, d] = unsafe { std::mem::transmute::<[[Self; 4]; 4], [__m128; 4]>(square) };
        // SAFETY: every x86-64 processor has these instructions.
        let transposed = unsafe {
            let (ab, cd) = (_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d));
            [
                _mm_movelh_ps(ab, cd),
                _mm_movehl_ps(cd, ab),
                _mm_movelh_ps(ab_high, cd_high),
                _mm_movehl_ps(cd_high, ab_high),
            ]
        };
        // SAFETY: as above.
        unsafe { std::mem::transmute::<[__m128; 4], [[Self; 4]; 4]>(transposed) }
    }
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

/// An array, which the compiler turns into the vectors of any target.
impl<F: Float, const N: usize> Vector for [F; N] {
    type Element = F;

    const LANES: usize = N;

    #[inline(never)]
    fn compiled<R>(f: impl FnOnce() -> R) -> R {
        f()
    }

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

/// Prefetches the cache line of `numbers[place]`, which may lie beyond the end.
#[inline(always)]
pub(crate) fn prefetch<T>(numbers: &[T], place: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching is harmless at any address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(numbers.as_ptr().wrapping_add(place).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (numbers, place);
}

#[cfg(target_arch = "x86_64")]
macro_rules! vector {
    ($vector:ident, $level:ident, $element:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $mul_add:ident $(, $mask:ty, $mask_load:ident, $mask_store:ident)?) => {
        impl Vector for std::arch::x86_64::$vector {
            type Element = $element;

            const LANES: usize = $lanes;

            fn compiled<R>(f: impl FnOnce() -> R) -> R {
                // SAFETY: runs at the level that has these vectors, see the trait.
                unsafe { crate::simd::$level(f) }
            }

            #[inline(always)]
            fn splat(x: $element) -> Self {
                // SAFETY: runs inside `with_simd` at the level that has this instruction, see the trait.
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

            $(
                #[inline(always)]
                fn load_front(x: &[$element]) -> Self {
                    // SAFETY: runs at the level that has this instruction, and the lanes beyond the
                    // end of `x` are masked out.
                    unsafe { std::arch::x86_64::$mask_load(front::<$mask>(x.len()), x.as_ptr()) }
                }

                #[inline(always)]
                fn store_front(self, x: &mut [$element]) {
                    // SAFETY: as above.
                    unsafe { std::arch::x86_64::$mask_store(x.as_mut_ptr(), front::<$mask>(x.len()), self) }
                }
            )?

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: runs inside `with_simd` at the level that has this instruction, see the trait.
                unsafe { std::arch::x86_64::$mul_add(self, b, c) }
            }
        }
    };
}

/// A mask of the first `count` lanes; of all where there are fewer.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn front<M: TryFrom<u64> + num_traits::Bounded>(count: usize) -> M {
    let ones = 1_u64.checked_shl(count as u32).map_or(u64::MAX, |above| above - 1);
    M::try_from(ones).unwrap_or(M::max_value())
}

#[cfg(target_arch = "x86_64")]
vector!(
    __m512,
    avx512,
    f32,
    16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps,
    u16,
    _mm512_maskz_loadu_ps,
    _mm512_mask_storeu_ps
);
#[cfg(target_arch = "x86_64")]
vector!(
    __m512d,
    avx512,
    f64,
    8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_fmadd_pd,
    u8,
    _mm512_maskz_loadu_pd,
    _mm512_mask_storeu_pd
);
#[cfg(target_arch = "x86_64")]
vector!(__m256, avx2, f32, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps);
#[cfg(target_arch = "x86_64")]
vector!(__m256d, avx2, f64, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd);
