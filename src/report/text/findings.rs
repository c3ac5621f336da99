//! What diagnostics found, as a list.

use crate::diagnose::Finding;
use crate::report::text::layout::{WIDEST, wrapped};

/// A section with each finding, and an empty line after it; nothing without any.
pub fn findings_section(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let line = |finding: &Finding| wrapped(WIDEST, "- ", "  ", &finding.text);
    let lines: String = findings.iter().map(line).collect();
    format!("diagnostics (last measurement, median over seeds):\n{lines}\n")
}
