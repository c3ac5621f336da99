//! What was read of a file besides numbers; a cache holds it, too.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::data::schema::Schema;
use crate::data::schema::column::TextUse;
use crate::data::split::SplitPart;
use crate::data::table::SourceFile;
use crate::data::table::cache::StoredFile;

/// What was read of a training file besides its rows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainingContent {
    pub(crate) schema: Schema,
    pub(crate) classes: Vec<String>,
    /// The number of groups.
    pub(crate) groups: usize,
    pub(crate) file: FileContent,
}

/// What was read of any file besides its rows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileContent {
    pub(crate) source: SourceFile,
    pub(crate) notes: Vec<String>,
    /// Its labels that `data.label_names` replaced.
    pub(crate) renamed: BTreeSet<String>,
}

impl StoredFile<TrainingContent> {
    /// Whether the columns have the lengths and ranges that the content says.
    pub(crate) fn is_consistent(&self) -> bool {
        let Self { features, side, content: TrainingContent { schema, classes, groups, .. } } = self;
        let columns = schema.texts();
        let limit = |used| match used {
            TextUse::Label => classes.len(),
            TextUse::Group | TextUse::OwnGroup => *groups,
            TextUse::Part => SplitPart::ALL.len(),
            TextUse::Key | TextUse::Order => side.keys.len(),
        };
        let is_valid = |(codes, (_, used)): (&Vec<u32>, &(usize, TextUse))| {
            codes.len() == features.rows() && codes.iter().all(|&code| (code as usize) < limit(*used))
        };
        side.codes.len() == columns.len()
            && side.codes.iter().zip(&columns).all(is_valid)
            && features.columns() == schema.features().count()
            && side.numbers.len() == features.rows() * schema.side_numbers().len()
    }
}

impl StoredFile<FileContent> {
    /// Whether the columns have the lengths and ranges that the schema of the training file says.
    pub(crate) fn is_consistent(&self, schema: &Schema, classes: usize) -> bool {
        let Self { features, side, .. } = self;
        let is_valid = |labels: &Vec<u32>| {
            labels.len() == features.rows() && labels.iter().all(|&label| (label as usize) < classes)
        };
        side.codes.len() == usize::from(classes > 0)
            && side.codes.iter().all(is_valid)
            && features.columns() == schema.features().count()
            && side.numbers.len() == features.rows() * schema.side_numbers().len()
    }
}
