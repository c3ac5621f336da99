//! From the table to the data of one seed.

use std::sync::Arc;

use super::error::DataError;
use super::rows::Scales;
use super::scale::{check_range, fit};
use super::shown::ShownNames;
use super::table::{Part, Table};
use super::{Data, RowTargets, Rows};
use crate::real::Real;

/// Data for one seed, and what is odd about them though no error.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared<F> {
    /// Split, with its scaling.
    pub data: Data<F>,
    /// For people to read.
    pub notes: Vec<String>,
}

impl Table {
    /// Splits the rows for `seed`, stratified by class, and finds how to scale all features by what
    /// the training rows are like. The numbers stay where they are, for every seed to share.
    ///
    /// A feature that is constant in the training rows becomes 0 there and stays (under
    /// [`Scale::None`](super::Scale::None) it stays as it is); a note names it.
    ///
    /// # Errors
    ///
    /// If a scaled value is outside the range of `F`.
    pub fn prepare<F: Real>(&self, seed: u64) -> Result<Prepared<F>, DataError> {
        let split = self.shares.draw(&self.main.labels, seed);
        let fitted = fit(&self.main.raw, &split.train, self.scale);
        let scales = Arc::new(Scales::new(&fitted.scaling));
        let part = |part: &Part, rows: Vec<usize>| {
            check_range::<F>(&part.raw, &rows, &fitted.scaling, &self.features)
                .map_err(|fault| DataError::new(&part.source.path, fault))?;
            let classes = rows.iter().map(|&row| part.labels[row]).collect();
            Ok(Rows::of(&part.raw, rows, RowTargets::Classes(classes), None, &scales))
        };
        let held_back = |own: &Option<Part>, rows: Vec<usize>| match own {
            Some(own) => part(own, (0..own.labels.len()).collect()).map(Some),
            None if rows.is_empty() => Ok(None),
            None => part(&self.main, rows).map(Some),
        };
        let data = Data {
            train: part(&self.main, split.train)?,
            valid: held_back(&self.own_valid, split.valid)?,
            test: held_back(&self.own_test, split.test)?,
            features: self.features.clone(),
            classes: self.classes.clone(),
            scaling: fitted.scaling.clone(),
        };
        Ok(Prepared { data, notes: self.note_constant(&fitted.constant) })
    }

    fn note_constant(&self, constant: &[usize]) -> Vec<String> {
        let names: Vec<String> = constant.iter().map(|&feature| self.features[feature].clone()).collect();
        match names.len() {
            0 => Vec::new(),
            1 => vec![format!("feature {} is constant in the training rows", ShownNames(&names))],
            _ => vec![format!("features {} are constant in the training rows", ShownNames(&names))],
        }
    }
}
