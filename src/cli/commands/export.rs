//! `bntrain export`: a trained model for other tools.

use std::io::{self, Read, Seek, Write};
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::cli::args::{ExportArgs, ExportFormat};
use crate::cli::model::load_model;
use crate::cli::out_file::{Instead, OutFile, STANDARD_OUTPUT};
use crate::cli::{Failure, Output, exit_code};
use crate::model::export::{
    Agreement, ExportError, Exported, Format, Origin, Sample, compare, to_bytes, tolerance,
};
use crate::text::DisplayPath;
use crate::train::Dtype;

pub(crate) fn run(args: &ExportArgs, output: &Output) -> Result<(), Failure> {
    let format = format(args)?;
    if args.out == Path::new(STANDARD_OUTPUT) {
        let message =
            "what is exported is checked as a file, not written to standard output; give -o the name of one";
        return Err(Failure::new(exit_code::USAGE, message));
    }
    let (model, path) = load_model(&args.model)?;
    let out = OutFile::new(&args.out, Instead::File)?;
    let inputs = [Some(path.as_path()), args.data.as_deref()];
    out.refuse_replacing(args.force, &inputs.into_iter().flatten().collect::<Vec<_>>(), Some(&model))?;
    let bytes = to_bytes(&model, format)?;
    let sample = match &args.data {
        Some(data) => Sample::of_file(&model, data)?,
        None => Sample::of_training_data(&model, &path).unwrap_or_else(|| Sample::made_up(&model)),
    };

    let failed = |error: io::Error| out.unwritten(&error);
    let mut file = AtomicWriteFile::options().read(true).open(&out.real).map_err(failed)?;
    file.write_all(&bytes).map_err(failed)?;
    let written = read_back(&mut file).map_err(|error| Failure::io("read back", &args.out, &error))?;
    let agreement = compare(&model, &Exported::read(&written, &model, format)?, &sample)?;
    let limit = args.tolerance.unwrap_or_else(|| tolerance(model.plan.training.dtype));
    if agreement.largest_difference > limit {
        return Err(too_different(args, &agreement, &sample, limit));
    }
    file.commit().map_err(failed)?;
    output.result(&report(args, &written, &agreement, &sample, output))
}

fn format(args: &ExportArgs) -> Result<Format, Failure> {
    if args.to != ExportFormat::Onnx && (args.no_fold || args.single_inputs) {
        let option = if args.no_fold { "--no-fold" } else { "--single-inputs" };
        let message =
            format!("{option} is for --to onnx; the other formats have every layer as it was trained");
        return Err(Failure::new(exit_code::USAGE, message));
    }
    Ok(match args.to {
        ExportFormat::Onnx => Format::Onnx {
            fold: !args.no_fold,
            raw: if args.single_inputs { Dtype::F32 } else { Dtype::F64 },
        },
        ExportFormat::Safetensors => Format::Safetensors,
        ExportFormat::Json => Format::Json,
    })
}

/// What the system has of a file that was just written.
fn read_back(file: &mut AtomicWriteFile) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_different(args: &ExportArgs, agreement: &Agreement, sample: &Sample, limit: f64) -> Failure {
    let message = format!(
        "{} is not written: over {} it differs from the model by up to {:.1e} {}, and the limit is {limit:e}; \
         where that is near enough, say so with --tolerance",
        DisplayPath(&args.out),
        rows(sample),
        agreement.largest_difference,
        unit(agreement),
    );
    Failure::new(exit_code::NO, message)
}

fn report(
    args: &ExportArgs,
    written: &[u8],
    agreement: &Agreement,
    sample: &Sample,
    output: &Output,
) -> String {
    let sha256: String = Sha256::digest(written).iter().map(|byte| format!("{byte:02x}")).collect();
    if output.json {
        let origin = match &sample.origin {
            Origin::Validation(path) => json!({ "validation_rows_of": path }),
            Origin::Training(path) => json!({ "training_rows_of": path }),
            Origin::File(path) => json!({ "rows_of": path }),
            Origin::MadeUp => json!("made_up"),
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
         read back and run over {}: differs from the model by up to {:.1e} {}{other_class}\n",
        DisplayPath(&args.out),
        written.len(),
        rows(sample),
        agreement.largest_difference,
        unit(agreement),
    )
}

fn rows(sample: &Sample) -> String {
    let n = sample.len();
    match &sample.origin {
        Origin::Validation(path) => format!("the {n} validation rows of {}", DisplayPath(path)),
        Origin::File(path) => format!("{n} rows of {}", DisplayPath(path)),
        Origin::Training(path) => format!("{n} training rows of {}", DisplayPath(path)),
        Origin::MadeUp => {
            format!("{n} made-up rows (not in its run directory, or the training data are not the same)")
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
            ExportError::Container(_) | ExportError::ReadBack(_) => exit_code::IO,
        };
        Self::new(code, error.to_string())
    }
}
