//! Batch norm by hand: a batch of four rows and three features, every node with its numbers.

use std::fmt::Write;

use ndarray::{Array2, array};

use crate::gradcheck::graph::{GraphNode, batch_norm_graph};

const EPS: f64 = 1e-5;

/// The entry of `dx` that is computed in four ways.
const ENTRY: (usize, usize) = (0, 1);

/// The step of the central difference.
const H: f64 = 1e-5;

/// The example as text: forward pass, backward pass node by node, then one entry of `dx` by the closed form, by the
/// fused form and by a central difference. At most 80 columns wide.
pub fn worked_example() -> String {
    let x = array![[1.0, 2.0, 0.0], [3.0, 2.0, -1.0], [5.0, 4.0, 1.0], [7.0, 8.0, 4.0]];
    let dy = array![[0.1, -0.2, 0.3], [0.2, 0.1, -0.1], [-0.4, 0.3, 0.2], [0.5, 0.1, 0.0]];
    let (gamma, beta) = (array![[1.0, 2.0, -1.0]], array![[0.0, 0.5, 1.0]]);
    let nodes = batch_norm_graph(x.view(), dy.view(), gamma.view(), beta.view(), EPS);
    let mut text = format!(
        "Batch norm by hand: n = 4 rows, 3 features, eps = {EPS:.0e}\n\
         Sums are over the rows. docs/batch-norm.md derives every formula.\n\n"
    );
    text += "FORWARD\n\n";
    for node in &nodes {
        let formula = if node.forward.is_empty() { node.name } else { node.forward };
        block(&mut text, formula, &node.value);
    }
    text += "BACKWARD, from the gradient dy of the loss with respect to y\n\n";
    block(&mut text, "dy", &dy);
    for node in nodes.iter().rev().filter(|node| !node.backward.is_empty()) {
        block(&mut text, node.backward, &node.gradient);
    }
    text += "ONE ENTRY FOUR WAYS: dx in the first row, second feature\n\n";
    one_entry(&mut text, &nodes, &dy, &|x| {
        let nodes = batch_norm_graph(x.view(), dy.view(), gamma.view(), beta.view(), EPS);
        (&nodes[nodes.len() - 1].value * &dy).sum()
    });
    text
}

/// A formula and the numbers that it gives, row by row.
fn block(text: &mut String, formula: &str, numbers: &Array2<f64>) {
    for (index, row) in numbers.rows().into_iter().enumerate() {
        let name = if index == 0 { formula } else { "" };
        write!(text, "  {name:<36}").expect("a String takes everything");
        for number in row {
            // No sign at a zero.
            let number = if number.abs() < 5e-5 { 0.0 } else { *number };
            write!(text, " {number:>9.4}").expect("a String takes everything");
        }
        text.push('\n');
    }
    text.push('\n');
}

/// `dx` at [`ENTRY`] by the closed form, by the fused form, and as a central difference of `loss`.
fn one_entry(text: &mut String, nodes: &[GraphNode], dy: &Array2<f64>, loss: &dyn Fn(&Array2<f64>) -> f64) {
    let node = |name: &str| nodes.iter().find(|node| node.name == name).expect("a node of the graph");
    let value = |name: &str| node(name).value[(0, ENTRY.1)];
    let gradient = |name: &str| node(name).gradient[(0, ENTRY.1)];
    let n = dy.nrows() as f64;
    let (gamma, var, inv_std) = (value("gamma"), value("var"), value("inv_std"));
    let (xmu, x_hat, dy_0) = (value("xmu"), value("x_hat"), dy[ENTRY]);
    let (dbeta, dgamma) = (gradient("beta"), gradient("gamma"));
    let sum_dy_xmu: f64 = (dy * &node("xmu").value).column(ENTRY.1).sum();

    let closed = gamma / (n * (var + EPS).sqrt()) * (n * dy_0 - dbeta - xmu / (var + EPS) * sum_dy_xmu);
    let fused = gamma * inv_std * (dy_0 - dbeta / n - x_hat * dgamma / n);
    let x = &node("x").value;
    let moved = |h: f64| {
        let mut x = x.clone();
        x[ENTRY] += h;
        loss(&x)
    };
    let difference = (moved(H) - moved(-H)) / (2.0 * H);
    *text += &format!(
        "closed form, the boxed formula of the post (backward = \"closed_form\"):\n\
         \x20 gamma / (n sqrt(var + eps))\n\
         \x20     (n dy - sum dy - (x - mean) / (var + eps) sum dy (x - mean))\n\
         \x20 = {gamma} / (4 * {:.4}) (4 * {dy_0} - {dbeta:.4} - ({xmu}) / {:.5} * {sum_dy_xmu:.4})\n\
         \x20 = {closed:.10}\n\n\
         fused, with the sums recognized as dbeta and dgamma (backward = \"fused\"):\n\
         \x20 gamma inv_std (dy - dbeta / n - x_hat dgamma / n)\n\
         \x20 = {gamma} * {inv_std:.4} ({dy_0} - {dbeta:.4} / 4 - ({x_hat:.4}) * {dgamma:.4} / 4)\n\
         \x20 = {fused:.10}\n\n\
         node by node, above (backward = \"graph\"):\n\
         \x20 = {:.10}\n\n\
         central difference of sum dy y, with h = {H:.0e}:\n\
         \x20 (L(x + h) - L(x - h)) / (2 h)\n\
         \x20 = {difference:.10}\n",
        (var + EPS).sqrt(),
        var + EPS,
        gradient("x"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_as_documented() {
        let text = worked_example();
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| line.len() <= 80));
    }

    #[test]
    fn all_four_ways_give_the_same_number() {
        let text = worked_example();
        let (_, ways) = text.split_once("FOUR WAYS").expect("the last part");
        let numbers: Vec<f64> =
            ways.lines().filter_map(|line| line.trim().strip_prefix("= ")?.parse().ok()).collect();
        assert_eq!(numbers.len(), 4, "{ways}");
        // The central difference is exact up to h^2.
        assert!(numbers.iter().all(|number| (number - numbers[0]).abs() <= 2e-10), "{numbers:?}");
    }
}
