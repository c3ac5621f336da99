//! From the table to the data of one seed.

use std::sync::Arc;

use crate::data::batch::rows::RowWeights;
use crate::data::error::{DataError, ErrorKind};
use crate::data::schema::TargetColumns;
use crate::data::table::{Dataset, Part, class_counts};
use crate::data::transform::encoding::{EncodedColumn, Encoding, TargetEncoding};
use crate::data::transform::fit::{Fitted, fit};
use crate::data::transform::scaler::check_range;
use crate::data::transform::targets::{fit_targets, scaled_targets};
use crate::data::transform::weights::Weighting;
use crate::data::{ClassWeights, Encoder, PreparedData, Rows, ValueEncoding};
use crate::kernel::real::Real;
use crate::targets::Targets;
use crate::text::{QuotedCounts, QuotedNames};

/// Data for one seed, and what is odd about them though no error.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared<F> {
    /// Split, with its encoding.
    pub data: PreparedData<F>,
    /// For people to read.
    pub notes: Vec<String>,
}

impl Dataset {
    /// Splits the rows for `seed` and finds how to encode all features by what the training rows are
    /// like. The values stay where they are, for every seed to share.
    ///
    /// Rows count in the loss as `class_weights` has it.
    ///
    /// A number that is constant in the training rows becomes 0 there and stays (under
    /// [`Scale::None`](crate::data::Scale::None) it stays as it is); a note names it.
    ///
    /// # Errors
    ///
    /// If a part that is asked for has no rows, a scaled value is outside the range of `F`, there is
    /// nothing to compute what stands in for missing values from, or `class_weights` names what is no
    /// class.
    pub fn prepare<F: Real>(
        &self,
        seed: u64,
        class_weights: Option<&ClassWeights>,
    ) -> Result<Prepared<F>, DataError> {
        let split = self.split(seed)?;
        let of_main = |fault| DataError::new(&self.main.source.path, fault);
        let features: Vec<_> =
            self.schema.features().map(|(name, feature)| (name.clone(), feature.clone())).collect();
        let fitted =
            fit(&self.main.raw, &split.train, &features, self.scale, self.max_categories).map_err(of_main)?;
        let mut notes = self.note_constant(&fitted.constant);
        notes.extend(self.note_untrained(&split.train));
        notes.extend(self.note_twice(&split));
        let targets = self.targets(&split.train).map_err(of_main)?;
        let encoding = self.encoding(fitted, targets);
        let weighting = self.weighting(&split.train, class_weights).map_err(of_main)?;
        let names = features.iter().map(|(_, feature)| feature.categories.as_slice());
        let encoder = Arc::new(Encoder::for_categories(&encoding, names));
        let part = |part: &Part, rows: Vec<usize>| {
            let of_part = |fault| DataError::new(&part.source.path, fault);
            check_range::<F>(&part.raw, &rows, encoding.features()).map_err(of_part)?;
            let labels = part.labels_of(&rows);
            let in_file = part.weights_of(&rows);
            let in_loss = weighting.weights(labels.as_deref(), in_file.as_deref());
            let targets = match labels {
                Some(labels) => Targets::Classes(labels),
                None => {
                    Targets::Values(scaled_targets(&part.targets, encoding.values(), &rows).map_err(of_part)?)
                }
            };
            Ok(Rows::of(&part.raw, rows, targets, RowWeights { in_loss, in_file }, &encoder))
        };
        let mut held_back = |own: &Option<Part>, rows: Vec<usize>, kind| {
            let (from, rows) = match own {
                Some(own) => (own, (0..own.rows()).collect()),
                None => (&self.main, rows),
            };
            if rows.is_empty() {
                return Ok(None);
            }
            if from.weights_of(&rows).is_some_and(|weights| weights.iter().all(|weight| *weight == 0.0)) {
                return Err(DataError::new(&from.source.path, ErrorKind::NoHeldBackRowCounts(kind)));
            }
            notes.extend(self.note_unseen(&encoding, from, &rows, kind));
            part(from, rows).map(Some)
        };
        let data = PreparedData {
            valid: held_back(&self.own_valid, split.valid, "validation")?,
            test: held_back(&self.own_test, split.test, "test")?,
            train: part(&self.main, split.train)?,
            encoding: encoding.clone(),
        };
        Ok(Prepared { data, notes })
    }

    /// What is learnt, with what the training rows say about it.
    fn targets(&self, train: &[usize]) -> Result<TargetEncoding, ErrorKind> {
        let mut columns = self.learnt();
        match self.schema.truth {
            TargetColumns::Classes(_) => {
                let labels: Vec<u32> = train.iter().map(|&row| self.main.labels[row]).collect();
                let counts = class_counts(&labels, self.classes.len());
                Ok(TargetEncoding::Classes {
                    column: columns.swap_remove(0),
                    names: self.classes.clone(),
                    counts: counts.into_iter().map(|count| count as u64).collect(),
                    renamed: self.label_names.clone(),
                })
            }
            TargetColumns::Values(_) => {
                fit_targets(&self.main.targets, &columns, train).map(TargetEncoding::Values)
            }
        }
    }

    fn weighting(&self, train: &[usize], wanted: Option<&ClassWeights>) -> Result<Weighting, ErrorKind> {
        let (labels, weights) = (self.main.labels_of(train), self.main.weights_of(train));
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

    fn note_constant(&self, constant: &[usize]) -> Vec<String> {
        let all = self.features();
        let names: Vec<String> = constant.iter().map(|&feature| all[feature].clone()).collect();
        match names.len() {
            0 => Vec::new(),
            1 => vec![format!("feature {} is constant in the training rows", QuotedNames(&names))],
            _ => vec![format!("features {} are constant in the training rows", QuotedNames(&names))],
        }
    }

    /// Counts the rows of a part whose category is in no training row.
    fn note_unseen(&self, encoding: &Encoding, part: &Part, rows: &[usize], kind: &str) -> Option<String> {
        let mut unseen = Vec::new();
        let features = self.schema.features().zip(encoding.features());
        for (index, ((name, read), (_, fitted))) in features.enumerate() {
            let ValueEncoding::Categorical { categories, rare, .. } = &fitted.values else { continue };
            let is_known = |category: &String| {
                categories.binary_search(category).is_ok() || rare.binary_search(category).is_ok()
            };
            let known: Vec<bool> = read.categories.iter().map(is_known).collect();
            let is_unseen = |&&row: &&usize| {
                let value = part.raw.value(row, index);
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
