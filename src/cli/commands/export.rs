//! `bntrain export`: a trained model for other tools.

use std::io::Write;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::cli::args::{ExportArgs, ExportTo};
use crate::cli::model::load_model;
use crate::cli::out_file::{Instead, OutFile, STANDARD_OUTPUT};
use crate::cli::{Failure, Output, exit_code};
use crate::model::export::{Agreement, CheckRows, Export, ExportError, ExportFormat, RowsOrigin, tolerance};
use crate::text::DisplayPath;
use crate::train::Dtype;

pub(crate) fn run(args: &ExportArgs, output: &Output) -> Result<(), Failure> {
    let format = format(args)?;
    if args.out == Path::new(STANDARD_OUTPUT) {
        let message = "an exported model cannot go to standard output; give the name of a file to --out";
        return Err(Failure::new(exit_code::USAGE, message));
    }
    let (model, path) = load_model(&args.model)?;
    let out = OutFile::new(&args.out, Instead::File)?;
    let inputs = [Some(path.as_path()), args.data.as_deref()];
    out.refuse_replacing(args.force, &inputs.into_iter().flatten().collect::<Vec<_>>(), Some(&model))?;
    let rows = match &args.data {
        Some(data) => CheckRows::of_file(&model, data)?,
        None => CheckRows::of_training_data(&model, &path).unwrap_or_else(|| CheckRows::made_up(&model)),
    };

    let export = Export::new(&model, format);
    let agreement = export.compare(&rows);
    let limit = args.tolerance.unwrap_or_else(|| tolerance(model.plan.training.dtype));
    if agreement.largest_difference > limit {
        return Err(too_different(args, &agreement, &rows, limit));
    }
    let bytes = export.to_bytes()?;
    let write = || {
        let mut file = AtomicWriteFile::open(&out.real)?;
        file.write_all(&bytes)?;
        file.commit()
    };
    write().map_err(|error| out.unwritten(&error))?;
    output.result(&report(args, &bytes, &agreement, &rows, output))
}

fn format(args: &ExportArgs) -> Result<ExportFormat, Failure> {
    if args.to != ExportTo::Onnx && (args.no_fold || args.single_inputs) {
        let option = if args.no_fold { "--no-fold" } else { "--single-inputs" };
        let message =
            format!("{option} is for --to onnx; the other formats keep every layer as it was trained");
        return Err(Failure::new(exit_code::USAGE, message));
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

fn too_different(args: &ExportArgs, agreement: &Agreement, rows: &CheckRows, limit: f64) -> Failure {
    let message = format!(
        "{} is not written: over {} it differs from the model by up to {:.1e} {}, and the limit is {limit:e}; \
         if that is close enough, raise the limit with --tolerance",
        DisplayPath(&args.out),
        describe(rows),
        agreement.largest_difference,
        unit(agreement),
    );
    Failure::new(exit_code::NO, message)
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

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let code = match error {
            ExportError::TooLarge { .. } => exit_code::LIMIT,
            ExportError::Container(_) => exit_code::IO,
        };
        Self::new(code, error.to_string())
    }
}
