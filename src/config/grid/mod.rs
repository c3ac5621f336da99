//! Grid points: a grid point is a config in which some keys were replaced; it is resolved like any config.

pub(crate) mod axes;
pub(crate) mod points;
pub(crate) mod ranges;
pub(crate) mod sobol;
