//! From a record of a file to the inputs of a network, as a model file keeps it.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::data::schema::column::Role;
use crate::data::spec::DataSpec;
use crate::data::spec::Mark;
use crate::data::{Kind, Scaling};

/// All that is needed to turn a record of a file into inputs, and scores into answers. What is
/// computed in it was computed on training rows only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// How the text of a file is read.
    pub reading: ReadingFormat,
    /// All columns of the training file, in its order.
    pub columns: Vec<EncodedColumn>,
    /// What is learnt.
    pub targets: TargetEncoding,
    /// Names of the inputs of the network, no two the same.
    pub inputs: Vec<String>,
}

/// How the text of a file is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingFormat {
    /// Whether the first record names the columns.
    pub header: bool,
    /// The character between fields.
    pub delimiter: char,
    /// The character around fields.
    pub quote: Mark,
    /// What comment lines start with; without, a line that starts with `#` is refused.
    pub comment: Option<Mark>,
    /// Cells that mean a missing value; none for the usual words.
    pub missing_markers: Option<Vec<String>>,
}

/// A column of the training file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncodedColumn {
    /// As in the header, or `c0`, `c1`, ... where there is none.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// For the role of a feature.
    pub feature: Option<FeatureEncoding>,
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

/// The inputs for the value of a feature, in the order of the columns; the indicator comes behind.
///
/// Where there is no `fill`, a missing value cannot be encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ValueEncoding {
    /// One input, the scaled number.
    Numeric {
        /// From the number to the input.
        scaling: Scaling,
        /// Stands in for a missing value, before scaling.
        fill: Option<f64>,
    },
    /// One input: 1 for true, yes, t, y and 1, whatever their case; 0 for their opposites.
    Boolean {
        /// Stands in for a missing value, from 0 to 1.
        fill: Option<f64>,
    },
    /// One input for each category, then one that all `rare` ones share unless there are none: 1 for
    /// the category of the row, 0 elsewhere. A category that is not known counts as rare, and where
    /// there are no rare ones all inputs are 0.
    Categorical {
        /// Those with an input of their own, in the order of their bytes.
        categories: Vec<String>,
        /// The other ones of the training rows, in the order of their bytes.
        rare: Vec<String>,
        /// Stands in for a missing value.
        fill: Option<String>,
    },
}

/// What is learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TargetEncoding {
    /// The class of a row.
    Classes {
        /// The name of the label column.
        column: String,
        /// Names of the classes in the order of the scores: whole numbers in numeric order, others
        /// in byte order.
        names: Vec<String>,
        /// Training rows of each class.
        counts: Vec<u64>,
        /// Labels that are read as another name.
        renamed: BTreeMap<String, String>,
    },
    /// The values of a row, one or several, in the order of the scores.
    Values(Vec<ValueTarget>),
}

/// A value that is learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueTarget {
    /// The name of its column.
    pub column: String,
    /// Its mean and deviation over the training rows: a score is `(value - offset) / divisor`.
    pub scaling: Scaling,
}

impl Encoding {
    /// Numbers as they are, for tests and benchmarks: an input for each of `features`.
    pub fn plain(features: Vec<String>, classes: Vec<String>) -> Self {
        let unscaled = Scaling { offset: 0.0, divisor: 1.0 };
        let values = ValueEncoding::Numeric { scaling: unscaled, fill: None };
        let feature = FeatureEncoding { values, indicator: false };
        let column = |name| EncodedColumn { name, role: Role::Feature, feature: Some(feature.clone()) };
        let counts = vec![0; classes.len()];
        let (label, renamed) = ("label".to_owned(), BTreeMap::new());
        let targets = TargetEncoding::Classes { column: label, names: classes, counts, renamed };
        Self::new(
            ReadingFormat::of(&DataSpec::default()),
            features.into_iter().map(column).collect(),
            targets,
        )
    }

    /// With the names of the inputs that these columns have.
    pub(crate) fn new(reading: ReadingFormat, columns: Vec<EncodedColumn>, targets: TargetEncoding) -> Self {
        let mut inputs: Vec<String> = Vec::new();
        let mut taken = HashSet::new();
        for column in &columns {
            let Some(feature) = &column.feature else { continue };
            for mut name in feature.inputs(&column.name) {
                // Such as that of a column called `a=b` beside a category `b` of a column `a`.
                while !taken.insert(name.clone()) {
                    name.push('\'');
                }
                inputs.push(name);
            }
        }
        Self { reading, columns, targets, inputs }
    }

    /// The features with their names, in order.
    pub fn features(&self) -> impl Iterator<Item = (&str, &FeatureEncoding)> {
        self.columns.iter().filter_map(|column| Some((column.name.as_str(), column.feature.as_ref()?)))
    }

    /// The column that says how much each row counts, if there was one.
    pub fn weight_column(&self) -> Option<&str> {
        let mut columns = self.columns.iter().filter(|column| column.role == Role::Weight);
        columns.next().map(|column| column.name.as_str())
    }

    /// Names of the classes, in the order of the scores; empty where values are learnt.
    pub fn classes(&self) -> &[String] {
        match &self.targets {
            TargetEncoding::Classes { names, .. } => names,
            TargetEncoding::Values(_) => &[],
        }
    }

    /// Labels that are read as another name; none where values are learnt.
    pub(crate) fn renamed_labels(&self) -> Option<&BTreeMap<String, String>> {
        match &self.targets {
            TargetEncoding::Classes { renamed, .. } => Some(renamed),
            TargetEncoding::Values(_) => None,
        }
    }

    /// The values that are learnt, in the order of the scores; empty where classes are.
    pub fn values(&self) -> &[ValueTarget] {
        match &self.targets {
            TargetEncoding::Classes { .. } => &[],
            TargetEncoding::Values(values) => values,
        }
    }

    /// Why it cannot have been fitted, if its parts do not fit each other; it may have been read from
    /// a file that anyone made.
    ///
    /// # Errors
    ///
    /// The first contradiction, in words.
    pub fn check(&self) -> Result<(), &'static str> {
        crate::data::transform::check::check(self)
    }

    /// What is known of the truth without looking at a row, of the training rows: how many are of each
    /// class, or the mean of each value.
    pub fn baseline(&self) -> Vec<f64> {
        match &self.targets {
            TargetEncoding::Classes { counts, .. } => counts.iter().map(|&count| count as f64).collect(),
            TargetEncoding::Values(values) => values.iter().map(|value| value.scaling.offset).collect(),
        }
    }

    /// How each value was scaled for training; empty where classes are learnt.
    pub fn value_scalings(&self) -> Vec<Scaling> {
        self.values().iter().map(|value| value.scaling).collect()
    }

    /// The number of classes or values.
    pub fn outputs(&self) -> usize {
        self.classes().len() + self.values().len()
    }
}

impl ReadingFormat {
    /// As `spec` has it.
    pub(crate) fn of(spec: &DataSpec) -> Self {
        let DataSpec { header, quote, comment, missing_markers, .. } = spec.clone();
        Self { header, delimiter: spec.delimiter(), quote, comment, missing_markers }
    }
}

impl FeatureEncoding {
    /// The kind of feature.
    pub fn kind(&self) -> Kind {
        match self.values {
            ValueEncoding::Numeric { .. } => Kind::Numeric,
            ValueEncoding::Boolean { .. } => Kind::Boolean,
            ValueEncoding::Categorical { .. } => Kind::Categorical,
        }
    }

    /// Whether a missing value can be encoded.
    pub fn takes_missing(&self) -> bool {
        match &self.values {
            ValueEncoding::Numeric { fill, .. } | ValueEncoding::Boolean { fill } => fill.is_some(),
            ValueEncoding::Categorical { fill, .. } => fill.is_some(),
        }
    }

    /// Names of the inputs: `age`, `sex=male`, `city=(other)`, `age is missing`.
    fn inputs(&self, column: &str) -> Vec<String> {
        let mut names = match &self.values {
            ValueEncoding::Numeric { .. } | ValueEncoding::Boolean { .. } => vec![column.to_owned()],
            ValueEncoding::Categorical { categories, rare, .. } => {
                let other = (!rare.is_empty()).then(|| "(other)".to_owned());
                categories.iter().chain(&other).map(|category| format!("{column}={category}")).collect()
            }
        };
        names.extend(self.indicator.then(|| format!("{column} is missing")));
        names
    }
}
