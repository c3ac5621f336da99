//! The config and its data, read and checked: the start of every command that has a config.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};

use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::config;
use crate::config::{Plan, fewer_points_note};
use crate::data::{DataError, Dataset, Encoding, Profile, Rows, SplitKey};
use crate::experiment::{DataSets, Job, RunError, RunId, all_jobs, check_models};
use crate::kernel::real::Real;
use crate::model::InitialNetwork;
use crate::nn::LayerSpec;
use crate::nn::layers::affine::weight_norm::{centered_alone, centered_alone_message};
use crate::nn::layers::row_norm::group_norm::single_group_note;
use crate::nn::layers::row_norm::outputs::few_columns_note;
use crate::targets::TargetsView;
use crate::text::{Count, DisplayPath, shortened, similar_names};
use crate::train::{BatchPlan, Metric, Remainder, RemainderHandling, with_dtype};

/// A config and changes to it.
#[derive(Clone, Debug, Args)]
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
    /// The config at `path` with these changes, and another number of epochs if there is one.
    pub(crate) fn of(path: PathBuf, sets: Vec<String>, epochs: Option<u64>) -> Self {
        Self { file: None, config: Some(path), sets, seed: None, epochs }
    }

    /// The same with another `--set`, after the others.
    pub(crate) fn with(&self, set: String) -> Self {
        let sets = self.sets.iter().cloned().chain([set]).collect();
        Self { file: self.file.clone(), config: self.config.clone(), sets, ..*self }
    }

    /// The path of the config.
    pub(crate) fn path(&self) -> Result<&Path, CliError> {
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
    pub(crate) fn overrides(&self) -> Result<Vec<(String, String)>, CliError> {
        let mut overrides = Vec::new();
        for set in &self.sets {
            let (key, value) = config::split_setting(set).ok_or_else(|| {
                let message =
                    format!("--set {}: expected KEY=VALUE, such as training.epochs=5", shortened(set));
                CliError::new(exit_code::USAGE, message)
            })?;
            overrides.push((key.to_owned(), value.to_owned()));
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
    /// Every run that may be needed; at least one.
    pub(crate) jobs: Vec<Job>,
    pub(crate) data: DataSets,
    /// The runs to do, if not all.
    pub(crate) share: Option<Vec<RunId>>,
}

impl Session {
    /// Reads the config and, on at most `threads` threads, its data, and checks that every run can be
    /// done; notes go to standard error.
    pub(crate) fn open(args: &ConfigArgs, threads: NonZeroUsize, output: &Output) -> Result<Self, CliError> {
        let plan = config::load(args.path()?, &args.overrides()?)?;
        let jobs = all_jobs(&plan);
        let mut data = DataSets::load(jobs.iter().map(|job| &job.plan), threads)?;
        data.load_initial(jobs.iter().map(|job| &job.plan))?;
        let tune = plan.compare.as_ref().and_then(|compare| compare.tune.as_ref());
        let fewer = tune.and_then(|tune| fewer_points_note("compare.tune", tune.points, plan.points.len()));
        let mut notes: Vec<String> = fewer.into_iter().collect();
        for job in &jobs {
            let table = data.table(&job.plan.data);
            // Each seed may split the rows in another way.
            let [train_rows, ..] = table.check_split(job.plan.training.split_key())?;
            job.plan.check_size(train_rows, table.most_inputs(), table.outputs())?;
            job.plan.check_memory(train_rows, table.most_inputs(), table.outputs())?;
            let Plan { layers, training, .. } = &job.plan;
            if let Some(index) = centered_alone(layers, Some(table.most_inputs())) {
                let message = format!("{}: {}", job.id.network(), centered_alone_message(index));
                return Err(CliError::new(exit_code::USAGE, message));
            }
            let batches = BatchPlan::new(layers, training, train_rows, table.outputs())
                .map_err(|error| CliError::new(exit_code::USAGE, error.to_string()))?;
            let remainder = remainder_note(&batches, train_rows, training.batch_size);
            let few = few_rows_note(layers, training.batch_size);
            let row_norms = single_group_note(layers).into_iter().chain(few_columns_note(layers));
            for note in table.notes().iter().cloned().chain(remainder).chain(few).chain(row_norms) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        // One split is enough: constant columns and categories hardly differ between seeds.
        if let Some(job) = jobs.first() {
            notes.extend(with_dtype!(job.plan.training.dtype, F => {
                let prepared = data.prepared::<F>(&job.plan)?;
                let undefined = undefined_r2(&job.plan, prepared.data.valid.as_ref());
                prepared.notes.iter().cloned().chain(undefined).collect::<Vec<_>>()
            }));
        }
        notes.extend(chosen_and_judged_note(&plan));
        check_models(&jobs, &data)?;
        notes.extend(initial_notes(&jobs, &data)?);
        for note in notes {
            output.note(&format!("note: {note}"));
        }
        Ok(Self { plan, jobs, data, share: None })
    }

    /// Those of `jobs` that are to be done.
    pub(crate) fn in_share(&self, mut jobs: Vec<Job>) -> Vec<Job> {
        if let Some(share) = &self.share {
            jobs.retain(|job| share.contains(&job.id));
        }
        jobs
    }

    /// How many runs are to be done, at most.
    pub(crate) fn runs_planned(&self) -> usize {
        self.share.as_ref().map_or(self.jobs.len(), Vec::len)
    }

    /// The files that the runs read.
    pub(crate) fn sources(&self) -> Vec<&Path> {
        let data = self.data.tables().flat_map(Dataset::sources).flat_map(|source| &source.files);
        let data = data.map(|file| file.path.as_path());
        let initial = self.jobs.iter().filter_map(|job| job.plan.training.init_from.as_deref());
        data.chain(initial).chain([self.plan.source.as_path()]).collect()
    }

    /// The jobs with the first seed: one for each network. Where norms are tuned, with the settings of the config.
    pub(crate) fn networks(&self) -> impl Iterator<Item = &Job> {
        let is_tuned = self.plan.compare.as_ref().is_some_and(|compare| compare.tune.is_some());
        let compared = move |job: &&Job| !is_tuned || job.id.point.is_none();
        let first_seed = self.jobs.iter().find(compared).map(|job| job.id.seed);
        let of_first_seed =
            self.jobs.iter().filter(compared).filter(move |job| Some(job.id.seed) == first_seed);
        // Without a norm, it is the same at both positions.
        let mut names = HashSet::new();
        of_first_seed.filter(move |job| names.insert(job.id.network()))
    }

    /// The data of the first run; a grid may use other data for other runs.
    pub(crate) fn first_table(&self) -> &Dataset {
        self.data.table(&self.first_plan().data)
    }

    /// The split for which numbers of rows are reported.
    pub(crate) fn first_split(&self) -> SplitKey {
        self.first_plan().training.split_key()
    }

    /// The columns of the training file of the first run.
    pub(crate) fn profile(&self) -> Result<Profile, DataError> {
        let profile = Profile::of(&self.first_plan().data)?;
        self.first_table().expect_same(&profile)?;
        Ok(profile)
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

/// Which tensors of each network come from a file, and which do not.
pub(crate) fn initial_notes(jobs: &[Job], data: &DataSets) -> Result<Vec<String>, CliError> {
    let mut notes = Vec::new();
    let first_seed = jobs.first().map(|job| job.id.seed);
    for job in jobs.iter().filter(|job| Some(job.id.seed) == first_seed) {
        let Some(file) = data.initial_tensors(&job.plan) else { continue };
        let (set, left, unused) = with_dtype!(job.plan.training.dtype, F => {
            let encoding = &data.prepared::<F>(&job.plan)?.data.encoding;
            let sizes = (encoding.inputs.len(), encoding.outputs());
            let InitialNetwork { set, left, unused, .. } = file
                .network::<F>(&job.plan.layers, sizes, &job.plan.training)
                .map_err(RunError::from)?;
            (set, left, unused)
        });
        let list = |what: &str, names: &[String]| match names {
            [] => String::new(),
            names => format!("; {what}: {}", shortened(&names.join(", "))),
        };
        notes.push(format!(
            "{}: {} of {} tensors come from training.init_from{}{}",
            job.id.network(),
            set.len(),
            set.len() + left.len(),
            list("not in the file", &left),
            list("not in the network", &unused)
        ));
    }
    Ok(notes)
}

/// Says so if early stopping watches the R2 of validation rows whose targets are all the same.
fn undefined_r2<F: Real>(plan: &Plan, valid: Option<&Rows<F>>) -> Option<String> {
    let is_watched = plan.training.early_stopping.as_ref().is_some_and(|rule| rule.metric == Metric::ValidR2);
    let TargetsView::Values(values) = valid?.targets() else { return None };
    let is_constant =
        values.columns().into_iter().any(|column| column.iter().all(|value| *value == column[0]));
    let rows = Count(values.nrows(), "validation row");
    (is_watched && is_constant).then(|| {
        format!(
            "training.early_stopping.metric: valid_r2 has no value, since a target is the same in {rows}; the weights \
             of the last epoch will be kept; use valid_loss, or other validation rows"
        )
    })
}

/// Rows of a batch from which its statistics say something: of two rows, normalized values are 1 and -1, whatever they
/// were.
const ENOUGH_ROWS: usize = 8;

/// That statistics of so few rows are little but noise.
fn few_rows_note(layers: &[LayerSpec], batch_size: usize) -> Option<String> {
    let norm = layers.iter().find(|layer| layer.needs_batch()).filter(|_| batch_size < ENOUGH_ROWS)?;
    Some(format!(
        "{} normalizes by the statistics of {batch_size} rows, which are mostly noise; set training.batch_size to \
         {ENOUGH_ROWS} or more, or try layer_norm, which needs no other rows",
        norm.kind()
    ))
}

/// Test rows that nothing is judged by, where settings are tuned.
fn chosen_and_judged_note(plan: &Plan) -> Option<String> {
    let compare = plan.compare.as_ref().filter(|compare| compare.tune.is_some())?;
    let has_test = plan.data.test > 0.0 || plan.data.test_path.is_some();
    (has_test && !compare.primary.is_of_test()).then(|| {
        format!(
            "the norms are judged by {}, on rows by which their settings are chosen; compare.primary = \"test_loss\" \
             judges them on the test rows",
            compare.primary.name()
        )
    })
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
