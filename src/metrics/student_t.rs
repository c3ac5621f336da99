//! Quantiles of Student's t distribution.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Above this, the expansion in `1 / n` is as exact as double precision. It is needed from about 1.4 million
/// on: `statrs` 0.18 then returns wrong quantiles, and from 14 million on it does not return.
const MAX_SOLVED: f64 = 1000.0;

/// The `probability`-quantile of Student's t distribution, for any degrees of freedom from 1 on.
///
/// For many of them it is the expansion around the quantile `z` of the standard normal distribution
/// (Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.5).
pub(crate) fn student_t_quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    if degrees_of_freedom <= MAX_SOLVED {
        return StudentsT::new(0.0, 1.0, degrees_of_freedom)
            .expect("there are at least two numbers, so at least one degree of freedom")
            .inverse_cdf(probability);
    }
    let z = Normal::standard().inverse_cdf(probability);
    let square = z * z;
    let terms = [
        (square + 1.0) / 4.0,
        ((5.0 * square + 16.0) * square + 3.0) / 96.0,
        (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0,
        ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0) / 92_160.0,
    ];
    let sum = terms.iter().rev().fold(0.0, |sum, term| (sum + term) / degrees_of_freedom);
    z * (1.0 + sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability between `-quantile` and `quantile`, without special functions: with
    /// `t = sqrt(n) tan(angle)` the density is proportional to `cos(angle)^(n - 1)`, which is integrated by
    /// Simpson's rule.
    fn probability_within(quantile: f64, n: f64) -> f64 {
        let density = |u: f64| match n {
            1.0 => 1.0,
            _ => (0.5 * (n - 1.0) * (-(u / n.sqrt()).sin().powi(2)).ln_1p()).exp(),
        };
        let integral = |end: f64| {
            let steps = 4000;
            let width = end / f64::from(steps);
            let inner: f64 =
                (1..steps).map(|step| f64::from(2 + 2 * (step % 2)) * density(f64::from(step) * width)).sum();
            (density(0.0) + inner + density(end)) * width / 3.0
        };
        // A right angle; 12 is far in the tail of many degrees.
        let end = (std::f64::consts::FRAC_PI_2 * n.sqrt()).min(12.0);
        integral((quantile / n.sqrt()).atan() * n.sqrt()) / integral(end)
    }

    #[test]
    fn the_quantiles_are_those_of_the_printed_table() {
        for (degrees_of_freedom, expected) in [
            (1.0, 12.706_204_7),
            (2.0, 4.302_652_7),
            (3.0, 3.182_446_3),
            (4.0, 2.776_445_1),
            (9.0, 2.262_157_2),
            (30.0, 2.042_272_5),
            (1e18, 1.959_963_984_540_054),
            (f64::INFINITY, 1.959_963_984_540_054),
        ] {
            let actual = student_t_quantile(0.975, degrees_of_freedom);
            assert!((actual - expected).abs() < 1e-7, "{degrees_of_freedom}: {actual}");
        }
    }

    /// Solved with 40 digits.
    #[test]
    fn the_expansion_is_as_exact_as_the_quantile_of_the_normal_distribution() {
        for (probability, expected) in [
            (0.75, 0.674_734_919_358_447_1),
            (0.975, 1.962_336_705_280_88),
            (0.995, 2.580_749_768_750_526),
            (0.9999, 3.732_837_737_396_838),
        ] {
            let actual = student_t_quantile(probability, 1001.0);
            assert!((actual - expected).abs() < 1e-12, "{probability}: {actual}");
        }
    }

    #[test]
    fn the_quantiles_are_right_for_any_degrees_of_freedom() {
        let few = (1..=80).map(f64::from);
        let many = (0..=140).map(|step| 10_f64.powf(2.0 + f64::from(step) / 10.0).round());
        for n in few.chain(many).chain([1000.0, 1001.0, 1.48e6, 1.44e7, 2e7]) {
            for confidence in [0.5, 0.9, 0.95, 0.99] {
                let quantile = student_t_quantile((1.0 + confidence) / 2.0, n);
                let within = probability_within(quantile, n);
                assert!((within - confidence).abs() < 1e-9, "{n} {confidence}: {quantile}, {within}");
            }
        }
    }

    #[test]
    fn the_quantiles_fall_with_the_degrees_of_freedom() {
        let mut last = f64::INFINITY;
        for step in 0..=4000 {
            let n = 10_f64.powf(f64::from(step) / 250.0).round();
            let quantile = student_t_quantile(0.975, n);
            assert!(quantile <= last && quantile > 1.959_963_984_54, "{n}: {quantile} after {last}");
            last = quantile + 1e-13 * quantile;
        }
    }
}
