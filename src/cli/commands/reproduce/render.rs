//! Findings as text and Markdown.

use std::fmt::Write as _;

use serde_json::json;

use crate::lab::{Claim, ClaimFinding, ClaimVerdict, OtherData, OverSeeds, Statement};
use crate::text::{Count, DisplayPath};

/// The names of the claims and what they say.
pub(crate) fn list(claims: &[Claim], as_json: bool) -> String {
    let width = claims.iter().map(|claim| claim.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Claim { name, statement, .. } in claims {
        let _ = if as_json {
            writeln!(text, "{}", json!({ "claim": name, "says": statement.says, "source": statement.source }))
        } else {
            writeln!(text, "{name:width$}  {}\n{:width$}  {}", statement.says, "", statement.source)
        };
    }
    if !as_json {
        text.push_str("\nbntrain reproduce NAME tries one of them, `bntrain reproduce all` all\n");
    }
    text
}

/// A finding in a few lines.
pub(crate) fn block(finding: &ClaimFinding) -> String {
    let ClaimFinding { claim, statement, .. } = finding;
    let original = if finding.is_original { " (the paper's setting)" } else { "" };
    let paper = paper(statement);
    let paper = if paper.is_empty() { paper } else { format!("  paper  {paper}\n") };
    format!(
        "{}: {claim}\n  claim  {}\n{paper}  here   {}{original}\n",
        finding.verdict.words(),
        statement.says,
        here(finding)
    )
}

/// What was found before, and where; one's own claim may be new.
fn paper(Statement { paper, source, .. }: &Statement) -> String {
    match (&paper[..], &source[..]) {
        (paper, "") => paper.to_owned(),
        ("", source) => source.to_owned(),
        (paper, source) => format!("{paper} ({source})"),
    }
}

/// What was measured, its interval, of how many seeds, and the bounds.
fn here(ClaimFinding { measured, statement, seeds, at_least, at_most, .. }: &ClaimFinding) -> String {
    format!(
        "{}: {}; the claim is {}",
        statement.here,
        found(measured, seeds.len()),
        bounds(*at_least, *at_most)
    )
}

/// Such as `0.52 (0.49 to 0.55), 5 seeds`, or `0.52, 1 seed with a value; 1 of 2 seeds has no value`.
fn found(measured: &OverSeeds, n_seeds: usize) -> String {
    let n_values = measured.values.iter().flatten().count();
    let missing = n_seeds.saturating_sub(n_values);
    let value = match (measured.mean, measured.interval) {
        (Some(mean), Some(interval)) if interval.low < interval.high => {
            format!("{} ({} to {})", number(mean), number(interval.low), number(interval.high))
        }
        (Some(mean), _) if missing == 0 && 1 < n_seeds => format!("{} with every seed", number(mean)),
        (Some(mean), _) => number(mean),
        (None, _) => return format!("no value, {}", Count(n_seeds, "seed")),
    };
    match missing {
        0 => format!("{value}, {}", Count(n_seeds, "seed")),
        _ => {
            let has = if missing == 1 { "has" } else { "have" };
            let with_value = Count(n_values, "seed");
            format!(
                "{value}, {with_value} with a value; {missing} of {} {has} no value",
                Count(n_seeds, "seed")
            )
        }
    }
}

fn bounds(at_least: Option<f64>, at_most: Option<f64>) -> String {
    match (at_least, at_most) {
        (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
        (Some(low), None) => format!("at least {}", number(low)),
        (None, Some(high)) => format!("at most {}", number(high)),
        (None, None) => "anything".to_owned(),
    }
}

/// Three digits; powers of ten where it is tiny or huge.
fn number(value: f64) -> String {
    let size = value.abs();
    match () {
        () if value == 0.0 => "0".to_owned(),
        () if !(1e-3..1e5).contains(&size) => format!("{value:.1e}"),
        () if size >= 100.0 => format!("{value:.0}"),
        () if size >= 10.0 => format!("{value:.1}"),
        () if size >= 1.0 => format!("{value:.2}"),
        () => format!("{value:.3}"),
    }
}

/// How many hold.
pub(crate) fn summary(findings: &[ClaimFinding]) -> String {
    let count = |verdict: ClaimVerdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let mut text = format!("{} of {} claims hold", count(ClaimVerdict::Holds), findings.len());
    for verdict in [ClaimVerdict::DoesNotHold, ClaimVerdict::CannotTell] {
        let names: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .map(|finding| finding.claim.as_str())
            .collect();
        if !names.is_empty() {
            let _ = write!(text, "; {}: {}", verdict.words(), names.join(", "));
        }
    }
    text.push('\n');
    text
}

/// A table of all findings, on `other` data than the bundled ones if there are any.
pub(crate) fn markdown(findings: &[ClaimFinding], other: Option<&OtherData>) -> String {
    let written = match other {
        None if findings.iter().all(|finding| !finding.is_own) => {
            "by `bntrain reproduce all --markdown docs/findings.md`: published findings about normalization, tried on the \
             bundled data"
                .to_owned()
        }
        None => "by `bntrain reproduce`: claims about normalization".to_owned(),
        Some(OtherData::Table { path, .. } | OtherData::Images(path)) => {
            format!("by `bntrain reproduce`: claims about normalization, tried on {}", DisplayPath(path))
        }
    };
    let files = match findings.iter().any(|finding| !finding.is_own) {
        true if findings.iter().any(|finding| finding.is_own) => {
            " A claim with a link is a file in [configs/lab](../configs/lab)."
        }
        true => " Each claim is a file in [configs/lab](../configs/lab).",
        false => "",
    };
    let mut text = format!(
        "# Findings\n\nWritten {written}.\nA claim holds if the 95 % interval of the mean over seeds is within its bounds, \
         and does not hold if it is outside of them;\notherwise the seeds cannot tell. Nor can they if there is only one, or \
         if one of them has no value, such as that of a lost run:\na mean of the others would leave out what went wrong. \
         Ratios have a geometric mean. Where a paper used other data or networks,\nthat a claim does not hold here says \
         nothing about the paper.{files}\n\n| claim | paper | here | verdict |\n|---|---|---|---|\n",
    );
    let cell = |text: &str| text.replace('|', "\\|").replace(['\n', '\r'], " ");
    let name = |ClaimFinding { claim, is_own, .. }: &ClaimFinding| match is_own {
        true => cell(claim),
        false => format!("[{claim}](../configs/lab/{claim}.toml)"),
    };
    for finding in findings {
        let statement = &finding.statement;
        let _ = writeln!(
            text,
            "| {}: {} | {} | {} | {} |",
            name(finding),
            cell(&statement.says),
            cell(&paper(statement)),
            cell(&here(finding)),
            if finding.verdict == ClaimVerdict::Holds {
                "holds".to_owned()
            } else {
                format!("**{}**", finding.verdict.words())
            },
        );
    }
    let _ = write!(text, "\n{}", summary(findings));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_without_a_value_are_counted() {
        let found = |values: &[f64]| found(&OverSeeds::of(values.to_vec(), false), values.len());
        assert_eq!(found(&[2.0, 2.0]), "2.00 with every seed, 2 seeds");
        assert_eq!(found(&[2.0]), "2.00, 1 seed");
        let missing = "2.00, 2 seeds with a value; 1 of 3 seeds has no value";
        assert_eq!(found(&[2.0, f64::NAN, 2.0]), missing);
        let missing = "2.00, 1 seed with a value; 2 of 3 seeds have no value";
        assert_eq!(found(&[2.0, f64::NAN, f64::NAN]), missing);
        assert_eq!(found(&[f64::NAN, f64::NAN]), "no value, 2 seeds");
        assert!(found(&[1.0, 2.0, 3.0]).starts_with("2.00 (-0.48"), "{}", found(&[1.0, 2.0, 3.0]));
    }
}
