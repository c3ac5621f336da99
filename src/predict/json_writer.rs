//! The rows of predictions as JSON objects, one in each line.

use crate::data::Piece;
use crate::kernel::real::Real;
use crate::predict::PredictOptions;
use crate::predict::prediction::{Answer, Answered};
use crate::predict::writer::Columns;

/// How an object is written: cells of the file as texts, numbers of the prediction as numbers.
pub(crate) struct JsonForm {
    /// Before each value: what separates it from the one before, and its key.
    keys: Vec<Vec<u8>>,
    keeps_all: bool,
    kept: usize,
    /// Classes as JSON; none where values are predicted.
    classes: Vec<String>,
    /// Whether the last key is that of a problem.
    has_problems: bool,
}

impl JsonForm {
    pub(crate) fn new(answer: &Answer, columns: &Columns, options: &PredictOptions) -> Self {
        let Columns { kept, predicted, problem } = columns;
        let names = kept.iter().chain(predicted).chain(problem);
        let key = |(index, name): (usize, &String)| {
            format!("{}{}:", if index == 0 { '{' } else { ',' }, json(name)).into_bytes()
        };
        Self {
            keys: names.enumerate().map(key).collect(),
            keeps_all: options.keep_columns,
            kept: kept.len(),
            classes: answer.classes().iter().map(|class| json(class)).collect(),
            has_problems: problem.is_some(),
        }
    }

    pub(crate) fn put_answer<F: Real>(
        &self,
        piece: &Piece<'_>,
        row: usize,
        answered: &Answered<F>,
        out: &mut Vec<u8>,
    ) {
        self.put_kept(piece, row, out);
        let mut keys = self.keys[self.kept..].iter();
        let mut put_key =
            |out: &mut Vec<u8>| keys.next().into_iter().for_each(|key| out.extend_from_slice(key));
        if let Some(class) = self.classes.get(answered.class) {
            put_key(out);
            out.extend_from_slice(class.as_bytes());
        }
        for &number in &answered.numbers {
            put_key(out);
            number.put_decimal(out);
        }
        if self.has_problems {
            put_key(out);
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(b"}\n");
    }

    pub(crate) fn put_problem(&self, piece: &Piece<'_>, row: usize, problem: &str, out: &mut Vec<u8>) {
        self.put_kept(piece, row, out);
        let predicted = self.keys.len() - usize::from(self.has_problems);
        for key in &self.keys[self.kept..predicted] {
            out.extend_from_slice(key);
            out.extend_from_slice(b"null");
        }
        self.keys[predicted..].iter().for_each(|key| out.extend_from_slice(key));
        out.extend_from_slice(json(problem).as_bytes());
        out.extend_from_slice(b"}\n");
    }

    /// Appends the columns before the prediction.
    fn put_kept(&self, piece: &Piece<'_>, row: usize, out: &mut Vec<u8>) {
        let fields = if self.keeps_all { piece.fields(row) } else { piece.cells(row).to_vec() };
        for (key, field) in self.keys.iter().zip(fields) {
            out.extend_from_slice(key);
            out.extend_from_slice(json(&field).as_bytes());
        }
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
