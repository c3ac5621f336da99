//! Curves and other charts, as SVG and on a terminal.

pub(crate) mod axis;
pub(crate) mod curves;
pub(crate) mod figure;
pub(crate) mod figures;
pub(crate) mod matrix;
pub(crate) mod path;
pub(crate) mod plot;
pub(crate) mod strip_table;
pub(crate) mod strips;
pub(crate) mod style;
pub(crate) mod terminal;
