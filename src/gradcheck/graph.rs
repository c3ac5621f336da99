//! Batch norm as a computation graph: the value of every node and its gradient, to compare one's own
//! derivation with.
//!
//! Written for reading. The layer's own `backward_graph` goes through the same nodes, one column at a time.

use ndarray::{Array2, ArrayView2, Axis};

/// A node of the graph.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GraphNode {
    /// Its name, such as `inv_std`.
    pub name: &'static str,
    /// How it is computed from nodes before it.
    pub forward: &'static str,
    /// How its gradient is computed from those of nodes after it.
    pub backward: &'static str,
    /// Its value: `(n, width)`, or `(1, width)` where the rows share it.
    pub value: Array2<f64>,
    /// The gradient of the loss with respect to it, of the same shape.
    pub gradient: Array2<f64>,
}

/// All nodes of batch norm over the rows of `x`, from the input to the output, for the gradient `dy` of
/// the output:
///
/// ```text
/// x
/// mean    = 1/n sum x               dx       = dxmu + dmean / n
/// xmu     = x - mean                dmean    = -sum dxmu
/// sq      = xmu^2                   dxmu     = dx_hat inv_std + 2 xmu dsq
/// var     = 1/n sum sq              dsq      = dvar / n
/// std     = sqrt(var + eps)         dvar     = dstd / (2 std)
/// inv_std = 1 / std                 dstd     = -dinv_std / std^2
/// x_hat   = xmu inv_std             dinv_std = sum dx_hat xmu
/// scaled  = gamma x_hat             dx_hat   = gamma dscaled, dgamma = sum dscaled x_hat
/// y       = scaled + beta           dscaled  = dy, dbeta = sum dy
/// ```
///
/// # Shapes
///
/// `x`, `dy`: `(n, width)`; `gamma`, `beta`: `(1, width)`.
///
/// Source: Kratzert, "Understanding the backward pass through batch normalization layer", 2016.
///
/// # Panics
///
/// If the shapes do not fit, or there are no rows.
pub fn batch_norm_graph(
    x: ArrayView2<'_, f64>,
    dy: ArrayView2<'_, f64>,
    gamma: ArrayView2<'_, f64>,
    beta: ArrayView2<'_, f64>,
    eps: f64,
) -> Vec<GraphNode> {
    let n = x.nrows() as f64;
    let mean = sum(&x.to_owned()) / n;
    let xmu = &x - &mean;
    let sq = &xmu * &xmu;
    let var = sum(&sq) / n;
    let std = (&var + eps).sqrt();
    let inv_std = std.recip();
    let x_hat = &xmu * &inv_std;
    let scaled = &x_hat * &gamma;
    let y = &scaled + &beta;

    let dbeta = sum(&dy.to_owned());
    let dscaled = dy.to_owned();
    let dgamma = sum(&(&dscaled * &x_hat));
    let dx_hat = &dscaled * &gamma;
    let dinv_std = sum(&(&dx_hat * &xmu));
    let dstd = -&dinv_std / (&std * &std);
    let dvar = &dstd / (2.0 * &std);
    let dsq = Array2::zeros(x.dim()) + &dvar / n;
    let dxmu = &dx_hat * &inv_std + 2.0 * &xmu * &dsq;
    let dmean = -sum(&dxmu);
    let dx = &dxmu + &dmean / n;

    let node =
        |name, forward, backward, value, gradient| GraphNode { name, forward, backward, value, gradient };
    vec![
        node("x", "", "dx = dxmu + dmean / n", x.to_owned(), dx),
        node("mean", "mean = 1/n sum x", "dmean = -sum dxmu", mean, dmean),
        node("xmu", "xmu = x - mean", "dxmu = dx_hat inv_std + 2 xmu dsq", xmu, dxmu),
        node("sq", "sq = xmu^2", "dsq = dvar / n", sq, dsq),
        node("var", "var = 1/n sum sq", "dvar = dstd / (2 std)", var, dvar),
        node("std", "std = sqrt(var + eps)", "dstd = -dinv_std / std^2", std, dstd),
        node("inv_std", "inv_std = 1 / std", "dinv_std = sum dx_hat xmu", inv_std, dinv_std),
        node("x_hat", "x_hat = xmu inv_std", "dx_hat = gamma dscaled", x_hat, dx_hat),
        node("gamma", "", "dgamma = sum dscaled x_hat", gamma.to_owned(), dgamma),
        node("scaled", "scaled = gamma x_hat", "dscaled = dy", scaled, dscaled),
        node("beta", "", "dbeta = sum dy", beta.to_owned(), dbeta),
        node("y", "y = scaled + beta", "", y, dy.to_owned()),
    ]
}

/// The sum of each column, `1 x width`.
fn sum(x: &Array2<f64>) -> Array2<f64> {
    x.sum_axis(Axis(0)).insert_axis(Axis(0))
}
