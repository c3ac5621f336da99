//! What goes into an exported model and how it becomes the network's inputs.

use crate::data::Scaling;

/// The columns of a record, as other tools give them, and what is done to them.
///
/// Numbers are scaled, texts become one 0 or 1 for each category. A missing number is NaN, a
/// missing text is empty.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Inputs {
    pub(super) numbers: Vec<Number>,
    pub(super) texts: Vec<Text>,
    /// Where each of the network's inputs comes from.
    pub(super) order: Vec<Source>,
}

/// A numeric column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) name: String,
    pub(super) scaling: Scaling,
    /// What stands for a missing number, before scaling; without it NaN goes through to the end.
    pub(super) fill: Option<f64>,
}

/// A column of texts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) name: String,
    pub(super) categories: Vec<String>,
    /// What stands for a missing text; without it, it is like any unknown one.
    pub(super) fill: Option<String>,
}

/// Where an input of the network comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The scaled number of a column.
    Number(usize),
    /// 1 where the number of a column is missing, else 0.
    MissingNumber(usize),
    /// 1 where the text of a column is a category, else 0.
    Category { text: usize, category: usize },
    /// 1 where the text of a column is none of its categories, else 0.
    OtherCategory(usize),
    /// 1 where the text of a column is missing, else 0.
    MissingText(usize),
}

impl Inputs {
    /// Columns of numbers only, none of which may be missing.
    pub(super) fn of_numbers(names: &[String], scaling: &[Scaling]) -> Self {
        let number = |(name, scaling): (&String, &Scaling)| Number {
            name: name.clone(),
            scaling: *scaling,
            fill: None,
        };
        Self {
            numbers: names.iter().zip(scaling).map(number).collect(),
            texts: Vec::new(),
            order: (0..names.len()).map(Source::Number).collect(),
        }
    }
}
