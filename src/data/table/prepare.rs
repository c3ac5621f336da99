//! From a data set to encoded rows for one seed.

use std::sync::Arc;

use crate::data::batch::rows::RowWeights;
use crate::data::error::{DataError, ErrorKind};
use crate::data::split::problem::SplitProblem;
use crate::data::split::{Fold, Split, SplitKey};
use crate::data::table::{Dataset, SourceRows, class_counts};
use crate::data::transform::encode::Encoder;
use crate::data::transform::encoding::{EncodedColumn, Encoding, TargetEncoding};
use crate::data::transform::fit::{Fitted, fit};
use crate::data::transform::scaler::check_range;
use crate::data::transform::targets::{fit_targets, scaled_targets};
use crate::data::transform::usual::{CellCheck, Usual, unusual_notes};
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
    /// Splits the rows by `key`, a seed or also a fold, and fits the encoding of all features on the training rows. The values
    /// are not copied; all seeds share them.
    ///
    /// `class_weights` weight the rows in the loss.
    ///
    /// An input that is constant in the training rows is 0 in all rows, and a note names its feature.
    ///
    /// # Errors
    ///
    /// If a part with a share has no rows, a scaled value is outside the range of `F`, a column has only
    /// missing values in the training rows, or `class_weights` names an unknown class.
    pub fn prepare<F: Real>(
        &self,
        key: impl Into<SplitKey>,
        class_weights: Option<&ClassWeights>,
    ) -> Result<Prepared<F>, DataError> {
        let split = self.split(key.into())?;
        let of_main = |fault| DataError::new(&self.main.source.name, fault);
        let features: Vec<_> =
            self.schema.features().map(|(name, feature)| (name.clone(), feature.clone())).collect();
        let fitted = fit(&self.main.features, &split.train, &features, self.clip, self.max_categories)
            .map_err(of_main)?;
        let mut notes = self.constant_note(&fitted.constant);
        notes.extend(self.untrained_classes_note(&split.train));
        notes.extend(self.duplicate_notes(&split));
        let weighting = self.weighting(&split.train, class_weights).map_err(of_main)?;
        let targets = self.target_encoding(&split.train, weighting.of_classes()).map_err(of_main)?;
        let encoding = self.encoding(fitted, targets);
        let names = features.iter().map(|(_, feature)| feature.categories.as_slice());
        let encoder = Arc::new(Encoder::for_categories(&encoding, names));
        let encoded = |from: &SourceRows, rows: Vec<usize>| {
            let fail = |fault| DataError::new(&from.source.name, fault);
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
            notes.extend(unusual_cells(&encoding, from, &rows, kind));
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

    /// The numbers of training, validation and test rows with this seed or fold.
    ///
    /// # Errors
    ///
    /// If there are no training rows, or a part with a share has none; if there is a fold, and nothing to cut.
    pub fn check_split(&self, key: impl Into<SplitKey>) -> Result<[usize; 3], DataError> {
        let key = key.into();
        let sizes = match key.fold {
            Some(_) => self.split(key)?.sizes(),
            None => self.split_sizes(key),
        };
        self.check_sizes(sizes)?;
        let of_own = |own: &Option<SourceRows>, rows| own.as_ref().map_or(rows, SourceRows::rows);
        Ok([sizes[0], of_own(&self.own_valid, sizes[1]), of_own(&self.own_test, sizes[2])])
    }

    /// The sizes of the parts of the training file; of a fold that cannot be cut 0.
    pub(super) fn split_sizes(&self, key: SplitKey) -> [usize; 3] {
        match key.fold {
            None => self.split_rule.sizes(self.main.labels(), key.seed),
            Some(_) => self.split(key).map_or([0; 3], |split| split.sizes()),
        }
    }

    /// The split of one seed or fold.
    fn split(&self, key: SplitKey) -> Result<Split, DataError> {
        let split = match key.fold {
            None => self.split_rule.draw(self.main.labels(), key.seed),
            Some(fold) => self.draw_fold(key.seed, fold)?,
        };
        self.check_sizes(split.sizes())?;
        Ok(split)
    }

    fn draw_fold(&self, seed: u64, fold: Fold) -> Result<Split, DataError> {
        let fail = |fault| Err(DataError::new(&self.main.source.name, fault));
        if self.own_valid.is_some() {
            return fail(SplitProblem::NoFolds("data.valid_path").into());
        }
        let Some(split) = self.split_rule.draw_fold(self.main.labels(), seed, fold) else {
            return fail(SplitProblem::NoFolds("a column, or by their order").into());
        };
        let Fold { index, of } = fold;
        match (split.train.is_empty(), split.valid.is_empty()) {
            (true, _) => fail(SplitProblem::EmptyFold { index, of, use_of: "train on" }.into()),
            (_, true) => fail(SplitProblem::EmptyFold { index, of, use_of: "validate on" }.into()),
            (false, false) => Ok(split),
        }
    }

    /// Checks the sizes of the parts of the training file.
    fn check_sizes(&self, [train, valid, test]: [usize; 3]) -> Result<(), DataError> {
        let fail = |fault| Err(DataError::new(&self.main.source.name, fault));
        if train == 0 {
            return fail(SplitProblem::NoTrainRowOfKeys.into());
        }
        for ((key, share), rows) in self.shares.into_iter().zip([valid, test]) {
            if share > 0.0 && rows == 0 {
                return fail(SplitProblem::NoRowOfKeys { key, share }.into());
            }
        }
        Ok(())
    }

    /// What is known of the targets from the training rows.
    fn target_encoding(
        &self,
        train: &[usize],
        weights: Option<Vec<f64>>,
    ) -> Result<TargetEncoding, ErrorKind> {
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
                    weights,
                    threshold: None,
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
            missing_markers: column.markers.clone(),
        });
        let constant = fitted.constant_inputs;
        Encoding { constant, ..Encoding::new(self.reading.clone(), columns.collect(), targets) }
    }

    fn constant_note(&self, constant: &[usize]) -> Vec<String> {
        let all = self.features();
        let names: Vec<String> = constant.iter().map(|&feature| all[feature].clone()).collect();
        match names.len() {
            0 => Vec::new(),
            1 => vec![format!(
                "feature {} is constant in the training rows, so it has no effect",
                QuotedNames(&names)
            )],
            _ => vec![format!(
                "features {} are constant in the training rows, so they have no effect",
                QuotedNames(&names)
            )],
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

/// Notes on the cells of holdout rows that are unlike those of the training rows.
fn unusual_cells(encoding: &Encoding, from: &SourceRows, rows: &[usize], kind: &str) -> Vec<String> {
    let check = CellCheck::new(encoding);
    let mut counts = check.counts();
    for (index, (feature, usual)) in check.watched().enumerate() {
        let (low, high) = from.features.extent(feature);
        let may_be = matches!(usual, Usual::Missing(_)) || usual.is_unusual(low) || usual.is_unusual(high);
        if may_be {
            let unusual = rows.iter().map(|&row| from.features.value(row, feature));
            let mut unusual = unusual.filter(|&value| usual.is_unusual(value));
            if let Some(first) = unusual.next() {
                counts.set(index, 1 + unusual.count() as u64, first);
            }
        }
    }
    let notes = unusual_notes(&check.found(&counts)).into_iter();
    notes.map(|note| format!("in {kind} rows: {note}")).collect()
}
