//! Loss, and accuracy or R2, in evaluation mode.

use ndarray::{ArrayView1, ArrayView2};

use crate::data::{Batch, Rows};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{CHUNK_ROWS, Network, Workspace, predicted_class, row_chunks};
use crate::targets::TargetsView;
use crate::train::{Quality, Score};

/// Scores a network on rows, with buffers that are allocated once.
pub struct Evaluator<F> {
    workspace: Workspace<F>,
    batch: Batch<F>,
}

impl<F: Real> Evaluator<F> {
    /// With buffers for networks shaped like `network` on rows like `rows`.
    pub fn new(network: &Network<F>, rows: &Rows<F>) -> Self {
        Self { workspace: network.inference_workspace(CHUNK_ROWS), batch: rows.batch(CHUNK_ROWS) }
    }

    /// The mean loss of `network` on `rows`, and its accuracy or R2, in evaluation mode.
    pub fn score(&mut self, pool: &ThreadPool, network: &Network<F>, rows: &Rows<F>) -> Score {
        self.score_and_show(pool, network, rows, &mut |_| {})
    }

    /// The same; `show` sees the outputs of all layers for some rows after the other.
    pub(crate) fn score_and_show(
        &mut self,
        pool: &ThreadPool,
        network: &Network<F>,
        rows: &Rows<F>,
        show: &mut dyn FnMut(&Workspace<F>),
    ) -> Score {
        let Self { workspace, batch } = self;
        let (mut loss, mut weight) = (0.0, 0.0);
        let mut quality = Tally::new(rows);
        for chunk in row_chunks(rows.len()) {
            rows.gather(pool, chunk.clone(), batch);
            let (scores, losses) = network.infer(pool, batch.x(), batch.targets(), workspace);
            loss += weighted_sum(losses, batch.weights());
            weight += match batch.weights() {
                Some(weights) => weights.iter().map(|&weight| weight.to_f64()).sum(),
                None => batch.rows() as f64,
            };
            let weights = rows.file_weights().map(|weights| &weights[chunk]);
            quality.add(scores, batch.targets(), weights);
            show(workspace);
        }
        Score { loss: loss / weight, quality: quality.finish() }
    }
}

/// The sums for a [`Quality`], each row times its weight in the file.
enum Tally {
    /// Weights of the rows that are classified correctly, and of all rows.
    Right { found: f64, all: f64 },
    /// One for each target.
    Errors(Vec<SquaredErrors>),
}

/// The mean of a target over all rows, and the squared errors of the scores and of that mean.
struct SquaredErrors {
    mean: f64,
    /// Whether all values are the same. Rounding could make the errors of their mean tiny, but not 0.
    is_constant: bool,
    of_scores: f64,
    of_mean: f64,
}

impl Tally {
    fn new<F: Real>(rows: &Rows<F>) -> Self {
        match rows.targets() {
            TargetsView::Classes(_) => Self::Right { found: 0.0, all: 0.0 },
            TargetsView::Values(values) => {
                let all: f64 = (0..rows.len()).map(|row| weight(rows.file_weights(), row)).sum();
                let sum = |column: ArrayView1<'_, F>| {
                    let weighted =
                        |(row, value): (usize, &F)| weight(rows.file_weights(), row) * Real::to_f64(*value);
                    column.iter().enumerate().map(weighted).sum::<f64>()
                };
                let of = |column: ArrayView1<'_, F>| {
                    let is_constant = column.iter().all(|value| *value == column[0]);
                    SquaredErrors { mean: sum(column) / all, is_constant, of_scores: 0.0, of_mean: 0.0 }
                };
                Self::Errors(values.columns().into_iter().map(of).collect())
            }
        }
    }

    fn add<F: Real>(
        &mut self,
        scores: ArrayView2<'_, F>,
        targets: TargetsView<'_, F>,
        weights: Option<&[f64]>,
    ) {
        match self {
            Self::Right { found, all } => {
                for (row, (scores, &class)) in scores.rows().into_iter().zip(targets.classes()).enumerate() {
                    let is_right = predicted_class(scores) == class as usize;
                    *found += if is_right { weight(weights, row) } else { 0.0 };
                    *all += weight(weights, row);
                }
            }
            Self::Errors(errors) => {
                let values = targets.values();
                for (row, (scores, values)) in scores.rows().into_iter().zip(values.rows()).enumerate() {
                    let weight = weight(weights, row);
                    for ((errors, &score), &value) in errors.iter_mut().zip(scores).zip(values) {
                        let value = value.to_f64();
                        errors.of_scores += weight * (score.to_f64() - value).powi(2);
                        errors.of_mean += weight * (errors.mean - value).powi(2);
                    }
                }
            }
        }
    }

    fn finish(self) -> Quality {
        match self {
            Self::Right { found, all } => Quality::Accuracy(found / all),
            Self::Errors(errors) => {
                let r2 = |errors: &SquaredErrors| match errors.is_constant {
                    true => f64::NAN,
                    false => 1.0 - errors.of_scores / errors.of_mean,
                };
                Quality::R2(errors.iter().map(r2).sum::<f64>() / errors.len() as f64)
            }
        }
    }
}

fn weight(weights: Option<&[f64]>, row: usize) -> f64 {
    weights.map_or(1.0, |weights| weights[row])
}

/// The sum of `losses`, `(n, 1)`, each times its weight.
pub(crate) fn weighted_sum<F: Real>(losses: ArrayView2<'_, F>, weights: Option<&[F]>) -> f64 {
    match weights {
        Some(weights) => {
            losses.iter().zip(weights).map(|(&loss, &weight)| loss.to_f64() * weight.to_f64()).sum()
        }
        None => losses.iter().map(|&loss| loss.to_f64()).sum(),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::data::{ColumnRef, ColumnSpec, ColumnType, DataSpec, Dataset, ScalingMethod};
    use crate::nn::{Affine, Loss, build_layers};
    use crate::targets::Targets;

    /// The score of a network whose outputs are its inputs.
    fn score(answers: &Array2<f64>, truth: Array2<f64>) -> Score {
        score_of(&Rows::new(answers, Targets::Values(truth)), Loss::Squared)
    }

    /// The score of a network whose outputs are its inputs.
    fn score_of(rows: &Rows<f64>, loss: Loss) -> Score {
        let width = rows.inputs();
        let loss = build_layers(&[loss.layer()], width, width, 0);
        let layers = std::iter::once(Box::new(Affine::new("same", Array2::eye(width), false)) as _);
        let network = Network::new(width, layers.chain(loss).collect());
        Evaluator::new(&network, rows).score(&ThreadPool::single(), &network, rows)
    }

    /// The training rows of a file with the columns `x`, `w` for the weight, and `y` for the truth.
    fn weighted_rows(content: impl Iterator<Item = String>, truth: ColumnType) -> Rows<f64> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, format!("x,w,y\n{}", content.collect::<String>())).expect("it can be written");
        let column = |word| ColumnSpec { column_type: Some(word), ..ColumnSpec::default() };
        let label = (truth == ColumnType::Label).then(|| ColumnRef::Name("y".to_owned()));
        let mut columns: std::collections::BTreeMap<_, _> =
            [("w".to_owned(), column(ColumnType::Weight))].into();
        if label.is_none() {
            columns.insert("y".to_owned(), column(truth));
        }
        let spec =
            DataSpec { path: path.into(), label, columns, scale: ScalingMethod::None, ..DataSpec::default() };
        let table = Dataset::load(&spec).expect("the table loads");
        table.prepare(1, None).expect("the values fit").data.train
    }

    #[test]
    fn r2_is_the_mean_over_the_targets() {
        let truth = array![[1.0, 10.0], [2.0, 10.0], [3.0, 40.0]];
        assert_eq!(score(&truth, truth.clone()), Score { loss: 0.0, quality: Quality::R2(1.0) });
        let means = array![[2.0, 20.0], [2.0, 20.0], [2.0, 20.0]];
        assert_eq!(score(&means, truth.clone()).r2(), Some(0.0));
        // Squared errors of 0.25 over 2, and of 150 over 600.
        let near = array![[1.5, 15.0], [2.0, 15.0], [3.0, 30.0]];
        let expected = Score { loss: 150.25 / 6.0, quality: Quality::R2(1.0 - (0.125 + 0.25) / 2.0) };
        assert_eq!(score(&near, truth), expected);
    }

    /// Of more rows than are evaluated at once.
    #[test]
    fn rows_are_weighted_in_every_chunk() {
        // Right for weights of 1, and wrong for the 44 rows after them, whose weight is 3.
        let row = |row: usize| {
            let (weight, class) = if row < CHUNK_ROWS { (1, "yes") } else { (3, "no") };
            format!("1,{weight},{class}\n")
        };
        // Another number, with a weight that does not matter, as a constant input would be 0.
        let other = std::iter::once("2,1e-300,yes\n".to_owned());
        let rows = weighted_rows(other.chain((0..CHUNK_ROWS + 44).map(row)), ColumnType::Label);
        let found = score_of(&rows, Loss::Logistic);
        assert_eq!(found.quality, Quality::Accuracy(256.0 / (256.0 + 3.0 * 44.0)));
        let (right, wrong) = ((-1.0_f64).exp().ln_1p(), 1.0_f64.exp().ln_1p());
        let loss = (256.0 * right + 132.0 * wrong) / 388.0;
        // Sums of 300 terms below 2, each rounded.
        assert!((found.loss - loss).abs() < 1e-13, "{} {loss}", found.loss);
    }

    #[test]
    fn r2_is_relative_to_the_weighted_mean() {
        // Standardized without weights, the truth is 1, 1, -1 and -1, and so are the predictions.
        let rows = ["1,3,5\n", "1,1,5\n", "-1,1,3\n", "-1,1,3\n"].map(str::to_owned);
        let rows = weighted_rows(rows.into_iter(), ColumnType::Target);
        // By weight the mean is (4 - 2) / 6.
        assert_eq!(score_of(&rows, Loss::Squared), Score { loss: 0.0, quality: Quality::R2(1.0) });
        let rows = ["0,3,5\n", "0,1,5\n", "0,1,3\n", "0,1,3\n"].map(str::to_owned);
        let rows = weighted_rows(rows.into_iter(), ColumnType::Target);
        let found = score_of(&rows, Loss::Squared).r2().expect("values are learnt");
        let (mean, errors) = (1.0_f64 / 3.0, 6.0);
        let of_mean = 4.0 * (1.0 - mean).powi(2) + 2.0 * (1.0 + mean).powi(2);
        assert!((found - (1.0 - errors / of_mean)).abs() < 1e-15, "{found}");
    }

    #[test]
    fn r2_is_undefined_for_a_constant_target() {
        let same = Array2::from_elem((3, 1), 0.5);
        assert!(score(&same, same.clone()).r2().is_some_and(f64::is_nan));
        // Also for other predictions, and if the mean of 0.1 three times is not 0.1.
        let truth = Array2::from_elem((3, 1), 0.1);
        assert!(score(&same, truth).r2().is_some_and(f64::is_nan));
    }
}
