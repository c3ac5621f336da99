//! Predictions as JSON objects, one per line.

use crate::data::RowChunk;
use crate::kernel::real::Real;
use crate::predict::columns::OutputColumns;
use crate::predict::options::PredictOptions;
use crate::predict::prediction::Prediction;
use crate::predict::writer::PredictionWriter;

/// Writes JSON: cells of the file as strings, probabilities and values as numbers.
pub(crate) struct JsonWriter {
    /// What precedes each value: a brace or comma, and its key.
    keys: Vec<Vec<u8>>,
    keep_columns: bool,
    /// The number of columns copied from the file.
    copied: usize,
    /// Classes as JSON; none for a regression.
    classes: Vec<String>,
    /// Whether the last key is that of a problem.
    has_problems: bool,
}

impl JsonWriter {
    pub(crate) fn new(columns: &OutputColumns, classes: &[String], options: &PredictOptions<'_>) -> Self {
        let key = |(index, name): (usize, &String)| {
            format!("{}{}:", if index == 0 { '{' } else { ',' }, json(name)).into_bytes()
        };
        Self {
            keys: columns.names().enumerate().map(key).collect(),
            keep_columns: options.keep_columns,
            copied: columns.copied.len(),
            classes: classes.iter().map(|class| json(class)).collect(),
            has_problems: columns.problem.is_some(),
        }
    }

    /// Appends the columns copied from the file.
    fn write_copied(&self, chunk: &RowChunk<'_>, row: usize, out: &mut Vec<u8>) {
        let fields = if self.keep_columns { chunk.fields(row) } else { chunk.cells(row).to_vec() };
        for (key, field) in self.keys.iter().zip(fields) {
            out.extend_from_slice(key);
            out.extend_from_slice(json(&field).as_bytes());
        }
    }
}

impl<F: Real> PredictionWriter<F> for JsonWriter {
    fn header(&self) -> &[u8] {
        &[]
    }

    fn write_prediction(
        &self,
        chunk: &RowChunk<'_>,
        row: usize,
        prediction: &Prediction<F>,
        out: &mut Vec<u8>,
    ) -> u64 {
        self.write_copied(chunk, row, out);
        let mut keys = self.keys[self.copied..].iter();
        let mut write_key =
            |out: &mut Vec<u8>| keys.next().into_iter().for_each(|key| out.extend_from_slice(key));
        if let Some(class) = self.classes.get(prediction.class) {
            write_key(out);
            out.extend_from_slice(class.as_bytes());
        }
        prediction.each_number(|put| {
            write_key(out);
            put(out);
        });
        if self.has_problems {
            write_key(out);
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(b"}\n");
        0
    }

    fn write_problem(&self, chunk: &RowChunk<'_>, row: usize, problem: &str, out: &mut Vec<u8>) -> u64 {
        self.write_copied(chunk, row, out);
        let predicted = self.keys.len() - usize::from(self.has_problems);
        for key in &self.keys[self.copied..predicted] {
            out.extend_from_slice(key);
            out.extend_from_slice(b"null");
        }
        self.keys[predicted..].iter().for_each(|key| out.extend_from_slice(key));
        out.extend_from_slice(json(problem).as_bytes());
        out.extend_from_slice(b"}\n");
        0
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
