//! The columns of the output.

use crate::data::{BadRows, RowStream, TargetEncoding};
use crate::predict::error::PredictError;
use crate::predict::options::PredictOptions;

/// The names of the output's columns: those copied from the file, those of the prediction, and with
/// [`BadRows::Mark`] one for what is wrong with a row.
pub(crate) struct OutputColumns {
    pub(crate) copied: Vec<String>,
    pub(crate) predicted: Vec<String>,
    pub(crate) problem: Option<String>,
}

impl OutputColumns {
    /// The columns for the rows of `stream`.
    ///
    /// # Errors
    ///
    /// If two of them have the same name.
    pub(crate) fn new(
        targets: &TargetEncoding,
        stream: &RowStream,
        options: &PredictOptions<'_>,
    ) -> Result<Self, PredictError> {
        let names = stream.names();
        let columns = Self {
            copied: match options.keep_columns {
                true => names.to_vec(),
                false => stream.cells().iter().map(|&column| names[column].clone()).collect(),
            },
            predicted: predicted(targets, options.conformal.is_some()),
            problem: (options.bad_rows == BadRows::Mark).then(|| "problem".to_owned()),
        };
        let mut added = columns.predicted.iter().chain(&columns.problem);
        match added.find(|name| columns.copied.contains(name)) {
            Some(name) => Err(PredictError::DuplicateColumn { name: name.clone() }),
            None => Ok(columns),
        }
    }

    /// All names in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.copied.iter().chain(&self.predicted).chain(&self.problem)
    }
}

/// The columns of a prediction; those of its set or interval come last.
fn predicted(targets: &TargetEncoding, has_conformal: bool) -> Vec<String> {
    match targets {
        TargetEncoding::Classes { names, .. } => {
            let probabilities = names.iter().map(|class| format!("probability_{class}"));
            let in_set = names.iter().filter(|_| has_conformal).map(|class| format!("in_set_{class}"));
            std::iter::once("prediction".to_owned()).chain(probabilities).chain(in_set).collect()
        }
        TargetEncoding::Values(values) => {
            let predicted = values.iter().map(|value| format!("predicted_{}", value.column));
            let bounds = values
                .iter()
                .filter(|_| has_conformal)
                .flat_map(|value| ["lower", "upper"].map(|bound| format!("{bound}_{}", value.column)));
            predicted.chain(bounds).collect()
        }
    }
}
