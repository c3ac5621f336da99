//! The rows over which an export is compared with its model.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use rand::Rng;

use crate::config;
use crate::data::{
    BadRows, DataError, DataPaths, Dataset, Encoder, FeatureEncoding, RowStream, StreamError, ValueEncoding,
};
use crate::kernel::real::Real;
use crate::model::Model;
use crate::random::stream;
use crate::train::with_dtype;

/// How many rows are made up where there are no others.
const MADE_UP_ROWS: usize = 1000;

/// The most rows that are read from a file.
const MAX_FILE_ROWS: usize = 100_000;

/// Encoded rows, and where they are from.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckRows {
    /// Where the rows are from.
    pub origin: RowsOrigin,
    /// The network's inputs, `(n, inputs)`.
    pub(crate) inputs: Array2<f64>,
}

/// Where rows are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowsOrigin {
    /// The validation rows of this training file.
    Validation(PathBuf),
    /// The training rows of this training file, which had no validation rows.
    Training(PathBuf),
    /// A file that the user named.
    File(PathBuf),
    /// Made up: numbers spread like those of the training rows.
    MadeUp,
}

impl CheckRows {
    /// The validation rows of the data that `model` was trained on, or the training rows if there
    /// were none; `run` is the run directory that the model lies in.
    ///
    /// None if that is not the one that it was trained in, or the data have changed. Files that a model
    /// names are opened only if the config of the directory, which the user wrote, names them too.
    pub fn of_training_data(model: &Model, run: &Path) -> Option<Self> {
        let data = &model.plan.data;
        let config = config::load(&run.join("config.toml"), &[]).ok()?;
        if !config.data.paths().eq(data.paths()) {
            return None;
        }
        // A pipe could block, or never end.
        if !data.known_files().iter().all(|path| path.is_file()) {
            return None;
        }
        let table = Dataset::load(data).ok()?;
        if table.sha256() != model.description.data_sha256 {
            return None;
        }
        with_dtype!(model.plan.training.dtype, F => Self::of_table::<F>(model, &table))
    }

    fn of_table<F: Real>(model: &Model, table: &Dataset) -> Option<Self> {
        let data = table.prepare::<F>(model.plan.training.split_key(), None).ok()?.data;
        let path = model.plan.data.path.name();
        let (rows, origin) = match &data.valid {
            Some(rows) => (rows, RowsOrigin::Validation(path)),
            None => (&data.train, RowsOrigin::Training(path)),
        };
        Some(Self { origin, inputs: rows.to_array().mapv(Real::to_f64) })
    }

    /// The rows of a CSV file, read as for prediction: at most the first 100,000.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or one of these rows cannot be predicted.
    pub fn of_file(model: &Model, paths: &DataPaths) -> Result<Self, DataError> {
        let encoding = &model.description.encoding;
        let features = encoding.features().count();
        let mut values = Vec::new();
        let taken = RowStream::open(paths, encoding, &[], BadRows::Refuse)?.run(
            NonZeroUsize::MIN,
            |(): &mut (), chunk| {
                Ok((0..chunk.rows()).flat_map(|row| chunk.values(row)).copied().collect::<Vec<f64>>())
            },
            |rows: Vec<f64>, _| {
                values.extend(rows);
                if values.len() < MAX_FILE_ROWS * features { Ok(()) } else { Err(()) }
            },
        );
        if let Err(StreamError::Data(error)) = taken {
            return Err(error);
        }
        values.truncate(MAX_FILE_ROWS * features);
        let shape = (values.len() / features, features);
        let values = Array2::from_shape_vec(shape, values).expect("a value for each feature of a row");
        Ok(Self::encode(model, RowsOrigin::File(paths.name()), &values))
    }

    /// Random rows in the range of the training rows, as far as the encoding of `model` has it.
    pub fn made_up(model: &Model) -> Self {
        let encoding = &model.description.encoding;
        let mut random = stream(0, "export", &[]);
        let features: Vec<&FeatureEncoding> = encoding.features().map(|(_, feature)| feature).collect();
        let values = Array2::from_shape_fn((MADE_UP_ROWS, features.len()), |(_, column)| {
            let feature = features[column];
            if feature.takes_missing() && random.random_bool(0.1) {
                return f64::NAN;
            }
            match &feature.values {
                ValueEncoding::Numeric { scaling, .. } => {
                    scaling.offset + scaling.divisor * random.random_range(-2.0..2.0)
                }
                ValueEncoding::Boolean { .. } => f64::from(u8::from(random.random::<bool>())),
                ValueEncoding::Date { range, .. } => {
                    let width = (range.high - range.low).max(1.0);
                    (range.low + width * random.random_range(-0.5..1.5)).floor()
                }
                // One more than the known ones, for an unknown category.
                ValueEncoding::Categorical { categories, rare, .. } => {
                    random.random_range(0..=categories.len() + rare.len()) as f64
                }
            }
        });
        Self::encode(model, RowsOrigin::MadeUp, &values)
    }

    /// Encodes rows of raw feature values, in which a category is its index in the encoding.
    fn encode(model: &Model, origin: RowsOrigin, values: &Array2<f64>) -> Self {
        let encoder = Encoder::new(&model.description.encoding);
        let mut inputs = Array2::zeros((values.nrows(), encoder.inputs()));
        for (values, mut x) in values.rows().into_iter().zip(inputs.rows_mut()) {
            let (values, x) = (values.as_slice(), x.as_slice_mut());
            encoder.encode(values.expect("rows are contiguous"), x.expect("rows are contiguous"));
        }
        Self { origin, inputs }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.inputs.nrows()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
