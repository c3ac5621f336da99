//! The trained tensors of a probe as one vector.

use std::ops::Range;

use crate::probe::Probe;

impl Probe<f64> {
    /// All trained numbers, in the order of the layers.
    pub fn position(&self) -> Vec<f64> {
        let trained = self.network().params().filter(|param| param.is_trained());
        trained.flat_map(|param| param.value.iter().copied()).collect()
    }

    /// Sets all trained numbers.
    ///
    /// # Panics
    ///
    /// If there are not as many.
    pub fn move_to(&mut self, position: &[f64]) {
        let mut rest = position;
        for param in self.network_mut().params_mut().filter(|param| param.is_trained()) {
            let (own, after) = rest.split_at(param.value.len());
            param.value.iter_mut().zip(own).for_each(|(value, &own)| *value = own);
            rest = after;
        }
        assert!(rest.is_empty(), "a position has a number for each trained one");
    }

    /// The gradient of the last pass, in the order of [`position`](Self::position).
    pub fn gradient(&self) -> Vec<f64> {
        let trained = self.network().params().filter(|param| param.is_trained());
        trained.flat_map(|param| param.grad.iter().copied()).collect()
    }

    /// The loss and the gradient at `position + scale * direction`; the network stays there.
    pub(crate) fn gradient_at(&mut self, position: &[f64], scale: f64, direction: &[f64]) -> (f64, Vec<f64>) {
        let moved: Vec<f64> =
            position.iter().zip(direction).map(|(start, step)| start + scale * step).collect();
        self.move_to(&moved);
        let loss = self.pass();
        (loss, self.gradient())
    }

    /// Where the tensors of each block begin and end in a position, its norm's included.
    pub(crate) fn block_ranges(&self) -> Vec<Range<usize>> {
        let sizes = self.network().layers().iter().map(|layer| {
            let trained = layer.params().iter().filter(|param| param.is_trained());
            trained.map(|param| param.value.len()).sum::<usize>()
        });
        let mut start = 0;
        let starts: Vec<usize> = sizes
            .map(|size| {
                start += size;
                start - size
            })
            .collect();
        self.blocks().iter().map(|block| starts[block.affine]..starts[block.layers.end]).collect()
    }
}

/// `a . b`, in eight sums, which the processor adds at once.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// `|a|`
pub(crate) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `|a - b|`
pub(crate) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}
