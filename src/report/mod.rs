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

mod axis;
mod config_differences;
mod curves;
mod data_profile;
mod differences;
mod ends;
mod evaluation;
mod final_metrics;
mod group_rows;
pub mod metrics;
mod model_facts;
mod number;
mod plain_text;
mod points;
mod rows;
mod run_facts;
mod side_by_side;
mod svg;
mod sweep;
mod table;
mod terminal_plot;

pub use config_differences::{ConfigDifference, config_differences};
pub use data_profile::{data_profile, other_uses};
pub use evaluation::evaluation;
pub use model_facts::model_facts;
pub use plain_text::{Charset, plain};
pub use run_facts::run_facts;
pub use side_by_side::side_by_side;
pub use svg::curves_svg;
pub use sweep::sweep_svg;
pub use table::table;
pub use terminal_plot::{PlotSize, TerminalPlot};
