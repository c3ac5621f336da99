//! Batch norm: forward, and its three ways backward beside each other.

use bntrain::kernel::ThreadPool;
use bntrain::kernel::real::Real;
use bntrain::nn::{Backward, BatchNorm, BatchNormSpec, Layer, PassContext};
use bntrain::targets::TargetsView;
use ndarray::Array2;
use serde_json::json;

use crate::Options;
use crate::report::Report;
use crate::roofline::ramp;
use crate::timing::Timing;

/// Rows of a batch and features. The first is the size at which the CS231n assignment compares.
const SIZES: [(usize, usize); 4] = [(100, 500), (128, 512), (512, 256), (256, 1024)];

/// In the order in which they are derived.
const WAYS: [(&str, Backward); 3] =
    [("graph", Backward::Graph), ("closed_form", Backward::ClosedForm), ("fused", Backward::Fused)];

/// Times batch norm with `pool`.
pub(crate) fn run(options: &Options, pool: &ThreadPool, report: &Report) {
    report.heading(
        "\nbatch norm                                     best us  median us  times as fast as graph",
    );
    for (rows, width) in SIZES {
        time_size::<f32>(options, pool, report, rows, width);
        time_size::<f64>(options, pool, report, rows, width);
    }
}

fn time_size<F: Real>(options: &Options, pool: &ThreadPool, report: &Report, rows: usize, width: usize) {
    let x = ramp(rows, width).mapv(|x| F::from_f64(x.into()));
    let dy = x.mapv(|x| x * x);
    let (mut y, mut dx) = (Array2::zeros(x.dim()), Array2::zeros(x.dim()));
    let pass = PassContext::new(pool, TargetsView::none());
    let print = |name: &str, timing: Timing, graph: Option<f64>| {
        let (best_us, median_us) = (1e6 * timing.best, 1e6 * timing.median);
        let ratio = graph.map(|graph| graph / timing.best);
        let shown = ratio.map(|ratio| format!("{ratio:7.2}")).unwrap_or_default();
        report.result(
            &format!("{name:44} {best_us:9.1} {median_us:10.1} {shown}"),
            &json!({
                "bench": "layer", "name": name, "threads": pool.threads(),
                "best_us": best_us, "median_us": median_us, "ratio_to_graph": ratio,
            }),
        );
    };
    let mut graph = None;
    for (way, backward) in WAYS {
        let name = |pass: &str| format!("{pass}, {rows} x {width} {}", F::NAME);
        let spec = BatchNormSpec { backward, ..BatchNormSpec::default() };
        let mut layer = BatchNorm::<F>::new("batch_norm", spec, width);
        layer.allocate(rows);
        layer.forward(&pass, x.view(), y.view_mut());
        if options.wants(&name(way)) {
            let timing = Timing::measure(options.seconds_or(0.1), || {
                layer.backward(&pass, x.view(), y.view(), dy.view(), Some(dx.view_mut()));
            });
            graph = graph.or((backward == Backward::Graph).then_some(timing.best));
            print(&name(way), timing, graph);
        }
        if backward == Backward::Fused && options.wants(&name("forward")) {
            let timing = Timing::measure(options.seconds_or(0.1), || {
                layer.forward(&pass, x.view(), y.view_mut());
            });
            print(&name("forward"), timing, None);
        }
    }
}
