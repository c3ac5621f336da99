//! Rows that exported models are tried on.

use std::ops::Range;
use std::path::PathBuf;

use ndarray::{Array2, s};
use rand::Rng;

use super::inputs;
use super::inputs::{Inputs, Source};
use crate::config::Dtype;
use crate::data::{Data, Table};
use crate::model::Model;
use crate::random::stream;
use crate::real::Real;

/// Rows that are made up where there are no others.
const MADE_UP: usize = 1000;

/// Rows as other tools give them, and as the network takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Where they are from.
    pub origin: Origin,
    /// Raw numbers, `(n, numeric columns)`.
    pub(super) numbers: Array2<f64>,
    /// Raw texts, `(n, categorical columns)`.
    pub(super) texts: Array2<String>,
    /// The network's inputs, `(n, inputs)`.
    pub(super) encoded: Array2<f64>,
}

/// Where rows are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The rows that were held back for validation, of the file that the model was trained on.
    Validation(PathBuf),
    /// The rows that it was trained on, where none were held back.
    Training(PathBuf),
    /// Made up: numbers spread as in the training rows.
    MadeUp,
}

impl Sample {
    /// The validation rows of the data that `model` was trained on, or its training rows where
    /// there are none. None if the file is no longer where it was, or is not the same to the byte.
    pub fn of_training_data(model: &Model) -> Option<Self> {
        let path = &model.plan.data.path;
        // Anything else could block, or never end.
        if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return None;
        }
        let table = Table::load(&model.plan.data).ok()?;
        if table.sha256() != model.description.data_sha256 {
            return None;
        }
        let seed = model.plan.training.seed;
        match model.plan.training.dtype {
            Dtype::F32 => Some(Self::of_data(&table.prepare::<f32>(seed).ok()?.data, path.clone())),
            Dtype::F64 => Some(Self::of_data(&table.prepare::<f64>(seed).ok()?.data, path.clone())),
        }
    }

    fn of_data<F: Real>(data: &Data<F>, path: PathBuf) -> Self {
        let (rows, origin) = match &data.valid {
            Some(rows) => (rows, Origin::Validation(path)),
            None => (&data.train, Origin::Training(path)),
        };
        let encoded = rows.to_array().mapv(Real::to_f64);
        let texts = Array2::default((rows.len(), 0));
        Self { origin, numbers: rows.to_raw_array(), texts, encoded }
    }

    /// Rows that look like those that `model` was trained on, as far as its scaling tells.
    pub fn made_up(model: &Model) -> Self {
        let Inputs { numbers, order, .. } = inputs(model);
        let mut random = stream(0, "export", &[]);
        let raw = Array2::from_shape_fn((MADE_UP, numbers.len()), |(_, column)| {
            let scaling = numbers[column].scaling;
            scaling.offset + scaling.divisor * random.random_range(-2.0..2.0)
        });
        let encoded = Array2::from_shape_fn((MADE_UP, order.len()), |(row, input)| match order[input] {
            Source::Number(column) => numbers[column].scaling.apply(raw[[row, column]]),
            _ => 0.0,
        });
        Self { origin: Origin::MadeUp, numbers: raw, texts: Array2::default((MADE_UP, 0)), encoded }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.encoded.nrows()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the rows.
    pub(super) fn slice(&self, rows: Range<usize>) -> Self {
        Self {
            origin: self.origin.clone(),
            numbers: self.numbers.slice(s![rows.clone(), ..]).to_owned(),
            texts: self.texts.slice(s![rows.clone(), ..]).to_owned(),
            encoded: self.encoded.slice(s![rows, ..]).to_owned(),
        }
    }
}
