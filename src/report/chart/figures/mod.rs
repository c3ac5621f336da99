//! The charts of a report, each from a summary or from the runs.

pub(crate) mod arms;
pub(crate) mod class_curves;
pub(crate) mod confusion;
pub(crate) mod contenders;
pub(crate) mod curves;
pub(crate) mod differences;
pub(crate) mod explanation;
pub(crate) mod network;
pub(crate) mod paired_curves;
pub(crate) mod setting;
pub(crate) mod survival;
pub(crate) mod sweep;
#[cfg(test)]
mod tests;
pub(crate) mod tuning;
