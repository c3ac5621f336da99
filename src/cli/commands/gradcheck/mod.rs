//! `bntrain gradcheck`: every gradient of the config's network against central differences.

mod dump;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::args::{all_cores, positive};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::session::{ConfigArgs, Session};
use crate::data::Rows;
use crate::experiment::Job;
use crate::gradcheck::{
    BackwardForms, GradcheckReport, GradcheckSettings, Mistake, check_network, compare_backward_forms,
    mistakes_table, table, trace, worked_example,
};
use crate::kernel::ThreadPool;
use crate::nn::{Network, PassContext};

#[derive(Debug, Args)]
pub(crate) struct GradcheckArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Number of rows in the batch; at least 3
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(3..))]
    pub(crate) rows: u16,
    /// Largest relative error allowed [default: 1e-5]
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) tolerance: Option<f64>,
    /// Put a deliberate mistake into the backward pass of batch norm, to see the check fail
    #[arg(long, value_name = "NAME", conflicts_with = "mistakes")]
    pub(crate) mistake: Option<Mistake>,
    /// Try all deliberate mistakes, each on at most 64 entries of a tensor
    #[arg(long)]
    pub(crate) mistakes: bool,
    /// Also write the batch, and every array of its pass through the network, to DIR as .npz files for NumPy: x, y,
    /// dy and dx of each layer, parameters, their gradients, the nodes of batch norm
    #[arg(long, value_name = "DIR", conflicts_with_all = ["mistake", "mistakes"])]
    pub(crate) dump: Option<PathBuf>,
    /// Replace .npz files that exist
    #[arg(long, requires = "dump")]
    pub(crate) force: bool,
    /// Print batch norm by hand, every node with its numbers; needs no config
    #[arg(long, exclusive = true)]
    pub(crate) example: bool,
}

impl ValueEnum for Mistake {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.description()))
    }
}

/// Entries of each tensor that are checked with a mistake: enough to refuse it.
const MISTAKE_ENTRIES: usize = 64;

/// Without a word about what is done.
const SILENT: Duration = Duration::from_secs(2);

/// Two rows are normalised to about 1 and -1 whatever they are, which would hide a wrong gradient.
const MIN_ROWS: usize = 3;

pub(crate) fn run(args: &GradcheckArgs, output: &Output) -> Result<(), CliError> {
    if args.example {
        return output.result(&worked_example());
    }
    let session = Session::open(&args.config, all_cores(), output)?;
    let (mut texts, mut failed) = (Vec::new(), false);
    for job in session.networks() {
        let prepared = session.data.prepared::<f64>(&job.plan)?;
        let data = &prepared.data;
        let check = Check {
            job,
            rows: &data.train.head(usize::from(args.rows)),
            widths: (data.encoding.inputs.len(), data.encoding.outputs()),
            settings: args.tolerance.map_or_else(GradcheckSettings::for_network, |tolerance| {
                GradcheckSettings { tolerance, ..GradcheckSettings::for_network() }
            }),
        };
        if let Some(directory) = &args.dump {
            check.dump(directory, args.force)?;
        }
        let found =
            if args.mistakes { check.each_mistake(output)? } else { check.one(args.mistake, output)? };
        if let Some((text, passed)) = found {
            texts.push(text);
            failed |= !passed;
        }
    }
    if texts.is_empty() {
        let message =
            "the mistake changes nothing: no network of this config has a batch_norm layer that it affects";
        return Err(CliError::new(exit_code::USAGE, message));
    }
    output.result(&texts.join(if output.json { "" } else { "\n" }))?;
    match failed {
        false => Ok(()),
        true if args.mistakes => {
            Err(CliError::new(exit_code::CHECK_FAILED, "the gradient check missed a mistake"))
        }
        true => Err(CliError::new(
            exit_code::CHECK_FAILED,
            "gradient check failed: a gradient differs from central differences by more than the tolerance",
        )),
    }
}

/// The network of a job, and the rows that it is checked on.
struct Check<'a> {
    job: &'a Job,
    rows: &'a Rows<f64>,
    widths: (usize, usize),
    settings: GradcheckSettings,
}

impl Check<'_> {
    /// The network as it is or with a mistake: what to show, and whether it passes. `None` if the mistake
    /// changes nothing in it.
    fn one(&self, mistake: Option<Mistake>, output: &Output) -> Result<Option<(String, bool)>, CliError> {
        let Some(report) = self.report(mistake)? else { return Ok(None) };
        let forms = mistake.map_or_else(|| self.forms(), |_| None);
        let text = if output.json {
            self.json(mistake, &report, forms.as_ref())
        } else {
            let with = mistake
                .map_or(String::new(), |mistake| format!(", mistake {mistake} ({})", mistake.description()));
            let mut text = format!("{}{with}:\n{}", self.title(), table(&report));
            if let Some(tensor) = report.first_wrong().filter(|_| mistake.is_some()) {
                text +=
                    &format!("going backwards from the loss, {} is the first wrong gradient\n", tensor.name);
            }
            if let Some(forms) = forms {
                text += &describe(&forms);
            }
            text
        };
        Ok(Some((text, report.passed())))
    }

    /// The network with each mistake: what to show, and whether all are refused. `None` if none of them
    /// changes anything in it.
    fn each_mistake(&self, output: &Output) -> Result<Option<(String, bool)>, CliError> {
        self.check_rows()?;
        let quick = Self {
            settings: GradcheckSettings { max_entries: MISTAKE_ENTRIES, ..self.settings.clone() },
            ..*self
        };
        let (next, done, started) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
        let some = || {
            let mut reports = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(&mistake) = Mistake::ALL.get(index) else { return reports };
                reports.push((index, mistake, quick.report(Some(mistake))));
                let done = 1 + done.fetch_add(1, Ordering::Relaxed);
                if SILENT < started.elapsed() && done < Mistake::ALL.len() {
                    output.note(&format!(
                        "{}: {done} of {} mistakes tried",
                        self.title(),
                        Mistake::ALL.len()
                    ));
                }
            }
        };
        let mut found: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..all_cores().get()).map(|_| scope.spawn(some)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("a check does not panic")).collect()
        });
        found.sort_by_key(|(index, ..)| *index);
        let mut reports = Vec::new();
        for (_, mistake, report) in found {
            reports.extend(report?.map(|report| (mistake, report)));
        }
        if reports.is_empty() {
            return Ok(None);
        }
        let all_refused = reports.iter().all(|(_, report)| !report.passed());
        let text = if output.json {
            reports.iter().map(|(mistake, report)| self.json(Some(*mistake), report, None)).collect()
        } else {
            format!("{}, with each mistake in batch norm:\n{}", self.title(), mistakes_table(&reports))
        };
        Ok(Some((text, all_refused)))
    }

    fn report(&self, mistake: Option<Mistake>) -> Result<Option<GradcheckReport>, CliError> {
        let (rows, plan, seed) = (self.rows, &self.job.plan, self.job.id.seed);
        self.check_rows()?;
        let (inputs, outputs) = self.widths;
        let network = match mistake {
            Some(mistake) => mistake.network(&plan.layers, inputs, outputs, seed),
            None => Some(Network::build(&plan.layers, inputs, outputs, seed)),
        };
        let Some(mut network) = network else { return Ok(None) };
        let pool = ThreadPool::single();
        let pass = self.pass(&pool);
        let report =
            check_network(&mut network, &pass, &rows.to_array(), plan.optimizer.l2(), &self.settings);
        Ok(Some(report))
    }

    fn pass<'p>(&'p self, pool: &'p ThreadPool) -> PassContext<'p, f64> {
        PassContext { weights: self.rows.weights(), ..PassContext::new(pool, self.rows.targets()) }
    }

    /// The three backward passes of batch norm; `None` without batch norm.
    fn forms(&self) -> Option<BackwardForms> {
        let (plan, pool) = (&self.job.plan, ThreadPool::single());
        let pass = self.pass(&pool);
        let x = self.rows.to_array();
        compare_backward_forms(&plan.layers, self.widths.1, self.job.id.seed, &pass, &x, &self.settings)
    }

    /// Writes every array of the checked pass.
    fn dump(&self, directory: &Path, force: bool) -> Result<(), CliError> {
        self.check_rows()?;
        let (id, pool) = (&self.job.id, ThreadPool::single());
        let pass = self.pass(&pool);
        let x = self.rows.to_array();
        let trace = trace(&self.job.plan.layers, self.widths.1, id.seed, &pass, &x, &self.settings);
        let point = id.point.as_ref().map_or(String::new(), |(number, _)| format!("-point-{number}"));
        dump::write(directory, &format!("{}{point}", id.norm.name()), &trace, self.rows.targets(), force)
    }

    fn check_rows(&self) -> Result<(), CliError> {
        let rows = self.rows.len();
        if rows >= MIN_ROWS {
            return Ok(());
        }
        let message = format!("{rows} training rows; gradcheck needs at least {MIN_ROWS}");
        Err(CliError::new(exit_code::DATA, message))
    }

    fn title(&self) -> String {
        let id = &self.job.id;
        let point = id.settings().map_or(String::new(), |settings| format!(", {settings}"));
        format!("network ({}{point}), {} rows, f64", id.norm.name(), self.rows.len())
    }

    fn json(
        &self,
        mistake: Option<Mistake>,
        report: &GradcheckReport,
        forms: Option<&BackwardForms>,
    ) -> String {
        let id = &self.job.id;
        let mut line = json!({
            "norm": id.norm.name(),
            "point": id.point.as_ref().map(|(_, settings)| settings),
            "rows": self.rows.len(),
            "passed": report.passed(),
            "tensors": report.tensors,
        });
        if let Some(mistake) = mistake {
            line["mistake"] = Value::from(mistake.name());
        }
        if let Some(forms) = forms {
            line["backward"] = forms.used.iter().map(|form| form.name()).collect();
            line["backward_difference"] = Value::from(forms.largest_difference);
        }
        format!("{line}\n")
    }
}

/// Which backward pass of batch norm was checked, and how far the others are from it.
fn describe(forms: &BackwardForms) -> String {
    let used: Vec<&str> = forms.used.iter().map(|form| form.name()).collect();
    format!(
        "backward pass of batch norm: {}; its three forms differ by at most {:.1e}\n",
        used.join(", "),
        forms.largest_difference
    )
}
