//! Many runs: the same network with other norms, settings and seeds.

mod cell;

pub use cell::{Cell, RunRecord};
