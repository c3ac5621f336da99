//! What is compared between processes before they train.

use std::path::Path;

use crate::data::{Dataset, STANDARD_INPUT, SourceFile};
use crate::experiment::DataSets;
use crate::kernel;

pub(super) fn network_fact(hash: &str) -> (String, String) {
    ("the initial network".to_owned(), hash.to_owned())
}

/// What must be equal before a training: otherwise its bits would depend on where a block is, or processes would decide
/// differently.
pub(super) fn facts(data: &DataSets) -> Vec<(String, String)> {
    facts_with(files(data).map(|file| (file.path.as_path(), file.sha256.clone())))
}

/// The same with these files.
pub(super) fn facts_with<'p>(files: impl Iterator<Item = (&'p Path, String)>) -> Vec<(String, String)> {
    let mut facts = vec![
        ("bntrain".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("vector instructions".to_owned(), format!("{} {:?}", std::env::consts::ARCH, kernel::simd_level())),
    ];
    facts.extend(files.map(|(path, sha256)| (format!("{}, by its SHA-256", path.display()), sha256)));
    facts
}

/// All files with data, in order.
fn files(data: &DataSets) -> impl Iterator<Item = &SourceFile> {
    data.tables().flat_map(Dataset::sources).flat_map(|source| &source.files)
}

/// Why other processes cannot read the data.
pub(super) fn unshared_source(data: &DataSets) -> Option<String> {
    let is_input = |path: &Path| path == Path::new(STANDARD_INPUT);
    files(data).any(|file| is_input(&file.path)).then(|| {
        "data.path = \"-\": standard input reaches only the first process; give a file that all can read"
            .to_owned()
    })
}
