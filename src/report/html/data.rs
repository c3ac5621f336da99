//! The data: files, and the columns as the first model has them.

use maud::{Markup, html};

use crate::data::{EncodedColumn, Encoding, TargetEncoding, ValueEncoding};
use crate::report::html::page::section;
use crate::report::results::RunResults;
use crate::report::table::Table;
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::text::{shortened, shortened_to};

/// Columns of the table.
const MAX_COLUMNS: usize = 60;
/// Classes of the table.
const MAX_CLASSES: usize = 40;
/// Categories that are listed.
const MAX_CATEGORIES: usize = 6;
/// Characters of a category.
const MAX_CATEGORY: usize = 20;

pub(crate) fn data(run: &RunResults) -> Markup {
    let columns = run.texts.encoding.as_ref();
    section(
        "data",
        "Data",
        html! {
            (sources(run).html())
            @if let Some(encoding) = columns {
                @if let Some(targets) = targets(encoding) { (targets) }
                details {
                    summary { "Columns of the training file" }
                    (columns_table(encoding).html())
                    p.note { "Means, deviations and ranges are those of the training rows of the first seed." }
                }
            }
        },
    )
}

fn sources(run: &RunResults) -> Table {
    let mut table = Table::new(["file", "rows", "sha256"]);
    for source in run.run["data"].as_array().into_iter().flatten() {
        let path = source["path"].as_str().unwrap_or(NO_NUMBER);
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let files = source["files"].as_array().map(|files| format!(" ({} files)", files.len()));
        table.rows.push(vec![
            shortened(name) + &files.unwrap_or_default(),
            source["rows"].as_u64().map_or_else(|| NO_NUMBER.to_owned(), |rows| rows.to_string()),
            shortened_to(source["sha256"].as_str().unwrap_or(NO_NUMBER), 64),
        ]);
    }
    table
}

/// The classes with their training rows, or the scaling of the targets.
fn targets(encoding: &Encoding) -> Option<Markup> {
    let (heading, table) = match &encoding.targets {
        TargetEncoding::Classes { column, names, counts, .. } => {
            let mut table = Table::new(["class", "training rows", "share"]);
            let total = counts.iter().map(|&count| count as f64).sum::<f64>().max(1.0);
            let row = |(name, &count): (&String, &u64)| {
                vec![shortened(name), count.to_string(), format!("{:.1} %", 100.0 * count as f64 / total)]
            };
            table.rows = names.iter().zip(counts).map(row).collect();
            (format!("Classes of {}", shortened(column)), table.at_most(MAX_CLASSES, "The model file"))
        }
        TargetEncoding::Values(targets) => {
            let mut table = Table::new(["target", "mean", "standard deviation"]);
            table.rows = targets
                .iter()
                .map(|target| {
                    let scaling = target.scaling;
                    vec![shortened(&target.column), four_digits(scaling.offset), four_digits(scaling.divisor)]
                })
                .collect();
            ("Targets".to_owned(), table.at_most(MAX_CLASSES, "The model file"))
        }
    };
    Some(html! { details { summary { (heading) } (table.html()) } })
}

fn columns_table(encoding: &Encoding) -> Table {
    let mut table = Table::new(["column", "used as", "type", "values in the training rows", "missing"]);
    table.rows = encoding.columns.iter().map(row).collect();
    table.at_most(MAX_COLUMNS, "`bntrain inspect`")
}

fn row(column: &EncodedColumn) -> Vec<String> {
    let role = format!("{:?}", column.role).to_lowercase();
    let Some(feature) = &column.feature else {
        return vec![shortened(&column.name), role, String::new(), String::new(), String::new()];
    };
    let (kind, values, fill) = match &feature.values {
        ValueEncoding::Numeric { scaling, fill, range, .. } => {
            let moments =
                format!("mean {}, deviation {}", four_digits(scaling.offset), four_digits(scaling.divisor));
            let values = match range {
                // Its deviation of 0 is replaced, to divide by.
                Some(range) if range.low == range.high => format!("constant: {}", four_digits(range.low)),
                Some(range) => {
                    format!("{} to {}, {moments}", four_digits(range.low), four_digits(range.high))
                }
                None => moments,
            };
            ("numeric", values, fill.map(four_digits))
        }
        ValueEncoding::Date { format, fill, range, .. } => {
            let values = format!("{} to {}", format.write(range.low), format.write(range.high));
            ("date", values, fill.map(|fill| format.write(fill)))
        }
        ValueEncoding::Boolean { fill } => ("boolean", String::new(), fill.map(four_digits)),
        ValueEncoding::Categorical { categories, rare, fill } => {
            let shown =
                categories.iter().take(MAX_CATEGORIES).map(|category| shortened_to(category, MAX_CATEGORY));
            let more = if MAX_CATEGORIES < categories.len() { ", ..." } else { "" };
            let rare =
                if rare.is_empty() { String::new() } else { format!(", and {} rare ones", rare.len()) };
            let names = shown.collect::<Vec<_>>().join(", ");
            let values = format!("{} categories: {names}{more}{rare}", categories.len());
            ("categorical", values, fill.as_ref().map(|fill| shortened_to(fill, MAX_CATEGORY)))
        }
    };
    let missing = match (fill, feature.indicator) {
        (None, _) => "refused".to_owned(),
        (Some(fill), false) => format!("replaced by {fill}"),
        (Some(fill), true) => format!("replaced by {fill}, with an indicator"),
    };
    vec![shortened(&column.name), role, kind.to_owned(), values, missing]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{FeatureEncoding, NumberInputs, Role, Scaling, TrainedRange};

    #[test]
    fn a_constant_column_has_no_deviation() {
        let values = |low, high| {
            let values = ValueEncoding::Numeric {
                scaling: Scaling { offset: 3.0, divisor: 1.0 },
                fill: None,
                range: Some(TrainedRange { low, high }),
                clip: None,
                inputs: NumberInputs::default(),
            };
            let column = EncodedColumn {
                name: "x".to_owned(),
                role: Role::Feature,
                feature: Some(FeatureEncoding { values, indicator: false }),
                missing_markers: None,
            };
            row(&column)[3].clone()
        };
        assert_eq!(values(3.0, 3.0), "constant: 3.000");
        assert_eq!(values(2.0, 4.0), "2.000 to 4.000, mean 3.000, deviation 1.000");
    }
}
