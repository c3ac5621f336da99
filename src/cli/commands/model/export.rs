//! `bntrain export`: a trained model for other tools.

use std::path::{Path, PathBuf};
use std::slice;

use clap::{Args, ValueEnum};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::cli::args::positive;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::model_arg::load_model;
use crate::cli::out_file::{OutFile, Replacing, STANDARD_OUTPUT, WithoutFile};
use crate::cli::output::Output;
use crate::model::export::{Agreement, CheckRows, Export, ExportFormat, RowsOrigin, tolerance};
use crate::run_dir::run_of_model;
use crate::text::DisplayPath;
use crate::train::Dtype;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// A model file, or a run directory with only one or an ensemble
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: ExportTo,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Check with the rows of this CSV file [default: the validation rows of the run]
    #[arg(long, value_name = "CSV")]
    pub(crate) data: Option<PathBuf>,
    /// Keep batch norm as separate layers instead of folding it into the weights (onnx)
    #[arg(long)]
    pub(crate) no_fold: bool,
    /// Take inputs in single precision, for runtimes without double precision (onnx)
    #[arg(long)]
    pub(crate) single_inputs: bool,
    /// Largest difference from the model allowed, in probability, or in standard deviations of a
    /// target [default: 1e-5; 1e-9 for f64]
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) tolerance: Option<f64>,
}

/// An export format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportTo {
    /// For ONNX Runtime and others: raw columns in, probabilities or values out
    Onnx,
    /// For PyTorch: tensors with the names and shapes of a state_dict
    Safetensors,
    /// The whole model as text
    Json,
}

pub(crate) fn run(args: &ExportArgs, output: &Output) -> Result<(), CliError> {
    let format = format(args)?;
    if args.out == Path::new(STANDARD_OUTPUT) {
        let message = "an exported model cannot go to standard output; give the name of a file to --out";
        return Err(CliError::new(exit_code::USAGE, message));
    }
    let (model, path) = load_model(&args.model)?;
    let out = OutFile::new(&args.out, WithoutFile::Fails)?;
    let inputs: Vec<&Path> = [path.as_path()].into_iter().chain(args.data.as_deref()).collect();
    let models = slice::from_ref(&model);
    out.refuse_replacing(Replacing { force: args.force, inputs: &inputs, models })?;
    let rows = match &args.data {
        Some(data) => CheckRows::of_file(&model, &data.into())?,
        None => run_of_model(&path)
            .and_then(|run| CheckRows::of_training_data(&model, &run))
            .unwrap_or_else(|| CheckRows::made_up(&model)),
    };

    let export = Export::new(&model, format);
    let agreement = export.compare(&rows);
    let limit = args.tolerance.unwrap_or_else(|| tolerance(model.plan.training.dtype));
    if agreement.largest_difference > limit {
        return Err(too_different(args, &agreement, &rows, limit));
    }
    let bytes = export.to_bytes()?;
    out.write(&bytes)?;
    output.result(&report(args, &bytes, &agreement, &rows, output))
}

fn format(args: &ExportArgs) -> Result<ExportFormat, CliError> {
    if args.to != ExportTo::Onnx && (args.no_fold || args.single_inputs) {
        let option = if args.no_fold { "--no-fold" } else { "--single-inputs" };
        let message = format!("{option} works with --to onnx only; the other formats keep every layer");
        return Err(CliError::new(exit_code::USAGE, message));
    }
    Ok(match args.to {
        ExportTo::Onnx => ExportFormat::Onnx {
            fold: !args.no_fold,
            raw: if args.single_inputs { Dtype::F32 } else { Dtype::F64 },
        },
        ExportTo::Safetensors => ExportFormat::Safetensors,
        ExportTo::Json => ExportFormat::Json,
    })
}

fn too_different(args: &ExportArgs, agreement: &Agreement, rows: &CheckRows, limit: f64) -> CliError {
    let message = format!(
        "{} is not written: over {} it differs from the model by up to {:.1e} {}, and the limit is {limit:e}; \
         if that is close enough, raise the limit with --tolerance",
        DisplayPath(&args.out),
        describe(rows),
        agreement.largest_difference,
        unit(agreement),
    );
    CliError::new(exit_code::CHECK_FAILED, message)
}

fn report(
    args: &ExportArgs,
    written: &[u8],
    agreement: &Agreement,
    rows: &CheckRows,
    output: &Output,
) -> String {
    let sha256 = format!("{:x}", Sha256::digest(written));
    if output.json {
        let origin = match &rows.origin {
            RowsOrigin::Validation(path) => json!({ "validation_rows_of": path }),
            RowsOrigin::Training(path) => json!({ "training_rows_of": path }),
            RowsOrigin::File(path) => json!({ "rows_of": path }),
            RowsOrigin::MadeUp => json!("made_up"),
        };
        let checked = json!({ "sample": origin, "agreement": agreement });
        let file = json!({ "file": args.out, "bytes": written.len(), "sha256": sha256, "checked": checked });
        return format!("{file}\n");
    }
    let other_class = match agreement.other_class {
        None => String::new(),
        Some(0) => ", the same class in each".to_owned(),
        Some(count) => format!(", another class in {count} (their probabilities are that close)"),
    };
    format!(
        "{}: {} bytes, sha256 {sha256}\n\
         checked over {}: differs from the model by up to {:.1e} {}{other_class}\n",
        DisplayPath(&args.out),
        written.len(),
        describe(rows),
        agreement.largest_difference,
        unit(agreement),
    )
}

fn describe(rows: &CheckRows) -> String {
    let n = rows.len();
    match &rows.origin {
        RowsOrigin::Validation(path) => format!("the {n} validation rows of {}", DisplayPath(path)),
        RowsOrigin::File(path) => format!("{n} rows of {}", DisplayPath(path)),
        RowsOrigin::Training(path) => format!("{n} training rows of {}", DisplayPath(path)),
        RowsOrigin::MadeUp => {
            format!("{n} made-up rows (the model is not in its run directory, or the training data changed)")
        }
    }
}

fn unit(agreement: &Agreement) -> &'static str {
    match agreement.other_class {
        Some(_) => "in probability",
        None => "in units of a target's spread",
    }
}
