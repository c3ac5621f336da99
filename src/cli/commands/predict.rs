//! `bntrain predict`: a trained model on new rows.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use atomic_write_file::AtomicWriteFile;

use crate::cli::args::PredictArgs;
use crate::cli::model::load_model;
use crate::cli::out_file::{Instead, OutFile, STANDARD_OUTPUT};
use crate::cli::signals::survive_file_limit;
use crate::cli::{Failure, Output, exit_code};
use crate::data::BadRows;
use crate::model::Model;
use crate::predict::{PredictError, PredictOptions, PredictSummary, predict};
use crate::text::{DisplayPath, Quoted, shortened};

pub(crate) fn run(args: &PredictArgs, output: &Output) -> Result<(), Failure> {
    let out = args.out.as_deref().filter(|out| *out != Path::new(STANDARD_OUTPUT));
    out.map_or(Ok(()), refuse_compression)?;
    let (model, model_path) = load_model(&args.model)?;
    let threads = args.threads.and_then(|threads| NonZeroUsize::new(usize::from(threads)));
    let options = PredictOptions {
        keep_columns: args.keep_columns,
        bad_rows: if args.mark_bad_rows { BadRows::Mark } else { BadRows::Refuse },
        escape_formulas: !args.keep_formulas,
        json: output.json,
        threads: threads.or(thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN),
    };
    survive_file_limit()?;
    let predicted = match out {
        None => {
            let written = predict(&model, &args.data, &options, &mut io::stdout());
            written.map_err(|error| failure(error, None, args))?
        }
        Some(out) => {
            let out = OutFile::new(out, Instead::LeaveOut)?;
            out.refuse_replacing(args.force, &[&args.data, &model_path], Some(&model))?;
            to_file(&model, args, &options, &out)?
        }
    };
    tell(&predicted, args, output);
    Ok(())
}

/// Predicts into a file that appears when it is whole.
fn to_file(
    model: &Model,
    args: &PredictArgs,
    options: &PredictOptions,
    out: &OutFile<'_>,
) -> Result<PredictSummary, Failure> {
    let unwritten = |error: io::Error| out.unwritten(&error);
    let mut file = AtomicWriteFile::open(&out.real).map_err(unwritten)?;
    let predicted = predict(model, &args.data, options, &mut *file);
    let predicted = predicted.map_err(|error| failure(error, Some(out.named), args))?;
    file.commit().map_err(unwritten)?;
    Ok(predicted)
}

/// Refuses a name that promises what the file would not be.
fn refuse_compression(out: &Path) -> Result<(), Failure> {
    let ends_in = |ending: &str| out.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
    for (ending, tool) in [("gz", "gzip"), ("zst", "zstd")] {
        if ends_in(ending) {
            let message = format!(
                "{}: predictions are written as plain text; name a file that does not end in .{ending}, or leave \
                 out -o and pipe them through `{tool}`",
                shortened(&out.to_string_lossy())
            );
            return Err(Failure::new(exit_code::USAGE, message));
        }
    }
    Ok(())
}

fn failure(error: PredictError, out: Option<&Path>, args: &PredictArgs) -> Failure {
    match (error, out) {
        (PredictError::Data(error), _) => {
            let is_of_a_cell = error.line().is_some() && error.column().is_some();
            let mut failure = Failure::from(error);
            if is_of_a_cell && !args.mark_bad_rows {
                failure.message.push_str("; --mark-bad-rows predicts the other rows");
            }
            failure
        }
        (error @ PredictError::DuplicateColumn { .. }, _) => {
            Failure::new(exit_code::DATA, format!("{}: {error}", shortened(&args.data.to_string_lossy())))
        }
        (PredictError::Write(error), Some(out)) => Failure::io("write", out, &error),
        (PredictError::Write(error), None) => error.into(),
    }
}

/// What is worth knowing about the rows.
fn tell(predicted: &PredictSummary, args: &PredictArgs, output: &Output) {
    let PredictSummary { rows, bad_rows, unknown_columns, absent_ids, mixed_line_ends, unseen } = predicted;
    if let Some(kinds) = mixed_line_ends {
        output.note(&format!("note: {} has mixed line ends: {kinds}", DisplayPath(&args.data)));
    }
    for name in absent_ids {
        output.note(&format!("note: no column {}, so that the predictions are without it", Quoted(name)));
    }
    let counted = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    if !unknown_columns.is_empty() {
        let names: Vec<String> =
            unknown_columns.iter().take(8).map(|name| Quoted(name).to_string()).collect();
        let dots = if unknown_columns.len() > names.len() { ", ..." } else { "" };
        output.note(&format!(
            "note: {} of the file not known to the model and not used: {}{dots}",
            counted(unknown_columns.len() as u64, "column"),
            names.join(", ")
        ));
    }
    for column in unseen {
        output.note(&format!(
            "note: {} of column {} with a category that was not in the training rows, such as {}",
            counted(column.cells, "cell"),
            Quoted(&column.column),
            Quoted(&column.first)
        ));
    }
    if *bad_rows > 0 {
        let rows = counted(*rows, "row");
        output.note(&format!("note: {bad_rows} of {rows} without prediction, see the column \"problem\""));
    }
}
