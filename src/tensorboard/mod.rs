//! Event files for TensorBoard: the bytes of each event.
//!
//! A file is a sequence of [records](record), each an [`EventProto`](proto::EventProto) in protocol buffers. Scalars and
//! histograms are written in their older form, which every reader of such files knows: TensorBoard itself, and those
//! that do without it.

mod histogram;
pub(crate) mod hparams;
mod proto;
mod record;

use crate::kernel::real::Real;
use crate::nn::{Network, Task};
use crate::tensorboard::histogram::histogram;
use crate::tensorboard::proto::{
    EventProto, SessionLog, SessionStatus, SummaryContent, SummaryProto, SummaryValue, What,
};
use crate::tensorboard::record::put_record;
use crate::train::{EpochRecord, Metric};

/// The histogram of a tensor, to be written with an epoch.
pub(crate) type TensorHistogram = SummaryValue;

/// When something was written, and to which step it belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EventTime {
    /// Seconds since 1970.
    pub(crate) unix_seconds: f64,
    /// Steps done.
    pub(crate) step: u64,
}

/// Appends the event that every file begins with.
pub(crate) fn put_version(file: &mut Vec<u8>, unix_seconds: f64) {
    put_event(file, EventTime { unix_seconds, step: 0 }, What::FileVersion("brain.Event:2".to_owned()));
}

/// Appends that a run begins or goes on at this step: what other files have from here on does not count.
pub(crate) fn put_start(file: &mut Vec<u8>, at: EventTime) {
    put_event(file, at, What::SessionLog(SessionLog { status: SessionStatus::Start.into() }));
}

/// Appends the numbers of an epoch that `metrics.csv` has, but for times, and these histograms.
pub(crate) fn put_epoch(
    file: &mut Vec<u8>,
    at: EventTime,
    epoch: &EpochRecord,
    histograms: Vec<TensorHistogram>,
) {
    let value = scalars(epoch).into_iter().chain(histograms).collect();
    put_event(file, at, What::Summary(SummaryProto { value }));
}

/// A histogram of each tensor of a network, running statistics included; none of those that are not finite.
pub(crate) fn histograms<F: Real>(network: &Network<F>) -> Vec<TensorHistogram> {
    let of_tensor = |name: &str, values| {
        Some(SummaryValue {
            tag: name.replace('.', "/"),
            metadata: None,
            value: Some(SummaryContent::Histogram(histogram(values)?)),
        })
    };
    network.params().filter_map(|tensor| of_tensor(&tensor.name, &tensor.value)).collect()
}

fn scalars(epoch: &EpochRecord) -> Vec<SummaryValue> {
    let quality = match epoch.train.quality.task() {
        Task::Classification => ("accuracy", Metric::TrainAccuracy, Metric::ValidAccuracy),
        Task::Regression => ("r2", Metric::TrainR2, Metric::ValidR2),
    };
    let metrics = [
        ("loss", Metric::TrainLoss),
        ("loss", Metric::TrainEvalLoss),
        ("loss", Metric::ValidLoss),
        (quality.0, quality.1),
        (quality.0, quality.2),
    ];
    let scalar = |tag: String, value: f64| SummaryValue {
        tag,
        metadata: None,
        // The format has single precision; the exact number is in `metrics.csv`.
        value: Some(SummaryContent::Simple(value as f32)),
    };
    let mut found: Vec<_> = metrics
        .into_iter()
        .filter_map(|(group, metric)| {
            Some(scalar(format!("{group}/{}", metric.name()), epoch.metric(metric)?))
        })
        .collect();
    found.extend(epoch.learning_rate.map(|rate| scalar("learning_rate".to_owned(), rate)));
    found
}

fn put_event(file: &mut Vec<u8>, at: EventTime, what: What) {
    let step = i64::try_from(at.step).unwrap_or(i64::MAX);
    put_record(file, &EventProto { wall_time: at.unix_seconds, step, what: Some(what) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Quality, Score};

    #[test]
    fn an_epoch_has_what_was_measured() {
        let train = Score { loss: 0.5, quality: Quality::R2(0.25) };
        let epoch = EpochRecord {
            epoch: 0,
            step: 0,
            learning_rate: None,
            train_loss: None,
            train,
            valid: None,
            train_seconds: 0.0,
            eval_seconds: 0.0,
        };
        let tags =
            |epoch: &EpochRecord| scalars(epoch).into_iter().map(|value| value.tag).collect::<Vec<_>>();
        assert_eq!(tags(&epoch), ["loss/train_eval_loss", "r2/train_r2"]);
        let later =
            EpochRecord { learning_rate: Some(0.1), train_loss: Some(1.0), valid: Some(train), ..epoch };
        let all = ["train_loss", "train_eval_loss", "valid_loss"].map(|name| format!("loss/{name}"));
        assert_eq!(tags(&later)[..3], all);
        assert_eq!(tags(&later)[3..], ["r2/train_r2", "r2/valid_r2", "learning_rate"]);
    }
}
