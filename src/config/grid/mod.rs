//! Grid points: a grid point is a config in which some keys were replaced; it is resolved like any config.

pub(crate) mod axes;
pub(crate) mod points;
