//! `bntrain gradcheck`: every gradient of the config's network against central differences.

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
use crate::gradcheck::{GradcheckReport, GradcheckSettings, Mistake, check_network, mistakes_table, table};
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
    /// Try all deliberate mistakes, one after the other
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

/// Two rows are normalised to about 1 and -1 whatever they are, which would hide a wrong gradient.
const MIN_ROWS: usize = 3;

pub(crate) fn run(args: &GradcheckArgs, output: &Output) -> Result<(), CliError> {
    let session = Session::open(&args.config, all_cores(), output)?;
    let (mut texts, mut failed) = (Vec::new(), false);
    for job in session.networks() {
        let prepared = session.data.prepared::<f64>(&job.plan)?;
        let data = &prepared.data;
        let check = Check {
            job,
            rows: &data.train.head(usize::from(args.rows)),
            widths: (data.encoding.inputs.len(), data.encoding.outputs()),
            tolerance: args.tolerance,
        };
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
    tolerance: Option<f64>,
}

impl Check<'_> {
    /// The network as it is or with a mistake: what to show, and whether it passes. `None` if the mistake
    /// changes nothing in it.
    fn one(&self, mistake: Option<Mistake>, output: &Output) -> Result<Option<(String, bool)>, CliError> {
        let Some(report) = self.report(mistake)? else { return Ok(None) };
        let text = if output.json {
            self.json(mistake, &report)
        } else {
            let with = mistake
                .map_or(String::new(), |mistake| format!(", mistake {mistake} ({})", mistake.description()));
            let mut text = format!("{}{with}:\n{}", self.title(), table(&report));
            if let Some(tensor) = report.first_wrong().filter(|_| mistake.is_some()) {
                text +=
                    &format!("going backwards from the loss, {} is the first wrong gradient\n", tensor.name);
            }
            text
        };
        Ok(Some((text, report.passed())))
    }

    /// The network with each mistake: what to show, and whether all are refused. `None` if none of them
    /// changes anything in it.
    fn each_mistake(&self, output: &Output) -> Result<Option<(String, bool)>, CliError> {
        let mut reports = Vec::new();
        for mistake in Mistake::ALL {
            reports.extend(self.report(Some(mistake))?.map(|report| (mistake, report)));
        }
        if reports.is_empty() {
            return Ok(None);
        }
        let all_refused = reports.iter().all(|(_, report)| !report.passed());
        let text = if output.json {
            reports.iter().map(|(mistake, report)| self.json(Some(*mistake), report)).collect()
        } else {
            format!("{}, with each mistake in batch norm:\n{}", self.title(), mistakes_table(&reports))
        };
        Ok(Some((text, all_refused)))
    }

    fn report(&self, mistake: Option<Mistake>) -> Result<Option<GradcheckReport>, CliError> {
        let (rows, plan, seed) = (self.rows, &self.job.plan, self.job.id.seed);
        if rows.len() < MIN_ROWS {
            let message = format!("{} training rows; gradcheck needs at least {MIN_ROWS}", rows.len());
            return Err(CliError::new(exit_code::DATA, message));
        }
        let (inputs, outputs) = self.widths;
        let network = match mistake {
            Some(mistake) => mistake.network(&plan.layers, inputs, outputs, seed),
            None => Some(Network::build(&plan.layers, inputs, outputs, seed)),
        };
        let Some(mut network) = network else { return Ok(None) };
        let standard = GradcheckSettings::for_network();
        let settings =
            GradcheckSettings { tolerance: self.tolerance.unwrap_or(standard.tolerance), ..standard };
        let pool = ThreadPool::single();
        let pass = PassContext { weights: rows.weights(), ..PassContext::new(&pool, rows.targets()) };
        Ok(Some(check_network(&mut network, &pass, &rows.to_array(), plan.optimizer.l2(), &settings)))
    }

    fn title(&self) -> String {
        let id = &self.job.id;
        let point = id.point.as_ref().map_or(String::new(), |(_, settings)| format!(", {settings}"));
        format!("network ({}{point}), {} rows, f64", id.norm.name(), self.rows.len())
    }

    fn json(&self, mistake: Option<Mistake>, report: &GradcheckReport) -> String {
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
        format!("{line}\n")
    }
}
