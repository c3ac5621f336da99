//! Curves as SVG pictures and on a terminal.

pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod curves;
pub(crate) mod curves_svg;
pub(crate) mod picture;
pub(crate) mod shapes;
pub(crate) mod style;
pub(crate) mod sweep;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;
pub(crate) mod tuning;
pub(crate) mod unit_axis;
