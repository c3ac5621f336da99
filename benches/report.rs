//! Results on stdout: lines for people or lines of JSON.

#![expect(clippy::print_stdout, reason = "what a benchmark does is print")]

use serde_json::Value;

/// Where results go.
pub(crate) struct Report {
    json: bool,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// For people only.
    pub(crate) fn heading(&self, text: &str) {
        if !self.json {
            println!("{text}");
        }
    }

    /// One result in both forms.
    pub(crate) fn result(&self, text: &str, record: &Value) {
        if self.json {
            println!("{record}");
        } else {
            println!("{text}");
        }
    }
}
