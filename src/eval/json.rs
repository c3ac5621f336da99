//! Evaluations as JSON.

use serde_json::{Map, Value, json};

use crate::eval::{Evaluation, UnderStatistics};
use crate::metrics::{
    CALIBRATION_BINS, CONFIDENCE, ClassCurves, ClassMeasures, Confusion, Measure, Metrics, TargetMeasures,
};

impl Evaluation {
    /// The whole evaluation.
    pub fn to_json(&self) -> Value {
        let choices = self
            .choices
            .iter()
            .map(|choice| (choice.statistics.name().to_owned(), self.metrics_json(&choice.metrics)));
        json!({
            "rows": self.n_rows,
            "confidence": CONFIDENCE,
            "calibration_bins": CALIBRATION_BINS,
            "statistics": choices.collect::<Map<_, _>>(),
            "curves": self.curves.as_ref().map(|curves| self.curves_json(curves)),
            "differences": self.differences_json(),
            "batch_rows": self.batch_rows.map(|(most, last)| json!({ "each": most, "last": last })),
            "baseline": self.metrics_json(&self.baseline),
        })
    }

    /// The difference of each other choice from the first, on the same rows.
    fn differences_json(&self) -> Value {
        let of = |choice: &UnderStatistics| {
            let difference = choice.difference?;
            Some((choice.statistics.name().to_owned(), json!({ self.compared: difference })))
        };
        Value::Object(self.choices.iter().filter_map(of).collect())
    }

    /// The areas of each class.
    fn curves_json(&self, curves: &[ClassCurves]) -> Value {
        let of_class = |curves: &ClassCurves| {
            json!({
                "class": self.names[curves.class],
                "auc": curves.auc,
                "average_precision": curves.average_precision,
                "calibration_error": curves.calibration_error(),
            })
        };
        curves.iter().map(of_class).collect()
    }

    fn metrics_json(&self, metrics: &Metrics) -> Value {
        let named = |measures: &[(&'static str, Measure)]| -> Map<String, Value> {
            measures.iter().map(|(name, measure)| ((*name).to_owned(), json!(measure))).collect()
        };
        match metrics {
            Metrics::Classes(metrics) => {
                let mut value = named(&metrics.measures());
                value.insert(
                    "calibration_error_by_chance".to_owned(),
                    json!(metrics.calibration_error_by_chance),
                );
                value.insert("classwise_ece_by_chance".to_owned(), json!(metrics.classwise_ece_by_chance));
                let class = |(index, (name, class)): (usize, (&String, &ClassMeasures))| {
                    let share = metrics.class_shares.get(index);
                    let mut value = Map::from_iter([
                        ("class".to_owned(), json!(name)),
                        ("rows".to_owned(), json!(class.rows)),
                        ("predicted".to_owned(), json!(class.predicted)),
                        ("share".to_owned(), json!(share.map(|share| share.share))),
                        ("mean_probability".to_owned(), json!(share.map(|share| share.mean_probability))),
                    ]);
                    value.extend(named(&class.measures()));
                    Value::Object(value)
                };
                value.insert(
                    "classes".to_owned(),
                    self.names.iter().zip(&metrics.classes).enumerate().map(class).collect(),
                );
                value.insert("confusion".to_owned(), self.confusion_json(&metrics.confusion));
                Value::Object(value)
            }
            Metrics::Values(metrics) => {
                let target = |(name, target): (&String, &TargetMeasures)| {
                    let mut value = Map::from_iter([("target".to_owned(), json!(name))]);
                    value.extend(named(&target.measures()));
                    Value::Object(value)
                };
                json!({ "targets": self.names.iter().zip(&metrics.targets).map(target).collect::<Value>() })
            }
        }
    }

    fn confusion_json(&self, confusion: &Confusion) -> Value {
        let name = |class: u32| &self.names[class as usize];
        let cell = |(truth, prediction, rows): (u32, u32, u64)| json!({ "truth": name(truth), "prediction": name(prediction), "rows": rows });
        confusion.cells().map(cell).collect()
    }
}
