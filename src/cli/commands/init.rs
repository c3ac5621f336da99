//! `bntrain init`: a first config for a data file.

use std::io::Write;
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use crate::cli::args::InitArgs;
use crate::cli::csv_args::{profile, reading};
use crate::cli::out_file::{Instead, OutFile, STANDARD_OUTPUT};
use crate::cli::{Failure, Output, exit_code, leaks};
use crate::config::{TargetGuess, parse, template};
use crate::data::{ColumnProfile, Dataset, Nature, Profile};
use crate::nn::Task;
use crate::text::{Quoted, STANDARD_INPUT, shortened};

pub(crate) fn run(args: &InitArgs, output: &Output) -> Result<(), Failure> {
    if args.path == Path::new(STANDARD_INPUT) {
        return Err(Failure::new(
            exit_code::USAGE,
            "a config names a file; init cannot be made from standard input",
        ));
    }
    let spec = reading(&args.path, &args.reading);
    let profile = profile(&spec, &args.reading)?;
    let learnt = learnt(args, &profile, output)?;
    let out = args.out.clone().unwrap_or_else(|| default_out(&args.path));
    let is_printed = out == Path::new(STANDARD_OUTPUT);
    let named = named_from(&args.path, &out)?;
    // What is written is what a user will start from, so it is tried before. Of comments more is known then.
    let draft = template(&profile, &learnt, &spec, &named, &[]);
    let tried =
        parse(&draft, &out, &[]).map_err(Failure::from).and_then(|plan| Ok(Dataset::load(&plan.data)?));
    let leaks = tried.as_ref().ok().and_then(Dataset::suspected_leaks).unwrap_or_default();
    let text = template(&profile, &learnt, &spec, &named, &leaks);
    if is_printed {
        output.result(&text)?;
    } else {
        write(&out, &text, args)?;
    }
    if let Some(note) = left_out(&profile, &learnt) {
        output.note(&note);
    }
    if let Some(note) = leaks::note(&leaks) {
        output.note(&note);
    }
    if let Err(failure) = tried {
        output.note(&format!("note: the config does not work yet: {failure}"));
    } else if !is_printed {
        let out = shortened(&out.to_string_lossy());
        output.note(&format!("note: {out} written; train with: bntrain --config {out}"));
    }
    Ok(())
}

/// The columns that the config leaves out, with the reasons.
fn left_out(profile: &Profile, learnt: &TargetGuess) -> Option<String> {
    /// Those that are named; the config has all.
    const MOST: usize = 4;
    let is_out = |column: &&ColumnProfile| {
        let is_kept = matches!(column.nature, Nature::Kind(_) | Nature::Identifier);
        !is_kept && column.name != learnt.column
    };
    let columns: Vec<&ColumnProfile> = profile.columns.iter().filter(is_out).collect();
    let named = columns
        .iter()
        .take(MOST)
        .map(|column| format!("{} ({})", Quoted(&column.name), shortened(&column.reason)));
    let named: Vec<String> = named.collect();
    let dots = if columns.len() > MOST { ", ..." } else { "" };
    (!named.is_empty()).then(|| format!("note: left out: {}{dots}", named.join(", ")))
}

/// What is to be learnt, as told or guessed.
fn learnt(args: &InitArgs, profile: &Profile, output: &Output) -> Result<TargetGuess, Failure> {
    let told = match (&args.label, &args.target) {
        (Some(label), _) => Some((label, Task::Classification)),
        (None, Some(target)) => Some((target, Task::Regression)),
        (None, None) => None,
    };
    if let Some((column, task)) = told {
        if profile.column(column).is_none() {
            let names: Vec<String> = profile.columns.iter().map(|column| shortened(&column.name)).collect();
            let message =
                format!("there is no column \"{}\"; the columns are {}", shortened(column), names.join(", "));
            return Err(Failure::new(exit_code::USAGE, message));
        }
        return Ok(TargetGuess { column: column.clone(), task, is_guess: false });
    }
    let learnt =
        TargetGuess::guess(profile).ok_or_else(|| Failure::new(exit_code::DATA, "there are no columns"))?;
    let (what, option) = match learnt.task {
        Task::Classification => ("the classes", "--label"),
        Task::Regression => ("the values", "--target"),
    };
    let name = shortened(&learnt.column);
    output.note(&format!(
        "note: {what} of the last column, \"{name}\", are taken for what is to be learnt; {option} names another"
    ));
    Ok(learnt)
}

/// The name of the data file with the ending of a config, in the current directory.
fn default_out(data: &Path) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("bntrain");
    PathBuf::from(format!("{stem}.toml"))
}

/// The data file as a config at `out` names it: relative if they are in the same directory or the
/// config is in the current one, else absolute.
fn named_from(data: &Path, out: &Path) -> Result<String, Failure> {
    let is_here = out.parent().is_none_or(|parent| parent.as_os_str().is_empty());
    let named = match (is_here, data.parent() == out.parent(), data.file_name()) {
        (true, _, _) => data.to_owned(),
        (false, true, Some(name)) => PathBuf::from(name),
        _ => std::path::absolute(data).map_err(|error| Failure::io("find", data, &error))?,
    };
    named.to_str().map(str::to_owned).ok_or_else(|| {
        let shown = shortened(&data.to_string_lossy());
        Failure::new(
            exit_code::USAGE,
            format!("{shown}: the name is not UTF-8, as configs are; rename the file"),
        )
    })
}

fn write(out: &Path, text: &str, args: &InitArgs) -> Result<(), Failure> {
    let out = OutFile::new(out, Instead::Dash)?;
    out.refuse_replacing(args.force, &[&args.path], None)?;
    let write = || {
        let mut file = AtomicWriteFile::open(&out.real)?;
        file.write_all(text.as_bytes())?;
        file.commit()
    };
    write().map_err(|error| out.unwritten(&error))
}
