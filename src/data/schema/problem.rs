//! Why columns cannot be what the config says.

use crate::data::error::phrases::{constant_of, name_of};
use crate::data::schema::column::{ColumnKind, Role, role_name};
use crate::data::spec::ColumnRef;
use crate::text::Quoted;

/// What is wrong with the columns of a config, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ColumnProblem {
    #[error("data.{key} = {wanted}: there is no such column{hint}")]
    NoSuchColumn { key: &'static str, wanted: ColumnRef, hint: String },
    #[error(
        "column {} is the label or a target, and also in data.ignore; remove it from one of them",
        Quoted(.0)
    )]
    LearntIgnored(String),
    #[error("no label or target; set data.label for classes, or data.target for values")]
    NothingToLearn,
    #[error("columns {} and {} are both the {}; only one can be", Quoted(.1), Quoted(.2), role_name(*.0))]
    TwoOfARole(Role, String, String),
    #[error(
        "column {} is the label and {} a target; use one of them, for classes or for values",
        Quoted(.label),
        Quoted(.target)
    )]
    LabelAndTarget { label: String, target: String },
    #[error(
        "column {} has one role in [data] and another in [data.columns]; remove it from one of them",
        Quoted(.0)
    )]
    TwoRoles(String),
    #[error(
        "data.columns.{}: `missing`, `indicator` and `missing_markers` are for features only (but all other \
         columns that are read can have missing = \"drop_row\" and missing_markers)",
        Quoted(.0)
    )]
    GapsOfNoFeature(String),
    #[error(
        "data.columns.{}: the constant for missing values must be {} in a {} column",
        Quoted(.column),
        constant_of(*.kind),
        name_of(*.kind)
    )]
    ConstantOfOtherKind { column: String, kind: ColumnKind },
    #[error(
        "data.columns.{}: `format` is for columns of dates; set its type to \"date\", or remove `format`",
        Quoted(.0)
    )]
    FormatOfNoDates(String),
    #[error("data.columns.{}: `numeric` is for numeric features only; remove it there", Quoted(.0))]
    EncodingOfNoNumbers(String),
}
