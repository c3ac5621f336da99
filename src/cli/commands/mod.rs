//! One file per command.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod gradcheck;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod manual;
pub(crate) mod model;
pub(crate) mod probe;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod train;
pub(crate) mod tune;
pub(crate) mod watch;
