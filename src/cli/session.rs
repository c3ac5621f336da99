//! The config and its data, read and checked: the start of every command that has a config.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};

use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::config;
use crate::config::Plan;
use crate::data::{DataError, Dataset, Encoding, Profile};
use crate::experiment::{DataSets, Job, jobs};
use crate::model;
use crate::model::{Description, History, check_description};
use crate::text::{DisplayPath, shortened, similar_names};
use crate::train::{BatchPlan, Outcome, Remainder, RemainderHandling, with_dtype};

/// A config and changes to it.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The config: a TOML file that describes data, network and training
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The config, as an option
    #[arg(short, long, value_name = "FILE", conflicts_with = "file")]
    config: Option<PathBuf>,
    /// Change a key of the config, such as optimizer.learning_rate=0.01; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Random seed (training.seed)
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of epochs (training.epochs)
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
}

impl ConfigArgs {
    /// The config at `path`, with another number of epochs if there is one.
    pub(crate) fn of(path: PathBuf, epochs: Option<u64>) -> Self {
        Self { file: None, config: Some(path), sets: Vec::new(), seed: None, epochs }
    }

    fn path(&self) -> Result<&Path, CliError> {
        let path = self.file.as_deref().or(self.config.as_deref());
        let path =
            path.ok_or_else(|| CliError::new(exit_code::USAGE, "no config; give one: bntrain FILE.toml"))?;
        // A mistyped command arrives here as the name of a config.
        let is_word = path.extension().is_none() && path.components().count() == 1;
        if self.file.is_some() && is_word && !path.exists() {
            let name = path.to_string_lossy();
            let commands = Cli::command();
            let hint =
                match similar_names(&name, commands.get_subcommands().map(clap::Command::get_name)).first() {
                    Some(command) => format!("did you mean `bntrain {command}`?"),
                    None => "see bntrain --help".to_owned(),
                };
            let message = format!("{} is neither a command nor a file; {hint}", DisplayPath(path));
            return Err(CliError::new(exit_code::USAGE, message));
        }
        Ok(path)
    }

    /// `--set`, `--seed` and `--epochs` as pairs of key and value, in this order.
    fn overrides(&self) -> Result<Vec<(String, String)>, CliError> {
        let mut overrides = Vec::new();
        for set in &self.sets {
            let (key, value) = set.split_once('=').ok_or_else(|| {
                let message = format!("--set {set}: expected KEY=VALUE, such as training.epochs=5");
                CliError::new(exit_code::USAGE, message)
            })?;
            overrides.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        for (option, value) in [("seed", self.seed), ("epochs", self.epochs)] {
            let Some(value) = value else { continue };
            if let Some((key, set)) = overrides.iter().find(|(key, set)| contradicts(key, set, option, value))
            {
                let message = format!(
                    "--{option} {value} contradicts --set {}; leave out one of them",
                    shortened(&format!("{key}={set}"))
                );
                return Err(CliError::new(exit_code::USAGE, message));
            }
            overrides.push((format!("training.{option}"), value.to_string()));
        }
        Ok(overrides)
    }
}

/// Whether `--set key=set` gives another value to `training.option` than `value`.
fn contradicts(key: &str, set: &str, option: &str, value: u64) -> bool {
    let Ok(table) = format!("set = {set}").parse::<toml::Table>() else { return false };
    let found = match key.strip_prefix("training") {
        Some("") => table["set"].get(option),
        Some(rest) => (rest.strip_prefix('.') == Some(option)).then(|| &table["set"]),
        None => None,
    };
    found.is_some_and(|found| found.as_integer().and_then(|found| found.try_into().ok()) != Some(value))
}

/// Everything that is known before training.
pub(crate) struct Session {
    pub(crate) plan: Plan,
    /// At least one.
    pub(crate) jobs: Vec<Job>,
    pub(crate) data: DataSets,
}

impl Session {
    /// Reads the config and, on at most `threads` threads, its data, and checks that every run can be
    /// done; notes go to standard error.
    pub(crate) fn open(args: &ConfigArgs, threads: NonZeroUsize, output: &Output) -> Result<Self, CliError> {
        let plan = config::load(args.path()?, &args.overrides()?)?;
        let jobs = jobs(&plan);
        let data = DataSets::load(jobs.iter().map(|job| &job.plan), threads)?;
        let mut notes: Vec<String> = Vec::new();
        for job in &jobs {
            let table = data.table(&job.plan.data);
            let train_rows = table.train_rows(job.plan.training.seed);
            job.plan.check_size(train_rows, table.most_inputs(), table.outputs())?;
            let Plan { layers, training, .. } = &job.plan;
            let batches = BatchPlan::new(layers, training, train_rows, table.outputs())
                .map_err(|error| CliError::new(exit_code::USAGE, error.to_string()))?;
            let remainder = remainder_note(&batches, train_rows, training.batch_size);
            for note in table.notes().iter().cloned().chain(remainder) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        // One split is enough: constant columns and categories hardly differ between seeds.
        if let Some(job) = jobs.first() {
            let (notes_of_split, encoding) = with_dtype!(job.plan.training.dtype, F => {
                let prepared = data.prepared::<F>(&job.plan)?;
                (prepared.notes.clone(), prepared.data.encoding.clone())
            });
            notes.extend(notes_of_split);
            let description = Description {
                format: model::FORMAT,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                config: job.plan.to_toml(),
                data_sha256: data.table(&job.plan.data).sha256().to_owned(),
                encoding,
                history: History::new(&Outcome::Finished, 0, &[], None),
            };
            check_description(&description)
                .map_err(|error| CliError::new(exit_code::LIMIT, error.to_string()))?;
        }
        for note in notes {
            output.note(&format!("note: {note}"));
        }
        Ok(Self { plan, jobs, data })
    }

    /// The files that the runs read.
    pub(crate) fn sources(&self) -> Vec<&Path> {
        let data = self.data.tables().flat_map(Dataset::sources).map(|source| source.path.as_path());
        data.chain([self.plan.source.as_path()]).collect()
    }

    /// The jobs with the first seed: one for each network.
    pub(crate) fn networks(&self) -> impl Iterator<Item = &Job> {
        let first_seed = self.jobs.first().map(|job| job.id.seed);
        self.jobs.iter().filter(move |job| Some(job.id.seed) == first_seed)
    }

    /// The data of the first run; a grid may use other data for other runs.
    pub(crate) fn first_table(&self) -> &Dataset {
        self.data.table(&self.first_plan().data)
    }

    /// The seed for which numbers of rows are reported.
    pub(crate) fn first_seed(&self) -> u64 {
        self.first_plan().training.seed
    }

    /// The columns of the training file of the first run.
    pub(crate) fn profile(&self) -> Result<Profile, DataError> {
        Profile::of(&self.first_plan().data)
    }

    /// How the rows of a run become inputs of its network.
    pub(crate) fn encoding(&self, job: &Job) -> Result<Encoding, CliError> {
        let encoding = with_dtype!(job.plan.training.dtype, F => {
            self.data.prepared::<F>(&job.plan)?.data.encoding.clone()
        });
        Ok(encoding)
    }

    fn first_plan(&self) -> &Plan {
        self.jobs.first().map_or(&self.plan, |job| &job.plan)
    }
}

/// What is done with the training rows that do not fill a batch.
fn remainder_note(batches: &BatchPlan, train_rows: usize, batch_size: usize) -> Option<String> {
    let Remainder { rows, handling } = batches.remainder?;
    let handling = match handling {
        RemainderHandling::NotDrawn => "rows are drawn with replacement, an epoch is the whole batches only",
        RemainderHandling::Dropped => "dropped, others each epoch",
        RemainderHandling::Merged => {
            &format!("merged into the batch before, which has {} rows", batches.largest_batch)
        }
        RemainderHandling::Kept => "a smaller batch",
    };
    Some(format!("{rows} of {train_rows} training rows are left over by batches of {batch_size}: {handling}"))
}
