//! The loops under the layers, in the shapes in which they occur.

use std::collections::HashSet;

use bntrain::kernel::{
    self, BatchMoments, BatchNormForm, BatchNormGrads, BatchNormParams, BatchNormState, RowNormGrads,
    RowNormParams, RowNormState, ThreadPool,
};
use ndarray::{Array2, ArrayView2};
use serde_json::json;

use crate::Options;
use crate::report::Report;
use crate::roofline::ramp;
use crate::timing::Timing;
use crate::workload::workloads;

/// Times all kernels with `pool`.
pub(crate) fn run(options: &Options, pool: &ThreadPool, report: &Report) {
    report.heading("\nmatrix products (rows x inner x columns)       best us  median us  GFLOP/s");
    let mut seen = HashSet::new();
    for workload in workloads() {
        for (layer, pair) in workload.widths.windows(2).enumerate() {
            let (batch, inputs, outputs) = (workload.batch_size, pair[0], pair[1]);
            if !seen.insert((batch, inputs, outputs)) {
                continue;
            }
            let (x, w, dy) = (ramp(batch, inputs), ramp(inputs, outputs), ramp(batch, outputs));
            let products = [
                ("y = x w", x.view(), w.view()),
                ("dw = x' dy", x.t(), dy.view()),
                ("dx = dy w'", dy.view(), w.t()),
            ];
            // The first layer's input has no gradient.
            for (product, a, b) in &products[..if layer == 0 { 2 } else { 3 }] {
                let name = format!("{} {} {product}", workload.name, layer + 1);
                time_product(options, pool, report, &name, a, b);
            }
        }
    }
    report.heading("\nloops over a batch, every array counted once   best us  median us     GB/s");
    for (rows, width) in [(60, 100), (128, 512), (512, 256), (256, 1024)] {
        time_columns(options, pool, report, rows, width);
    }
}

fn time_product(
    options: &Options,
    pool: &ThreadPool,
    report: &Report,
    name: &str,
    a: &ArrayView2<'_, f32>,
    b: &ArrayView2<'_, f32>,
) {
    let ((m, k), n) = (a.dim(), b.ncols());
    let name = format!("{name}, {m} x {k} x {n}");
    if !options.wants(&name) {
        return;
    }
    let mut c = Array2::zeros((m, n));
    let timing = Timing::measure(options.seconds_or(0.1), || kernel::matmul(pool, a, b, &mut c.view_mut()));
    let operations = (2 * m * k * n) as f64;
    print(report, pool, ("product", &name), timing, ("gflops", operations));
}

/// Each kernel that works on columns, over `rows` x `width` numbers.
fn time_columns(options: &Options, pool: &ThreadPool, report: &Report, rows: usize, width: usize) {
    let (x, dy) = (ramp(rows, width), ramp(rows, width));
    let (x, dy) = (x.view(), dy.view());
    let mut y = Array2::zeros((rows, width));
    let (mut row, mut grads) = (vec![0.0; width], [BatchNormGrads::new(width)]);
    let (ones, zeros) = (vec![1.0; width], vec![0.0; width]);
    let mut states = [BatchNormState::new(width)];
    let mut moments = BatchMoments::new(width);
    let time = |kernel: &str, arrays: usize, work: &mut dyn FnMut()| {
        let name = format!("{kernel}, {rows} x {width}");
        if options.wants(&name) {
            let timing = Timing::measure(options.seconds_or(0.1), work);
            let bytes = (arrays * rows * width * size_of::<f32>()) as f64;
            print(report, pool, ("columns", &name), timing, ("gbytes_per_second", bytes));
        }
    };
    time("sum_rows", 1, &mut || kernel::sum_rows(pool, &x, &mut row));
    time("batch_moments", 1, &mut || kernel::batch_moments(pool, &x, &mut moments));
    time("batch_norm_forward", 2, &mut || {
        let form = BatchNormForm::Standard;
        let params = BatchNormParams { eps: 1e-5, gamma: &ones, beta: &zeros, form };
        kernel::batch_norm_forward(pool, &x, params, true, &mut states, &mut y.view_mut());
    });
    time("batch_norm_backward", 3, &mut || {
        kernel::batch_norm_backward(pool, &dy, &x, &states, &mut grads, Some(y.view_mut()));
    });
    let (mut row_state, mut row_grads) = (RowNormState::new(rows, 1), RowNormGrads::new(width));
    let row_params = RowNormParams { eps: 1e-5, groups: 1, centered: true, gamma: &ones, beta: &zeros };
    time("row_norm_forward", 2, &mut || {
        kernel::row_norm_forward(pool, &x, row_params, true, Some(&mut row_state), &mut y.view_mut());
    });
    time("row_norm_backward", 3, &mut || {
        let dx = Some(y.view_mut());
        kernel::row_norm_backward(pool, &dy, &x, row_params, &row_state, &mut row_grads, dx);
    });
    time("map, ReLU", 2, &mut || kernel::map(pool, &x, &mut y.view_mut(), |x| x.max(0.0)));
    time("map2, its gradient", 3, &mut || {
        kernel::map2(pool, &x, &dy, &mut y.view_mut(), |x, dy| if x > 0.0 { dy } else { 0.0 });
    });
}

/// One result; `amount` is what a call does, in billionths of the unit of its rate.
fn print(
    report: &Report,
    pool: &ThreadPool,
    (kind, name): (&str, &str),
    timing: Timing,
    (rate_name, amount): (&str, f64),
) {
    let (best_us, median_us, rate) = (1e6 * timing.best, 1e6 * timing.median, amount / timing.best / 1e9);
    report.result(
        &format!("{name:44} {best_us:9.1} {median_us:10.1} {rate:8.1}"),
        &json!({
            "bench": "kernel", "kind": kind, "name": name, "threads": pool.threads(),
            "best_us": best_us, "median_us": median_us, rate_name: rate,
        }),
    );
}
