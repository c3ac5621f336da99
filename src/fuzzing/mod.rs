//! What is fuzzed: each target takes arbitrary bytes, and panics where the program breaks a promise.
//!
//! Compiled by `cargo fuzz` and for tests only. `fuzz/` has a program for each target, and inputs from which to
//! start, which the tests try, too. See `docs/testing.md`.

mod checkpoint;
mod compressed;
mod config;
mod data_file;
mod model;
mod record_reader;
mod require;
mod sealed_file;

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

pub use crate::fuzzing::checkpoint::checkpoint;
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
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::Path;

    use rand::Rng;

    use super::*;
    use crate::random::stream;

    type Target = (&'static str, fn(&[u8]));

    const TARGETS: [Target; 10] = [
        ("checkpoint", checkpoint),
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

    /// The seeds of a target, with their names.
    fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
        let folder = Path::new("fuzz/seeds").join(name);
        let read = |seed: String| {
            let bytes = fs::read(folder.join(&seed)).expect("a file");
            (seed, bytes)
        };
        names(&folder).into_iter().map(read).collect()
    }

    #[track_caller]
    fn try_input((name, target): Target, input: &[u8], what: &str) {
        if catch_unwind(AssertUnwindSafe(|| target(input))).is_err() {
            panic!("{name}, {what}: {}", input.escape_ascii());
        }
    }

    /// Among the seeds are the inputs that once broke a promise.
    #[test]
    fn seeds_break_no_promise() {
        for target in TARGETS {
            let seeds = seeds(target.0);
            assert!(seeds.len() >= 3, "{} has {} seeds", target.0, seeds.len());
            for (seed, bytes) in &seeds {
                try_input(target, bytes, seed);
            }
        }
    }

    /// What a fuzzer does first, and needs no compiler for.
    #[test]
    fn changed_seeds_break_no_promise() {
        for target in TARGETS {
            let seeds = seeds(target.0);
            for (place, (seed, bytes)) in seeds.iter().enumerate() {
                let mut random = stream(1, target.0, &[place as u64]);
                for _ in 0..CHANGED {
                    let mut input = bytes.clone();
                    for _ in 0..random.random_range(1..=3) {
                        let other = &seeds[random.random_range(0..seeds.len())].1;
                        change(&mut random, &mut input, other);
                    }
                    try_input(target, &input, &format!("{seed} changed"));
                }
            }
        }
    }

    /// Inputs from each seed.
    const CHANGED: usize = 20;

    /// Changes a byte, or replaces a part by a part of `other`: an empty one is a removal or an insertion.
    fn change(random: &mut impl Rng, input: &mut Vec<u8>, other: &[u8]) {
        let mut part = |length: usize| {
            let start = random.random_range(0..=length);
            start..random.random_range(start..=length.min(start + 20))
        };
        let (replaced, replacement) = (part(input.len()), part(other.len()));
        match random.random_range(0..3) {
            0 if replaced.start < input.len() => input[replaced.start] = random.random(),
            1 if replaced.start < input.len() => input[replaced.start] ^= 1 << random.random_range(0..8),
            _ => drop(input.splice(replaced, other[replacement].iter().copied())),
        }
    }
}
