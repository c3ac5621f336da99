//! `bntrain explain`: which columns a trained model uses, and how.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::args::{ThreadArgs, at_least_one};
use crate::cli::commands::model::labelled::{
    reading_error, rename_labels, renaming, rows_and_targets, show_notes, threshold_note, trained_on_warning,
};
use crate::cli::commands::model::training_files::training_files;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::model_arg::{Models, load_models, unfinished_notes};
use crate::cli::out_file::{OutFile, OutFolder, Replacing, WithoutFile};
use crate::cli::output::Output;
use crate::cli::reading_args::ReadingArgs;
use crate::data::{BadRows, DataPaths};
use crate::explain::{ExplainError, ExplainOptions, explain};
use crate::model::Model;
use crate::report;
use crate::run_dir::linear_model_of;
use crate::text::{Count, DisplayPath, shortened};

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A model file, or a run directory; the predictions of several models, or of all seeds of a run, are averaged
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<PathBuf>,
    /// The rows, with their labels or targets: a CSV file, plain, .gz or .zst; - for standard input; several, by a pattern
    /// in quotes or repeated, are read as one table
    #[arg(short, long, value_name = "CSV", required = true)]
    data: Vec<PathBuf>,
    /// How often each column is shuffled
    #[arg(long, value_name = "N", default_value = "10", value_parser = at_least_one::<NonZeroU32>)]
    repeats: NonZeroU32,
    /// Random seed of the shuffles
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Use at most N rows, drawn at random
    #[arg(long, value_name = "N", default_value = "10000", value_parser = at_least_one::<NonZeroUsize>)]
    rows: NonZeroUsize,
    /// Show the partial dependence of the N most important columns
    #[arg(long, value_name = "N", default_value_t = 6)]
    top: usize,
    /// The linear model to show next to it [default: the one that was trained with the model]
    #[arg(long, value_name = "FILE")]
    linear: Option<PathBuf>,
    /// Write everything as one HTML page to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write every chart as an SVG file to this directory
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Replace existing files
    #[arg(long)]
    force: bool,
    /// Skip rows that cannot be used, and count them
    #[arg(long)]
    skip_bad_rows: bool,
    /// Read a label as a class of the model, such as 'yes.=yes'; repeatable
    #[arg(long = "label-name", value_name = "LABEL=CLASS", value_parser = renaming)]
    label_names: Vec<String>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl ExplainArgs {
    /// The files of --data.
    fn rows(&self) -> DataPaths {
        self.data.iter().cloned().collect()
    }
}

pub(crate) fn run(args: &ExplainArgs, output: &Output) -> Result<(), CliError> {
    let data = args.rows();
    let data_name = data.name();
    let Models { mut models, paths } = load_models(&args.models)?;
    let note = args.reading.footer_note(&models[0].description.encoding, &data_name);
    note.iter().chain(&unfinished_notes(&args.models)).for_each(|note| output.note(note));
    for model in &mut models {
        args.reading.apply(&mut model.description.encoding);
        rename_labels(&mut model.description.encoding, &args.label_names)?;
    }
    let linear_path = args.linear.clone().or_else(|| paths.first().and_then(|path| linear_model_of(path)));
    let inputs: Vec<&Path> =
        paths.iter().chain(&args.data).chain(&linear_path).map(PathBuf::as_path).collect();
    let replacing = Replacing { force: args.force, inputs: &inputs, models: &models };
    let page = args.html.as_deref().map(|path| OutFile::of_option(path, "--html", WithoutFile::Fails));
    let page = page.transpose()?;
    page.as_ref().map_or(Ok(()), |page| page.refuse_replacing(replacing))?;
    let figures = args.figures.as_deref().map(|named| OutFolder { named, option: "--figures" });
    if let Some(folder) = figures {
        let columns = models[0].description.encoding.features().count();
        folder.refuse_replacing(report::explanation_figure_names(args.top.min(columns)), replacing)?;
    }
    let linear = linear_model(args, linear_path.as_deref())?;
    let options = ExplainOptions {
        seed: args.seed,
        repeats: args.repeats.get(),
        max_rows: args.rows,
        dependence: args.top,
        bad_rows: if args.skip_bad_rows { BadRows::Mark } else { BadRows::Refuse },
        threads: args.threads.count(),
    };
    let explained = explain(&models, linear.as_ref(), &data, &options);
    let (explanation, notes) = explained.map_err(|error| cli_error(error, args))?;
    show_notes(&notes, &data_name, output);
    threshold_note(&models[0].description.encoding).iter().for_each(|note| output.note(note));
    if args.linear.is_some() && explanation.linear.is_none() {
        output.note("note: the model of --linear is not a linear model of the same columns and precision");
    }
    let trained_on = training_files(&data, &models, &paths);
    if let Some(trained_on) = &trained_on {
        let consequence = "columns that it only learned by heart seem important there";
        output.note(&trained_on_warning(&models, trained_on, consequence));
    }
    let name = match &paths[..] {
        [path] => path.to_string_lossy().into_owned(),
        several => format!("the mean of {}", Count(several.len(), "model")),
    };
    let mut rows = rows_and_targets(&models[0].description.encoding, explanation.rows);
    if explanation.rows < explanation.rows_in_file {
        rows.push_str(&format!(" (of {} in the file)", explanation.rows_in_file));
    }
    let mut written = Vec::new();
    if let Some(page) = page {
        let data = data_name.to_string_lossy();
        page.write(report::explanation_page(&explanation, &name, &data, &rows).as_bytes())?;
        written.push(page.named.to_owned());
    }
    if let Some(folder) = figures {
        written.extend(folder.write(&report::explanation_figures(&explanation, &name), replacing)?);
    }
    if output.json {
        let mut value = explanation.to_json();
        value["models"] = paths.iter().map(|path| json!(path.to_string_lossy())).collect();
        value["data"] = data.to_json();
        value["skipped_rows"] = json!(notes.skipped);
        value["is_training_file"] = json!(trained_on.is_some());
        value["written"] = written.iter().map(|path| json!(path.to_string_lossy())).collect();
        return output.result(&format!("{value}\n"));
    }
    let data = shortened(&data_name.to_string_lossy());
    let text = report::explanation(&explanation);
    let written: String = written.iter().map(|path| format!("{}\n", DisplayPath(path))).collect();
    let written = if written.is_empty() { written } else { format!("\n{written}") };
    output.result(&format!("{} on {data}\n{rows}\n\n{text}{written}", shortened(&name)))
}

/// The linear model at `path`, which is that of `--linear`, or lies next to the first model.
fn linear_model(args: &ExplainArgs, path: Option<&Path>) -> Result<Option<Model>, CliError> {
    let Some(path) = path else { return Ok(None) };
    match Model::load(path) {
        Ok(model) => Ok(Some(model)),
        // One that was not asked for may be damaged.
        Err(_) if args.linear.is_none() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn cli_error(error: ExplainError, args: &ExplainArgs) -> CliError {
    match error {
        ExplainError::Data(error) => reading_error(error, args.skip_bad_rows, "use"),
        ExplainError::Models(error) => CliError::new(exit_code::USAGE, error.to_string()),
        error @ ExplainError::NotFinite { .. } => CliError::new(
            exit_code::DATA,
            format!("{}: {error}", shortened(&args.rows().name().to_string_lossy())),
        ),
    }
}
