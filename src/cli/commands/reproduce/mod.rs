//! `bntrain reproduce`: tries published findings about normalization, on the bundled data or on one's own.

pub(crate) mod render;
pub(crate) mod shared;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::ThreadArgs;
use crate::cli::commands::reproduce::render::{block, list, markdown, summary};
use crate::cli::commands::reproduce::shared::ClaimsOrder;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::processes;
use crate::lab::{BundledData, Claim, ClaimFinding, LabError, OtherData, catalog, finding, try_claim};
use crate::nn::{LayerSpec, Network, build_layers};
use crate::text::{DisplayPath, shortened, similar_names};

#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// Claims to try, `all`, or files of claims of one's own, ending in .toml [default: list them]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Try them on this CSV file in place of the bundled data
    #[arg(long, value_name = "CSV", requires = "label")]
    data: Option<PathBuf>,
    /// The column of that file with the class, by name or by its index from 0
    #[arg(long, value_name = "COLUMN", requires = "data")]
    label: Option<String>,
    /// Where the paper's images are in this folder, try claims in the paper's setting; see scripts/convert_images.py
    #[arg(long, value_name = "DIR", conflicts_with = "data")]
    images: Option<PathBuf>,
    /// Write the findings as a table in Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
}

pub(crate) fn run(args: &ReproduceArgs, output: &Output) -> Result<(), CliError> {
    processes::refuse_strangers()?;
    let mut all = catalog()?;
    if args.names.is_empty() {
        return output.result(&list(&all, output.json));
    }
    let other = other_data(args)?;
    for path in args.names.iter().filter(|name| is_file(name)) {
        all.push(Claim::load(Path::new(path))?);
    }
    let claims = chosen(&all, args, output)?;
    let bundled = BundledData::write()?;
    let mut findings: Vec<ClaimFinding> = Vec::with_capacity(claims.len());
    // What does not suit the data is refused before anything is measured.
    for claim in &claims {
        claim.plan(&bundled.claims(), other.as_ref())?;
    }
    let mut measured = match processes::team() {
        None => Vec::new(),
        Some(team) => {
            team.measure_claims(&ClaimsOrder::new(&claims, other.as_ref(), args.threads.asked()))?
        }
    }
    .into_iter();
    for claim in claims {
        let (folder, other) = (bundled.claims(), other.as_ref());
        let finding = match measured.next() {
            None => try_claim(claim, &folder, other, args.threads.count(), &network)?,
            Some(values) => finding(claim, &folder, other, values)?,
        };
        let text = if output.json {
            let json = serde_json::to_string(&finding).unwrap_or_default();
            format!("{json}\n")
        } else {
            format!("{}\n", block(&finding))
        };
        output.result(&text)?;
        if !output.quiet {
            output.note(&format!("{}: {:.1} s", finding.claim, finding.seconds));
        }
        findings.push(finding);
    }
    if !output.json {
        output.result(&summary(&findings))?;
    }
    if let Some(path) = &args.markdown {
        fs::write(path, markdown(&findings, other.as_ref()))
            .map_err(|error| CliError::io("write", path, &error))?;
    }
    let unexpected: Vec<String> = findings
        .iter()
        .filter(|finding| !finding.is_as_expected())
        .map(|finding| format!("{}: {}", finding.claim, finding.verdict.words()))
        .collect();
    if unexpected.is_empty() {
        return Ok(());
    }
    let message = format!("these verdicts were not expected:\n  {}", unexpected.join("\n  "));
    Err(CliError::new(exit_code::CHECK_FAILED, message))
}

/// Whether a name is that of a file.
fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

/// The network that is measured; its layers one by one, none fused.
fn network(layers: &[LayerSpec], inputs: usize, answers: usize, seed: u64) -> Network<f64> {
    Network::new(inputs, build_layers(layers, inputs, answers, seed))
}

fn other_data(args: &ReproduceArgs) -> Result<Option<OtherData>, CliError> {
    let absolute = |path: &Path| {
        let found = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match (found.exists(), found.to_str()) {
            (true, Some(_)) => Ok(found),
            // It could not be written into a config.
            (true, None) => {
                let message = format!("{} is not UTF-8; give a path that is", DisplayPath(path));
                Err(CliError::new(exit_code::USAGE, message))
            }
            (false, _) => Err(CliError::io("read", path, &std::io::ErrorKind::NotFound.into())),
        }
    };
    match (&args.data, &args.label, &args.images) {
        (Some(data), Some(label), _) => {
            Ok(Some(OtherData::Table { path: absolute(data)?, label: label.clone() }))
        }
        (_, _, Some(images)) => Ok(Some(OtherData::Images(absolute(images)?))),
        _ => Ok(None),
    }
}

/// The claims that are asked for, in the order of the catalog.
fn chosen<'c>(all: &'c [Claim], args: &ReproduceArgs, output: &Output) -> Result<Vec<&'c Claim>, CliError> {
    for name in args.names.iter().filter(|name| *name != "all" && !is_file(name)) {
        if !all.iter().any(|claim| claim.name == *name) {
            let hint = match similar_names(name, all.iter().map(|claim| claim.name.as_str())).first() {
                Some(claim) => format!("did you mean `{claim}`?"),
                None => "`bntrain reproduce` lists them".to_owned(),
            };
            return Err(CliError::new(
                exit_code::USAGE,
                format!("no claim is called {}; {hint}", shortened(name)),
            ));
        }
    }
    let is_chosen =
        |claim: &&Claim| claim.is_own() || args.names.iter().any(|name| name == "all" || *name == claim.name);
    let (fit, rest): (Vec<&Claim>, Vec<&Claim>) =
        all.iter().filter(is_chosen).partition(|claim| args.data.is_none() || claim.fits_any_table());
    if !rest.is_empty() {
        let names: Vec<&str> = rest.iter().map(|claim| claim.name.as_str()).collect();
        output.note(&format!("note: left out, because its data are made for it: {}", names.join(", ")));
    }
    Ok(fit)
}

impl From<LabError> for CliError {
    fn from(error: LabError) -> Self {
        match error {
            LabError::Config(error) => error.into(),
            LabError::Data(error) => error.into(),
            LabError::Run(error) => error.into(),
            LabError::Batches(_) | LabError::Claim { .. } => Self::new(exit_code::USAGE, error.to_string()),
            LabError::Bundled(_) | LabError::Unread { .. } => Self::new(exit_code::IO, error.to_string()),
        }
    }
}
