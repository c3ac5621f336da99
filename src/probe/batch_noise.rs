//! How much the statistics of a batch vary from batch to batch.

use ndarray::{Array2, ArrayView2, Axis};
use serde::Serialize;

use crate::kernel::real::Real;

/// The noise that normalizing by batch statistics adds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BatchNoise {
    /// The standard deviation over batches of a unit's mean, over the unit's standard deviation; root mean square
    /// over units. `1 / sqrt(n)` for independent rows.
    pub mean: f64,
    /// That of a unit's standard deviation. `1 / sqrt(2 n)` for Gaussian rows.
    pub deviation: f64,
    /// Units that do not vary, left out.
    pub constant_units: usize,
}

/// The noise over `batches`, each the values that a norm sees in a batch.
///
/// A unit's standard deviation is that over the rows of all batches. None with fewer than two batches, or if no unit
/// varies.
///
/// # Shapes
///
/// Each batch: `(n, width)`.
///
/// # Panics
///
/// If the batches differ in width.
pub fn batch_noise<F: Real>(batches: &[ArrayView2<'_, F>]) -> Option<BatchNoise> {
    if batches.len() < 2 {
        return None;
    }
    let width = batches[0].ncols();
    let mut means = Array2::zeros((batches.len(), width));
    let mut deviations = Array2::zeros((batches.len(), width));
    for (index, batch) in batches.iter().enumerate() {
        let batch = batch.mapv(Real::to_f64);
        means.row_mut(index).assign(&batch.mean_axis(Axis(0))?);
        deviations.row_mut(index).assign(&batch.std_axis(Axis(0), 0.0));
    }
    let within = deviations.mapv(|std: f64| std * std).mean_axis(Axis(0))?;
    let population = within + means.var_axis(Axis(0), 0.0);
    let share = |statistic: &Array2<f64>| {
        let noise = statistic.var_axis(Axis(0), 1.0);
        let shares = noise.iter().zip(&population).filter(|(_, population)| **population > 0.0);
        let shares: Vec<f64> = shares.map(|(noise, population)| noise / population).collect();
        (!shares.is_empty()).then(|| (shares.iter().sum::<f64>() / shares.len() as f64).sqrt())
    };
    let constant_units = population.iter().filter(|variance| **variance <= 0.0).count();
    Some(BatchNoise { mean: share(&means)?, deviation: share(&deviations)?, constant_units })
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use ndarray_rand::RandomExt;
    use ndarray_rand::rand_distr::StandardNormal;

    use super::*;
    use crate::random::stream;

    #[test]
    fn gaussian_rows_have_the_noise_of_theory() {
        let mut random = stream(1, "test", &[]);
        let batches: Vec<Array2<f64>> = (0..200)
            .map(|_| Array2::random_using((50, 40), StandardNormal, &mut random) * 3.0 + 5.0)
            .collect();
        let views: Vec<_> = batches.iter().map(|batch| batch.view()).collect();
        let noise = batch_noise(&views).expect("batches");
        // 40 columns of 200 batches: a standard error of 0.8 %.
        assert!((noise.mean * 50_f64.sqrt() - 1.0).abs() < 0.03, "{noise:?}");
        assert!((noise.deviation * 100_f64.sqrt() - 1.0).abs() < 0.03, "{noise:?}");
    }

    #[test]
    fn what_does_not_vary_has_no_noise() {
        let batch = array![[1.0, 2.0], [1.0, 4.0]];
        let noise = batch_noise(&[batch.view(), batch.view()]).expect("batches");
        assert_eq!(noise, BatchNoise { mean: 0.0, deviation: 0.0, constant_units: 1 });
        assert_eq!(batch_noise(&[batch.view()]), None);
    }
}
