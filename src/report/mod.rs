//! Results as text tables, CSV and SVG: pure functions.
//!
//! | function | output |
//! |---|---|
//! | [`table()`] | the table at the end of a training command |
//! | [`TerminalPlot`] | the loss curves on a terminal |
//! | [`curves_svg`], [`sweep_svg`], [`tuning_svg`] | the pictures in a run directory |
//! | [`csv`] | `metrics.csv` and `steps.csv` |
//! | [`data_profile()`] | the columns of a data file |
//! | [`leakage_section()`], [`leakage_note()`] | columns that may give away the label |
//! | [`evaluation()`] | the metrics of a model on labelled rows |
//! | [`model_facts()`], [`run_facts()`] | a model file, a run directory |
//! | [`best_points_text()`], [`tuned_config()`] | what `bntrain tune` found |
//! | [`side_by_side()`], [`config_differences()`] | several run directories |
//!
//! Names in the results may contain anything; control characters and markup in them are escaped.

pub(crate) mod chart;
pub mod csv;
pub(crate) mod text;

pub use crate::report::chart::curves_svg::curves_svg;
pub use crate::report::chart::sweep::sweep_svg;
pub use crate::report::chart::terminal::{PlotSize, TerminalPlot};
pub use crate::report::chart::tuning::tuning_svg;
pub use crate::report::text::config_differences::{ConfigDifference, config_differences};
pub use crate::report::text::data_profile::{data_profile, other_uses};
pub use crate::report::text::evaluation::evaluation;
pub use crate::report::text::leakage::{leakage_json, leakage_note, leakage_section};
pub use crate::report::text::model_facts::model_facts;
pub use crate::report::text::run_facts::run_facts;
pub use crate::report::text::side_by_side::side_by_side;
pub use crate::report::text::summary::kept::untrained_warnings;
pub use crate::report::text::summary::table;
pub use crate::report::text::tuned::{best_points_text, tuned_config};
