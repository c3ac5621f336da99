//! How much each row counts, fitted on the training rows.

use crate::data::ClassWeights;
use crate::data::error::ErrorKind;
use crate::kernel::real::Real;

/// From the weight of a row in the file and its class to its weight in the loss.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighting {
    /// Of each class, where classes differ.
    classes: Option<Vec<f64>>,
    /// Brings the mean over the training rows to 1.
    factor: f64,
}

impl Weighting {
    /// For training rows of these classes (none for values) and with these weights in the file, where
    /// it has any.
    ///
    /// # Errors
    ///
    /// If a class is named that is none of `names`, or no training row counts.
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
                // A class that no training row counts for has no say; what is left is brought to mean 1.
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

    /// The weights of rows of these classes and with these weights in the file; none where all rows
    /// count alike.
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
    fn balanced_classes_have_the_same_sum() {
        let third = 2.0 / 3.0;
        assert_weights(None, Some(&ClassWeights::Balanced), &[third, third, third, 1.0, 1.0, 2.0]);
        // By their weights the classes have 4, 2 and 6 rows.
        let rows = [1.0, 1.0, 2.0, 0.0, 2.0, 6.0];
        assert_weights(Some(&rows), Some(&ClassWeights::Balanced), &[0.5, 0.5, 1.0, 0.0, 2.0, 2.0]);
    }

    #[test]
    fn named_classes_and_rows_multiply() {
        let double = ClassWeights::ByName(BTreeMap::from([("c".to_owned(), 7.0)]));
        assert_weights(None, Some(&double), &[0.5, 0.5, 0.5, 0.5, 0.5, 3.5]);
        let rows = [3.0, 0.0, 0.0, 1.0, 0.0, 1.0];
        let mean = 11.0 / 6.0;
        assert_weights(Some(&rows), Some(&double), &[3.0, 0.0, 0.0, 1.0, 0.0, 7.0].map(|w| w / mean));
        assert_weights(Some(&rows), None, &[3.0, 0.0, 0.0, 1.0, 0.0, 1.0].map(|w| w * 1.2));
    }

    #[test]
    fn rows_of_other_parts_are_on_the_same_scale() {
        let fitted = Weighting::fit(None, Some(&[1.0, 3.0]), &[], None).expect("they fit");
        assert_eq!(fitted.weights::<f32>(None, Some(&[4.0, 0.0])), Some(vec![2.0, 0.0]));
    }

    #[test]
    fn without_any_wish_there_are_none() {
        assert_eq!(weights(None, None), Ok(None));
    }

    #[test]
    fn what_cannot_be_weighted_is_refused() {
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
