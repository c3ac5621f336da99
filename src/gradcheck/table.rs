//! A report as text.

use std::fmt::Write;

use crate::gradcheck::{GradcheckReport, Mistake, TensorCheck};

/// `report` as a table with a line for each tensor, then the worst entry of each tensor that failed, then
/// the verdict. At most 80 columns wide where names have at most 20 characters.
pub fn table(report: &GradcheckReport) -> String {
    let header = ["tensor", "shape", "checked", "kinks", "error", "at"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(report.tensors.iter().map(cells)).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0));
    let mut text = String::new();
    for [tensor, shape, checked, kinks, error, at] in &rows {
        let [w_tensor, w_shape, w_checked, w_kinks, w_error, _] = widths;
        let line = format!(
            "{tensor:w_tensor$}  {shape:>w_shape$}  {checked:>w_checked$}  {kinks:>w_kinks$}  \
             {error:>w_error$}  {at}"
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push('\n');
    notes(report, &mut text);
    text
}

/// The reports of a network with each mistake, as a table with a line for each, then the verdict. At most
/// 80 columns wide where names have at most 20 characters.
pub fn mistakes_table(reports: &[(Mistake, GradcheckReport)]) -> String {
    let mut text = format!("{:<20} {:<8} {:>7}  {:<28} wrong\n", "mistake", "check", "error", "at");
    for (mistake, report) in reports {
        let verdict = if report.passed() { "passes" } else { "refuses" };
        let checked = report.tensors.iter().filter(|tensor| tensor.checked > 0);
        let worst = checked.max_by(|a, b| a.largest_error.total_cmp(&b.largest_error));
        let (error, at) = worst.map_or((String::new(), String::new()), |worst| {
            (format!("{:.1e}", worst.largest_error), format!("{}{}", worst.name, place(worst)))
        });
        let wrong = report.tensors.iter().filter(|tensor| !tensor.passed(report.tolerance)).count();
        let wrong = format!("{wrong} of {}", report.tensors.len());
        line(&mut text, &format!("{mistake:<20} {verdict:<8} {error:>7}  {at:<28} {wrong}"));
    }
    let refused = reports.iter().filter(|(_, report)| !report.passed()).count();
    line(&mut text, &format!("\n{refused} of {} mistakes are refused", reports.len()));
    text
}

fn cells(tensor: &TensorCheck) -> [String; 6] {
    let (rows, columns) = tensor.shape;
    let (error, at) = match tensor.checked {
        0 => ("-".to_owned(), String::new()),
        _ => (format!("{:.1e}", tensor.largest_error), place(tensor)),
    };
    [
        tensor.name.clone(),
        format!("{rows} x {columns}"),
        tensor.checked.to_string(),
        tensor.kinks.to_string(),
        error,
        at,
    ]
}

fn place(tensor: &TensorCheck) -> String {
    format!("[{}, {}]", tensor.place.0, tensor.place.1)
}

/// The lines after the table.
fn notes(report: &GradcheckReport, text: &mut String) {
    let GradcheckReport { tolerance, floor, tensors } = report;
    let failed: Vec<&TensorCheck> = tensors.iter().filter(|tensor| !tensor.passed(*tolerance)).collect();
    for tensor in &failed {
        let TensorCheck { name, analytic, numeric, .. } = tensor;
        line(text, &format!("{name}{}: gradient {analytic:.6e}, difference {numeric:.6e}", place(tensor)));
    }
    for tensor in tensors {
        if tensor.checked > 0 && tensor.largest_derivative <= report.resolution() {
            line(
                text,
                &format!("{}: every derivative is 0 to within {:.0e}", tensor.name, report.resolution()),
            );
        }
    }
    line(
        text,
        &match failed.len() {
            _ if report.passed() => format!("passed: no error is over {tolerance:e}"),
            0 => "failed: nothing could be compared".to_owned(),
            n => format!("failed: {n} of {} tensors have an error over {tolerance:e}", tensors.len()),
        },
    );
    line(text, &format!("error: |gradient - difference| over the larger of the two (or over {floor:.1e})"));
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn tensor(name: &str, largest_error: f64) -> TensorCheck {
        TensorCheck {
            name: name.to_owned(),
            shape: (64, 100),
            checked: 200,
            kinks: 3,
            largest_error,
            place: (63, 7),
            analytic: 0.25,
            numeric: 0.125,
            largest_derivative: 0.5,
        }
    }

    fn report(tensors: Vec<TensorCheck>) -> GradcheckReport {
        GradcheckReport { tensors, tolerance: 1e-5, floor: 1e-4 }
    }

    #[test]
    fn a_correct_network() {
        let zero =
            TensorCheck { shape: (1, 100), largest_derivative: 1e-12, ..tensor("affine_1.bias", 2e-13) };
        let kinked = TensorCheck { checked: 0, kinks: 64, largest_error: 0.0, ..tensor("input", 0.0) };
        assert_snapshot!(table(&report(vec![tensor("affine_1.weight", 3.21e-8), zero, kinked])), @r"
        tensor              shape  checked  kinks    error  at
        affine_1.weight  64 x 100      200      3   3.2e-8  [63, 7]
        affine_1.bias     1 x 100      200      3  2.0e-13  [63, 7]
        input            64 x 100        0     64        -

        affine_1.bias: every derivative is 0 to within 1e-9
        passed: no error is over 1e-5
        error: |gradient - difference| over the larger of the two (or over 1.0e-4)
        ");
    }

    #[test]
    fn a_wrong_network() {
        let tensors = vec![tensor("affine_1.weight", 0.5), tensor("input", f64::INFINITY)];
        assert_snapshot!(table(&report(tensors)), @r"
        tensor              shape  checked  kinks   error  at
        affine_1.weight  64 x 100      200      3  5.0e-1  [63, 7]
        input            64 x 100      200      3     inf  [63, 7]

        affine_1.weight[63, 7]: gradient 2.500000e-1, difference 1.250000e-1
        input[63, 7]: gradient 2.500000e-1, difference 1.250000e-1
        failed: 2 of 2 tensors have an error over 1e-5
        error: |gradient - difference| over the larger of the two (or over 1.0e-4)
        ");
    }

    #[test]
    fn a_check_without_comparisons_fails() {
        let kinked = TensorCheck { checked: 0, kinks: 64, largest_error: 0.0, ..tensor("input", 0.0) };
        assert_snapshot!(table(&report(vec![kinked])), @r"
        tensor     shape  checked  kinks  error  at
        input   64 x 100        0     64      -

        failed: nothing could be compared
        error: |gradient - difference| over the larger of the two (or over 1.0e-4)
        ");
    }

    #[test]
    fn mistakes() {
        let wrong = report(vec![tensor("affine_1.weight", 0.5), tensor("input", 1e-9)]);
        let right = report(vec![tensor("batch_norm_1.gamma", 1e-8)]);
        let reports = [(Mistake::ConstantStatistics, wrong), (Mistake::NoEps, right)];
        assert_snapshot!(mistakes_table(&reports), @r"
        mistake              check      error  at                           wrong
        constant-statistics  refuses   5.0e-1  affine_1.weight[63, 7]       1 of 2
        no-eps               passes    1.0e-8  batch_norm_1.gamma[63, 7]    0 of 1

        1 of 2 mistakes are refused
        ");
    }

    #[test]
    fn the_widest_line_fits_80_columns() {
        let widest = TensorCheck {
            shape: (65536, 65536),
            place: (65535, 65535),
            ..tensor("batch_norm_100.gamma", f64::INFINITY)
        };
        for line in table(&report(vec![widest])).lines() {
            assert!(line.len() <= 80, "{} columns: {line}", line.len());
        }
    }
}
