//! Results turned into text and pictures: pure functions, nothing is printed or written here.
//!
//! | what | for |
//! |---|---|
//! | [`table()`] | the end of a run, on a terminal |
//! | [`TerminalPlot`] | the loss curves, on a terminal |
//! | [`curves_svg`], [`sweep_svg`] | the pictures in a run directory |
//! | [`metrics`] | `metrics.csv` and `steps.csv`, written and read |
//! | [`data_profile()`] | what is in a data file |
//! | [`evaluation()`] | how good a model is on some rows |
//! | [`model_facts()`], [`run_facts()`] | a model, a run directory |
//! | [`side_by_side()`], [`config_differences()`] | several run directories |
//!
//! Whatever names are in the results, no output holds a character that a terminal would obey, and
//! the pictures no markup but their own.

pub(crate) mod chart;
pub mod csv;
pub(crate) mod plain_text;
pub(crate) mod text;

pub use crate::report::chart::curves_svg;
pub use crate::report::chart::sweep::sweep_svg;
pub use crate::report::chart::terminal::{PlotSize, TerminalPlot};
pub use crate::report::plain_text::Charset;
pub use crate::report::text::config_differences::{ConfigDifference, config_differences};
pub use crate::report::text::data_profile::{data_profile, other_uses};
pub use crate::report::text::evaluation::evaluation;
pub use crate::report::text::model_facts::model_facts;
pub use crate::report::text::run_facts::run_facts;
pub use crate::report::text::side_by_side::side_by_side;
pub use crate::report::text::summary::table;
