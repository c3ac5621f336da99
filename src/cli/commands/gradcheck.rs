//! `bntrain gradcheck`: every gradient of the config's own network against central differences.

use crate::cli::args::GradcheckArgs;
use crate::cli::session::{all_cores, read_plan};
use crate::cli::{Failure, Output, exit_code};
use crate::experiment::Job;
use crate::gradcheck::{GradcheckReport, GradcheckSettings, check_network, table};
use crate::kernel::ThreadPool;
use crate::nn::{Network, PassContext};

/// Two rows normalise to about +1 and -1 whatever they are: a wrong gradient would not show.
const MIN_ROWS: usize = 3;

pub(crate) fn run(args: &GradcheckArgs, output: &Output) -> Result<(), Failure> {
    let planned = read_plan(&args.config, all_cores(), output)?;
    let first_seed = planned.jobs.first().map(|job| job.id.seed);
    let mut failed = 0;
    let mut lines = Vec::new();
    let pool = ThreadPool::single();
    for job in planned.jobs.iter().filter(|job| Some(job.id.seed) == first_seed) {
        let prepared = planned.data.prepared::<f64>(&job.plan)?;
        let data = &prepared.data;
        let batch = data.train.head(usize::from(args.rows));
        let rows = batch.len();
        if rows < MIN_ROWS {
            let message =
                format!("{rows} training rows; batch norm's gradient shows with {MIN_ROWS} or more only");
            return Err(Failure::new(exit_code::DATA, message));
        }
        let standard = GradcheckSettings::for_network();
        let settings =
            GradcheckSettings { tolerance: args.tolerance.unwrap_or(standard.tolerance), ..standard };
        let mut network = Network::build(
            &job.plan.layers,
            data.encoding.inputs.len(),
            data.encoding.outputs(),
            job.id.seed,
        );
        let pass = PassContext { pool: &pool, step: 1, targets: batch.targets(), weights: batch.weights() };
        let l2 = job.plan.optimizer.l2();
        let report = check_network(&mut network, &pass, &batch.to_array(), l2, &settings);
        failed += usize::from(!report.passed());
        lines.push(show(job, rows, &report, output));
    }
    output.result(&lines.join(if output.json { "" } else { "\n" }))?;
    match failed {
        0 => Ok(()),
        _ => Err(Failure::new(
            exit_code::NO,
            "a gradient differs from its numeric value by more than the tolerance",
        )),
    }
}

fn show(job: &Job, rows: usize, report: &GradcheckReport, output: &Output) -> String {
    let norm = job.id.norm.name();
    if output.json {
        return format!(
            "{}\n",
            serde_json::json!({ "norm": norm, "point": job.id.point.as_ref().map(|(_, settings)| settings), "rows": rows, "passed": report.passed(), "tensors": report.tensors })
        );
    }
    let point = job.id.point.as_ref().map_or(String::new(), |(_, settings)| format!(", {settings}"));
    format!("network ({norm}{point}), {rows} rows, f64:\n{}", table(report))
}
