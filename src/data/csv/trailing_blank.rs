//! Blank lines, which only the end of a file may have.

use crate::data::error::Told;
use crate::data::error_kind::Fault;
use crate::data::limits::MAX_BLANK_LINES;

/// The blank lines at the end of what was read of a file so far.
#[derive(Debug, Default)]
pub(crate) struct BlankEnd {
    /// The first of them.
    first: Option<u64>,
}

impl BlankEnd {
    /// Adds the next piece, whose end has the line number `end`: whether there is more in it than
    /// blank lines, and the first of those that end it.
    pub(crate) fn add(&mut self, goes_on: bool, first: Option<u64>, end: u64) -> Result<(), Box<Told>> {
        match self.first {
            Some(blank) if goes_on => return Err(Told::at_line(blank, Fault::BlankLine)),
            Some(_) => {}
            None => self.first = first,
        }
        match self.first {
            // Who writes them may never stop.
            Some(blank) if end >= blank + MAX_BLANK_LINES => {
                Err(Told::at_line(blank, Fault::TooManyBlankLines))
            }
            _ => Ok(()),
        }
    }
}
