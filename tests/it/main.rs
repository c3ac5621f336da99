//! The integration tests, in one binary.

mod batch_norm; // what holds for batch norm whatever the numbers
mod evaluation; // evaluation changes nothing and sees each row alone
mod extremes; // batch norm at the limits of rounding and range
mod gradient; // backward passes against central differences
mod support;
