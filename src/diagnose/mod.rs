//! A look inside a network while it is trained: what is measured, when, and what it says.
//!
//! A [`Diagnoser`] gets the events of a run and returns [`DiagnosticRow`]s. It copies tensors and measures the copy,
//! so the run has the same bits as without it. It keeps nothing from one measurement to the next that a run that
//! goes on after an interruption would not have, too.

pub(crate) mod diagnoser;
pub(crate) mod evaluated;
pub(crate) mod findings;
pub(crate) mod full;
pub(crate) mod quantity;
pub(crate) mod spec;
#[cfg(test)]
mod tests;
pub(crate) mod weights;

pub use crate::diagnose::diagnoser::Diagnoser;
pub(crate) use crate::diagnose::findings::measured_networks;
pub use crate::diagnose::findings::{Finding, RunDiagnostics, findings};
pub use crate::diagnose::quantity::{DiagnosticRow, Quantity};
pub use crate::diagnose::spec::{DiagnoseEvery, DiagnoseLevel, DiagnoseSpec};
