//! `bntrain init`: a first config for a data file.

use std::env;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::csv_args::CsvArgs;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::out_file::{OutFile, Replacing, STANDARD_OUTPUT, WithoutFile};
use crate::cli::output::Output;
use crate::config::{TargetGuess, kept_class, parse, template};
use crate::data::{ColumnProfile, DataPaths, Dataset, Nature, Profile, path_from_folder};
use crate::nn::Task;
use crate::report::leakage_note;
use crate::text::{Quoted, escaped, shortened};

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The CSV file; several, also by a pattern in quotes, are read as one table
    #[arg(value_name = "CSV", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The label: the column with the class to predict [default: the last column, if it looks like classes]
    #[arg(long, value_name = "NAME")]
    pub(crate) label: Option<String>,
    /// The target: the column with the value to predict
    #[arg(long, value_name = "NAME", conflicts_with = "label")]
    pub(crate) target: Option<String>,
    /// The config to write; - for standard output [default: NAME.toml]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the config if it exists
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) csv: CsvArgs,
}

pub(crate) fn run(args: &InitArgs, output: &Output) -> Result<(), CliError> {
    let paths: DataPaths = args.paths.iter().cloned().collect();
    if paths.is_standard_input() {
        return Err(CliError::new(
            exit_code::USAGE,
            "init cannot read standard input, because a config names a file",
        ));
    }
    let mut spec = args.csv.data_spec(&paths);
    for (keys, reason) in args.csv.find_table(&mut spec) {
        output.note(&format!("note: the config has {keys}: {reason}"));
    }
    let (profile, format) = args.csv.profile_with_format(&mut spec)?;
    if let Some(keys) = format {
        output.note(&format!("note: numbers are read with {keys}, by the config, as the cells suggest"));
    }
    let learnt = learnt(args, &profile, output)?;
    let out = args.out.clone().unwrap_or_else(|| default_out(&args.paths[0]));
    let is_printed = out == Path::new(STANDARD_OUTPUT);
    let named = args.paths.iter().map(|path| named_from(path, &out)).collect::<Result<DataPaths, _>>()?;
    // The config is tried before it is written, which also finds leaks to mention in its comments.
    let draft = template(&profile, &learnt, &spec, &named, &[]);
    let tried =
        parse(&draft, &out, &[]).map_err(CliError::from).and_then(|plan| Ok(Dataset::load(&plan.data)?));
    let leaks = tried.as_ref().ok().and_then(Dataset::suspected_leaks).unwrap_or_default();
    let text = template(&profile, &learnt, &spec, &named, &leaks);
    if is_printed {
        output.result(&text)?;
    } else {
        write(&out, &text, args.force, &paths)?;
    }
    let notes = [
        ignored(&profile, &learnt),
        unclear_dates(&profile),
        words_as_missing(&profile),
        rows_without_answer(&profile, &learnt),
    ];
    notes.iter().flatten().for_each(|note| output.note(note));
    if let Some(note) = leakage_note(&leaks, learnt.task) {
        output.note(&note);
    }
    let out = shortened(&out.to_string_lossy());
    match (tried, is_printed) {
        (Ok(_), true) => {}
        (Ok(_), false) => output.note(&format!("note: {out} written; train with: bntrain {out}")),
        (Err(error), true) => output.note(&format!("note: the config does not work yet: {error}")),
        (Err(error), false) => {
            output.note(&format!("note: {out} written, but it does not work yet: {error}"))
        }
    }
    Ok(())
}

/// No column can be predicted.
const NAMELESS: &str = "no column has a name and values; if the names are in another line than the first, skip the lines \
                        above it with --skip-rows, and if there are none, use --no-header";

/// The columns that the config ignores, with the reasons.
fn ignored(profile: &Profile, learnt: &TargetGuess) -> Option<String> {
    /// Columns that are named; the config lists all.
    const MAX_NAMED: usize = 4;
    let is_out = |column: &&ColumnProfile| {
        let is_kept =
            matches!(column.nature, Nature::Kind(_) | Nature::Identifier) && !column.name.is_empty();
        let is_unclear = column.nature == Nature::UnclearDate;
        !is_kept && !is_unclear && column.proposed_markers.is_none() && column.name != learnt.column
    };
    let columns: Vec<&ColumnProfile> = profile.columns.iter().filter(is_out).collect();
    let name = |column: &ColumnProfile| match column.name.is_empty() {
        true => "one without a name".to_owned(),
        false => Quoted(&column.name).to_string(),
    };
    let named = columns.iter().take(MAX_NAMED);
    let named: Vec<String> =
        named.map(|column| format!("{} ({})", name(column), shortened(&column.reason))).collect();
    let dots = if columns.len() > MAX_NAMED { ", ..." } else { "" };
    let count = if columns.len() > 1 { format!("{} columns ", columns.len()) } else { String::new() };
    (!named.is_empty()).then(|| format!("note: {count}ignored: {}{dots}", named.join(", ")))
}

/// The columns of dates of which the cells do not say which format is right.
fn unclear_dates(profile: &Profile) -> Option<String> {
    let unclear = profile.columns.iter().filter(|column| column.nature == Nature::UnclearDate);
    let unclear: Vec<String> =
        unclear.map(|column| format!("{} ({})", Quoted(&column.name), escaped(&column.reason))).collect();
    (!unclear.is_empty()).then(|| {
        format!(
            "note: ignored, since its dates can be read in several ways: {}; to use it, write {{ type = \"date\", format = \"..\" }} \
             with the right format for it in the config",
            unclear.join(", ")
        )
    })
}

/// The columns of numbers in which the config reads words as missing values.
fn words_as_missing(profile: &Profile) -> Option<String> {
    let columns = profile.columns.iter().filter(|column| column.proposed_markers.is_some());
    let columns: Vec<String> =
        columns.map(|column| format!("{} ({})", Quoted(&column.name), shortened(&column.reason))).collect();
    (!columns.is_empty()).then(|| {
        format!(
            "note: words read as missing values, by missing_markers in the config: {}",
            columns.join(", ")
        )
    })
}

/// What becomes of the rows whose label or target is missing, or may be.
fn rows_without_answer(profile: &Profile, learnt: &TargetGuess) -> Option<String> {
    let column = profile.column(&learnt.column)?;
    let name = Quoted(&learnt.column);
    if let Some((word, count)) = kept_class(learnt, column) {
        return Some(format!(
            "note: {} in {count} of {} rows of {name} is read as a class; if it means a missing label, remove \
             missing_markers from the config and set missing = \"drop_row\"",
            Quoted(word),
            profile.rows
        ));
    }
    let words: usize = match (learnt.task, &column.proposed_markers) {
        (Task::Regression, Some(_)) => column.words,
        _ => 0,
    };
    let rows = column.missing + words;
    (rows > 0).then(|| format!("note: {rows} of {} rows have no {name} and are left out", profile.rows))
}

/// The label or target, as given or guessed.
fn learnt(args: &InitArgs, profile: &Profile, output: &Output) -> Result<TargetGuess, CliError> {
    let given = match (&args.label, &args.target) {
        (Some(label), _) => Some((label, Task::Classification)),
        (None, Some(target)) => Some((target, Task::Regression)),
        (None, None) => None,
    };
    if let Some((column, task)) = given {
        if profile.column(column).is_none() {
            let names: Vec<String> = profile.columns.iter().map(|column| shortened(&column.name)).collect();
            let message = format!(
                "no column is called \"{}\"; the columns are {}",
                shortened(column),
                names.join(", ")
            );
            return Err(CliError::new(exit_code::USAGE, message));
        }
        return Ok(TargetGuess { column: column.clone(), task, is_guess: false });
    }
    let learnt = TargetGuess::guess(profile)
        .ok_or_else(|| CliError::new(exit_code::DATA, "the file has no columns"))?;
    let role = match learnt.task {
        Task::Classification => "label",
        Task::Regression => "target",
    };
    output.note(&format!(
        "note: the {role} is assumed to be the last column{}, {}; choose another with --{role}",
        if profile.columns.last().is_some_and(|last| last.name == learnt.column) {
            ""
        } else {
            " that can be it"
        },
        Quoted(&learnt.column)
    ));
    let column = profile.column(&learnt.column);
    if column.is_some_and(|column| column.name.is_empty()) {
        return Err(CliError::new(exit_code::DATA, NAMELESS));
    }
    Ok(learnt)
}

/// The name of the data file, or of the pattern as far as it is one, with the extension `.toml`, in the current
/// directory.
fn default_out(data: &Path) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split(['.', '*', '?', '[']).next().unwrap_or_default().trim_end_matches(['-', '_']);
    let stem = if stem.is_empty() { "bntrain" } else { stem };
    PathBuf::from(format!("{stem}.toml"))
}

/// The path of the data file in a config at `out`: relative if both are in the same directory or the
/// config is in the current one, otherwise absolute.
fn named_from(data: &Path, out: &Path) -> Result<PathBuf, CliError> {
    let is_here = out.parent().is_none_or(|parent| parent.as_os_str().is_empty());
    let named = match (is_here, data.parent() == out.parent(), data.file_name()) {
        (true, _, _) => data.to_owned(),
        (false, true, Some(name)) => PathBuf::from(name),
        _ => {
            let here = env::current_dir().and_then(|here| std::path::absolute(path_from_folder(data, &here)));
            here.map_err(|error| CliError::io("find", data, &error))?
        }
    };
    match named.to_str() {
        Some(_) => Ok(named),
        None => {
            let shown = shortened(&data.to_string_lossy());
            let message =
                format!("{shown}: the name is not UTF-8, so a config cannot name it; rename the file");
            Err(CliError::new(exit_code::USAGE, message))
        }
    }
}

fn write(out: &Path, text: &str, force: bool, paths: &DataPaths) -> Result<(), CliError> {
    let out = OutFile::new(out, WithoutFile::PrintsWithDash)?;
    let inputs: Vec<&Path> = paths.as_written().iter().map(PathBuf::as_path).collect();
    out.refuse_replacing(Replacing { force, inputs: &inputs, models: &[] })?;
    out.write(text.as_bytes())
}
