//! The numbers at the end of heat maps, as tables.

use crate::report::chart::strips::{Strip, Strips};
use crate::report::table::Table;
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::text::shortened;

/// Rows of a table.
const MAX_ROWS: usize = 40;

/// For each quantity its name, and a row for each layer with the last value of each network.
pub(crate) fn strip_tables(strips: &Strips) -> Vec<(&'static str, Table)> {
    let networks = strips.networks.iter().map(|network| shortened(network));
    let head: Vec<String> = std::iter::once("layer".to_owned()).chain(networks).collect();
    let of_strip = |strip: &Strip| {
        let row = |(layer, name): (usize, &String)| {
            let last = |network: &Vec<Vec<f64>>| {
                let value = network[layer].iter().rev().find(|value| value.is_finite());
                value.map_or_else(|| NO_NUMBER.to_owned(), |value| four_digits(*value))
            };
            std::iter::once(shortened(name)).chain(strip.values.iter().map(last)).collect()
        };
        let rows = strip.layers.iter().enumerate().map(row).collect();
        let table = Table { head: head.clone(), rows, left_out: None };
        (strip.title, table.at_most(MAX_ROWS, "diagnostics.csv"))
    };
    strips.strips.iter().map(of_strip).collect()
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
        let tables = strip_tables(&Strips::of(&runs, usize::MAX).expect("strips"));
        let [("share of dead units", table)] = &tables[..] else { panic!("{tables:?}") };
        assert_eq!(table.head, ["layer", "batch_norm", "none"]);
        assert_eq!(table.rows, [["affine_1", "0.3000", "0.5000"], ["affine_2", "0.4000", "-"]]);
    }
}
