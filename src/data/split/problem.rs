//! Why rows cannot be split as asked.

use crate::text::{Count, Quoted};

/// What is wrong with a split, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SplitProblem {
    #[error(
        "column {} assigns rows to train, valid and test, so data.valid, data.test, data.split_by and a \
         group column cannot be used",
        Quoted(.0)
    )]
    SplitTwice(String),
    #[error(
        "column {} assigns rows to train, valid and test; remove data.{key}, or ignore the column",
        Quoted(.column)
    )]
    SplitAndFile { column: String, key: &'static str },
    #[error(
        "data.split_by: rows of a group of {} could be separated; hash the group column alone, or ignore it",
        Quoted(.0)
    )]
    GroupAndHash(String),
    #[error("data.split_by: cannot split by {}, which is the label, a target or the weight", Quoted(.0))]
    KeyIsLearnt(String),
    #[error(
        "{} cannot be split into {parts} parts, as the rows of a group stay together",
        Count(*.groups, "group")
    )]
    TooFewGroups { groups: usize, parts: usize },
    #[error("data.{key} = {share} selects 0 rows by the hash of their keys; use a larger share or more rows")]
    NoRowOfKeys { key: &'static str, share: f64 },
    #[error("no training row is left by the hash of the keys; use smaller shares or more rows")]
    NoTrainRowOfKeys,
    #[error(
        "data.{key} = {share} of {} gives 0 rows, since every class keeps a training row; use a larger \
         share or more rows",
        Count(*.rows, "row")
    )]
    EmptySplit { key: &'static str, share: f64, rows: usize },
    #[error(
        "training.fold: validation rows are given by {0}, so there is nothing to cut into parts; leave out the fold, or \
         give one file without"
    )]
    NoFolds(&'static str),
    #[error("training.fold: part {index} of {of} has no rows to {use_of}; use fewer parts")]
    EmptyFold { index: usize, of: usize, use_of: &'static str },
    #[error("data.{key} = {share} of {} in their order gives 0 rows; use a larger share or more rows", Count(*.rows, "row"))]
    NoRowInOrder { key: &'static str, share: f64, rows: usize },
}
