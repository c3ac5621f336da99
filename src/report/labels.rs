//! What norms are called in reports.

use std::collections::BTreeMap;

use crate::nn::Norm;
use crate::text::shortened_to;

/// Longer names are cut.
const MAX_CHARS: usize = 40;

/// Names that replace those of norms: `[report.labels]` of a config.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// From the names of norms to what they are called.
    pub fn new(labels: BTreeMap<String, String>) -> Self {
        Self(labels)
    }

    /// These, with further ones in their place.
    #[must_use]
    pub fn with(mut self, labels: impl IntoIterator<Item = (String, String)>) -> Self {
        self.0.extend(labels);
        self
    }

    /// What `norm` is called; by default by its name.
    pub fn norm(&self, norm: Norm) -> String {
        let label = self.0.get(norm.name()).map_or(norm.name(), String::as_str);
        shortened_to(label, MAX_CHARS)
    }
}
