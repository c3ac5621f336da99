//! The members of an ensemble as one model file, and how good they are together.

use std::num::NonZeroUsize;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::data::Rows;
use crate::eval::{OutputKind, mean_predictions, predict_rows};
use crate::experiment::{HoldoutSet, RunRecord, calibration, truth_of};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::{Measure, Metrics};
use crate::model::Model;
use crate::report::metric_value;
use crate::run_dir::{ENSEMBLE, RunDirectory, model_path};
use crate::text::shortened;
use crate::train::{Outcome, with_dtype};

/// How good an ensemble is.
pub(crate) struct EnsembleResult {
    members: usize,
    /// Metrics by name on validation and test rows, if there are any.
    metrics: Vec<(HoldoutSet, Vec<(String, Measure)>)>,
}

impl EnsembleResult {
    /// A line for each kind of rows, and how the ensemble is used.
    pub(crate) fn text(&self, directory: &Path) -> String {
        let mut text = format!("mean prediction of the {} networks of the ensemble\n", self.members);
        for (rows, metrics) in &self.metrics {
            let rows = match rows {
                HoldoutSet::ValidationRows => "validation rows",
                HoldoutSet::TestRows => "test rows",
            };
            let value = |(name, measure): &(String, Measure)| {
                Some(format!("{} {}", shortened(name), metric_value(name, measure.value?)))
            };
            let metrics: Vec<String> = metrics.iter().filter_map(value).take(MAX_METRICS).collect();
            text.push_str(&format!("  {rows}: {}\n", metrics.join(", ")));
        }
        let directory = shortened(&directory.to_string_lossy());
        text + &format!("  bntrain predict {directory} --data NEW.csv uses {ENSEMBLE}\n")
    }

    /// The value of a metric on some rows.
    pub(crate) fn metric(&self, rows: HoldoutSet, name: &str) -> Option<f64> {
        let (_, metrics) = self.metrics.iter().find(|(other, _)| *other == rows)?;
        metrics.iter().find(|(other, _)| other == name)?.1.value
    }

    pub(crate) fn to_json(&self) -> Value {
        let of_rows = |(rows, metrics): &(HoldoutSet, Vec<(String, Measure)>)| {
            let metrics: Map<String, Value> =
                metrics.iter().map(|(name, measure)| (name.clone(), json!(measure))).collect();
            json!({ "rows": rows, "metrics": metrics })
        };
        json!({ "members": self.members, "metrics": self.metrics.iter().map(of_rows).collect::<Vec<_>>() })
    }
}

/// Metrics of the ensemble that are printed.
const MAX_METRICS: usize = 5;

/// Writes the ensemble of a config that asks for one, once all members are trained.
pub(crate) fn write(
    directory: &RunDirectory,
    session: &Session,
    records: &[RunRecord],
    threads: NonZeroUsize,
) -> Result<Option<EnsembleResult>, CliError> {
    let members = session.plan.training.ensemble as usize;
    let is_trained =
        |run: &&RunRecord| matches!(run.outcome, Outcome::Finished | Outcome::StoppedEarly { .. });
    if members == 1 || records.iter().filter(is_trained).count() < members {
        return Ok(None);
    }
    let load = |run: &RunRecord| Model::load(&directory.path().join(model_path(&run.id)));
    let models = records.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    let pool = ThreadPool::new(threads);
    let plan = &session.jobs[0].plan;
    let calibration = with_dtype!(plan.training.dtype, F => {
        let networks: Vec<_> = models.iter().flat_map(Model::networks::<F>).collect();
        calibration(plan, &networks, &session.data.prepared::<F>(plan)?.data, &pool)
    });
    let bytes = Model::ensemble(&models, &session.plan, calibration)
        .map_err(|error| CliError::new(crate::cli::exit_code::IO, error.to_string()))?;
    directory.write(ENSEMBLE, &bytes)?;
    let metrics = with_dtype!(plan.training.dtype, F => {
        let data = &session.data.prepared::<F>(plan)?.data;
        let parts = [(HoldoutSet::ValidationRows, &data.valid), (HoldoutSet::TestRows, &data.test)];
        let parts = parts.into_iter().filter_map(|(holdout, rows)| Some((holdout, rows.as_ref()?)));
        parts.map(|(holdout, rows)| (holdout, measure(&models, rows, &pool))).collect()
    });
    Ok(Some(EnsembleResult { members, metrics }))
}

fn measure<F: Real>(models: &[Model], rows: &Rows<F>, pool: &ThreadPool) -> Vec<(String, Measure)> {
    let encoding = &models[0].description.encoding;
    let scalings = encoding.value_scalings();
    let kind = OutputKind::of(&encoding.targets, &scalings);
    let networks = models.iter().flat_map(Model::networks::<F>);
    let predictions = networks.map(|network| predict_rows(network, pool, rows, None, kind)).collect();
    let metrics = Metrics::of(&truth_of(rows, encoding), &mean_predictions(predictions), rows.file_weights());
    let names: Vec<String> = encoding.values().iter().map(|value| value.column.clone()).collect();
    metrics.measures(&names)
}
