//! What of a data file is kept in the [cache](crate::data::table::cache) beside its numbers, and when that still
//! holds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::error::DataError;
use crate::data::schema::Schema;
use crate::data::source::fingerprint;
use crate::data::spec::{DataSpec, Scale};
use crate::data::split::PartName;
use crate::data::split::assignment::{Placed, TextUse};
use crate::data::table::Source;
use crate::data::table::byte_size::Bytes;
use crate::data::table::cache::{Cache, Unusable, path_of};
use crate::data::table::matrix::Matrix;
use crate::text::{DisplayPath, STANDARD_INPUT};

/// What was read of a training file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptTraining {
    pub(crate) schema: Schema,
    pub(crate) classes: Vec<String>,
    /// The number of groups.
    pub(crate) groups: usize,
    pub(crate) rest: KeptPart,
}

/// What was read of any file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptPart {
    pub(crate) source: Source,
    pub(crate) notes: Vec<String>,
    /// Its labels that are read as another name.
    pub(crate) renamed: BTreeSet<String>,
}

/// Rows of a training file, read now or before.
#[derive(Debug)]
pub(crate) struct RawTraining {
    pub(crate) matrix: Matrix,
    /// As numbers, each of [`Schema::texts`].
    pub(crate) texts: Vec<Vec<u32>>,
    /// The numbers of each row that are no features, row after row.
    pub(crate) beside: Vec<f64>,
    pub(crate) placed: Placed,
    pub(crate) kept: KeptTraining,
}

impl RawTraining {
    /// What is kept of `source`, unless it does not fit together.
    pub(crate) fn of_cache(cache: Cache<KeptTraining>, source: &Path) -> Option<Self> {
        let Cache { matrix, texts: mut arrays, content: mut kept } = cache;
        source.clone_into(&mut kept.rest.source.path);
        let beside: Vec<f64> = joined(&arrays.pop()?).map(f64::from_bits).collect();
        let keys: Vec<u64> = joined(&arrays.pop()?).collect();
        let used = kept.schema.texts();
        let limit = |used| match used {
            TextUse::Label => kept.classes.len(),
            TextUse::Group | TextUse::OwnGroup => kept.groups,
            TextUse::Part => PartName::ALL.len(),
            TextUse::Key => keys.len(),
        };
        let is_right = |(text, (_, used)): (&Vec<u32>, &(usize, TextUse))| {
            text.len() == matrix.rows() && text.iter().all(|&number| (number as usize) < limit(*used))
        };
        let fits = arrays.len() == used.len()
            && arrays.iter().zip(&used).all(is_right)
            && matrix.columns() == kept.schema.features().count()
            && beside.len() == matrix.rows() * kept.schema.beside().len();
        let placed = Placed { groups: kept.groups, keys };
        fits.then_some(Self { matrix, texts: arrays, beside, placed, kept })
    }
}

/// The labels of a file for validation or test, and its numbers that are no features, unless they do
/// not fit together.
pub(crate) fn own_arrays(cache: &Cache<KeptPart>, classes: usize) -> Option<(Vec<u32>, Vec<f64>)> {
    let [labels, beside] = cache.texts.as_slice() else { return None };
    let are_right = labels.iter().all(|&label| (label as usize) < classes)
        && (labels.len() == cache.matrix.rows() || (classes == 0 && labels.is_empty()));
    are_right.then(|| (labels.clone(), joined(beside).map(f64::from_bits).collect()))
}

/// What the numbers of `source`, a file with this hash, are kept under: everything that decides
/// how it is read. `before` is what other files say about it.
pub(crate) fn key(spec: &DataSpec, sha256: &str, before: &impl Serialize) -> String {
    let reading = DataSpec {
        path: PathBuf::new(),
        valid: 0.0,
        test: 0.0,
        valid_path: None,
        test_path: None,
        scale: Scale::Standardize,
        memory: Bytes(0),
        ..spec.clone()
    };
    let all = (env!("CARGO_PKG_VERSION"), sha256, before, reading);
    let all = serde_json::to_vec(&all).expect("strings, numbers, lists and maps from strings");
    format!("{:x}", Sha256::digest(all))
}

/// The numbers of `source` that an earlier run left behind, unless there are none that still hold.
pub(crate) fn find<C: DeserializeOwned>(
    source: &Path,
    spec: &DataSpec,
    before: &impl Serialize,
    notes: &mut Vec<String>,
) -> Result<Option<Cache<C>>, DataError> {
    let path = path_of(source);
    if source == Path::new(STANDARD_INPUT) || !path.exists() {
        return Ok(None);
    }
    let sha256 = fingerprint(source).map_err(|fault| DataError::new(source, fault))?;
    let shown = DisplayPath(&path);
    match Cache::open(&path, &key(spec, &sha256, before)) {
        Ok(cache) => {
            notes.push(format!(
                "{shown} holds the numbers of {}, and they are read from there",
                DisplayPath(source)
            ));
            Ok(Some(cache))
        }
        Err(Unusable::Absent) => Ok(None),
        Err(Unusable::Stale) => {
            notes.push(format!("{shown} is of other data or other keys of [data], and not used"));
            Ok(None)
        }
        Err(Unusable::Damaged) => {
            notes.push(format!("{shown} is damaged, and not used"));
            Ok(None)
        }
    }
}

/// Numbers of 64 bits as pairs of 32, the lower one first.
pub(crate) fn halved(numbers: impl Iterator<Item = u64>) -> Vec<u32> {
    numbers.flat_map(|number| [number as u32, (number >> 32) as u32]).collect()
}

/// What [`halved`] was given.
pub(crate) fn joined(halves: &[u32]) -> impl Iterator<Item = u64> {
    halves.chunks_exact(2).map(|half| u64::from(half[0]) | u64::from(half[1]) << 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ColumnRef, ColumnRefs, ColumnSpec, ColumnType, Constant, Mark, Missing, SplitBy};

    fn changed(change: impl FnOnce(&mut DataSpec)) -> String {
        let mut spec = DataSpec::default();
        change(&mut spec);
        key(&spec, "hash", &())
    }

    #[test]
    fn whatever_decides_how_a_file_is_read_changes_its_key() {
        let column = || ColumnRef::Name("a".to_owned());
        let text = || "a".to_owned();
        let told = ColumnSpec { column_type: Some(ColumnType::Group), ..ColumnSpec::default() };
        let mut keys = vec![
            changed(|_| {}),
            key(&DataSpec::default(), "other hash", &()),
            key(&DataSpec::default(), "hash", &"classes"),
            changed(|spec| spec.label = Some(column())),
            changed(|spec| spec.target = ColumnRefs(vec![column()])),
            changed(|spec| spec.label_names = [(text(), text())].into()),
            changed(|spec| spec.header = false),
            changed(|spec| spec.column_names = vec![text()]),
            changed(|spec| spec.delimiter = Some(';')),
            changed(|spec| spec.quote = Mark(None)),
            changed(|spec| spec.comment = Some(Mark(Some('#')))),
            changed(|spec| spec.ignore = vec![column()]),
            changed(|spec| spec.missing_markers = Some(vec![text()])),
            changed(|spec| spec.missing = Missing::Mean),
            changed(|spec| spec.missing = Missing::Constant(Constant::Number(1.0))),
            changed(|spec| spec.missing_indicator = true),
            changed(|spec| spec.columns = [(text(), told)].into()),
            changed(|spec| spec.split_by = SplitBy::HashOf(vec![column()])),
        ];
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn what_is_decided_after_reading_leaves_the_key_alone() {
        let usual = changed(|_| {});
        for same in [
            changed(|spec| spec.path = "b.csv".into()),
            changed(|spec| (spec.valid, spec.test) = (0.2, 0.1)),
            changed(|spec| (spec.valid_path, spec.test_path) = (Some("b.csv".into()), Some("c.csv".into()))),
            changed(|spec| spec.scale = Scale::MinMax),
            changed(|spec| spec.memory = Bytes(1)),
        ] {
            assert_eq!(same, usual);
        }
    }
}
