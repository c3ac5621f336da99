//! Results turned into text and pictures: pure functions, nothing is printed or written here.

mod axis;
mod curves;
mod differences;
mod number;
mod plain_text;
mod rows;
mod svg;
mod sweep;
mod table;
mod terminal_plot;

pub use plain_text::{Charset, plain};
pub use svg::curves_svg;
pub use sweep::sweep_svg;
pub use table::table;
pub use terminal_plot::{PlotSize, TerminalPlot};
