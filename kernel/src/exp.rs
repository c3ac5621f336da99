//! The exponential function without branches.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

/// Types whose softmax_exp have no branches, so that a loop over them becomes one of vectors.
pub trait Exponential: Sized {
    /// `e^x` for `x <= 0`; 0 where that is below the smallest normal number or close to it, NaN for NaN.
    fn exp_of_nonpositive(self) -> Self;
}

impl Exponential for f32 {
    /// With `n` the whole number nearest to `x / ln 2`, `e^x = 2^n e^r` where `|r| <= ln(2) / 2`. The
    /// Taylor series of `e^r` ends behind `r^7 / 7!`, since `r^8 / 8!` is below `6e-9`, a tenth of the
    /// rounding of an `f32` near 1.
    #[inline(always)]
    fn exp_of_nonpositive(self) -> Self {
        /// Below it the result comes near the subnormal numbers, which have no exponent to be set.
        const LEAST: f32 = -87.0;
        /// Added to a number of ordinary size, it leaves the nearest whole one in the lowest bits.
        const TO_WHOLE: f32 = 1.5 * (1 << 23) as f32;
        /// The first bits of ln 2, so few that their product with `n` is exact, and the rest.
        const LN_2: (f32, f32) = (355.0 / 512.0, (std::f64::consts::LN_2 - 355.0 / 512.0) as f32);
        const INVERSE_FACTORIALS: [f32; 8] = {
            let (mut inverse, mut k) = ([1.0; 8], 1);
            while k < inverse.len() {
                inverse[k] = inverse[k - 1] / k as f32;
                k += 1;
            }
            inverse
        };

        let x = if self < LEAST { LEAST } else { self };
        let shifted = x * std::f32::consts::LOG2_E + TO_WHOLE;
        let n = shifted - TO_WHOLE;
        let r = (x - n * LN_2.0) - n * LN_2.1;
        let mut sum = INVERSE_FACTORIALS[7];
        for k in (0..7).rev() {
            sum = sum * r + INVERSE_FACTORIALS[k];
        }
        let exponent = shifted.to_bits().wrapping_sub(TO_WHOLE.to_bits()).wrapping_add(127);
        let result = sum * Self::from_bits(exponent << 23);
        if self < LEAST { 0.0 } else { result }
    }
}

impl Exponential for f64 {
    /// Double precision is for checks: the standard library's.
    #[inline(always)]
    fn exp_of_nonpositive(self) -> Self {
        self.exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_right_to_two_roundings() {
        for step in 0..=870_000 {
            let x = -(step as f32) / 1e4;
            let exact = f64::from(x).exp();
            let error = (f64::from(x.exp_of_nonpositive()) - exact).abs() / exact;
            // The series is rounded near 1, the scaling is exact.
            assert!(error <= 2.0 * f64::from(f32::EPSILON), "exp({x}): {error:e}");
        }
        assert_eq!(0.0_f32.exp_of_nonpositive(), 1.0);
    }

    #[test]
    fn tiny_results_are_zero_and_nan_stays_nan() {
        for x in [-87.1, -1e30, f32::MIN, f32::NEG_INFINITY] {
            assert_eq!(x.exp_of_nonpositive(), 0.0, "{x}");
        }
        assert!(f32::NAN.exp_of_nonpositive().is_nan());
    }
}
