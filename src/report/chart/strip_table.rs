//! The numbers at the end of heat maps, as a table.

use crate::report::chart::strips::Strips;
use crate::report::table::Table;
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::text::shortened;

/// Rows of the table: enough for all quantities of eight layers.
const MAX_ROWS: usize = 96;

/// A row for each quantity and layer, with the last value of each network.
pub(crate) fn strip_table(strips: &Strips) -> Table {
    let head = ["quantity", "layer"].map(str::to_owned).into_iter();
    let networks = strips.networks.iter().map(|network| shortened(network));
    let mut table = Table { head: head.chain(networks).collect(), ..Table::default() };
    for strip in &strips.strips {
        for (layer, name) in strip.layers.iter().enumerate() {
            let last = |network: &Vec<Vec<f64>>| {
                let value = network[layer].iter().rev().find(|value| value.is_finite());
                value.map_or_else(|| NO_NUMBER.to_owned(), |value| four_digits(*value))
            };
            let names = [strip.title.to_owned(), shortened(name)].into_iter();
            table.rows.push(names.chain(strip.values.iter().map(last)).collect());
        }
    }
    table.at_most(MAX_ROWS, "diagnostics.csv")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{DiagnosticRow, Quantity, RunDiagnostics};

    #[test]
    fn each_layer_has_the_last_value_of_each_network() {
        let run = |network: &str, values: &[(u64, &str, f64)]| {
            let row = |&(step, layer, value): &(u64, &str, f64)| DiagnosticRow {
                epoch: step,
                step,
                layer: Some(layer.into()),
                quantity: Quantity::DeadShare,
                value,
            };
            RunDiagnostics { network: network.to_owned(), seed: 1, rows: values.iter().map(row).collect() }
        };
        let with = [(0, "affine_1", 0.1), (0, "affine_2", 0.2), (5, "affine_1", 0.3), (5, "affine_2", 0.4)];
        let runs = [run("batch_norm", &with), run("none", &[(0, "affine_1", 0.5)])];
        let table = strip_table(&Strips::of(&runs, usize::MAX).expect("strips"));
        assert_eq!(table.head, ["quantity", "layer", "batch_norm", "none"]);
        let title = "share of dead units";
        assert_eq!(table.rows, [[title, "affine_1", "0.3000", "0.5000"], [title, "affine_2", "0.4000", "-"]]);
    }
}
