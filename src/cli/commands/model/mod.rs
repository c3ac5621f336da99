//! Commands that use a trained model.

pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod labelled;
pub(crate) mod predict;
pub(crate) mod threshold;
pub(crate) mod training_files;
