//! The files of runs, read while they grow. Nothing is written or locked.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

use crate::experiment::{Job, RunId, RunRecord};
use crate::model::outcome_in_file;
use crate::report::{ResultsError, read_epochs, read_metrics, run_key};
use crate::run_dir::layout::{METRICS, MODEL, STEPS, run_folder};
use crate::train::{EpochRecord, Outcome};

/// Points of `steps.csv` that are kept; of more, every second one is.
const MAX_STEPS: usize = 4096;

/// Why the files of a run cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// `metrics.csv` is not that of a run.
    #[error(transparent)]
    Metrics(#[from] ResultsError),
}

/// A run whose files are followed.
#[derive(Debug)]
pub struct FollowedRun {
    /// What is to be done.
    pub job: Job,
    /// Epoch 0 and every epoch that was finished.
    pub epochs: Vec<EpochRecord>,
    /// Logged steps with their losses, thinned out if they are many.
    pub steps: Vec<(u64, f64)>,
    /// The last logged step.
    pub last_step: u64,
    /// Whether it has ended: its model was written after its last row.
    pub has_ended: bool,
    /// How it ended; none before that.
    pub outcome: Option<Outcome>,
    /// When its tables last changed; none before it begins.
    pub changed: Option<SystemTime>,
    metrics: FollowedTable,
    log: FollowedTable,
    model: PathBuf,
    /// One of this many logged steps is kept, and how many there were.
    stride: u64,
    logged: u64,
}

impl FollowedRun {
    /// The run of `job` in the run directory `directory`.
    pub fn new(directory: &Path, job: Job) -> Self {
        let folder = directory.join(run_folder(&job.id));
        Self {
            job,
            epochs: Vec::new(),
            steps: Vec::new(),
            last_step: 0,
            has_ended: false,
            outcome: None,
            changed: None,
            metrics: FollowedTable::new(folder.join(METRICS)),
            log: FollowedTable::new(folder.join(STEPS)),
            model: folder.join(MODEL),
            stride: 1,
            logged: 0,
        }
    }

    /// Which run it is.
    pub fn id(&self) -> &RunId {
        &self.job.id
    }

    /// Reads what was added to its files.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or `metrics.csv` as a whole is not that of a run. A row of `steps.csv` that cannot be
    /// parsed is not an error: that table is read from its start the next time.
    pub fn refresh(&mut self) -> Result<(), FollowError> {
        if let Some(added) = self.metrics.added()? {
            let followed = !added.is_anew && self.add_epochs(&added);
            if !followed {
                self.read_whole_metrics(added)?;
            }
        }
        if let Some(added) = self.log.added()? {
            if added.is_anew {
                (self.steps, self.stride, self.logged, self.last_step) = (Vec::new(), 1, 0, 0);
            }
            for row in csv::Reader::from_reader(added.text.as_bytes()).deserialize::<LoggedStep>() {
                match row {
                    Ok(row) if self.last_step < row.step => self.add_step(&row),
                    _ => {
                        self.log.restart();
                        break;
                    }
                }
            }
        }
        let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let metrics = modified(&self.metrics.path);
        self.changed = metrics.max(modified(&self.log.path));
        let had_ended = self.has_ended;
        self.has_ended = modified(&self.model).is_some_and(|model| metrics.is_some_and(|rows| rows <= model));
        match (had_ended, self.has_ended) {
            (_, false) => self.outcome = None,
            (false, true) => self.outcome = outcome_in_file(&self.model),
            (true, true) => {}
        }
        Ok(())
    }

    /// False if the rows do not follow those before: a run that was resumed writes again what was not saved.
    fn add_epochs(&mut self, added: &AddedRows) -> bool {
        let Ok(mut runs) = read_epochs(&added.text, self.job.plan.task()) else { return false };
        let epochs = runs.remove(&run_key(&self.job.id)).unwrap_or_default();
        let next = self.epochs.last().map_or(0, |last| last.epoch + 1);
        let follow = runs.is_empty() && (next..).zip(&epochs).all(|(next, epoch)| epoch.epoch == next);
        if follow {
            self.epochs.extend(epochs);
        }
        follow
    }

    /// Reads the table from its start, twice if it has to: it may be written anew while it is read.
    fn read_whole_metrics(&mut self, added: AddedRows) -> Result<(), FollowError> {
        let mut first = Some(added).filter(|added| added.is_anew);
        let mut is_again = false;
        loop {
            let added = match first.take() {
                Some(added) => Some(added),
                None => {
                    self.metrics.restart();
                    self.metrics.added()?
                }
            };
            let text = added.map(|added| added.text).unwrap_or_default();
            match read_metrics(&text, self.job.plan.task()) {
                Ok(mut runs) => {
                    self.epochs = runs.remove(&run_key(&self.job.id)).unwrap_or_default();
                    return Ok(());
                }
                Err(error) if is_again => return Err(error.into()),
                Err(_) => is_again = true,
            }
        }
    }

    fn add_step(&mut self, row: &LoggedStep) {
        self.last_step = row.step;
        if self.logged.is_multiple_of(self.stride) {
            self.steps.push((row.step, row.loss));
        }
        self.logged += 1;
        if self.steps.len() > MAX_STEPS {
            let mut place = 0;
            self.steps.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride *= 2;
        }
    }

    /// Epochs done, with the part of the one that is trained.
    pub fn epochs_done(&self) -> f64 {
        let Some(last) = self.epochs.last() else { return 0.0 };
        let steps_per_epoch = if last.epoch == 0 { 0.0 } else { last.step as f64 / last.epoch as f64 };
        let begun = self.last_step.saturating_sub(last.step) as f64;
        let part = if steps_per_epoch > 0.0 { (begun / steps_per_epoch).min(1.0) } else { 0.0 };
        last.epoch as f64 + part
    }

    /// The run so far, as if it had been interrupted; none before its first row.
    pub fn record(&self) -> Option<RunRecord> {
        let last = self.epochs.last()?;
        Some(RunRecord {
            id: self.job.id.clone(),
            epochs: self.epochs.clone(),
            outcome: Outcome::Interrupted { step: last.step },
            kept_epoch: last.epoch,
            train: None,
            test: None,
            assessments: Vec::new(),
            constant_loss: None,
            parameters: 0,
            result_hash: String::new(),
            seconds: last.train_seconds + last.eval_seconds,
        })
    }
}

/// A row of `steps.csv`.
#[derive(Deserialize)]
struct LoggedStep {
    step: u64,
    loss: f64,
}

/// A table that another process writes, by whole rows.
#[derive(Debug)]
struct FollowedTable {
    path: PathBuf,
    header: String,
    /// Bytes that were read.
    size: u64,
}

/// What was added to a table: its header and the new rows.
struct AddedRows {
    text: String,
    /// Whether these are all rows, so that those before are not in the table any more.
    is_anew: bool,
}

impl FollowedTable {
    fn new(path: PathBuf) -> Self {
        Self { path, header: String::new(), size: 0 }
    }

    /// Reads the table from its start the next time.
    fn restart(&mut self) {
        self.size = 0;
    }

    /// None if nothing was added.
    fn added(&mut self) -> io::Result<Option<AddedRows>> {
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let size = file.metadata()?.len();
        if size < self.size {
            self.restart();
        }
        if size == self.size {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(self.size))?;
        let mut bytes = Vec::new();
        file.take(size - self.size).read_to_end(&mut bytes)?;
        bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
        let is_anew = self.size == 0;
        self.size += bytes.len() as u64;
        let text = String::from_utf8_lossy(&bytes);
        if is_anew {
            let (header, rows) = text.split_once('\n').unwrap_or_default();
            self.header = format!("{header}\n");
            return Ok((!rows.is_empty()).then(|| AddedRows { text: text.into_owned(), is_anew }));
        }
        let text = format!("{}{text}", self.header);
        Ok((!bytes.is_empty()).then_some(AddedRows { text, is_anew }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::experiment::all_jobs;

    fn followed(folder: &Path) -> FollowedRun {
        let config = "[data]\npath = \"a.csv\"\nlabel = \"b\"\n[model]\nhidden = [3]\nnorm = \"batch_norm\"\n\
                      activation = \"relu\"\n[optimizer]\ntype = \"sgd\"\nlearning_rate = 0.1\n";
        let plan = parse(config, Path::new("config.toml"), &[]).expect("a config");
        FollowedRun::new(folder, all_jobs(&plan).remove(0))
    }

    fn write(run: &FollowedRun, epochs: std::ops::Range<u64>, steps: std::ops::Range<u64>) {
        fs::create_dir_all(run.model.parent().expect("a folder")).expect("a folder");
        let mut metrics =
            "norm,point,seed,epoch,step,learning_rate,train_loss,train_eval_loss,train_accuracy,\
                           valid_loss,valid_accuracy,train_seconds,eval_seconds\n"
                .to_owned();
        for epoch in epochs {
            metrics.push_str(&format!("batch_norm,,0,{epoch},{},,,0.5,0.9,,,{epoch},1\n", epoch * 10));
        }
        let mut log = "norm,point,seed,step,loss,learning_rate\n".to_owned();
        for step in steps {
            log.push_str(&format!("batch_norm,,0,{step},0.25,0.1\n"));
        }
        fs::write(&run.metrics.path, metrics).expect("a table");
        fs::write(&run.log.path, log).expect("a table");
    }

    #[test]
    fn rows_are_read_as_they_come() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut run = followed(folder.path());
        let epochs = |run: &FollowedRun| run.epochs.iter().map(|epoch| epoch.epoch).collect::<Vec<_>>();
        run.refresh().expect("files");
        assert_eq!((run.epochs.len(), run.changed, run.has_ended), (0, None, false));
        write(&run, 0..2, 1..16);
        run.refresh().expect("files");
        assert_eq!((epochs(&run), run.steps.len(), run.epochs_done()), (vec![0, 1], 15, 1.5));
        write(&run, 0..4, 1..31);
        run.refresh().expect("files");
        assert_eq!((epochs(&run), run.steps.len(), run.epochs_done()), (vec![0, 1, 2, 3], 30, 3.0));
        // Resumed from a checkpoint, the rows after it are written again.
        write(&run, 0..3, 1..21);
        run.refresh().expect("files");
        assert_eq!((epochs(&run), run.steps.len()), (vec![0, 1, 2], 20));
        assert!(!run.has_ended);
        fs::write(&run.model, "").expect("a model");
        run.refresh().expect("files");
        assert!(run.has_ended);
        // More rows than before although some were written again, seen by their numbers.
        write(&run, 0..2, 1..21);
        let text = fs::read_to_string(&run.metrics.path).expect("a table");
        write(&run, 0..6, 1..21);
        run.refresh().expect("files");
        let all = fs::read_to_string(&run.metrics.path).expect("a table");
        let again = all[text.len()..].replace(",0.9,", ",0.8125,");
        fs::write(&run.metrics.path, format!("{text}{again}")).expect("a table");
        run.refresh().expect("files");
        assert_eq!(epochs(&run), [0, 1, 2, 3, 4, 5]);
        assert_eq!(run.epochs[5].train.quality.value(), 0.8125);
    }

    /// As a report of the same table.
    #[test]
    fn a_table_that_is_not_of_a_run_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut run = followed(folder.path());
        write(&run, 0..3, 1..3);
        run.refresh().expect("files");
        let text = fs::read_to_string(&run.metrics.path).expect("a table");
        let row = |epoch: &str| format!("batch_norm,,0,{epoch},30,,,0.5,0.9,,,1,1\n");
        let expected = "epoch 2 where epoch 3 is expected; the rows of a run have epochs 0, 1, 2 and so on";
        for (added, expected) in [
            (row("2"), format!("metrics.csv: batch_norm seed 0: {expected}")),
            (row("4"), format!("metrics.csv: batch_norm seed 0: {}", expected.replacen('2', "4", 1))),
            (
                row("18446744073709551615"),
                format!(
                    "metrics.csv: batch_norm seed 0: {}",
                    expected.replacen('2', "18446744073709551615", 1)
                ),
            ),
            (row("-1"), "metrics.csv: CSV deserialize error: record 4 (line: 5".to_owned()),
        ] {
            fs::write(&run.metrics.path, format!("{text}{added}")).expect("a table");
            let message = |run: &mut FollowedRun| run.refresh().expect_err("refused").to_string();
            let (in_use, from_start) = (message(&mut run), message(&mut followed(folder.path())));
            assert!(in_use.starts_with(&expected), "{in_use}");
            assert_eq!(in_use, from_start);
            fs::write(&run.metrics.path, &text).expect("a table");
            run.refresh().expect("files");
            assert_eq!(run.epochs.len(), 3);
        }
    }

    #[test]
    fn half_a_row_waits_for_its_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut run = followed(folder.path());
        write(&run, 0..3, 1..3);
        let text = fs::read_to_string(&run.metrics.path).expect("a table");
        fs::write(&run.metrics.path, &text[..text.len() - 5]).expect("a table");
        run.refresh().expect("files");
        assert_eq!(run.epochs.len(), 2);
        fs::write(&run.metrics.path, &text).expect("a table");
        run.refresh().expect("files");
        assert_eq!(run.epochs.len(), 3);
    }

    #[test]
    fn many_steps_are_thinned_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut run = followed(folder.path());
        write(&run, 0..1, 1..20_000);
        run.refresh().expect("files");
        assert!(run.steps.len() <= MAX_STEPS && run.steps.len() > MAX_STEPS / 3, "{}", run.steps.len());
        let distances: Vec<u64> = run.steps.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(distances.iter().all(|distance| *distance == distances[0]), "{:?}", &distances[..5]);
        assert_eq!(run.last_step, 19_999);
    }
}
