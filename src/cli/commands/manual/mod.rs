//! What the program says about itself: help topics, man pages, shell completions.

pub(crate) mod completions;
pub(crate) mod help;
pub(crate) mod man;
