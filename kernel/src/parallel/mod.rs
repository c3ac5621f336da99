//! A pool of threads, and how arrays are divided among them.

pub(crate) mod partition;
pub(crate) mod thread_pool;
