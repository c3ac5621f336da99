//! The norms of a summary as arms of a chart.

use crate::experiment::{MeasuredOn, Summary};
use crate::nn::Norm;
use crate::report::chart::figure::{LegendEntry, Sample};
use crate::report::chart::plot::{Arm, PlotMark, Shape};
use crate::report::chart::style::norm_style;
use crate::report::labels::Labels;

/// A summary, and what its norms are called.
#[derive(Clone, Copy)]
pub(crate) struct Arms<'a> {
    pub(crate) summary: &'a Summary,
    pub(crate) labels: &'a Labels,
}

impl Arms<'_> {
    /// The place and style of a norm, the same in every chart.
    pub(crate) fn arm(self, norm: Norm) -> Arm {
        let index = self.summary.norms.iter().position(|&other| other == norm).unwrap_or(0);
        Arm { index, style: norm_style(norm) }
    }

    pub(crate) fn label(self, norm: Norm) -> String {
        self.labels.norm(norm)
    }

    /// A shape of a norm.
    pub(crate) fn mark(self, norm: Norm, shape: Shape) -> PlotMark {
        PlotMark { arm: Some(self.arm(norm)), shape }
    }

    /// All norms.
    pub(crate) fn legend(self) -> Vec<LegendEntry> {
        let entry = |&norm: &Norm| LegendEntry::new(Sample::Arm(self.arm(norm)), self.label(norm));
        self.summary.norms.iter().map(entry).collect()
    }

    /// Such as `validation loss`.
    pub(crate) fn loss_name(self) -> &'static str {
        match self.summary.measured_on {
            MeasuredOn::ValidationRows => "validation loss",
            MeasuredOn::TrainingRows => "training loss",
        }
    }

    /// Such as `validation accuracy`.
    pub(crate) fn quality_name(self) -> String {
        let rows = match self.summary.measured_on {
            MeasuredOn::ValidationRows => "validation",
            MeasuredOn::TrainingRows => "training",
        };
        format!("{rows} {}", self.summary.task.quality())
    }
}
