//! Rows that exported models are tried on.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{Array2, s};
use rand::Rng;

use crate::config;
use crate::config::Plan;
use crate::data::{
    BadRows, DataError, DataSpec, Dataset, Encoder, FeatureEncoding, RowStream, StreamError, ValueEncoding,
};
use crate::kernel::real::Real;
use crate::model::Model;
use crate::model::export::inputs::{Column, Inputs};
use crate::random::stream;
use crate::train::Dtype;

/// Rows that are made up where there are no others.
const MADE_UP: usize = 1000;

/// The most rows that are taken from a file.
const MOST_OF_FILE: usize = 100_000;

/// Rows as other tools give them, and as the network takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Where they are from.
    pub origin: Origin,
    /// Raw numbers, `(n, numeric columns)`.
    pub(crate) numbers: Array2<f64>,
    /// Raw texts, `(n, categorical columns)`.
    pub(crate) texts: Array2<String>,
    /// The network's inputs, `(n, inputs)`.
    pub(crate) encoded: Array2<f64>,
}

/// Where rows are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The rows that were held back for validation, of the file that the model was trained on.
    Validation(PathBuf),
    /// The rows that it was trained on, where none were held back.
    Training(PathBuf),
    /// Of a file that was named for it.
    File(PathBuf),
    /// Made up: numbers spread as in the training rows.
    MadeUp,
}

impl Sample {
    /// The validation rows of the data that `model` was trained on, or its training rows where
    /// there are none; `path` is that of the model.
    ///
    /// None where the model does not lie in its run directory, or the data are no longer the same to
    /// the byte. The files that a model names are opened only where the config of that directory,
    /// which is its user's own, names them too.
    pub fn of_training_data(model: &Model, path: &Path) -> Option<Self> {
        let data = &model.plan.data;
        let paths =
            |data: &DataSpec| [Some(data.path.clone()), data.valid_path.clone(), data.test_path.clone()];
        if paths(&run_config(path)?.data) != paths(data) {
            return None;
        }
        // Anything else could block, or never end.
        if !paths(data).iter().flatten().all(|path| path.is_file()) {
            return None;
        }
        let table = Dataset::load(data).ok()?;
        if table.sha256() != model.description.data_sha256 {
            return None;
        }
        match model.plan.training.dtype {
            Dtype::F32 => Self::of_table::<f32>(model, &table),
            Dtype::F64 => Self::of_table::<f64>(model, &table),
        }
    }

    fn of_table<F: Real>(model: &Model, table: &Dataset) -> Option<Self> {
        let data = table.prepare::<F>(model.plan.training.seed, None).ok()?.data;
        let path = model.plan.data.path.clone();
        let (rows, origin) = match &data.valid {
            Some(rows) => (rows, Origin::Validation(path)),
            None => (&data.train, Origin::Training(path)),
        };
        let names: Vec<&[String]> = table.categories().collect();
        let encoded = rows.to_array().mapv(Real::to_f64);
        Some(Self::new(origin, &Inputs::of(&data.encoding), &rows.to_raw_array(), &names, encoded))
    }

    /// The rows of a CSV file, read as for prediction; of a long one the first 100,000.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or one of these rows cannot be predicted.
    pub fn of_file(model: &Model, path: &Path) -> Result<Self, DataError> {
        let encoding = &model.description.encoding;
        let features = encoding.features().count();
        let mut values = Vec::new();
        let taken = RowStream::open(path, encoding, &[], BadRows::Refuse)?.run(
            NonZeroUsize::MIN,
            |(): &mut (), piece| {
                Ok((0..piece.rows()).flat_map(|row| piece.values(row)).copied().collect::<Vec<f64>>())
            },
            |piece: Vec<f64>, _| {
                values.extend(piece);
                if values.len() < MOST_OF_FILE * features { Ok(()) } else { Err(()) }
            },
        );
        if let Err(StreamError::Data(error)) = taken {
            return Err(error);
        }
        values.truncate(MOST_OF_FILE * features);
        let shape = (values.len() / features, features);
        let values = Array2::from_shape_vec(shape, values).expect("a value for each feature of a row");
        Ok(Self::of_values(model, Origin::File(path.to_owned()), &values))
    }

    /// Rows that look like those that `model` was trained on, as far as its encoding tells.
    pub fn made_up(model: &Model) -> Self {
        let encoding = &model.description.encoding;
        let mut random = stream(0, "export", &[]);
        let features: Vec<&FeatureEncoding> = encoding.features().map(|(_, feature)| feature).collect();
        let values = Array2::from_shape_fn((MADE_UP, features.len()), |(_, column)| {
            let feature = features[column];
            if feature.takes_missing() && random.random_bool(0.1) {
                return f64::NAN;
            }
            match &feature.values {
                ValueEncoding::Numeric { scaling, .. } => {
                    scaling.offset + scaling.divisor * random.random_range(-2.0..2.0)
                }
                ValueEncoding::Boolean { .. } => f64::from(u8::from(random.random::<bool>())),
                // The last one is of a text that is not known.
                ValueEncoding::Categorical { .. } => {
                    random.random_range(0..=known_texts(feature).len()) as f64
                }
            }
        });
        Self::of_values(model, Origin::MadeUp, &values)
    }

    /// Rows by the values of their features, in which texts have the numbers that the encoding of
    /// `model` gives them.
    fn of_values(model: &Model, origin: Origin, values: &Array2<f64>) -> Self {
        let encoding = &model.description.encoding;
        let encoder = Encoder::new(encoding);
        let mut encoded = Array2::zeros((values.nrows(), encoder.inputs()));
        for (values, mut x) in values.rows().into_iter().zip(encoded.rows_mut()) {
            let (values, x) = (values.as_slice(), x.as_slice_mut());
            encoder.encode(values.expect("rows without gaps"), x.expect("rows without gaps"));
        }
        let known: Vec<Vec<String>> = encoding.features().map(|(_, feature)| known_texts(feature)).collect();
        let known: Vec<&[String]> = known.iter().map(Vec::as_slice).collect();
        Self::new(origin, &Inputs::of(encoding), values, &known, encoded)
    }

    /// Rows by the values of their features, in which texts are places in `names`, a list for each
    /// feature.
    fn new(
        origin: Origin,
        inputs: &Inputs,
        values: &Array2<f64>,
        names: &[&[String]],
        encoded: Array2<f64>,
    ) -> Self {
        let n = values.nrows();
        let mut numbers = Array2::zeros((n, inputs.numbers.len()));
        let mut texts = Array2::default((n, inputs.texts.len()));
        for ((values, names), column) in values.columns().into_iter().zip(names).zip(&inputs.features) {
            match *column {
                Column::Number(index) => numbers.column_mut(index).assign(&values),
                Column::Text(index) => {
                    let texts = texts.column_mut(index).into_iter().zip(values);
                    texts.for_each(|(text, &value)| *text = spell(value, names));
                }
            }
        }
        Self { origin, numbers, texts, encoded }
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
    pub(crate) fn slice(&self, rows: Range<usize>) -> Self {
        Self {
            origin: self.origin.clone(),
            numbers: self.numbers.slice(s![rows.clone(), ..]).to_owned(),
            texts: self.texts.slice(s![rows.clone(), ..]).to_owned(),
            encoded: self.encoded.slice(s![rows, ..]).to_owned(),
        }
    }
}

/// The config of the run directory that the model at `path` lies in.
fn run_config(path: &Path) -> Option<Plan> {
    let path = path.canonicalize().ok()?;
    // norm/point/seed/model.safetensors
    let configs = path.ancestors().skip(1).take(4).map(|folder| folder.join("config.toml"));
    let config = configs.into_iter().find(|config| config.is_file())?;
    config::load(&config, &[]).ok()
}

/// The texts that a categorical feature knows, by their numbers.
fn known_texts(feature: &FeatureEncoding) -> Vec<String> {
    match &feature.values {
        ValueEncoding::Categorical { categories, rare, .. } => {
            categories.iter().chain(rare).cloned().collect()
        }
        ValueEncoding::Numeric { .. } | ValueEncoding::Boolean { .. } => Vec::new(),
    }
}

/// The text whose number is `value`: empty where it is missing, one that is not known where it is
/// none of `names`.
fn spell(value: f64, names: &[String]) -> String {
    if value.is_nan() {
        return String::new();
    }
    names.get(value as usize).cloned().unwrap_or_else(|| names.concat() + "?")
}
