//! A smooth bound for scaled numbers.

use serde::{Deserialize, Serialize};

/// Leaves scaled numbers up to `linear` as they are, and bends larger ones smoothly so that none reaches
/// `limit`, of either sign.
///
/// ```text
/// c = clamp(x, -linear, linear)
/// r = x - c
/// y = c + r / sqrt(1 + (r / (limit - linear))^2)
/// ```
///
/// `y` rises with `x`, and its slope is continuous. With `linear` 0 this is the smooth clip of Holzmüller,
/// Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on tabular data", 2024.
/// It consists of operations that are rounded in the same way everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmoothClip {
    /// The largest number that stays as it is, at least 0.
    pub linear: f64,
    /// The bound, greater than `linear`.
    pub limit: f64,
}

/// Numbers beyond this are the bound, to rounding; their squares would overflow.
const FAR: f64 = 1e9;

impl SmoothClip {
    /// The default for numbers with a standard deviation of 1.
    pub const DEFAULT: Self = Self { linear: 3.0, limit: 6.0 };

    /// The bounded number; NaN if it is NaN.
    #[inline(always)]
    pub fn apply(self, x: f64) -> f64 {
        let x = x.clamp(-FAR, FAR);
        let core = x.clamp(-self.linear, self.linear);
        let rest = x - core;
        let bent = rest / (self.limit - self.linear);
        core + rest / (1.0 + bent * bent).sqrt()
    }

    /// The number that [`apply`](Self::apply) bounds to `y`, up to rounding; infinite where `y` is the bound.
    pub fn undo(self, y: f64) -> f64 {
        let core = y.clamp(-self.linear, self.linear);
        let rest = y - core;
        let bent = rest / (self.limit - self.linear);
        core + rest / (1.0 - bent * bent).max(0.0).sqrt()
    }

    /// Whether the two numbers are as they must be.
    pub(crate) fn is_valid(self) -> bool {
        self.linear >= 0.0 && self.linear < self.limit && self.limit.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_bounded_smoothly_and_in_order() {
        let clip = SmoothClip { linear: 3.0, limit: 5.0 };
        for x in [-3.0, -0.1, 0.0, 1.5, 3.0] {
            assert_eq!(clip.apply(x), x);
        }
        // 2 beyond the linear part: 3 + 2 / sqrt(2).
        assert!((clip.apply(5.0) - (3.0 + 2.0_f64.sqrt())).abs() < 1e-15);
        let mut before = 3.0;
        for x in [3.001, 4.0, 6.0, 10.0, 100.0, 1e4] {
            let y = clip.apply(x);
            assert!(y > before && y < 5.0 && clip.apply(-x) == -y, "{x} {y}");
            assert!((clip.undo(y) / x - 1.0).abs() < 1e-6, "{x}");
            before = y;
        }
        // The slope is 1 where the bend begins.
        assert!((clip.apply(3.0 + 1e-4) - 3.0 - 1e-4).abs() < 1e-12);
        for far in [1e12, 1e300, f64::INFINITY] {
            assert_eq!([clip.apply(far), clip.apply(-far)], [5.0, -5.0]);
        }
        assert!(clip.apply(f64::NAN).is_nan());
    }
}
