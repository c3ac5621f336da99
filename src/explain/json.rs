//! Explanations as JSON.

use serde_json::{Map, Value, json};

use crate::explain::{ColumnImportance, Explanation};
use crate::metrics::CONFIDENCE;

impl Explanation {
    /// The whole explanation. The metrics of a column are its importance: the rise of the loss and the drop of the
    /// score.
    pub fn to_json(&self) -> Value {
        let [loss, score] = self.metrics;
        let column = |column: &ColumnImportance| {
            json!({
                "column": column.column,
                loss: column.loss,
                score: column.score,
                "repeats": column.repeats,
            })
        };
        let dependence = self.dependence.iter().map(|dependence| {
            let points = dependence.points.iter().map(|point| {
                let means =
                    dependence.outputs.iter().cloned().zip(point.means.iter().map(|mean| json!(mean)));
                let value = point.number.map_or_else(|| json!(point.label), |number| json!(number));
                json!({ "value": value, "rows": point.rows, "mean": means.collect::<Map<_, _>>() })
            });
            json!({
                "column": dependence.column,
                "points": points.collect::<Value>(),
                "left_out": dependence.left_out,
            })
        });
        let linear = self.linear.as_ref().map(|linear| {
            let columns = linear.columns.iter().map(|column| {
                let inputs = column.inputs.iter().map(|(input, weights)| {
                    let weights =
                        linear.outputs.iter().cloned().zip(weights.iter().map(|weight| json!(weight)));
                    json!({ "input": input, "weights": weights.collect::<Map<_, _>>() })
                });
                json!({
                    "column": column.column,
                    "spread": column.spread,
                    "inputs": inputs.collect::<Value>(),
                })
            });
            columns.collect::<Value>()
        });
        let associated = self.associated.iter();
        json!({
            "rows": self.rows,
            "rows_in_file": self.rows_in_file,
            "seed": self.seed,
            "n_repeats": self.repeats,
            "confidence": CONFIDENCE,
            "unchanged": { loss: self.unchanged[0], score: self.unchanged[1] },
            "importance": self.columns.iter().map(column).collect::<Value>(),
            "partial_dependence": dependence.collect::<Value>(),
            "associated": associated
                .map(|pair| json!({ "columns": pair.columns, "association": pair.association }))
                .collect::<Value>(),
            "linear": linear,
        })
    }
}
