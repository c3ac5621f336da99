//! The integration tests, in one binary.

mod gradient; // backward passes against central differences
mod support;
