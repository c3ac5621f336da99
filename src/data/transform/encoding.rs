//! The fitted encoding, from a record of a file to the inputs of a network. Model files contain it as JSON.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::data::Scaling;
use crate::data::dates::date_format::DateFormat;
use crate::data::dates::date_part::DatePart;
use crate::data::schema::column::{ColumnKind, Role};
use crate::data::spec::DataSpec;
use crate::data::transform::clip::SmoothClip;
use crate::data::transform::numbers::NumberInputs;
use crate::data::transform::reading_format::ReadingFormat;

/// Everything needed to turn a record of a file into inputs, and the outputs of a network into
/// predictions. All statistics in it are those of the training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// How the text of a file is read.
    pub reading: ReadingFormat,
    /// All columns of the training file, in its order.
    pub columns: Vec<EncodedColumn>,
    /// What is predicted.
    pub targets: TargetEncoding,
    /// Distinct names of the inputs of the network.
    pub inputs: Vec<String>,
    /// The inputs that were the same in all training rows, in order. Their weights were not trained, so they
    /// are 0 in every row. Models of format 1 have none.
    #[serde(default)]
    pub constant: Vec<ConstantInput>,
}

/// An input that was the same in all training rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantInput {
    /// Its index among the inputs.
    pub input: usize,
    /// What it stood for in the training rows: the number in the unit of the file, else 0 or 1.
    pub value: f64,
}

/// The range of the numbers of a feature in the training rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainedRange {
    /// The smallest one.
    pub low: f64,
    /// The largest one.
    pub high: f64,
}

/// A column of the training file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncodedColumn {
    /// As in the header, or `c0`, `c1`, ... where there is none.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// For features only.
    pub feature: Option<FeatureEncoding>,
    /// Cells that mean a missing value, if they are not those of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_markers: Option<Vec<String>>,
}

/// How a feature becomes inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureEncoding {
    /// The inputs for its value.
    pub values: ValueEncoding,
    /// Whether one more input is 1 where the value is missing and 0 elsewhere.
    pub indicator: bool,
}

/// The inputs for the value of a feature; the indicator comes after them.
///
/// Without `fill`, missing values are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ValueEncoding {
    /// One input, the scaled number, or others.
    Numeric {
        /// Scales the number.
        scaling: Scaling,
        /// Replaces a missing value, before scaling.
        fill: Option<f64>,
        /// The range in the training rows; models of format 1 have none.
        #[serde(default)]
        range: Option<TrainedRange>,
        /// Bounds the scaled number; none without a bound, as in models of format 1.
        #[serde(default)]
        clip: Option<SmoothClip>,
        /// What its inputs are; only the scaled number in models of formats 1 and 2.
        #[serde(default, skip_serializing_if = "NumberInputs::are_scaled_only")]
        inputs: NumberInputs,
    },
    /// One input: 1 for true, yes, t, y and 1, whatever their case, and for yes in other languages; 0 for their
    /// opposites.
    Boolean {
        /// Replaces a missing value; from 0 to 1.
        fill: Option<f64>,
    },
    /// The inputs of each part of a date that varied in the training rows, as [`DatePart`] says.
    Date {
        /// How the dates are written.
        format: DateFormat,
        /// At least one, in the order of [`DatePart`].
        parts: Vec<DatePart>,
        /// Scales the days since 1970-01-01.
        scaling: Scaling,
        /// Replaces a missing date; in seconds since 1970-01-01 00:00.
        fill: Option<f64>,
        /// The range in the training rows, in the same seconds.
        range: TrainedRange,
        /// Bounds the scaled days.
        clip: Option<SmoothClip>,
    },
    /// One-hot: one input for each category, then one shared by all `rare` ones if there are any. The
    /// input of the row's category is 1, the others 0. An unknown category counts as rare; without
    /// rare ones, all its inputs are 0.
    Categorical {
        /// Those with an input each, in the order of their bytes.
        categories: Vec<String>,
        /// The others in the training rows, in the order of their bytes.
        rare: Vec<String>,
        /// Replaces a missing value; one that the training rows did not have counts as unknown.
        fill: Option<String>,
    },
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TargetEncoding {
    /// The class of a row.
    Classes {
        /// The name of the label column.
        column: String,
        /// Names of the classes in the order of the logits: whole numbers in numeric order, others in
        /// byte order.
        names: Vec<String>,
        /// The number of training rows of each class.
        counts: Vec<u64>,
        /// Labels and the class names that replace them.
        renamed: BTreeMap<String, String>,
        /// The weight of each class in the loss, greater than 0; none if they were the same. The network's own
        /// probabilities are those of classes that are as frequent as their rows times their weight, so
        /// predicted ones are [corrected](TargetEncoding::class_weights) for it. Models of format 1 have none.
        #[serde(default)]
        weights: Option<Vec<f64>>,
        /// The second of two classes is predicted where its probability is greater than this, otherwise the first;
        /// none to predict the most probable class. Models of formats 1 to 3 have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        threshold: Option<f64>,
    },
    /// One or more values, in the order of the outputs.
    Values(Vec<ValueTarget>),
}

/// A value that is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueTarget {
    /// The name of its column.
    pub column: String,
    /// Its mean and deviation in the training rows: the network is trained on `(value - offset) / divisor`.
    pub scaling: Scaling,
}

impl Encoding {
    /// Unscaled numbers, for tests and benchmarks: an input for each of `features`.
    pub fn plain(features: Vec<String>, classes: Vec<String>) -> Self {
        let unscaled = Scaling { offset: 0.0, divisor: 1.0 };
        let values = ValueEncoding::numeric(unscaled);
        let feature = FeatureEncoding { values, indicator: false };
        let column = |name| EncodedColumn {
            name,
            role: Role::Feature,
            feature: Some(feature.clone()),
            missing_markers: None,
        };
        let counts = vec![0; classes.len()];
        let (label, renamed) = ("label".to_owned(), BTreeMap::new());
        let targets = TargetEncoding::Classes {
            column: label,
            names: classes,
            counts,
            renamed,
            weights: None,
            threshold: None,
        };
        Self::new(
            ReadingFormat::of(&DataSpec::default()),
            features.into_iter().map(column).collect(),
            targets,
        )
    }

    /// Names the inputs of these columns.
    pub(crate) fn new(reading: ReadingFormat, columns: Vec<EncodedColumn>, targets: TargetEncoding) -> Self {
        let mut inputs: Vec<String> = Vec::new();
        let mut taken = HashSet::new();
        for column in &columns {
            let Some(feature) = &column.feature else { continue };
            for mut name in feature.inputs(&column.name) {
                // A column `a=b` clashes with the category `b` of a column `a`.
                while !taken.insert(name.clone()) {
                    name.push('\'');
                }
                inputs.push(name);
            }
        }
        Self { reading, columns, targets, inputs, constant: Vec::new() }
    }

    /// The features with their names, in order.
    pub fn features(&self) -> impl Iterator<Item = (&str, &FeatureEncoding)> {
        self.columns.iter().filter_map(|column| Some((column.name.as_str(), column.feature.as_ref()?)))
    }

    /// The name of the weight column, if there was one.
    pub fn weight_column(&self) -> Option<&str> {
        let mut columns = self.columns.iter().filter(|column| column.role == Role::Weight);
        columns.next().map(|column| column.name.as_str())
    }

    /// Names of the classes, in the order of the logits; empty for regression.
    pub fn classes(&self) -> &[String] {
        match &self.targets {
            TargetEncoding::Classes { names, .. } => names,
            TargetEncoding::Values(_) => &[],
        }
    }

    /// Labels and the class names that replace them; none for regression.
    pub(crate) fn renamed_labels(&self) -> Option<&BTreeMap<String, String>> {
        match &self.targets {
            TargetEncoding::Classes { renamed, .. } => Some(renamed),
            TargetEncoding::Values(_) => None,
        }
    }

    /// The values that are predicted, in the order of the outputs; empty for classification.
    pub fn values(&self) -> &[ValueTarget] {
        match &self.targets {
            TargetEncoding::Classes { .. } => &[],
            TargetEncoding::Values(values) => values,
        }
    }

    /// Checks that the parts are consistent; a model file may contain anything.
    ///
    /// # Errors
    ///
    /// The first inconsistency, in words.
    pub fn check(&self) -> Result<(), &'static str> {
        crate::data::transform::check::check(self)
    }

    /// What a baseline needs to know of the training rows: the number of rows of each class, or the mean
    /// of each value.
    pub fn baseline(&self) -> Vec<f64> {
        match &self.targets {
            TargetEncoding::Classes { counts, .. } => counts.iter().map(|&count| count as f64).collect(),
            TargetEncoding::Values(values) => values.iter().map(|value| value.scaling.offset).collect(),
        }
    }

    /// The scaling of each value; empty for classification.
    pub fn value_scalings(&self) -> Vec<Scaling> {
        self.values().iter().map(|value| value.scaling).collect()
    }

    /// The number of classes or values.
    pub fn outputs(&self) -> usize {
        self.classes().len() + self.values().len()
    }
}

impl TargetEncoding {
    /// The weight of each class in the loss, for which probabilities are corrected: divided by it, and scaled
    /// to the sum 1 (Elkan, "The foundations of cost-sensitive learning", 2001). The predicted class is that of
    /// the largest product of corrected probability and weight, so weights still act as the costs of errors.
    pub fn class_weights(&self) -> Option<&[f64]> {
        match self {
            Self::Classes { weights, .. } => weights.as_deref(),
            Self::Values(_) => None,
        }
    }

    /// The probability above which the second of two classes is predicted, if that was chosen.
    pub fn threshold(&self) -> Option<f64> {
        match self {
            Self::Classes { threshold, .. } => *threshold,
            Self::Values(_) => None,
        }
    }
}

impl ValueEncoding {
    /// A number that is only scaled, and never missing.
    pub(crate) fn numeric(scaling: Scaling) -> Self {
        Self::Numeric { scaling, fill: None, range: None, clip: None, inputs: NumberInputs::default() }
    }

    /// The number of inputs.
    pub(crate) fn inputs(&self) -> usize {
        match self {
            Self::Numeric { inputs, .. } => inputs.count(),
            Self::Boolean { .. } => 1,
            Self::Date { parts, .. } => parts.iter().map(|part| part.inputs()).sum(),
            Self::Categorical { categories, rare, .. } => categories.len() + usize::from(!rare.is_empty()),
        }
    }
}

impl FeatureEncoding {
    /// The kind of feature.
    pub fn kind(&self) -> ColumnKind {
        match self.values {
            ValueEncoding::Numeric { .. } => ColumnKind::Numeric,
            ValueEncoding::Boolean { .. } => ColumnKind::Boolean,
            ValueEncoding::Date { .. } => ColumnKind::Date,
            ValueEncoding::Categorical { .. } => ColumnKind::Categorical,
        }
    }

    /// Whether a missing value can be encoded.
    pub fn takes_missing(&self) -> bool {
        match &self.values {
            ValueEncoding::Numeric { fill, .. }
            | ValueEncoding::Boolean { fill }
            | ValueEncoding::Date { fill, .. } => fill.is_some(),
            ValueEncoding::Categorical { fill, .. } => fill.is_some(),
        }
    }

    /// The categories by number: those with an input each, then the rare ones. None of a feature without categories.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        let lists = match &self.values {
            ValueEncoding::Categorical { categories, rare, .. } => [&categories[..], &rare[..]],
            ValueEncoding::Numeric { .. } | ValueEncoding::Boolean { .. } | ValueEncoding::Date { .. } => {
                [&[][..], &[]]
            }
        };
        lists.into_iter().flatten().map(String::as_str)
    }

    /// Names of the inputs: `age`, `sex=male`, `city=(other)`, `sold (month, sine)`, `age is missing`.
    fn inputs(&self, column: &str) -> Vec<String> {
        let mut names = match &self.values {
            ValueEncoding::Numeric { inputs, .. } => inputs.names(column),
            ValueEncoding::Boolean { .. } => vec![column.to_owned()],
            ValueEncoding::Date { parts, .. } => parts.iter().flat_map(|part| part.names(column)).collect(),
            ValueEncoding::Categorical { categories, rare, .. } => {
                let other = (!rare.is_empty()).then(|| "(other)".to_owned());
                categories.iter().chain(&other).map(|category| format!("{column}={category}")).collect()
            }
        };
        names.extend(self.indicator.then(|| format!("{column} is missing")));
        names
    }
}
