//! What the columns of a file are.

use serde::{Deserialize, Serialize};

use crate::data::dates::date_format::DateFormat;
use crate::data::schema::column_spec::{ColumnSpec, ColumnType, Constant, MissingPolicy};
use crate::data::schema::layout::{CellRule, OnMissing, Vocabulary};
use crate::data::schema::numeric::NumericSettings;
use crate::data::schema::problem::ColumnProblem;

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An input of the network.
    Feature,
    /// The class to predict.
    Label,
    /// A value to predict.
    Target,
    /// The weight of the row in the loss and in metrics.
    Weight,
    /// Rows with the same text are in the same part of the split.
    Group,
    /// Names the part of the split that the row is in.
    Split,
    /// Identifies the row; not an input, but copied to predictions.
    Id,
    /// Not read; its cells may hold anything.
    Ignore,
}

/// The kind of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Numbers.
    Numeric,
    /// Texts, each a category.
    Categorical,
    /// One of two words, such as yes and no.
    Boolean,
    /// Dates or times.
    Date,
}

/// What the columns of a role are called in messages.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Label => "label",
        Role::Target => "target",
        Role::Weight => "weight",
        Role::Group => "group",
        Role::Split => "split",
        Role::Id => "id",
        Role::Ignore | Role::Feature => "same",
    }
}

/// The indices of the columns with the targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TargetColumns {
    /// A label column.
    Classes(usize),
    /// Target columns, at least one.
    Values(Vec<usize>),
}

/// What a text column is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextUse {
    Label,
    Group,
    /// The group in a validation or test file, which may be missing.
    OwnGroup,
    /// The name of a part of the split.
    Part,
    /// One of the cells whose hash decides the part of the row.
    Key,
    /// The cell whose order decides the part of the row.
    Order,
}

/// A column of the training file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SchemaColumn {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// For features.
    pub(crate) feature: Option<FeatureColumn>,
    /// What is done about missing cells in other columns that are read.
    pub(crate) missing: OnMissing,
    /// Its missing markers, if they are not those of the file.
    pub(crate) markers: Option<Vec<String>>,
    /// How its dates are written, if it is said.
    pub(crate) format: Option<DateFormat>,
}

/// How a feature is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FeatureColumn {
    /// The kind according to the config.
    pub(crate) declared: Option<ColumnKind>,
    /// The declared or inferred kind.
    pub(crate) kind: ColumnKind,
    pub(crate) missing: MissingPolicy,
    /// Whether `missing` is from the entry of this column in `[data.columns]`.
    pub(crate) is_own_missing: bool,
    pub(crate) indicator: bool,
    /// What its inputs are if it is numeric.
    pub(crate) numeric: NumericSettings,
    /// Whether `numeric` is from the entry of this column in `[data.columns]`.
    pub(crate) is_own_numeric: bool,
    /// All categories in the file, sorted; empty unless the kind is categorical.
    pub(crate) categories: Vec<String>,
    /// How dates are written; none unless the kind is that of dates.
    pub(crate) format: Option<DateFormat>,
}

impl SchemaColumn {
    /// Applies the entry of this column in `[data.columns]`.
    pub(crate) fn apply(&mut self, spec: &ColumnSpec) -> Result<(), ColumnProblem> {
        self.markers.clone_from(&spec.missing_markers);
        let is_needed = !matches!(self.role, Role::Id | Role::Ignore);
        if self.markers.is_some() && !is_needed {
            return Err(ColumnProblem::GapsOfNoFeature(self.name.clone()));
        }
        self.format.clone_from(&spec.format);
        let may_be_date =
            matches!(spec.column_type, Some(ColumnType::Date | ColumnType::Id | ColumnType::Ignore));
        if self.format.is_some() && !may_be_date {
            return Err(ColumnProblem::FormatOfNoDates(self.name.clone()));
        }
        let Some(feature) = &mut self.feature else {
            if spec.numeric.is_some() {
                return Err(ColumnProblem::EncodingOfNoNumbers(self.name.clone()));
            }
            match (&spec.missing, spec.indicator) {
                (None, None) => {}
                (Some(MissingPolicy::DropRow), None) if is_needed => self.missing = OnMissing::DropRow,
                (Some(MissingPolicy::Refuse), None) if is_needed => self.missing = OnMissing::Refuse,
                _ => return Err(ColumnProblem::GapsOfNoFeature(self.name.clone())),
            }
            return Ok(());
        };
        feature.declared = spec.column_type.and_then(|word| word.meaning().1);
        feature.kind = feature.declared.unwrap_or(feature.kind);
        if feature.kind == ColumnKind::Date {
            feature.format = Some(self.format.clone().unwrap_or_else(DateFormat::iso));
        }
        if let Some(missing) = &spec.missing {
            feature.missing = missing.clone();
            feature.is_own_missing = true;
        }
        if let (ColumnKind::Date, MissingPolicy::Constant(Constant::Number(_))) =
            (feature.kind, &feature.missing)
        {
            if feature.is_own_missing {
                return Err(ColumnProblem::ConstantOfOtherKind {
                    column: self.name.clone(),
                    kind: feature.kind,
                });
            }
            feature.missing = MissingPolicy::Refuse;
        }
        feature.indicator = spec.indicator.unwrap_or(feature.indicator);
        if let Some(encodings) = &spec.numeric {
            feature.numeric.set(encodings);
            feature.is_own_numeric = true;
        }
        Ok(())
    }
}

impl FeatureColumn {
    /// How its cells are read, to this value of the row; `is_tentative` says that a code would show that an
    /// undeclared column is not numeric.
    pub(crate) fn rule(&self, value: usize, markers: u32, is_tentative: bool) -> CellRule {
        let missing = match self.missing {
            MissingPolicy::Refuse => OnMissing::Refuse,
            MissingPolicy::DropRow => OnMissing::DropRow,
            _ => OnMissing::Keep,
        };
        let words = match self.kind {
            ColumnKind::Numeric => {
                let refuses_codes = is_tentative && self.declared.is_none();
                return CellRule::Number { value, missing, markers, refuses_codes };
            }
            ColumnKind::Categorical => Vocabulary::categories(&self.categories),
            ColumnKind::Boolean => Vocabulary::Boolean,
            ColumnKind::Date => Vocabulary::Dates(self.date_format()),
        };
        CellRule::Category { value, missing, markers, words: Box::new(words) }
    }

    /// How its dates are written.
    pub(crate) fn date_format(&self) -> DateFormat {
        self.format.clone().unwrap_or_else(DateFormat::iso)
    }

    /// Checks what the config says about the column against its kind, once that is known, and converts a constant for
    /// missing values to it. What is said of all columns is only used where it fits.
    pub(crate) fn settle(&mut self, name: &str) -> Result<(), ColumnProblem> {
        if self.is_own_numeric && self.kind != ColumnKind::Numeric {
            return Err(ColumnProblem::EncodingOfNoNumbers(name.to_owned()));
        }
        let MissingPolicy::Constant(constant) = &self.missing else { return Ok(()) };
        let number = match constant {
            Constant::Number(number) => Some(*number),
            Constant::Text(_) => None,
        };
        let fitting = match (self.kind, constant) {
            (ColumnKind::Categorical, Constant::Text(text)) => Some(Constant::Text(text.clone())),
            (ColumnKind::Categorical, Constant::Number(_)) => None,
            (ColumnKind::Numeric, _) => number.map(Constant::Number),
            (ColumnKind::Date, Constant::Text(text)) => {
                self.date_format().read(text.trim()).map(Constant::Number)
            }
            // Settled before: seconds.
            (ColumnKind::Date, Constant::Number(number)) => Some(Constant::Number(*number)),
            (ColumnKind::Boolean, Constant::Text(text)) => {
                Vocabulary::Boolean.number(text).map(Constant::Number)
            }
            (ColumnKind::Boolean, _) => {
                number.filter(|number| (0.0..=1.0).contains(number)).map(Constant::Number)
            }
        };
        self.missing = match fitting {
            Some(constant) => MissingPolicy::Constant(constant),
            None if self.is_own_missing => {
                return Err(ColumnProblem::ConstantOfOtherKind { column: name.to_owned(), kind: self.kind });
            }
            None => MissingPolicy::Refuse,
        };
        Ok(())
    }
}

/// Whether cells of columns with this role must be valid, and the columns present.
pub(crate) fn is_read(role: Role) -> bool {
    match role {
        Role::Feature | Role::Label | Role::Target | Role::Weight => true,
        Role::Group | Role::Split | Role::Id | Role::Ignore => false,
    }
}
