//! The loss of a constant prediction, below which a network has to end.

use crate::data::PreparedData;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{LayerSpec, Loss, Network, ParamKind, output_affine};
use crate::targets::TargetsView;
use crate::train::Evaluator;

/// The loss of the training rows, as `loss` counts it, if every row gets the same prediction: the class
/// shares, or the mean of each target, with the weights of the rows in the loss. None where it is not finite.
///
/// It is the loss of a network of one affine layer whose weights are 0.
pub(crate) fn constant_loss<F: Real>(
    loss: &LayerSpec,
    data: &PreparedData<F>,
    pool: &ThreadPool,
) -> Option<f64> {
    let outputs = constant_outputs(loss, data);
    let layers = [output_affine(), loss.clone()];
    let mut network = Network::<F>::build(&layers, data.encoding.inputs.len(), data.encoding.outputs(), 0);
    for param in network.params_mut() {
        param.value.fill(F::zero());
        if param.kind == ParamKind::NoDecay {
            param.value.iter_mut().zip(&outputs).for_each(|(bias, output)| *bias = F::from_f64(*output));
        }
    }
    let score = Evaluator::new(&network, &data.train).score(pool, &network, &data.train);
    Some(score.loss).filter(|loss| loss.is_finite())
}

/// Logits of the class shares, or the means of the scaled targets.
fn constant_outputs<F: Real>(loss: &LayerSpec, data: &PreparedData<F>) -> Vec<f64> {
    let rows = &data.train;
    let weight = |row: usize| rows.weights().map_or(1.0, |weights| Real::to_f64(weights[row]));
    let total: f64 = (0..rows.len()).map(weight).sum();
    let mut sums = vec![0.0; data.encoding.outputs()];
    match rows.targets() {
        TargetsView::Classes(classes) => {
            classes.iter().enumerate().for_each(|(row, &class)| sums[class as usize] += weight(row));
        }
        TargetsView::Values(values) => {
            for (row, values) in values.rows().into_iter().enumerate() {
                sums.iter_mut().zip(values).for_each(|(sum, value)| {
                    *sum += weight(row) * Real::to_f64(*value);
                });
            }
        }
    }
    // A class without training rows has a share of 0, whose logarithm no number is.
    let log_share = |sum: f64| (sum / total).max(f64::from(f32::MIN_POSITIVE)).ln();
    match loss.loss() {
        Some(Loss::Softmax) => sums.iter().map(|&sum| log_share(sum)).collect(),
        Some(Loss::Logistic) => vec![log_share(sums[1]) - log_share(sums[0])],
        Some(Loss::Squared | Loss::Huber) | None => sums.iter().map(|sum| sum / total).collect(),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::data::{ColumnSpec, ColumnType, DataSpec, Dataset};
    use crate::nn::{logistic_loss, softmax_loss, squared_loss};
    use crate::targets::Targets;

    fn loss_of(loss: &LayerSpec, targets: Targets<f64>) -> f64 {
        let data = Dataset::from_arrays(array![[1.0], [2.0], [3.0], [4.0]], targets).expect("a dataset");
        let prepared = data.prepare::<f64>(1, None).expect("it can be split").data;
        constant_loss(loss, &prepared, &ThreadPool::single()).expect("it is finite")
    }

    fn assert_close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-12, "{actual} is not {expected}");
    }

    #[test]
    fn of_classes_it_is_the_entropy_of_their_shares() {
        let entropy = -(0.75 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln());
        assert_close(loss_of(&softmax_loss(), Targets::classes(vec![0, 1, 0, 0])), entropy);
        assert_close(loss_of(&logistic_loss(), Targets::classes(vec![0, 1, 0, 0])), entropy);
    }

    #[test]
    fn of_scaled_targets_it_is_that_of_their_mean() {
        let values = Targets::Values(array![[10.0], [20.0], [60.0], [70.0]]);
        let squared = loss_of(&squared_loss(), values);
        // They are standardized.
        assert_close(squared, 1.0);
    }

    #[test]
    fn of_weighted_rows_it_is_that_of_the_weighted_mean() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "x,w,y\n1,3,5\n2,1,5\n3,1,3\n4,1,1\n").expect("it can be written");
        let column = |name: &str, word| {
            (name.to_owned(), ColumnSpec { column_type: Some(word), ..ColumnSpec::default() })
        };
        let columns = [column("w", ColumnType::Weight), column("y", ColumnType::Target)].into();
        let spec = DataSpec { path: path.into(), columns, ..DataSpec::default() };
        let table = Dataset::load(&spec).expect("the table loads");
        let data = table.prepare::<f64>(1, None).expect("it can be split").data;
        // Their weighted mean is 4, and they are divided by their deviation, the root of 11/4.
        let loss = constant_loss(&squared_loss(), &data, &ThreadPool::single()).expect("it is finite");
        assert_close(loss, (3.0 + 1.0 + 1.0 + 9.0) / 6.0 / 2.75);
    }
}
