//! The weight of each row in the loss, fitted on the training rows.

use crate::data::ClassWeights;
use crate::data::error::ErrorKind;
use crate::kernel::real::Real;

/// Turns the class of a row and its weight in the file into its weight in the loss.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighting {
    /// The weight of each class, if there are class weights.
    classes: Option<Vec<f64>>,
    /// Scales the mean over the training rows to 1.
    factor: f64,
}

impl Weighting {
    /// For the training rows: their classes (none for regression), and their weights in the file if it has
    /// a weight column.
    ///
    /// # Errors
    ///
    /// If `wanted` names a class that is not in `names`, or all training rows have weight 0.
    pub(crate) fn fit(
        labels: Option<&[u32]>,
        weights: Option<&[f64]>,
        names: &[String],
        wanted: Option<&ClassWeights>,
    ) -> Result<Self, ErrorKind> {
        let Some(rows) = labels.map(<[u32]>::len).or(weights.map(<[f64]>::len)) else {
            return Ok(Self { classes: None, factor: 1.0 });
        };
        let of_row = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let classes = match (wanted, labels) {
            (None, _) | (_, None) => None,
            (Some(ClassWeights::ByName(by_name)), _) => {
                if let Some(unknown) = by_name.keys().find(|name| !names.contains(name)) {
                    return Err(ErrorKind::UnknownClass { class: unknown.clone(), classes: names.to_vec() });
                }
                Some(names.iter().map(|name| by_name.get(name).copied().unwrap_or(1.0)).collect())
            }
            (Some(ClassWeights::Balanced), Some(labels)) => {
                let mut sums = vec![0.0; names.len()];
                labels.iter().enumerate().for_each(|(row, &class)| sums[class as usize] += of_row(row));
                // A class without weight in the training rows gets weight 0; the others are scaled to mean 1.
                let inverse = |sum: f64| if sum > 0.0 { 1.0 / sum } else { 0.0 };
                Some(sums.into_iter().map(inverse).collect())
            }
        };
        let mut weighting = Self { classes, factor: 1.0 };
        let class = |row: usize| labels.map_or(0, |labels| labels[row]);
        let mean = (0..rows).map(|row| weighting.raw(of_row(row), class(row))).sum::<f64>() / rows as f64;
        if !(mean.is_finite() && mean > 0.0) {
            return Err(ErrorKind::NoRowCounts);
        }
        weighting.factor = 1.0 / mean;
        Ok(weighting)
    }

    /// The weights in the loss of rows with these classes and weights in the file; none if all are 1.
    pub(crate) fn weights<F: Real>(&self, labels: Option<&[u32]>, weights: Option<&[f64]>) -> Option<Vec<F>> {
        let rows = match (&self.classes, weights, labels) {
            (_, Some(weights), _) => weights.len(),
            (Some(_), None, Some(labels)) => labels.len(),
            _ => return None,
        };
        let of_row = |row: usize| {
            let (weight, class) = (weights.map_or(1.0, |weights| weights[row]), labels.map_or(0, |l| l[row]));
            F::from_f64(self.raw(weight, class) * self.factor)
        };
        Some((0..rows).map(of_row).collect())
    }

    /// The weight of each class, for correcting probabilities; none if they are the same. A class of weight 0
    /// has the largest weight of the others: the network makes it improbable, and nothing can correct that.
    pub(crate) fn of_classes(&self) -> Option<Vec<f64>> {
        let weights = self.classes.as_ref()?;
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let weights: Vec<f64> =
            weights.iter().map(|&weight| if weight > 0.0 { weight / largest } else { 1.0 }).collect();
        weights.iter().any(|weight| *weight != weights[0]).then_some(weights)
    }

    fn raw(&self, weight: f64, class: u32) -> f64 {
        weight * self.classes.as_ref().map_or(1.0, |classes| classes[class as usize])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const LABELS: [u32; 6] = [0, 0, 0, 1, 1, 2];

    fn names() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    fn weights(rows: Option<&[f64]>, wanted: Option<&ClassWeights>) -> Result<Option<Vec<f64>>, String> {
        let weighting = Weighting::fit(Some(&LABELS), rows, &names(), wanted);
        weighting.map(|found| found.weights(Some(&LABELS), rows)).map_err(|fault| fault.to_string())
    }

    #[track_caller]
    fn assert_weights(rows: Option<&[f64]>, wanted: Option<&ClassWeights>, expected: &[f64]) {
        let found = weights(rows, wanted).expect("they fit").expect("there are weights");
        assert!((found.iter().sum::<f64>() / 6.0 - 1.0).abs() < 1e-12, "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn balanced_classes_have_the_same_total_weight() {
        let third = 2.0 / 3.0;
        assert_weights(None, Some(&ClassWeights::Balanced), &[third, third, third, 1.0, 1.0, 2.0]);
        // The classes have weights of 4, 2 and 6 in sum.
        let rows = [1.0, 1.0, 2.0, 0.0, 2.0, 6.0];
        assert_weights(Some(&rows), Some(&ClassWeights::Balanced), &[0.5, 0.5, 1.0, 0.0, 2.0, 2.0]);
    }

    #[test]
    fn probabilities_are_corrected_for_weights_that_differ() {
        let of_classes = |weights: &[f64]| {
            let named = names().into_iter().zip(weights.iter().copied()).collect();
            let weighting = Weighting::fit(Some(&LABELS), None, &names(), Some(&ClassWeights::ByName(named)));
            weighting.expect("they fit").of_classes()
        };
        assert_eq!(of_classes(&[1.0, 4.0, 0.0]), Some(vec![0.25, 1.0, 1.0]));
        assert_eq!(of_classes(&[2.0, 2.0, 2.0]), None);
        let without = Weighting::fit(Some(&LABELS), None, &names(), None).expect("they fit");
        assert_eq!(without.of_classes(), None);
    }

    #[test]
    fn class_weights_multiply_row_weights() {
        let double = ClassWeights::ByName(BTreeMap::from([("c".to_owned(), 7.0)]));
        assert_weights(None, Some(&double), &[0.5, 0.5, 0.5, 0.5, 0.5, 3.5]);
        let rows = [3.0, 0.0, 0.0, 1.0, 0.0, 1.0];
        let mean = 11.0 / 6.0;
        assert_weights(Some(&rows), Some(&double), &[3.0, 0.0, 0.0, 1.0, 0.0, 7.0].map(|w| w / mean));
        assert_weights(Some(&rows), None, &[3.0, 0.0, 0.0, 1.0, 0.0, 1.0].map(|w| w * 1.2));
    }

    #[test]
    fn weights_of_holdout_rows_have_the_scale_of_the_training_rows() {
        let fitted = Weighting::fit(None, Some(&[1.0, 3.0]), &[], None).expect("they fit");
        assert_eq!(fitted.weights::<f32>(None, Some(&[4.0, 0.0])), Some(vec![2.0, 0.0]));
    }

    #[test]
    fn unweighted_rows_have_no_weights() {
        assert_eq!(weights(None, None), Ok(None));
    }

    #[test]
    fn unknown_classes_and_a_total_weight_of_zero_are_refused() {
        let unknown = ClassWeights::ByName(BTreeMap::from([("d".to_owned(), 2.0)]));
        assert_eq!(
            weights(None, Some(&unknown)),
            Err("training.class_weights names \"d\", which is not a class; the classes are \"a\", \"b\", \"c\""
                .to_owned())
        );
        let nothing = names().into_iter().map(|name| (name, 0.0)).collect();
        assert_eq!(
            weights(None, Some(&ClassWeights::ByName(nothing))),
            Err("no training row has a weight greater than 0".to_owned())
        );
    }
}
