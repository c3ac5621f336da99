//! Dates and times: how they are written, and the numbers that they become.

pub(crate) mod date_fields;
pub(crate) mod date_format;
pub(crate) mod date_guess;
pub(crate) mod date_part;
