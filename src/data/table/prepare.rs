//! From a data set to encoded rows for one seed.

use std::sync::Arc;

use crate::data::batch::rows::RowWeights;
use crate::data::error::{DataError, ErrorKind};
use crate::data::split::Split;
use crate::data::table::{Dataset, SourceRows, class_counts};
use crate::data::transform::encode::Encoder;
use crate::data::transform::encoding::{EncodedColumn, Encoding, TargetEncoding};
use crate::data::transform::fit::{Fitted, fit};
use crate::data::transform::scaler::check_range;
use crate::data::transform::targets::{fit_targets, scaled_targets};
use crate::data::transform::weights::Weighting;
use crate::data::{ClassWeights, PreparedData, Rows, ValueEncoding};
use crate::kernel::real::Real;
use crate::targets::Targets;
use crate::text::{QuotedCounts, QuotedNames};

/// Data for one seed, and notes on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared<F> {
    /// The encoded rows of each part.
    pub data: PreparedData<F>,
    /// Oddities that are not errors, one sentence each.
    pub notes: Vec<String>,
}

impl Dataset {
    /// Splits the rows for `seed`, and fits the encoding of all features on the training rows. The values
    /// are not copied; all seeds share them.
    ///
    /// `class_weights` weight the rows in the loss.
    ///
    /// A number that is constant in the training rows becomes 0 (with
    /// [`ScalingMethod::None`](crate::data::ScalingMethod::None) it stays as it is), and a note names it.
    ///
    /// # Errors
    ///
    /// If a part with a share has no rows, a scaled value is outside the range of `F`, a column has only
    /// missing values in the training rows, or `class_weights` names an unknown class.
    pub fn prepare<F: Real>(
        &self,
        seed: u64,
        class_weights: Option<&ClassWeights>,
    ) -> Result<Prepared<F>, DataError> {
        let split = self.split(seed)?;
        let of_main = |fault| DataError::new(&self.main.source.path, fault);
        let features: Vec<_> =
            self.schema.features().map(|(name, feature)| (name.clone(), feature.clone())).collect();
        let fitted = fit(&self.main.features, &split.train, &features, self.scale, self.max_categories)
            .map_err(of_main)?;
        let mut notes = self.constant_note(&fitted.constant);
        notes.extend(self.untrained_classes_note(&split.train));
        notes.extend(self.duplicate_notes(&split));
        let targets = self.target_encoding(&split.train).map_err(of_main)?;
        let encoding = self.encoding(fitted, targets);
        let weighting = self.weighting(&split.train, class_weights).map_err(of_main)?;
        let names = features.iter().map(|(_, feature)| feature.categories.as_slice());
        let encoder = Arc::new(Encoder::for_categories(&encoding, names));
        let encoded = |from: &SourceRows, rows: Vec<usize>| {
            let fail = |fault| DataError::new(&from.source.path, fault);
            check_range::<F>(&from.features, &rows, encoding.features()).map_err(fail)?;
            let targets = match &from.targets {
                Targets::Classes(labels) => Targets::Classes(rows.iter().map(|&row| labels[row]).collect()),
                Targets::Values(values) => {
                    Targets::Values(scaled_targets(values.view(), encoding.values(), &rows).map_err(fail)?)
                }
            };
            let in_file = from.weights_of(&rows);
            let in_loss = weighting.weights(targets.labels(), in_file.as_deref());
            Ok(Rows::of(&from.features, rows, targets, RowWeights { in_loss, in_file }, &encoder))
        };
        let mut holdout = |own: &Option<SourceRows>, rows: Vec<usize>, kind| {
            let (from, rows) = match own {
                Some(own) => (own, (0..own.rows()).collect()),
                None => (&self.main, rows),
            };
            if rows.is_empty() {
                return Ok(None);
            }
            notes.extend(self.unseen_categories_note(&encoding, from, &rows, kind));
            encoded(from, rows).map(Some)
        };
        let data = PreparedData {
            valid: holdout(&self.own_valid, split.valid, "validation")?,
            test: holdout(&self.own_test, split.test, "test")?,
            train: encoded(&self.main, split.train)?,
            encoding: encoding.clone(),
        };
        Ok(Prepared { data, notes })
    }

    /// The split of one seed.
    fn split(&self, seed: u64) -> Result<Split, DataError> {
        let split = self.split_rule.draw(self.main.labels(), seed);
        let fail = |fault| Err(DataError::new(&self.main.source.path, fault));
        if split.train.is_empty() {
            return fail(ErrorKind::NoTrainRowOfKeys);
        }
        for ((key, share), rows) in self.shares.into_iter().zip([&split.valid, &split.test]) {
            if share > 0.0 && rows.is_empty() {
                return fail(ErrorKind::NoRowOfKeys { key, share });
            }
        }
        Ok(split)
    }

    /// What is known of the targets from the training rows.
    fn target_encoding(&self, train: &[usize]) -> Result<TargetEncoding, ErrorKind> {
        let mut columns = self.learnt();
        match &self.main.targets {
            Targets::Classes(labels) => {
                let labels: Vec<u32> = train.iter().map(|&row| labels[row]).collect();
                let counts = class_counts(&labels, self.classes.len());
                Ok(TargetEncoding::Classes {
                    column: columns.swap_remove(0),
                    names: self.classes.clone(),
                    counts: counts.into_iter().map(|count| count as u64).collect(),
                    renamed: self.label_names.clone(),
                })
            }
            Targets::Values(values) => {
                fit_targets(values.view(), &columns, train).map(TargetEncoding::Values)
            }
        }
    }

    fn weighting(&self, train: &[usize], wanted: Option<&ClassWeights>) -> Result<Weighting, ErrorKind> {
        let weights = self.main.weights_of(train);
        let labels: Option<Vec<u32>> =
            self.main.targets.labels().map(|labels| train.iter().map(|&row| labels[row]).collect());
        Weighting::fit(labels.as_deref(), weights.as_deref(), &self.classes, wanted)
    }

    fn encoding(&self, fitted: Fitted, targets: TargetEncoding) -> Encoding {
        let mut features = fitted.features.into_iter();
        let columns = self.schema.columns.iter().map(|column| EncodedColumn {
            name: column.name.clone(),
            role: column.role,
            feature: column.feature.as_ref().and_then(|_| features.next()),
        });
        Encoding::new(self.reading.clone(), columns.collect(), targets)
    }

    fn constant_note(&self, constant: &[usize]) -> Vec<String> {
        let all = self.features();
        let names: Vec<String> = constant.iter().map(|&feature| all[feature].clone()).collect();
        match names.len() {
            0 => Vec::new(),
            1 => vec![format!("feature {} is constant in the training rows", QuotedNames(&names))],
            _ => vec![format!("features {} are constant in the training rows", QuotedNames(&names))],
        }
    }

    /// Names the classes without a training row.
    fn untrained_classes_note(&self, train: &[usize]) -> Option<String> {
        let mut is_trained = vec![false; self.classes.len()];
        for &row in train {
            if let Some(&label) = self.main.labels().get(row) {
                is_trained[label as usize] = true;
            }
        }
        let untrained = self.classes.iter().zip(is_trained).filter(|(_, is_trained)| !is_trained);
        let names: Vec<String> = untrained.map(|(name, _)| name.clone()).collect();
        (!names.is_empty()).then(|| format!("classes without a training row: {}", QuotedNames(&names)))
    }

    /// Counts the holdout rows with a category that is not in the training rows.
    fn unseen_categories_note(
        &self,
        encoding: &Encoding,
        from: &SourceRows,
        rows: &[usize],
        kind: &str,
    ) -> Option<String> {
        let mut unseen = Vec::new();
        let features = self.schema.features().zip(encoding.features());
        for (index, ((name, read), (_, fitted))) in features.enumerate() {
            let ValueEncoding::Categorical { categories, rare, .. } = &fitted.values else { continue };
            let is_known = |category: &String| {
                categories.binary_search(category).is_ok() || rare.binary_search(category).is_ok()
            };
            let known: Vec<bool> = read.categories.iter().map(is_known).collect();
            let is_unseen = |&&row: &&usize| {
                let value = from.features.value(row, index);
                !value.is_nan() && !known.get(value as usize).copied().unwrap_or(false)
            };
            let count = rows.iter().filter(is_unseen).count();
            if count > 0 {
                unseen.push((name.clone(), count));
            }
        }
        let shown = QuotedCounts(&unseen);
        (!unseen.is_empty()).then(|| format!("categories that no training row has (in {kind} rows): {shown}"))
    }
}
