//! What is fuzzed: each target takes arbitrary bytes, and panics where the program breaks a promise.
//!
//! Compiled by `cargo fuzz` and for tests only. `fuzz/` has a program for each target, and inputs from which to
//! start, which the tests try, too. See `docs/testing.md`.

mod compressed;
mod config;
mod data_file;
mod model;
mod record_reader;
mod require;

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

pub use crate::fuzzing::compressed::{gzip, zstd};
pub use crate::fuzzing::config::{config, overrides};
pub use crate::fuzzing::data_file::data_file;
pub use crate::fuzzing::model::{export, model};
pub use crate::fuzzing::record_reader::record_reader;
pub use crate::fuzzing::require::require;

/// A file in memory where there is such a folder, removed when dropped.
struct ScratchFile(PathBuf);

impl ScratchFile {
    fn new(ending: &str, bytes: &[u8]) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("bntrain-fuzz-{}-{number}.{ending}", process::id()));
        fs::write(&path, bytes).expect("a temporary file can be written");
        Self(path)
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Fails if a message could not be shown in a terminal as it is.
#[track_caller]
fn check_message(message: &str) {
    assert!(!message.is_empty(), "an error without a message");
    let hidden = message.chars().find(|char| char.is_control() && *char != '\n');
    assert_eq!(hidden, None, "a control character in {message:?}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    type Target = (&'static str, fn(&[u8]));

    const TARGETS: [Target; 9] = [
        ("config", config),
        ("data_file", data_file),
        ("export", export),
        ("gzip", gzip),
        ("model", model),
        ("overrides", overrides),
        ("record_reader", record_reader),
        ("require", require),
        ("zstd", zstd),
    ];

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut names: Vec<String> =
            entries.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn every_target_has_a_program_and_seeds() {
        let expected: Vec<String> = TARGETS.iter().map(|&(name, _)| name.to_owned()).collect();
        assert_eq!(names(Path::new("fuzz/fuzz_targets")), expected);
        assert_eq!(names(Path::new("fuzz/seeds")), expected);
    }

    /// Among the seeds are the inputs that once broke a promise.
    #[test]
    #[expect(clippy::print_stdout, reason = "the seed that panics is shown")]
    fn seeds_break_no_promise() {
        for (name, target) in TARGETS {
            let folder = Path::new("fuzz/seeds").join(name);
            let mut count = 0;
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                println!("{}", path.display());
                target(&fs::read(&path).expect("a file"));
                count += 1;
            }
            assert!(count >= 3, "{name} has {count} seeds");
        }
    }
}
