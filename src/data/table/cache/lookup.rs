//! Finding the cache of a file, if it is up to date.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::data::error::DataError;
use crate::data::source::fingerprint;
use crate::data::spec::{DataSpec, ScalingMethod};
use crate::data::table::byte_size::Bytes;
use crate::data::table::cache::read::{CacheMiss, open};
use crate::data::table::cache::{StoredFile, path_of};
use crate::text::{DisplayPath, STANDARD_INPUT};

/// The key of the cache of a file with this hash: a digest of everything that decides how the file is
/// read. `before` is what was read of the files before it.
pub(crate) fn key(spec: &DataSpec, sha256: &str, before: &impl Serialize) -> String {
    let reading = DataSpec {
        path: PathBuf::new(),
        valid: 0.0,
        test: 0.0,
        valid_path: None,
        test_path: None,
        scale: ScalingMethod::Standardize,
        memory: Bytes(0),
        ..spec.clone()
    };
    let all = (env!("CARGO_PKG_VERSION"), sha256, before, reading);
    let all = serde_json::to_vec(&all).expect("strings, numbers, lists and maps from strings");
    format!("{:x}", Sha256::digest(all))
}

/// The content of the cache of `source`, if it has one that is up to date.
pub(crate) fn find<C: DeserializeOwned>(
    source: &Path,
    spec: &DataSpec,
    before: &impl Serialize,
    notes: &mut Vec<String>,
) -> Result<Option<StoredFile<C>>, DataError> {
    let path = path_of(source);
    if source == Path::new(STANDARD_INPUT) || !path.exists() {
        return Ok(None);
    }
    let sha256 = fingerprint(source).map_err(|fault| DataError::new(source, fault))?;
    let shown = DisplayPath(&path);
    match open(&path, &key(spec, &sha256, before)) {
        Ok(stored) => {
            notes.push(format!("reading {} from its cache {shown}", DisplayPath(source)));
            return Ok(Some(stored));
        }
        Err(CacheMiss::Absent) => {}
        Err(CacheMiss::Stale) => {
            notes.push(format!("ignoring stale cache {shown}: the data or [data] changed"));
        }
        Err(CacheMiss::Damaged) => notes.push(format!("ignoring damaged cache {shown}")),
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{
        ColumnRef, ColumnRefs, ColumnSpec, ColumnType, Constant, Mark, MissingPolicy, NumberSign, SplitBy,
    };

    fn changed(change: impl FnOnce(&mut DataSpec)) -> String {
        let mut spec = DataSpec::default();
        change(&mut spec);
        key(&spec, "hash", &())
    }

    #[test]
    fn every_setting_that_changes_how_a_file_is_read_changes_the_key() {
        let column = || ColumnRef::Name("a".to_owned());
        let text = || "a".to_owned();
        let group = ColumnSpec { column_type: Some(ColumnType::Group), ..ColumnSpec::default() };
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
            changed(|spec| spec.decimal = Some(',')),
            changed(|spec| spec.thousands = Some(' ')),
            changed(|spec| spec.skip_rows = Some(2)),
            changed(|spec| spec.skip_footer = Some(1)),
            changed(|spec| spec.number_signs = vec![NumberSign::Percent]),
            changed(|spec| spec.missing = MissingPolicy::Mean),
            changed(|spec| spec.missing = MissingPolicy::Constant(Constant::Number(1.0))),
            changed(|spec| spec.missing_indicator = true),
            changed(|spec| spec.columns = [(text(), group)].into()),
            changed(|spec| spec.split_by = SplitBy::HashOf(vec![column()])),
            changed(|spec| spec.split_by = SplitBy::OrderOf(column())),
        ];
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn settings_that_apply_after_reading_leave_the_key_unchanged() {
        let default = changed(|_| {});
        for same in [
            changed(|spec| spec.path = "b.csv".into()),
            changed(|spec| (spec.valid, spec.test) = (0.2, 0.1)),
            changed(|spec| (spec.valid_path, spec.test_path) = (Some("b.csv".into()), Some("c.csv".into()))),
            changed(|spec| spec.scale = ScalingMethod::MinMax),
            changed(|spec| spec.memory = Bytes(1)),
        ] {
            assert_eq!(same, default);
        }
    }
}
