//! Files that an option such as `--out` names, or puts into a directory.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::data::{files_in_one_folder, known_files, pattern_matches};
use crate::model::Model;
use crate::output_file;
use crate::output_file::{BlockedPath, SpecialFile, destination};
use crate::run_dir::belongs_to_run;
use crate::text::{DisplayPath, STANDARD_INPUT};

/// The name that means standard output.
pub(crate) const STANDARD_OUTPUT: &str = "-";

/// A file that a command is going to write.
#[derive(Debug)]
pub(crate) struct OutFile<'a> {
    /// As the user named it.
    pub(crate) named: &'a Path,
    /// The same with all links followed.
    pub(crate) real: PathBuf,
    /// The option that named it, for messages.
    option: &'static str,
}

/// Files that a command is going to write into a directory, under names that it chose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutFolder<'a> {
    pub(crate) named: &'a Path,
    /// The option that named it, for messages.
    pub(crate) option: &'static str,
}

/// What a command does without a file, for the advice where an option names a pipe or a device.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WithoutFile {
    /// Prints if there is no `--out`.
    Prints,
    /// Prints with `--out -`.
    PrintsWithDash,
    /// Nothing: it needs a file.
    Fails,
    /// The command chose the name, in a directory that the option names.
    ChoseTheName,
}

/// Which existing files may be replaced. Inputs of the command, training data of its models and files of runs never are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Replacing<'a> {
    /// Whether any other file may be.
    pub(crate) force: bool,
    /// The files that the command reads, and patterns of them.
    pub(crate) inputs: &'a [&'a Path],
    /// The models that it reads.
    pub(crate) models: &'a [Model],
}

impl<'a> OutFile<'a> {
    /// The file of `--out`. Fails if `named` exists and is not a regular file: replacing it would destroy it.
    pub(crate) fn new(named: &'a Path, without: WithoutFile) -> Result<Self, CliError> {
        Self::of_option(named, "--out", without)
    }

    /// The same for another option.
    pub(crate) fn of_option(
        named: &'a Path,
        option: &'static str,
        without: WithoutFile,
    ) -> Result<Self, CliError> {
        let refused = |what: String, advice: &str| {
            let message = format!("{} is {what}; {advice}", DisplayPath(named));
            CliError::new(exit_code::REFUSED, message)
        };
        match destination(named) {
            Ok(real) => Ok(Self { named, real, option }),
            Err(BlockedPath::SpecialFile(kind)) => {
                Err(refused(kind.to_string(), &without.advice(kind, option)))
            }
            Err(BlockedPath::DanglingLink(to)) => {
                let what = format!("a link to {}, which does not exist", DisplayPath(&to));
                Err(refused(what, "remove the link, or name the file itself"))
            }
            Err(BlockedPath::Io(error)) => Err(CliError::io("write", named, &error)),
        }
    }

    /// Fails if the file exists and may not be replaced.
    pub(crate) fn refuse_replacing(&self, replacing: Replacing<'_>) -> Result<(), CliError> {
        if self.real.symlink_metadata().is_err() {
            return Ok(());
        }
        let is_this = |path: &Path| is_same_file(path, &self.real);
        // The shell may have opened the file as standard input.
        let is_input = |input: &Path| match input == Path::new(STANDARD_INPUT) {
            true => is_this(Path::new("/dev/stdin")),
            false => known_files(input).iter().any(|path| is_this(path)),
        };
        // A model may be from anyone, and to look for the files of a pattern in many folders can take long.
        let is_named = |path: &PathBuf| {
            pattern_matches(path, self.named) || files_in_one_folder(path).iter().any(|file| is_this(file))
        };
        let is_data =
            |model: &Model| model.plan.data.paths().any(|paths| paths.as_written().iter().any(is_named));
        let reason = if replacing.inputs.iter().any(|input| is_input(input)) {
            "is an input of this command"
        } else if replacing.models.iter().any(is_data) {
            "is training data of the model"
        } else if belongs_to_run(&self.real) {
            "belongs to a run directory"
        } else if replacing.force {
            return Ok(());
        } else {
            "exists"
        };
        let or = if reason == "exists" { " or replace it with --force" } else { "" };
        let message = format!("{} {reason}; choose another {}{or}", DisplayPath(self.named), self.option);
        Err(CliError::new(exit_code::REFUSED, message))
    }

    /// Writes the whole file at once.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), CliError> {
        output_file::write(&self.real, bytes).map_err(|error| self.unwritten(&error))
    }

    /// The error of a failed write.
    pub(crate) fn unwritten(&self, error: &io::Error) -> CliError {
        CliError::io("write", self.named, error)
    }
}

impl OutFolder<'_> {
    /// Fails if one of the files exists and may not be replaced, for commands that find out before a long computation.
    pub(crate) fn refuse_replacing(
        &self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        replacing: Replacing<'_>,
    ) -> Result<(), CliError> {
        if self.named.metadata().is_ok_and(|found| !found.is_dir()) {
            let named = DisplayPath(self.named);
            let message = format!("{named} is not a directory; {} needs the name of one", self.option);
            return Err(CliError::new(exit_code::REFUSED, message));
        }
        for name in names {
            let path = self.named.join(name.as_ref());
            OutFile::of_option(&path, self.option, WithoutFile::ChoseTheName)?.refuse_replacing(replacing)?;
        }
        Ok(())
    }

    /// Writes the files and returns their paths; the directory is made if it is not there. Nothing is written if one of
    /// the files may not be replaced.
    pub(crate) fn write<N: AsRef<str>, B: AsRef<[u8]>>(
        &self,
        files: &[(N, B)],
        replacing: Replacing<'_>,
    ) -> Result<Vec<PathBuf>, CliError> {
        self.refuse_replacing(files.iter().map(|(name, _)| name), replacing)?;
        fs::create_dir_all(self.named).map_err(|error| CliError::io("create", self.named, &error))?;
        let write = |(name, bytes): &(N, B)| {
            let path = self.named.join(name.as_ref());
            OutFile::of_option(&path, self.option, WithoutFile::ChoseTheName)?.write(bytes.as_ref())?;
            Ok(path)
        };
        files.iter().map(write).collect()
    }
}

impl WithoutFile {
    fn advice(self, kind: SpecialFile, option: &str) -> String {
        let is_stream =
            matches!(kind, SpecialFile::Pipe | SpecialFile::CharacterDevice | SpecialFile::BlockDevice);
        match self {
            Self::ChoseTheName => format!("move it away, or give {option} another directory"),
            Self::Prints if is_stream => format!("without {option} the result goes to standard output"),
            Self::PrintsWithDash if is_stream => {
                format!("with {option} - the result goes to standard output")
            }
            _ => format!("{option} needs the name of a file"),
        }
    }
}

/// Whether two paths name the same file, through links of any kind.
fn is_same_file(left: &Path, right: &Path) -> bool {
    #[cfg(unix)]
    let identity = |path: &Path| {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path)?;
        io::Result::Ok((metadata.dev(), metadata.ino()))
    };
    #[cfg(not(unix))]
    let identity = |path: &Path| fs::canonicalize(path);
    matches!((identity(left), identity(right)), (Ok(left), Ok(right)) if left == right)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_the_same_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["file", "other"] {
            fs::write(path(name), "same").expect("the folder can be written");
        }
        symlink("file", path("soft")).expect("a link");
        fs::hard_link(path("file"), path("hard")).expect("a link");
        for name in ["file", "soft", "hard", "./soft"] {
            assert!(is_same_file(&path("file"), &path(name)), "{name}");
        }
        for name in ["other", "none"] {
            assert!(!is_same_file(&path("file"), &path(name)), "{name}");
        }
        assert!(!is_same_file(&path("none"), &path("none")));
    }
}
