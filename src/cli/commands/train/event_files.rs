//! `--tensorboard DIR`: what TensorBoard shows of the runs, written while they are trained.

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cli::commands::train::{RUNS, TrainArgs};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::experiment::{Job, RunId};
use crate::run_dir::{DirectoryState, number_of, run_folder, state_of, without_links};
use crate::tensorboard::hparams::{put_outcome, put_settings};
use crate::tensorboard::{self, EventTime, TensorHistogram, put_epoch, put_start, put_version};
use crate::text::{DisplayPath, shortened};
use crate::train::{Event, NetworkAt, Observer};

/// Events wait for others until the last ones were written so long ago.
const MAX_WAITING_TIME: Duration = Duration::from_millis(200);
/// What the name of an event file begins with.
const PREFIX: &str = "events.out.tfevents.";

/// The directory of the event files of a command: a folder for each run, as in the run directory.
pub(crate) struct EventFiles<'a> {
    path: PathBuf,
    output: &'a Output,
    /// Whether a file could not be written, which is said once.
    has_warned: AtomicBool,
}

/// The event file of one run. The run does not depend on it: if it cannot be written, a warning says so.
struct EventFile<'a> {
    files: &'a EventFiles<'a>,
    folder: PathBuf,
    id: RunId,
    /// What runs of the same network have in common.
    group: String,
    config: toml::Table,
    /// None before the run begins, and after it could not be written.
    file: Option<File>,
    waiting: Vec<u8>,
    last_write: Instant,
    steps_per_epoch: u64,
    /// Steps done.
    step: u64,
    /// The tensors after the last epoch, until it was evaluated.
    histograms: Vec<TensorHistogram>,
}

impl<'a> EventFiles<'a> {
    /// Makes the directory. `name` is that of the training, for which its run directory is called.
    ///
    /// # Errors
    ///
    /// If it is in a run directory, if it has event files of a run that is about to begin, or if it cannot be made.
    pub(crate) fn open(
        args: &TrainArgs,
        name: &str,
        jobs: &[Job],
        output: &'a Output,
    ) -> Result<Option<Self>, CliError> {
        let Some(path) = &args.tensorboard else { return Ok(None) };
        if let Some(which) = run_directory_around(path, args, name) {
            let shown = shortened(&path.to_string_lossy());
            let message = format!("--tensorboard {shown} is in {which} run directory; name one next to it");
            return Err(CliError::new(exit_code::USAGE, message));
        }
        fs::create_dir_all(path).map_err(|error| CliError::io("create", path, &error))?;
        // Those of runs that go on, or are replaced, are continued.
        if !(args.resume || args.force) {
            for folder in jobs.iter().map(|job| path.join(run_folder(&job.id))) {
                if has_event_files(&folder).map_err(|error| CliError::io("read", &folder, &error))? {
                    let message = format!(
                        "{} has event files of another training, with which these would be mixed; name another \
                         directory with --tensorboard, or remove it",
                        DisplayPath(&folder)
                    );
                    return Err(CliError::new(exit_code::REFUSED, message));
                }
            }
        }
        Ok(Some(Self { path: path.clone(), output, has_warned: AtomicBool::new(false) }))
    }

    /// The observer that writes the file of `job`.
    pub(crate) fn watch(&self, job: &Job) -> Box<dyn Observer + '_> {
        let folder = run_folder(&job.id);
        let network = folder.parent().unwrap_or(&folder);
        Box::new(EventFile {
            files: self,
            id: job.id.clone(),
            group: self.path.join(network).to_string_lossy().into_owned(),
            folder: self.path.join(&folder),
            config: job.plan.to_table(),
            file: None,
            waiting: Vec::new(),
            last_write: Instant::now(),
            steps_per_epoch: 1,
            step: 0,
            histograms: Vec::new(),
        })
    }
}

/// The article of the run directory that `path` is in, as far as it can be known before that of the training is made.
fn run_directory_around(path: &Path, args: &TrainArgs, name: &str) -> Option<&'static str> {
    let path = without_links(path);
    // Without --out it gets a number.
    let is_own = |folder: &Path| match &args.out {
        Some(out) => folder == without_links(out),
        None => {
            let is_in_runs = folder.parent() == Some(&*without_links(Path::new(RUNS)));
            is_in_runs && number_of(folder, name).is_some()
        }
    };
    let is_run =
        |folder: &Path| matches!(state_of(folder), Ok(DirectoryState::Finished | DirectoryState::Unfinished));
    let find = |folder: &Path| {
        if is_own(folder) { Some("the") } else { is_run(folder).then_some("a") }
    };
    path.ancestors().find_map(find)
}

impl EventFile<'_> {
    fn now(&self) -> EventTime {
        EventTime { unix_seconds: since_1970().as_secs_f64(), step: self.step }
    }

    fn begin(&mut self, at: &NetworkAt<'_>) {
        // A step that is repeated replaces the one that another process wrote before it was killed.
        let first = if at.is_resumed { at.step + 1 } else { 0 };
        let now = EventTime { step: first, ..self.now() };
        match create(&self.folder) {
            Ok(file) => self.file = Some(file),
            Err(error) => return self.fail(&error),
        }
        put_version(&mut self.waiting, now.unix_seconds);
        put_start(&mut self.waiting, now);
        let now = self.now();
        put_settings(&mut self.waiting, now, &self.id, &self.config, &self.group);
    }

    fn on_network(&mut self, at: &NetworkAt<'_>) {
        self.step = at.step;
        if at.is_resumed || at.step == 0 {
            self.begin(at);
        }
        if self.file.is_some() && at.step.is_multiple_of(self.steps_per_epoch) {
            self.histograms = match (at.network::<f32>(), at.network::<f64>()) {
                (Some(network), _) => tensorboard::histograms(network),
                (_, Some(network)) => tensorboard::histograms(network),
                (None, None) => Vec::new(),
            };
        }
    }

    /// Writes what is waiting, if it is time.
    fn write(&mut self, is_last: bool) {
        if !is_last && self.last_write.elapsed() < MAX_WAITING_TIME {
            return;
        }
        self.last_write = Instant::now();
        if let Some(file) = &mut self.file
            && let Err(error) = file.write_all(&self.waiting)
        {
            self.fail(&error);
        }
        self.waiting.clear();
    }

    fn fail(&mut self, error: &io::Error) {
        self.file = None;
        if !self.files.has_warned.swap(true, Ordering::Relaxed) {
            self.files.output.note(&format!(
                "warning: no event file for TensorBoard could be written in {}, training goes on without: {error}",
                DisplayPath(&self.folder)
            ));
        }
    }
}

impl Observer for EventFile<'_> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::RunStarted { steps_per_epoch, .. } => self.steps_per_epoch = (*steps_per_epoch).max(1),
            Event::Network(at) => self.on_network(at),
            Event::EpochEnded(epoch) if self.file.is_some() => {
                self.step = epoch.step;
                let (now, histograms) = (self.now(), std::mem::take(&mut self.histograms));
                put_epoch(&mut self.waiting, now, epoch, histograms);
                self.write(false);
            }
            Event::RunEnded(outcome) if self.file.is_some() => {
                let now = self.now();
                put_outcome(&mut self.waiting, now, outcome);
                self.write(true);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn has_event_files(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        entries => entries?.try_fold(false, |found, entry| {
            Ok(found || entry?.file_name().to_string_lossy().starts_with(PREFIX))
        }),
    }
}

/// Makes a new file, whose name is after those of earlier ones: they are read in that order.
fn create(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let time = since_1970();
    File::create_new(folder.join(format!(
        "{PREFIX}{:010}.{:09}.bntrain",
        time.as_secs(),
        time.subsec_nanos()
    )))
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
