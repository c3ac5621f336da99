//! The ends of the spectrum of a symmetric matrix that is known by its products.

use serde::Serialize;

use crate::probe::LanczosSettings;
use crate::probe::curvature::tridiagonal::eigenvalues;
use crate::probe::parameters::{dot, norm};

/// An eigenvalue estimate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RitzValue {
    /// The estimate `t`.
    pub value: f64,
    /// The length of `A v - t v` for its vector `v` of length 1: there is an eigenvalue no farther away than this.
    pub residual: f64,
}

/// Smallest and largest eigenvalue estimate after products `A v` from `start`: as many as `settings` allow, fewer if
/// the residuals are small enough before, or the space is exhausted.
///
/// All earlier vectors are orthogonalized against twice, so no copies of an eigenvalue appear. None if `start` is 0, or
/// a product is not finite.
///
/// Source: Parlett, "The symmetric eigenvalue problem", 1980, chapter 13.
pub(crate) fn lanczos(
    mut product: impl FnMut(&[f64]) -> Vec<f64>,
    start: &[f64],
    settings: &LanczosSettings,
) -> Option<(RitzValue, RitzValue)> {
    let mut basis: Vec<Vec<f64>> = vec![scaled(start, 1.0 / norm(start))];
    let (mut diagonal, mut off_diagonal) = (Vec::new(), Vec::new());
    loop {
        let newest = basis.last()?;
        let mut next = product(newest);
        diagonal.push(dot(newest, &next));
        for vector in basis.iter().chain(&basis) {
            let share = dot(vector, &next);
            next.iter_mut().zip(vector).for_each(|(next, vector)| *next -= share * vector);
        }
        let length = norm(&next);
        if !(length.is_finite() && diagonal.iter().all(|value| value.is_finite())) {
            return None;
        }
        let (smallest, largest) = ends(&diagonal, &off_diagonal, length)?;
        let scale = smallest.value.abs().max(largest.value.abs());
        let other = if settings.both_ends { smallest.residual } else { 0.0 };
        let is_done = largest.residual.max(other) <= settings.tolerance * scale;
        let is_exhausted =
            length <= f64::EPSILON * scale || basis.len() >= settings.max_products.min(start.len());
        if is_done || is_exhausted {
            return Some((smallest, largest));
        }
        off_diagonal.push(length);
        basis.push(scaled(&next, 1.0 / length));
    }
}

/// The smallest and largest Ritz value; `length` is that of the next vector before it was scaled.
fn ends(diagonal: &[f64], off_diagonal: &[f64], length: f64) -> Option<(RitzValue, RitzValue)> {
    let values = eigenvalues(diagonal, off_diagonal)?;
    let ritz = |(value, last): (f64, f64)| RitzValue { value, residual: length * last.abs() };
    let smallest = values.iter().copied().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let largest = values.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((ritz(smallest), ritz(largest)))
}

fn scaled(vector: &[f64], factor: f64) -> Vec<f64> {
    vector.iter().map(|value| value * factor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(max_products: usize, tolerance: f64) -> LanczosSettings {
        LanczosSettings { max_products, tolerance, both_ends: true, seed: 0 }
    }

    fn diagonal(values: &[f64]) -> impl Fn(&[f64]) -> Vec<f64> {
        move |v| v.iter().zip(values).map(|(v, value)| v * value).collect()
    }

    #[test]
    fn the_ends_are_found_with_a_residual_that_bounds_the_error() {
        let values: Vec<f64> = (0..200).map(|k| f64::from(k) / 10.0 - 3.0).chain([40.0]).collect();
        let start = vec![1.0; values.len()];
        for products in [4, 10, 40] {
            let (smallest, largest) =
                lanczos(diagonal(&values), &start, &settings(products, 0.0)).expect("finite");
            assert!((largest.value - 40.0).abs() <= largest.residual + 1e-12);
            assert!(smallest.value >= -3.0 - 1e-12);
        }
        let (_, largest) = lanczos(diagonal(&values), &start, &settings(40, 1e-9)).expect("finite");
        assert!((largest.value - 40.0).abs() < 1e-9);
    }

    #[test]
    fn a_small_matrix_is_exhausted() {
        let (smallest, largest) =
            lanczos(diagonal(&[2.0, -1.0]), &[1.0, 1.0], &settings(50, 0.0)).expect("finite");
        assert!((smallest.value + 1.0).abs() < 1e-14 && (largest.value - 2.0).abs() < 1e-14);
        assert!(lanczos(diagonal(&[f64::NAN]), &[1.0], &settings(5, 0.0)).is_none());
        assert!(lanczos(diagonal(&[1.0]), &[0.0], &settings(5, 0.0)).is_none());
    }
}
