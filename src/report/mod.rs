//! Results as pages, charts, text tables and CSV: pure functions.
//!
//! | function | output |
//! |---|---|
//! | [`report_page()`] | `report.html` |
//! | [`figures()`] | its charts as SVG files |
//! | [`table()`] | the text at the end of a training command |
//! | [`TerminalPlot`] | the loss curves on a terminal |
//! | [`watch_screen()`] | trainings on a terminal, while they run |
//! | [`csv`] | `metrics.csv`, `steps.csv`, `diagnostics.csv` and `confusion.csv` |
//! | [`data_profile()`] | the columns of a data file |
//! | [`simpler_model_note()`] | whether a linear model, or no model at all, is as good |
//! | [`leakage_section()`], [`leakage_note()`] | columns that may give away the label |
//! | [`decision_table()`] | errors at thresholds |
//! | [`curve_files()`] | ROC, precision and recall, lift, reliability: tables, charts and a page |
//! | [`evaluation()`] | the metrics of a model on labelled rows |
//! | [`explanation()`], [`explanation_page()`], [`explanation_figures()`] | which columns a model uses |
//! | [`probe_report()`] | networks before training |
//! | [`model_facts()`], [`run_facts()`] | a model file, a run directory |
//! | [`best_points_text()`], [`tuned_config()`] | what `bntrain tune` found |
//! | [`side_by_side()`], [`config_differences()`] | several run directories |
//!
//! Names in the results may contain anything; control characters and markup in them are escaped.

pub(crate) mod answer;
pub(crate) mod chart;
pub mod csv;
pub(crate) mod fork;
pub(crate) mod html;
pub(crate) mod labels;
pub(crate) mod measured_end;
pub(crate) mod results;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod watch;

pub use crate::report::chart::terminal::{PlotSize, TerminalPlot};
pub(crate) use crate::report::fork::{ForkEffect, ForkStart, ForkedEpoch, fork_effects, fork_section};
pub use crate::report::html::curves::{CURVE_FILES, curve_files};
pub use crate::report::html::explanation::{explanation_figure_names, explanation_figures, explanation_page};
pub use crate::report::html::{DIAGNOSTICS_SVG, figures, live_report_page, report_page};
pub use crate::report::labels::Labels;
pub use crate::report::results::{ConfusionRow, ResultTexts, ResultsError, RunResults};
pub(crate) use crate::report::results::{read_epochs, read_metrics, run_key};
pub use crate::report::text::config_differences::{ConfigDifference, config_differences};
pub use crate::report::text::data_profile::{data_profile, other_uses};
pub use crate::report::text::decisions::decision_table;
pub use crate::report::text::evaluation::evaluation;
pub use crate::report::text::explanation::explanation;
pub use crate::report::text::findings::findings_section;
pub use crate::report::text::leakage::{leakage_json, leakage_note, leakage_section};
pub use crate::report::text::model_facts::model_facts;
pub use crate::report::text::probe::{ProbedNetwork, probe_report};
pub use crate::report::text::run_facts::run_facts;
pub use crate::report::text::side_by_side::side_by_side;
pub use crate::report::text::summary::kept::untrained_warnings;
pub use crate::report::text::summary::simpler_model::simpler_model_note;
pub use crate::report::text::summary::table;
pub use crate::report::text::tuned::{best_points_text, tuned_config};
pub use crate::report::watch::{StudyState, WatchPanel, WatchView, WatchedRun, WatchedStudy, watch_screen};
