//! Buffers of each thread, which grow but are not freed.

use std::any::Any;
use std::cell::RefCell;
use std::thread::LocalKey;

use crate::aligned::{spare, start};
use crate::real::Real;

/// A vector of some number type.
pub(crate) type Scratch = RefCell<Option<Box<dyn Any>>>;

thread_local! {
    /// For the packed panel of `b`.
    pub(crate) static PANEL: Scratch = const { RefCell::new(None) };
    /// For the sums of blocks of a tile.
    pub(crate) static STACK: Scratch = const { RefCell::new(None) };
    /// For the parts of long sums.
    pub(crate) static SUMS: Scratch = const { RefCell::new(None) };
}

/// Lends the buffer of the calling thread to `body`.
pub(crate) fn with_scratch<F: Real>(scratch: &'static LocalKey<Scratch>, body: impl FnOnce(&mut Vec<F>)) {
    scratch.with_borrow_mut(|scratch| {
        if !scratch.as_ref().is_some_and(|scratch| scratch.is::<Vec<F>>()) {
            *scratch = Some(Box::new(Vec::<F>::new()));
        }
        body(scratch.as_mut().and_then(|scratch| scratch.downcast_mut()).expect("it was just made"));
    });
}

/// `size` numbers of a buffer, from the start of a cache line.
pub(crate) fn buffer<F: Real>(scratch: &mut Vec<F>, size: usize) -> &mut [F] {
    if scratch.len() < size + spare::<F>() {
        scratch.resize(size + spare::<F>(), F::zero());
    }
    let first = start(scratch);
    &mut scratch[first..][..size]
}
