//! Claims that are dealt out to the processes: each measures some of them by itself.

use std::path::PathBuf;

use crate::cli::commands::reproduce::shared::ClaimsOrder;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::processes::facts::facts_with;
use crate::cli::processes::{Order, Team};
use crate::lab::ClaimValues;

impl Team {
    /// What the claims of `order` give, in their order, measured by all processes.
    ///
    /// # Errors
    ///
    /// If files differ between processes, or a claim cannot be measured.
    pub(crate) fn measure_claims(&self, order: &ClaimsOrder) -> Result<Vec<ClaimValues>, CliError> {
        self.order(&Order::Claims(order.clone()));
        self.do_claims(order)
    }

    /// [`measure_claims`](Self::measure_claims) in each process, after the order.
    pub(super) fn do_claims(&self, order: &ClaimsOrder) -> Result<Vec<ClaimValues>, CliError> {
        let facts = |files: Vec<(PathBuf, String)>| {
            facts_with(files.iter().map(|(path, sha256)| (path.as_path(), sha256.clone())))
        };
        let shown = order.files().map(facts).map_err(|error| error.to_string());
        self.agree(shown).map_err(|problem| CliError::new(exit_code::REFUSED, problem))?;
        let (processes, process) = (self.gather.processes(), self.gather.process());
        let mut parts: Vec<_> =
            self.collect(order.measure(process, processes))?.into_iter().map(Vec::into_iter).collect();
        let values = (0..order.len()).map_while(|place| parts[place % processes].next());
        Ok(values.collect())
    }
}
