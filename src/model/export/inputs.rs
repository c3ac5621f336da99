//! What goes into an exported model and how it becomes the network's inputs.

use crate::data::{Encoding, FeatureEncoding, Scaling, ValueEncoding};

/// The columns of a record, as other tools give them, and what is done to them.
///
/// Numbers are scaled, texts become one 0 or 1 for each category. A missing number is NaN, a
/// missing text is empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inputs {
    pub(crate) numbers: Vec<Number>,
    pub(crate) texts: Vec<Text>,
    /// The features of the encoding, in its order.
    pub(crate) features: Vec<Column>,
    /// Where each of the network's inputs comes from.
    pub(crate) order: Vec<Source>,
}

/// A numeric column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) name: String,
    pub(crate) scaling: Scaling,
    /// What stands for a missing number, before scaling; without it NaN goes through to the end.
    pub(crate) fill: Option<f64>,
}

/// A column of texts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) categories: Vec<String>,
    /// What stands for a missing text; without it, it is like any unknown one.
    pub(crate) fill: Option<String>,
}

/// One of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Number(usize),
    Text(usize),
}

/// Where an input of the network comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
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
    /// The columns that `encoding` takes, numbers apart from texts.
    pub(crate) fn of(encoding: &Encoding) -> Self {
        let mut inputs =
            Self { numbers: Vec::new(), texts: Vec::new(), features: Vec::new(), order: Vec::new() };
        for (name, FeatureEncoding { values, indicator }) in encoding.features() {
            let name = name.to_owned();
            match values {
                ValueEncoding::Numeric { scaling, fill } => {
                    inputs.add_number(Number { name, scaling: *scaling, fill: *fill }, *indicator);
                }
                ValueEncoding::Boolean { fill } => {
                    let scaling = Scaling { offset: 0.0, divisor: 1.0 };
                    inputs.add_number(Number { name, scaling, fill: *fill }, *indicator);
                }
                ValueEncoding::Categorical { categories, rare, fill } => {
                    let text = Text { name, categories: categories.clone(), fill: fill.clone() };
                    inputs.add_text(text, !rare.is_empty(), *indicator);
                }
            }
        }
        inputs
    }

    fn add_number(&mut self, number: Number, indicator: bool) {
        let index = self.numbers.len();
        self.numbers.push(number);
        self.features.push(Column::Number(index));
        self.order.push(Source::Number(index));
        self.order.extend(indicator.then_some(Source::MissingNumber(index)));
    }

    fn add_text(&mut self, text: Text, has_rare: bool, indicator: bool) {
        let index = self.texts.len();
        let categories = 0..text.categories.len();
        self.texts.push(text);
        self.features.push(Column::Text(index));
        self.order.extend(categories.map(|category| Source::Category { text: index, category }));
        self.order.extend(has_rare.then_some(Source::OtherCategory(index)));
        self.order.extend(indicator.then_some(Source::MissingText(index)));
    }
}
