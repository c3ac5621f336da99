//! What may stand on the command line.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::cli::condition::Condition;
use crate::cli::csv_args;
use crate::cli::require::Requirement;
use crate::data::Mark;
use crate::gradcheck::Mistake;

/// Train small fully-connected networks on CSV files, with and without batch normalization.
///
/// `bntrain --config FILE` trains everything that FILE describes and shows the difference.
#[derive(Debug, Parser)]
#[command(name = "bntrain", version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 the answer is no, 2 usage or config, 3 data, 4 model file, 5 diverged, \
    6 input/output, 7 refused, 8 over a size limit, 130/143 stopped, 141 reader of the results gone."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train what a config describes (the default)
    Train(TrainArgs),
    /// Read and check config and data, print the plan, train nothing
    Check(CheckArgs),
    /// Compare every gradient of the config's network with central differences
    Gradcheck(GradcheckArgs),
    /// Put finished run directories side by side
    Compare(CompareArgs),
    /// Write a first config for a data file
    Init(InitArgs),
    /// Predict the rows of a CSV file with a trained model
    Predict(PredictArgs),
    /// Measure a trained model on rows whose label is known
    Eval(EvalArgs),
    /// Show what is in a data file, a model file or a run directory
    Inspect(InspectArgs),
    /// Write a trained model for other tools
    Export(ExportArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print a man page, or write all of them
    Man(ManArgs),
}

/// A config and changes to it.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The TOML file that describes data, network and training
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Change a key, in TOML syntax, such as optimizer.learning_rate=0.01; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Key of all random streams (training.seed)
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Passes over the training rows (training.epochs)
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Where the results go [default: runs/NAME-001, counting up]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the results of an earlier run in --out
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// Cores to use; results do not depend on it [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Check everything, take one step of each network, write no results
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Fail with exit code 1 unless every run meets this, such as 'valid_accuracy >= 0.95' or
    /// 'batch_norm.valid_loss < 0.2'; repeatable
    #[arg(long = "require", value_name = "CONDITION")]
    pub(crate) require: Vec<Requirement>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GradcheckArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Rows in the batch; at least 3
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(3..))]
    pub(crate) rows: u16,
    /// Largest relative error that passes [default: 1e-5]
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) tolerance: Option<f64>,
    /// Put a deliberate mistake into the backward pass of batch norm, to see it refused
    #[arg(long, value_name = "NAME", conflicts_with = "mistakes")]
    pub(crate) mistake: Option<Mistake>,
    /// Put each of the mistakes in, one after the other, and show which are refused
    #[arg(long)]
    pub(crate) mistakes: bool,
}

impl ValueEnum for Mistake {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.description()))
    }
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Run directories
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// A model.safetensors of a run, or a run directory with only one
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: ExportTo,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Check over the rows of this CSV file [default: the validation rows of the run]
    #[arg(long, value_name = "CSV")]
    pub(crate) data: Option<PathBuf>,
    /// Keep batch norm as layers of its own (onnx)
    #[arg(long)]
    pub(crate) no_fold: bool,
    /// Take raw numbers in single precision, for runtimes without doubles (onnx)
    #[arg(long)]
    pub(crate) single_inputs: bool,
    /// Largest difference from the model that is let through, in probability, or in units of a
    /// target's spread [default: 1e-5; 1e-9 for f64]
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) tolerance: Option<f64>,
}

/// A format that models are exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportTo {
    /// For ONNX runtimes: raw columns in, probabilities or values out
    Onnx,
    /// For PyTorch: tensors with its names and in its orientation
    Safetensors,
    /// Everything as text
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The command whose page is printed, such as train [default: the program's own]
    pub(crate) command: Option<String>,
    /// Write the pages of all commands into this directory, in place of older ones there
    #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The CSV file
    #[arg(value_name = "CSV")]
    pub(crate) path: PathBuf,
    /// The column with the class to be learnt [default: the last column, if it looks like classes]
    #[arg(long, value_name = "NAME")]
    pub(crate) label: Option<String>,
    /// The column with the value to be learnt
    #[arg(long, value_name = "NAME", conflicts_with = "label")]
    pub(crate) target: Option<String>,
    /// Where the config goes; - for standard output [default: NAME.toml]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// A model file, or a run directory with a single one
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The rows: a CSV file, also .gz and .zst, or - for standard input
    #[arg(short, long, value_name = "CSV")]
    pub(crate) data: PathBuf,
    /// What batch norm normalises by; several are put side by side, the first is shown in full
    #[arg(long, value_name = "CHOICES", value_delimiter = ',', default_value = "running")]
    pub(crate) stats: Vec<StatisticsChoice>,
    /// Rows of a batch under --stats batch [default: that of the training]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) batch_size: Option<u32>,
    /// Leave out rows that cannot be evaluated, and count them
    #[arg(long)]
    pub(crate) skip_bad_rows: bool,
    /// Fail with exit code 1 unless a metric meets this, such as 'accuracy >= 0.9' or
    /// 'spam.recall > 0.8' for a class called spam; repeatable
    #[arg(long = "require", value_name = "CONDITION")]
    pub(crate) require: Vec<Condition>,
    /// Cores to use; results do not depend on it [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

/// What batch norm normalises by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatisticsChoice {
    /// The statistics stored with the weights, which prediction uses
    Running,
    /// Those of each layer's input over all rows of the file, layer by layer
    Recomputed,
    /// Those of each batch, as in training
    Batch,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A model file, or a run directory with a single one
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The rows: a CSV file, also .gz and .zst, or - for standard input
    #[arg(short, long, value_name = "CSV")]
    pub(crate) data: PathBuf,
    /// Where the predictions go; - for standard output [default: -]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace --out if it exists
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// Write all columns of the file before the predictions, not only those of type "id"
    #[arg(long)]
    pub(crate) keep_columns: bool,
    /// Go on where a row cannot be predicted, and say why in a column "problem"
    #[arg(long)]
    pub(crate) mark_bad_rows: bool,
    /// Write texts that a spreadsheet would run as formulas as they are, without a ' before them
    #[arg(long)]
    pub(crate) keep_formulas: bool,
    /// Cores to use; predictions do not depend on it [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A CSV file, a model file or a run directory
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// The column with the class to be learnt: looks for columns that give it away
    #[arg(long, value_name = "NAME")]
    pub(crate) label: Option<String>,
    /// The column with the value to be learnt, likewise
    #[arg(long, value_name = "NAME", conflicts_with = "label")]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

/// How a data file is written, where no config says it.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// The first line is data, not names
    #[arg(long)]
    pub(crate) no_header: bool,
    /// The first line is names, even if they look like numbers
    #[arg(long, conflicts_with = "no_header")]
    pub(crate) header: bool,
    /// The character between fields; \t for a tab [default: ,]
    #[arg(long, value_name = "CHAR", value_parser = csv_args::character)]
    pub(crate) delimiter: Option<char>,
    /// The character around fields; empty for none [default: "]
    #[arg(long, value_name = "CHAR", value_parser = csv_args::mark)]
    pub(crate) quote: Option<Mark>,
    /// What lines start with that are skipped
    #[arg(long, value_name = "CHAR", value_parser = csv_args::mark)]
    pub(crate) comment: Option<Mark>,
}

/// Options that every command has.
#[derive(Clone, Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Results as JSON, one object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress and no notes
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// Progress bars; plain lines otherwise
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) progress: When,
}

/// When to do something that suits a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|x: &f64| x.is_finite() && 0.0 < *x)
        .ok_or_else(|| "expected a number greater than 0".to_owned())
}
