//! From the table to the data of one seed.

use std::sync::Arc;

use super::encoding::{EncodedColumn, Encoding, TargetEncoding};
use super::error::DataError;
use super::fault::Fault;
use super::fit::{Fitted, fit};
use super::rows::RowWeights;
use super::scale::check_range;
use super::shown::{ShownCounts, ShownNames};
use super::split::Split;
use super::table::{Part, Table, class_counts};
use super::twice::SeenRows;
use super::weighting::Weighting;
use super::{ClassWeights, Data, Encoder, RowTargets, Rows, ValueEncoding};
use crate::real::Real;

/// Data for one seed, and what is odd about them though no error.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared<F> {
    /// Split, with its encoding.
    pub data: Data<F>,
    /// For people to read.
    pub notes: Vec<String>,
}

impl Table {
    /// Splits the rows for `seed` and finds how to encode all features by what
    /// the training rows are like. The values stay where they are, for every seed to share.
    ///
    /// Rows count in the loss as `class_weights` has it.
    ///
    /// A number that is constant in the training rows becomes 0 there and stays (under
    /// [`Scale::None`](super::Scale::None) it stays as it is); a note names it.
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
        let features: Vec<_> =
            self.schema.features().map(|(name, feature)| (name.clone(), feature.clone())).collect();
        let fitted = fit(&self.main.raw, &split.train, &features, self.scale, self.max_categories)
            .map_err(|fault| DataError::new(&self.main.source.path, fault))?;
        let mut notes = self.note_constant(&fitted.constant);
        notes.extend(self.note_untrained(&split.train));
        notes.extend(self.note_twice(&split));
        let train_labels: Vec<u32> = split.train.iter().map(|&row| self.main.labels[row]).collect();
        let weighting = Weighting::fit(Some(&train_labels), None, &self.classes, class_weights)
            .map_err(|fault| DataError::new(&self.main.source.path, fault))?;
        let encoding = self.encoding(fitted, &train_labels);
        let names = features.iter().map(|(_, feature)| feature.categories.as_slice());
        let encoder = Arc::new(Encoder::for_categories(&encoding, names));
        let part = |part: &Part, rows: Vec<usize>| {
            check_range::<F>(&part.raw, &rows, encoding.features())
                .map_err(|fault| DataError::new(&part.source.path, fault))?;
            let classes: Vec<u32> = rows.iter().map(|&row| part.labels[row]).collect();
            let weights = RowWeights { in_loss: weighting.weights(Some(&classes), None), in_file: None };
            Ok(Rows::of(&part.raw, rows, RowTargets::Classes(classes), weights, &encoder))
        };
        let mut held_back = |own: &Option<Part>, rows: Vec<usize>, kind| {
            let (from, rows) = match own {
                Some(own) => (own, (0..own.labels.len()).collect()),
                None => (&self.main, rows),
            };
            if rows.is_empty() {
                return Ok(None);
            }
            notes.extend(self.note_unseen(&encoding, from, &rows, kind));
            part(from, rows).map(Some)
        };
        let data = Data {
            valid: held_back(&self.own_valid, split.valid, "validation")?,
            test: held_back(&self.own_test, split.test, "test")?,
            train: part(&self.main, split.train)?,
            encoding: encoding.clone(),
        };
        Ok(Prepared { data, notes })
    }

    fn encoding(&self, fitted: Fitted, train_labels: &[u32]) -> Encoding {
        let mut features = fitted.features.into_iter();
        let columns = self.schema.columns.iter().map(|column| EncodedColumn {
            name: column.name.clone(),
            role: column.role,
            feature: column.feature.as_ref().and_then(|_| features.next()),
        });
        let counts = class_counts(train_labels, self.classes.len());
        let targets = TargetEncoding::Classes {
            column: self.label().to_owned(),
            names: self.classes.clone(),
            counts: counts.into_iter().map(|count| count as u64).collect(),
            renamed: self.label_names.clone(),
        };
        Encoding::new(self.reading.clone(), columns.collect(), targets)
    }

    fn split(&self, seed: u64) -> Result<Split, DataError> {
        let split = self.division.draw(&self.main.labels, seed);
        let fail = |fault| Err(DataError::new(&self.main.source.path, fault));
        if split.train.is_empty() {
            return fail(Fault::NoTrainRowOfKeys);
        }
        for ((key, share), rows) in self.held_back.into_iter().zip([&split.valid, &split.test]) {
            if share > 0.0 && rows.is_empty() {
                return fail(Fault::NoRowOfKeys { key, share });
            }
        }
        Ok(split)
    }

    /// Names the classes that no row to train on has.
    fn note_untrained(&self, train: &[usize]) -> Option<String> {
        let mut is_trained = vec![false; self.classes.len()];
        train.iter().for_each(|&row| is_trained[self.main.labels[row] as usize] = true);
        let untrained = self.classes.iter().zip(is_trained).filter(|(_, is_trained)| !is_trained);
        let names: Vec<String> = untrained.map(|(name, _)| name.clone()).collect();
        (!names.is_empty()).then(|| format!("classes without a row to train on: {}", ShownNames(&names)))
    }

    /// Counts the rows that are held back and yet trained on.
    fn note_twice(&self, split: &Split) -> Vec<String> {
        let parts = [("validation", &self.own_valid, &split.valid), ("test", &self.own_test, &split.test)];
        let mut seen = None;
        let mut notes = Vec::new();
        for (kind, own, rows) in parts {
            let all: Vec<usize>;
            let (part, rows) = match own {
                Some(own) => {
                    all = (0..own.labels.len()).collect();
                    (own, &all)
                }
                None => (&self.main, rows),
            };
            if rows.is_empty() {
                continue;
            }
            let seen = seen.get_or_insert_with(|| SeenRows::of(&self.main, &split.train));
            let count = seen.count_in(part, rows);
            if count > 0 {
                notes.push(format!(
                    "{count} of {} {kind} rows are also among the training rows, value by value",
                    rows.len()
                ));
            }
        }
        notes
    }

    fn note_constant(&self, constant: &[usize]) -> Vec<String> {
        let all = self.features();
        let names: Vec<String> = constant.iter().map(|&feature| all[feature].clone()).collect();
        match names.len() {
            0 => Vec::new(),
            1 => vec![format!("feature {} is constant in the training rows", ShownNames(&names))],
            _ => vec![format!("features {} are constant in the training rows", ShownNames(&names))],
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
        let shown = ShownCounts(&unseen);
        (!unseen.is_empty()).then(|| format!("categories that no training row has (in {kind} rows): {shown}"))
    }
}
