//! The command line: the commands, and the options that several of them have.

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::thread;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::commands::check::CheckArgs;
use crate::cli::commands::compare::CompareArgs;
use crate::cli::commands::gradcheck::GradcheckArgs;
use crate::cli::commands::init::InitArgs;
use crate::cli::commands::inspect::InspectArgs;
use crate::cli::commands::manual::completions::CompletionsArgs;
use crate::cli::commands::manual::help::HelpArgs;
use crate::cli::commands::manual::man::ManArgs;
use crate::cli::commands::model::eval::EvalArgs;
use crate::cli::commands::model::explain::ExplainArgs;
use crate::cli::commands::model::export::ExportArgs;
use crate::cli::commands::model::predict::PredictArgs;
use crate::cli::commands::model::threshold::ThresholdArgs;
use crate::cli::commands::probe::ProbeArgs;
use crate::cli::commands::report::ReportArgs;
use crate::cli::commands::reproduce::ReproduceArgs;
use crate::cli::commands::train::TrainArgs;
use crate::cli::commands::train::fork::ForkArgs;
use crate::cli::commands::train::resume::ResumeArgs;
use crate::cli::commands::train::share::merge::MergeArgs;
use crate::cli::commands::tune::TuneArgs;
use crate::cli::commands::watch::WatchArgs;

/// Train small fully-connected networks on CSV files, with and without batch normalization.
///
/// `bntrain FILE.toml` trains every network that the config FILE.toml describes and shows how they differ.
#[derive(Debug, Parser)]
#[command(name = "bntrain", version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
#[command(after_help = "Examples:
  bntrain init flowers.csv
  bntrain flowers.toml
  bntrain predict runs/flowers-001/batch_norm/seed-1/model.safetensors --data new.csv

Exit codes: 0 success, 1 a check failed, 2 usage or config, 3 data, 4 model file, 5 diverged, \
    6 input/output, 7 refused to overwrite, 8 size limit, 130/143 stopped by a signal, 141 broken pipe.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
}

impl Cli {
    /// How many groups of processes train the runs.
    pub(crate) fn groups(&self) -> Option<NonZeroUsize> {
        match &self.command {
            None => self.train.groups,
            Some(Command::Train(args)) => args.groups,
            Some(_) => None,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train the networks of a config (the default command)
    #[command(after_help = "Examples:
  bntrain configs/iris.toml
  bntrain configs/iris.toml --set optimizer.learning_rate=0.01 --out runs/faster
  bntrain configs/iris.toml --require 'batch_norm.valid_accuracy >= 0.9'")]
    Train(TrainArgs),
    /// Go on with a training that was interrupted, or for more epochs
    #[command(after_help = "Examples:
  bntrain resume runs/iris-001
  bntrain resume runs/iris-001 --epochs 200")]
    Resume(ResumeArgs),
    /// Go on from an earlier epoch with something changed
    #[command(after_help = "Examples:
  bntrain fork runs/digits-001 --at-epoch 5 --set optimizer.learning_rate=0.01
  bntrain fork runs/digits-001 --at-epoch 5 --set 'training.freeze=[\"batch_norm_*\"]'
  bntrain fork runs/digits-001 --at-epoch 5 --recompute-statistics")]
    Fork(ForkArgs),
    /// Find better settings for the network of a config, and write a config with them
    #[command(after_help = "Examples:
  bntrain tune flowers.toml
  bntrain tune flowers.toml --points 60 --folds 5 --seconds 300
  bntrain tune flowers.toml --set 'tune.keys={ model.dropout = { linear = [0, 0.5] } }'")]
    Tune(TuneArgs),
    /// Put finished shares of a comparison together
    #[command(after_help = "Examples:
  bntrain train configs/iris.toml --share 3/40 --out shares/3
  bntrain merge shares/* --out runs/iris")]
    Merge(MergeArgs),
    /// Watch trainings in the terminal, while they run and afterwards
    #[command(after_help = "Examples:
  bntrain watch
  bntrain watch runs/iris-001 runs/iris-002
  ssh cluster bntrain watch --json study/shares/*")]
    Watch(WatchArgs),
    /// Check a config and its data, and print the plan without training
    #[command(after_help = "Examples:
  bntrain check configs/iris.toml")]
    Check(CheckArgs),
    /// Check the gradients of a config's network against central differences
    #[command(after_help = "Examples:
  bntrain gradcheck configs/iris.toml
  bntrain gradcheck configs/iris.toml --rows 32 --tolerance 1e-6
  bntrain gradcheck configs/iris.toml --mistakes")]
    Gradcheck(GradcheckArgs),
    /// Measure what the norms do to a config's network before it is trained
    #[command(after_help = "Examples:
  bntrain probe configs/mlp_bn.toml
  bntrain probe configs/mlp_bn.toml --norms all
  bntrain probe configs/mlp_bn.toml --norms batch_norm,layer_norm --set training.batch_size=8")]
    Probe(ProbeArgs),
    /// Show finished run directories side by side
    #[command(after_help = "Examples:
  bntrain compare runs/iris-001 runs/iris-002")]
    Compare(CompareArgs),
    /// Write the report of finished run directories as one HTML page, and its charts
    #[command(after_help = "Examples:
  bntrain report runs/iris-001
  bntrain report runs/iris-001 runs/iris-002 -o both.html
  bntrain report runs/iris-001 --figures figures --label batch_norm=BN")]
    Report(ReportArgs),
    /// Try published findings about normalization
    #[command(after_help = "Examples:
  bntrain reproduce
  bntrain reproduce rates
  bntrain reproduce all --data flowers.csv --label kind")]
    Reproduce(ReproduceArgs),
    /// Write a first config for a CSV file
    #[command(after_help = "Examples:
  bntrain init flowers.csv
  bntrain init houses.csv --target price --out houses.toml")]
    Init(InitArgs),
    /// Predict the rows of a CSV file with a trained model
    #[command(after_help = "Examples:
  bntrain predict model.safetensors --data new.csv --out predictions.csv
  zcat new.csv.gz | bntrain predict model.safetensors --data - --keep-columns")]
    Predict(PredictArgs),
    /// Evaluate a trained model on labelled rows
    #[command(after_help = "Examples:
  bntrain eval model.safetensors --data test.csv
  bntrain eval model.safetensors --data test.csv --stats running,recomputed,batch
  bntrain eval model.safetensors --data test.csv --require 'accuracy >= 0.9'")]
    Eval(EvalArgs),
    /// Show which columns a trained model uses, and how
    #[command(after_help = "Examples:
  bntrain explain model.safetensors --data test.csv
  bntrain explain runs/flowers-001 --data test.csv --html flowers.html")]
    Explain(ExplainArgs),
    /// Write a model that decides between two classes at another probability than 0.5
    #[command(after_help = "Examples:
  bntrain threshold runs/churn-001 --cost fp=1,fn=5 -o churn.safetensors
  bntrain threshold model.safetensors --precision 0.9 --data recent.csv -o careful.safetensors")]
    Threshold(ThresholdArgs),
    /// Show the contents of a data file, a model file or a run directory
    #[command(after_help = "Examples:
  bntrain inspect flowers.csv --label kind
  bntrain inspect runs/iris-001")]
    Inspect(InspectArgs),
    /// Export a trained model to ONNX, PyTorch or JSON
    #[command(after_help = "Examples:
  bntrain export model.safetensors --to onnx --out model.onnx")]
    Export(ExportArgs),
    /// Print shell completions
    #[command(after_help = "Examples:
  bntrain completions bash > ~/.local/share/bash-completion/completions/bntrain")]
    Completions(CompletionsArgs),
    /// Print a man page, or write all of them
    #[command(after_help = "Examples:
  bntrain man train | man -l -
  bntrain man --out ~/.local/share/man/man1")]
    Man(ManArgs),
    /// Print the help of a command, or all keys of a config
    #[command(after_help = "Examples:
  bntrain help train
  bntrain help config")]
    Help(HelpArgs),
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Print results as JSON, one object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no progress and no notes
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// When to show progress bars instead of plain lines
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) progress: When,
}

/// When to use a feature of terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The option `--threads`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ThreadArgs {
    /// Number of threads; does not affect the results [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl ThreadArgs {
    /// The number asked for.
    pub(crate) fn asked(&self) -> Option<u16> {
        self.threads
    }

    /// The number asked for, or one thread per core.
    pub(crate) fn count(&self) -> NonZeroUsize {
        let asked = self.threads.and_then(|threads| NonZeroUsize::new(usize::from(threads)));
        asked.unwrap_or_else(all_cores)
    }
}

/// One thread per core.
pub(crate) fn all_cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Parses a number that is not 0, of a type that cannot be.
pub(crate) fn at_least_one<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "expected a whole number of at least 1".to_owned())
}

/// Parses a finite number greater than 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|x: &f64| x.is_finite() && 0.0 < *x)
        .ok_or_else(|| "expected a number greater than 0".to_owned())
}
