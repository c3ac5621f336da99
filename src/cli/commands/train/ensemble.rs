//! The members of an ensemble as one model file, and how good they are together.

use std::num::NonZeroUsize;

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::session::Session;
use crate::experiment::{EnsembleSummary, RunRecord, assess_ensemble, calibration};
use crate::kernel::ThreadPool;
use crate::model::Model;
use crate::run_dir::{ENSEMBLE, RunDirectory, model_path};
use crate::train::{Outcome, with_dtype};

/// Writes the ensemble of a config that asks for one, once all members are trained.
pub(crate) fn write(
    directory: &RunDirectory,
    session: &Session,
    records: &[RunRecord],
    threads: NonZeroUsize,
) -> Result<Option<EnsembleSummary>, CliError> {
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
    let (calibration, assessments) = with_dtype!(plan.training.dtype, F => {
        let networks: Vec<_> = models.iter().flat_map(Model::networks::<F>).collect();
        let data = &session.data.prepared::<F>(plan)?.data;
        (calibration(plan, &networks, data, &pool), assess_ensemble(&networks, data, &pool))
    });
    let bytes = Model::ensemble(&models, &session.plan, calibration)
        .map_err(|error| CliError::new(exit_code::IO, error.to_string()))?;
    directory.write(ENSEMBLE, &bytes)?;
    Ok(Some(EnsembleSummary { members, assessments }))
}
