//! What is compared between processes before they train.

use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

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

/// What a process shows before all go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) host: String,
    /// What must be equal in all processes, by what it is; or what is wrong.
    pub(super) facts: Result<Vec<(String, String)>, String>,
}

/// That a process is another version of the program than the first one; `versions` are those of all.
pub(super) fn other_version(versions: &[Vec<u8>]) -> Option<String> {
    let other = versions.iter().position(|version| *version != versions[0])?;
    let text = |process: usize| String::from_utf8_lossy(&versions[process]);
    Some(format!(
        "process {} of {} is bntrain {}, and the first one is {}; start the same program everywhere",
        other + 1,
        versions.len(),
        text(other),
        text(0)
    ))
}

/// What is wrong with the first process that is not as the first one.
pub(super) fn verdict(shown: &[Shown]) -> Result<(), String> {
    let place = |process: usize| {
        let mut place = format!("process {} of {}", process + 1, shown.len());
        if shown.iter().any(|other| other.host != shown[0].host) {
            // Writing to a string does not fail.
            let _ = write!(place, " (on {})", shown[process].host);
        }
        place
    };
    for (process, one) in shown.iter().enumerate() {
        if let Err(problem) = &one.facts {
            return Err(format!("{}: {problem}", place(process)));
        }
    }
    let expected = shown[0].facts.as_deref().unwrap_or_default();
    for (process, one) in shown.iter().enumerate() {
        let found = one.facts.as_deref().unwrap_or_default();
        for ((what, expected), (_, found)) in expected.iter().zip(found) {
            if expected != found {
                return Err(format!(
                    "{} has another {what}: {found}, and {expected} in the first process; all need the same",
                    place(process)
                ));
            }
        }
        if expected.len() != found.len() {
            return Err(format!("{} does not read the same files as the first process", place(process)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(host: &str, facts: &[(&str, &str)]) -> Shown {
        let facts = facts.iter().map(|(what, value)| ((*what).to_owned(), (*value).to_owned()));
        Shown { host: host.to_owned(), facts: Ok(facts.collect()) }
    }

    #[test]
    fn processes_agree_if_they_show_the_same() {
        let one = shown("a", &[("bntrain", "0.1.0"), ("data.csv, by its SHA-256", "12")]);
        assert_eq!(verdict(&[one.clone(), one.clone(), one]), Ok(()));
    }

    #[test]
    fn processes_are_of_one_version() {
        let versions = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
        assert_eq!(other_version(&versions(&["0.1.0", "0.1.0", "0.1.0"])), None);
        let problem =
            "process 3 of 3 is bntrain 0.2.0, and the first one is 0.1.0; start the same program everywhere";
        assert_eq!(other_version(&versions(&["0.1.0", "0.1.0", "0.2.0"])).as_deref(), Some(problem));
    }

    #[test]
    fn the_first_process_that_differs_is_named() {
        let first = shown("a", &[("bntrain", "0.1.0"), ("data.csv, by its SHA-256", "12")]);
        let other = shown("a", &[("bntrain", "0.1.0"), ("data.csv, by its SHA-256", "34")]);
        assert_eq!(
            verdict(&[first.clone(), first.clone(), other]),
            Err("process 3 of 3 has another data.csv, by its SHA-256: 34, and 12 in the first process; all need the \
                 same"
                .to_owned())
        );
        let elsewhere = shown("b", &[("bntrain", "0.2.0"), ("data.csv, by its SHA-256", "34")]);
        assert_eq!(
            verdict(&[first.clone(), elsewhere]),
            Err("process 2 of 2 (on b) has another bntrain: 0.2.0, and 0.1.0 in the first process; all need the same"
                .to_owned())
        );
        let fewer = shown("a", &[("bntrain", "0.1.0")]);
        assert_eq!(
            verdict(&[first.clone(), fewer]),
            Err("process 2 of 2 does not read the same files as the first process".to_owned())
        );
        let failed = Shown { host: "a".to_owned(), facts: Err("data.csv: no such file".to_owned()) };
        assert_eq!(verdict(&[first, failed]), Err("process 2 of 2: data.csv: no such file".to_owned()));
    }
}
