//! The networks that are explained, and the rows that they predict with changed cells.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis};

use crate::data::{Encoder, Encoding, LabelledRows, ReadingNotes, Scaling, TargetEncoding};
use crate::eval::{EvalRows, OutputKind, mean_predictions, predict_rows};
use crate::explain::importance::Criteria;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::Predictions;
use crate::predict::committee::Committee;
use crate::targets::Targets;

/// Networks and rows.
pub(crate) struct AskedRows<'a, F> {
    committee: &'a Committee<'a, F>,
    /// As they are in the file, `(n, features)`.
    pub(crate) features: Array2<f64>,
    pub(crate) truth: Targets,
    /// The weight of each row.
    pub(crate) weights: Vec<f64>,
    pub(crate) notes: ReadingNotes,
}

/// Changes the feature values of a row, which comes with its index.
pub(crate) type Change<'c> = dyn Fn(usize, &mut [f64]) + 'c;

impl<'a, F: Real> AskedRows<'a, F> {
    /// The chosen `rows` of a file.
    pub(crate) fn new(committee: &'a Committee<'a, F>, rows: Vec<usize>, file: LabelledRows<F>) -> Self {
        let LabelledRows { truth, weights, features, notes, .. } = file;
        let features = features.unwrap_or_default().select(Axis(0), &rows);
        let weights = weights.map(|weights| rows.iter().map(|&row| weights[row]).collect());
        Self {
            committee,
            features,
            truth: truth.select(&rows),
            weights: weights.unwrap_or_else(|| vec![1.0; rows.len()]),
            notes,
        }
    }

    /// From the columns of the file to what is predicted.
    pub(crate) fn encoding(&self) -> &Encoding {
        &self.committee.reading
    }

    /// What is measured on the rows, of which `base` are the predictions as they are.
    pub(crate) fn criteria(&self, base: &Predictions) -> Criteria {
        Criteria::new(&self.truth, base, &self.weights, &self.target_scales())
    }

    /// The standard deviation of each target in the training rows; none for classes.
    pub(crate) fn target_scales(&self) -> Vec<f64> {
        self.encoding().values().iter().map(|value| value.scaling.divisor).collect()
    }

    /// The mean predictions of all networks for the rows with changed cells.
    pub(crate) fn predictions(&self, pool: &ThreadPool, change: &Change<'_>) -> Predictions {
        let mut all = Vec::new();
        for group in &self.committee.groups {
            let scalings: Vec<Scaling> = match group.targets {
                TargetEncoding::Classes { .. } => Vec::new(),
                TargetEncoding::Values(values) => values.iter().map(|value| value.scaling).collect(),
            };
            let kind = OutputKind::of(group.targets, &scalings);
            let rows = ChangedRows { features: &self.features, encoder: &group.encoder, change };
            all.extend(group.networks.iter().map(|network| predict_rows(network, pool, &rows, None, kind)));
        }
        mean_predictions(all)
    }
}

/// Rows whose cells are changed before they are encoded.
struct ChangedRows<'r> {
    features: &'r Array2<f64>,
    encoder: &'r Encoder,
    change: &'r Change<'r>,
}

impl<F: Real> EvalRows<F> for ChangedRows<'_> {
    fn n_rows(&self) -> usize {
        self.features.nrows()
    }

    fn show(&self, ranges: &[Range<usize>], see: &mut dyn FnMut(ArrayView2<'_, F>)) {
        let mut values = vec![0.0; self.features.ncols()];
        for range in ranges {
            let mut x = Array2::<F>::zeros((range.len(), self.encoder.inputs()));
            for (row, mut x) in range.clone().zip(x.rows_mut()) {
                values.iter_mut().zip(self.features.row(row)).for_each(|(value, &cell)| *value = cell);
                (self.change)(row, &mut values);
                self.encoder
                    .encode(&values, x.as_slice_mut().expect("the rows of a whole array are contiguous"));
            }
            see(x.view());
        }
    }
}
