//! Exported models read back, the way other tools read them.

use ndarray::{Array2, Axis, concatenate, s};

use crate::model::Model;
use crate::model::export::answer::Answer;
use crate::model::export::error::ExportError;
use crate::model::export::ir::Step;
use crate::model::export::onnx::{Evaluator, Tensor};
use crate::model::export::{Format, Sample, answer, json, torch};
use crate::train::Dtype;

/// Rows that are evaluated at a time.
const BATCH: usize = 1024;

/// An exported model that was read from the bytes of its file.
pub struct Exported {
    program: Program,
    answer: Answer,
}

enum Program {
    /// Takes raw columns, gives probabilities or values.
    Graph { evaluator: Evaluator, raw: Dtype },
    /// Takes the network's inputs, gives scores.
    Steps(Vec<Step>),
}

impl Exported {
    /// Reads `file`, which was made of `model` in `format`.
    ///
    /// # Errors
    ///
    /// If it is not such a file.
    pub fn read(file: &[u8], model: &Model, format: Format) -> Result<Self, ExportError> {
        let program = match format {
            Format::Onnx { raw, .. } => {
                Evaluator::new(file).map(|evaluator| Program::Graph { evaluator, raw })
            }
            Format::Safetensors => torch::read(file).map(Program::Steps),
            Format::Json => json::read(file).map(Program::Steps),
        };
        Ok(Self { program: program.map_err(ExportError::ReadBack)?, answer: answer(model) })
    }

    /// What it says of each row: the probability of each class, `(n, classes)`, or values as scaled
    /// for training, `(n, targets)`.
    ///
    /// # Errors
    ///
    /// If it cannot be run.
    pub fn answers(&self, sample: &Sample) -> Result<Array2<f64>, ExportError> {
        let n = sample.len();
        let batches = (0..n.div_ceil(BATCH).max(1)).map(|batch| batch * BATCH..n.min((batch + 1) * BATCH));
        let answers = batches
            .map(|rows| match &self.program {
                Program::Graph { evaluator, raw } => {
                    Ok(self.answer.to_comparable(run(evaluator, *raw, &sample.slice(rows))?))
                }
                Program::Steps(steps) => {
                    let x = sample.encoded.slice(s![rows, ..]).to_owned();
                    Ok(self.answer.comparable(&steps.iter().fold(x, |x, step| step.apply(x))))
                }
            })
            .collect::<Result<Vec<_>, ExportError>>()?;
        let views: Vec<_> = answers.iter().map(|answers| answers.view()).collect();
        concatenate(Axis(0), &views).map_err(|error| ExportError::ReadBack(error.to_string()))
    }
}

fn run(evaluator: &Evaluator, raw: Dtype, sample: &Sample) -> Result<Array2<f64>, ExportError> {
    let mut inputs = Vec::with_capacity(2);
    if sample.numbers.ncols() > 0 {
        inputs.push(Tensor::rounded(sample.numbers.clone(), raw == Dtype::F32));
    }
    if sample.texts.ncols() > 0 {
        inputs.push(Tensor::Texts(sample.texts.clone()));
    }
    let outputs = evaluator.run(inputs).map_err(ExportError::ReadBack)?;
    match outputs.into_iter().next() {
        Some(Tensor::Numbers { values, .. }) => Ok(values),
        _ => Err(ExportError::ReadBack("its first output is not numbers".to_owned())),
    }
}
