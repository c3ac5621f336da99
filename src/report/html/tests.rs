use std::sync::Arc;

use crate::config::ComparedMeasure;
use crate::diagnose::{DiagnosticRow, Finding, Quantity, RunDiagnostics};
use crate::experiment::synthetic::{at_point, diverged, grid, run, twins};
use crate::experiment::{RunRecord, Summary};
use crate::nn::Norm;
use crate::report::csv::{write_epoch, write_metrics_header};
use crate::report::{ConfusionRow, ResultTexts, RunResults, figures, report_page};

const HOSTILE: &str =
    "</script><script>alert(1)</script>'\"><img src=x onerror=alert(2)>\u{202e}\u{1b}[31m&amp;";

/// The results of runs as they are in a directory, with hostile names wherever there are names.
fn results(runs: &[RunRecord]) -> RunResults {
    let summary = Summary::of(runs);
    let mut metrics = Vec::new();
    write_metrics_header(&mut metrics, summary.task).unwrap();
    runs.iter().for_each(|run| {
        run.epochs.iter().for_each(|epoch| write_epoch(&mut metrics, &run.id, epoch).unwrap());
    });
    let class = |index: u32| format!("{HOSTILE}{index}");
    let mut confusion = csv::Writer::from_writer(Vec::new());
    confusion.write_record(["norm", "point", "seed", "rows", "truth", "prediction", "count"]).unwrap();
    for (truth, prediction, count) in [(0, 0, 9), (0, 1, 2), (1, 1, 7)] {
        let row = ("batch_norm", "", 1, "validation_rows", class(truth), class(prediction), count);
        confusion.serialize(row).unwrap();
    }
    let run = serde_json::json!({
        "version": HOSTILE,
        "command": ["bntrain", HOSTILE],
        "config": format!("/home/{HOSTILE}.toml"),
        "data": [{ "path": format!("/data/{HOSTILE}.csv"), "sha256": HOSTILE, "rows": 10 }],
        "classes": [class(0), class(1)],
        "valid_rows": 10,
        "runs_planned": runs.len(),
    });
    let label = toml::Value::String(HOSTILE.to_owned());
    let texts = ResultTexts {
        config: format!("# {HOSTILE}\n[report.labels]\nbatch_norm = {label}\n").replace('\u{1b}', ""),
        run: run.to_string(),
        summary: summary.to_json(),
        metrics: String::from_utf8(metrics).unwrap(),
        confusion: Some(String::from_utf8(confusion.into_inner().unwrap()).unwrap()),
        diagnostics: Some(DIAGNOSTICS.to_owned()),
        start: Some(START.replace("\"NAME\"", &serde_json::Value::from(HOSTILE).to_string())),
        fork: None,
        unchanged: None,
        encoding: None,
        further_files: vec!["diagnostics.csv".to_owned()],
    };
    RunResults::parse(HOSTILE.to_owned(), texts).unwrap()
}

/// One network as `bntrain probe --json` writes it, and a line that has nothing.
const START: &str = "{\"network\":\"NAME\",\"guessing_loss\":1.1,\"loss\":1.2,\"rows\":10,\"batches\":2,\"growth\":1.5,\
    \"growth_in_theory\":null,\"layers\":[{\"layer\":\"NAME\",\"width\":4,\"pre_activation\":{\"mean\":0.0,\"std\":1.0},\
    \"cosine\":null,\"rank\":2.0,\"dead\":1,\"squared_gradient\":0.01,\"noise\":{\"mean\":0.1,\"deviation\":0.05}}]}\n{}\n";

const DIAGNOSTICS: &str = "norm,point,seed,epoch,step,layer,quantity,value\n\
    batch_norm,,1,1,5,affine_1,dead_share,0.5\nbatch_norm,,1,2,10,affine_1,dead_share,0.25\n";

/// Every tag and attribute of the page is ours, and nothing in it is invisible.
fn assert_harmless(page: &str) {
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert!(!page.contains("<img") && !page.contains("<iframe") && !page.contains("<link"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "it is shown");
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        assert!(!tag.contains("onerror") && !tag.contains("onload") && !tag.contains("style="), "{tag}");
    }
    let is_shown = |c: char| c == '\n' || c == '\t' || crate::text::is_visible(c);
    assert!(page.chars().all(is_shown));
    for number in [">NaN", ">inf<", "\"NaN", " NaN"] {
        assert!(!page.contains(number), "{number}");
    }
}

#[test]
fn hostile_texts_are_shown_and_nothing_else() {
    for runs in [twins(5), twins(1), twins(1)[..1].to_vec(), grid()] {
        let results = results(&runs);
        let page = report_page(std::slice::from_ref(&results), true);
        assert_harmless(&page);
        assert_eq!(
            page,
            report_page(std::slice::from_ref(&results), true),
            "the same run gives the same bytes"
        );
        for (name, svg) in figures(&results) {
            assert!(!svg.contains("<script") && !svg.contains("<img") && !svg.contains('\u{202e}'), "{name}");
        }
        assert_harmless(&report_page(&[results.clone(), results], false));
    }
}

#[test]
fn every_part_is_there() {
    let page = report_page(&[results(&twins(5))], true);
    for part in ["curves", "differences", "time", "diagnostics", "data", "config", "environment"] {
        assert!(page.contains(&format!("<section id=\"{part}\">")), "{part}");
    }
    assert!(page.contains("Tables of the last values"));
    assert!(page.contains("<a href=\"metrics.csv\">"));
    assert!(!report_page(&[results(&twins(5))], false).contains("<a href=\"metrics.csv\">"));
    assert!(report_page(&[results(&grid())], true).contains("<section id=\"grid\">"));
    let names: Vec<String> = figures(&results(&twins(5))).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "curves.svg",
        "ratio.svg",
        "differences.svg",
        "time_to_bound.svg",
        "confusion.svg",
        "diagnostics.svg",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_page_says_what_p_is_and_who_chose_the_measure() {
    let mut results = results(&twins(5));
    let page = report_page(std::slice::from_ref(&results), true);
    assert!(page.contains("p of the exact sign-flip test; clear means 0.05 or less"));
    assert!(page.contains("final validation loss, the default of compare.primary"));
    for found in results.summary.comparisons.iter_mut().flat_map(|comparison| &mut comparison.measures) {
        found.comparison = found.comparison.sequential();
    }
    results.summary.primary = ComparedMeasure::BestLoss;
    let page = report_page(std::slice::from_ref(&results), true);
    assert!(page.contains("p = 1/e, of the e-value, which holds however many seeds were added; clear means"));
    assert!(page.contains("<th scope=\"col\">p (1/e)</th>") && !page.contains("sign-flip"), "{page}");
    assert!(page.contains("best validation loss, which the config names before the run"));
}

/// Norms by hundreds of epochs, and points by the hundred.
#[test]
fn large_comparisons_stay_small() {
    let losses: Vec<f64> = (0..400).map(|epoch| 2.3 / f64::from(1 + epoch) + 0.1).collect();
    let all: Vec<RunRecord> = Norm::ALL
        .iter()
        .flat_map(|&norm| (1..=6).map(move |seed| (norm, seed)))
        .map(|(norm, seed)| {
            let losses: Vec<f64> = losses.iter().map(|loss| loss * (1.0 + 0.01 * seed as f64)).collect();
            run(norm, seed, &losses)
        })
        .collect();
    let points: Vec<RunRecord> = (0..400)
        .map(|index| {
            let (norm, point, seed) =
                ([Norm::BatchNorm, Norm::None][index % 2], index / 4, (index / 2 % 2) as u64);
            let settings = format!(
                "optimizer.learning_rate={};training.batch_size={}",
                0.01 * (point % 10 + 1) as f64,
                point / 10 + 8
            );
            let run = at_point(run(norm, seed, &[2.3, 1.0 + point as f64 / 50.0]), point + 1, &settings);
            if point % 9 == 0 { diverged(run) } else { run }
        })
        .collect();
    let seeds: Vec<RunRecord> = twins(600)
        .into_iter()
        .map(|run| if run.id.seed % 3 == 0 && run.id.norm == Norm::None { diverged(run) } else { run })
        .collect();
    let page = report_page(&[measured_inside(results(&all))], true);
    assert!(page.len() < 300_000, "{} bytes", page.len());
    assert!(page.contains("Whole networks") && page.contains("Layer by layer"));
    assert!(!page.contains("a sentence of smoothness"), "of many norms they are in the table");
    for runs in [all, points, seeds] {
        let page = report_page(&[results(&runs)], true);
        assert!(page.len() < 300_000, "{} bytes", page.len());
    }
    let ten = vec![results(&twins(5)); 10];
    let page = report_page(&ten, false);
    assert!(page.len() < 300_000, "{} bytes", page.len());
}

/// With everything that the level `full` measures in five layers at 50 times, and ten classes.
fn measured_inside(mut results: RunResults) -> RunResults {
    let classes: Vec<String> = (0..10).map(|class| class.to_string()).collect();
    results.run["classes"] = classes.clone().into();
    results.confusion.clear();
    for norm in &results.summary.norms {
        let name = norm.name().to_owned();
        for (place, truth) in classes.iter().enumerate() {
            for (other, prediction) in classes.iter().enumerate() {
                results.confusion.push(ConfusionRow {
                    norm: name.clone(),
                    point: String::new(),
                    seed: 1,
                    rows: "test_rows".to_owned(),
                    truth: truth.clone(),
                    prediction: prediction.clone(),
                    count: if place == other { 90 } else { ((place + 2 * other) % 3) as u64 },
                });
            }
        }
        let mut rows = Vec::new();
        for step in 0..50u64 {
            let layers = (1..=5).map(|layer| Some(Arc::from(format!("affine_{layer}"))));
            for (place, layer) in std::iter::once(None).chain(layers).enumerate() {
                for (index, quantity) in Quantity::ALL.into_iter().enumerate() {
                    let is_whole = of_whole_networks().contains(&quantity);
                    if is_whole == layer.is_none() {
                        let value = 1.0 + ((step + 1) * (index + 7 * place + 3) as u64 % 89) as f64;
                        rows.push(DiagnosticRow { epoch: step, step, layer: layer.clone(), quantity, value });
                    }
                }
            }
        }
        results.summary.findings.push(Finding {
            network: name.clone(),
            layer: None,
            quantity: "effective_smoothness".to_owned(),
            value: None,
            threshold: 0.0,
            text: format!("{name}: a sentence of smoothness"),
        });
        results.diagnostics.push(RunDiagnostics { network: name, seed: 1, rows });
    }
    results
}

/// The first norm, the best, the worst and none, wherever they are in the list.
#[test]
fn heat_maps_are_of_the_networks_that_matter() {
    let page_of = |norms: &[(Norm, f64)]| {
        let of = |&(norm, loss): &(Norm, f64)| (1..=2).map(move |seed| run(norm, seed, &[2.3, loss]));
        let runs: Vec<RunRecord> = norms.iter().flat_map(of).collect();
        let mut results = measured_inside(results(&runs));
        results.labels = crate::report::Labels::default();
        let svg = figures(&results).into_iter().find(|(name, _)| name == "diagnostics.svg").unwrap().1;
        (report_page(&[results], true), svg)
    };
    let norms = [
        (Norm::BatchNorm, 0.3),
        (Norm::LayerNorm, 0.4),
        (Norm::RmsNorm, 0.5),
        (Norm::GroupNorm, 0.9),
        (Norm::MeanOnly, 0.2),
        (Norm::None, 0.6),
    ];
    let (page, svg) = page_of(&norms);
    let note = "4 of 6 networks: batch_norm (the first norm), group_norm (the worst), mean_only (the best in final \
                validation loss), none (no norm); diagnostics.csv has all.";
    assert!(page.contains(note), "{page}");
    let drawn = |norm: Norm| svg.contains(&format!("<title>{}</title>", norm.name()));
    assert_eq!(norms.map(|(norm, _)| drawn(norm)), [true, false, false, true, true, true]);
    assert!(svg.contains(">4 of 6 networks: batch_norm"), "{svg}");
    // Who is first and best leaves room for the next best.
    let (page, _) = page_of(&[&norms[..1], &norms[1..4], &norms[5..]].concat());
    let note = "batch_norm (the first norm, the best in final validation loss), layer_norm (next best), group_norm (the \
                worst), none (no norm); diagnostics";
    assert!(page.contains(note), "{page}");
    let (page, svg) = page_of(&norms[2..]);
    assert!(!page.contains("of 4 networks") && !svg.contains("of 4 networks"));
    assert!(page.contains("scroll the heat maps sideways"));
}

#[test]
fn what_was_measured_of_diverged_runs_says_of_how_many_seeds_it_is() {
    let mut runs = twins(2);
    let is_lost = |run: &&mut RunRecord| (run.id.norm, run.id.seed) == (Norm::None, 2);
    runs.iter_mut().filter(is_lost).for_each(|run| *run = diverged(run.clone()));
    let mut results = measured_inside(results(&runs));
    results.labels = crate::report::Labels::default();
    let mut other = results.diagnostics.iter().find(|run| run.network == "none").cloned().unwrap();
    other.seed = 2;
    other.rows.retain(|row| row.step == 0);
    results.diagnostics.push(other);
    let note = "at its last one, none (step 49) has 1 of 2 seeds.";
    let svg = figures(&results).into_iter().find(|(name, _)| name == "diagnostics.svg").unwrap().1;
    assert!(svg.contains("Runs differ in their numbers of steps"), "{svg}");
    let page = report_page(&[results], true);
    // Below the curves, and below the heat maps.
    assert_eq!(page.matches(note).count(), 2, "{page}");
    assert!(page.contains("At the last measurement, median over the seeds that did not diverge:"), "{page}");
}

#[test]
fn a_matrix_says_which_lost_runs_it_counts() {
    let mut runs = twins(2);
    let words = |runs: &[RunRecord]| {
        let mut results = results(runs);
        results.labels = crate::report::Labels::default();
        let svg = figures(&results).into_iter().find(|(name, _)| name == "confusion.svg").unwrap().1;
        // Without tags: the note is in several lines.
        let text: Vec<&str> = svg.split('<').filter_map(|part| part.split('>').nth(1)).collect();
        text.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let note =
        "The sums have lost and interrupted runs as well, which means leave out: 1 of 1 with batch_norm.";
    assert!(!words(&runs).contains("The sums have lost"));
    runs[0] = diverged(runs[0].clone());
    assert!(words(&runs).contains(note), "{}", words(&runs));
}

/// The quantities that have no layer.
fn of_whole_networks() -> [Quantity; 7] {
    [
        Quantity::Loss,
        Quantity::LossRange,
        Quantity::GradientDistance,
        Quantity::EffectiveSmoothness,
        Quantity::Sharpness,
        Quantity::SharpnessResidual,
        Quantity::NoiseScale,
    ]
}

#[test]
fn what_differs_between_long_lists_of_layers_is_whole() {
    let with_layers = |n_hidden: usize| {
        let mut results = results(&twins(1));
        let hidden = "[[layers]]\ntype = 'affine'\nunits = 100\n[[layers]]\ntype = 'batch_norm'\n[[layers]]\ntype = 'relu'\n";
        let end = "[[layers]]\ntype = 'affine'\nunits = 10\n[[layers]]\ntype = 'softmax_loss'\n";
        results.config = format!("{}{end}", hidden.repeat(n_hidden)).parse().unwrap();
        results
    };
    let page = report_page(&[with_layers(3), with_layers(5)], true);
    let (_, section) = page.split_once("What differs between the configs").unwrap();
    let row = section.split("<tr>").find(|row| row.contains(">layers<")).unwrap();
    for cell in [
        ">(11 equal)<",
        ">(9 equal), affine units=100, batch_norm, relu, affine units=100, batch_norm, relu, (2 equal)<",
    ] {
        assert!(row.contains(cell), "{cell} in {row}");
    }
}

#[test]
fn results_survive_their_files() {
    let runs = twins(2);
    let read = results(&runs).records;
    assert_eq!(read.len(), runs.len());
    for (read, run) in read.iter().zip(&runs) {
        assert_eq!((&read.id, &read.epochs, read.kept_epoch), (&run.id, &run.epochs, run.kept_epoch));
    }
}

#[test]
fn files_of_other_programs_are_refused() {
    let texts = results(&twins(1)).texts;
    let parse = |change: fn(&mut ResultTexts)| {
        let mut texts = texts.clone();
        change(&mut texts);
        RunResults::parse("x".to_owned(), texts).unwrap_err().to_string()
    };
    assert!(parse(|texts| texts.config = "a = ".to_owned()).starts_with("config.toml: "));
    assert!(parse(|texts| texts.run = "{".to_owned()).starts_with("run.json: "));
    assert!(parse(|texts| texts.summary = "{}".to_owned()).starts_with("summary.json: "));
    assert!(parse(|texts| texts.metrics = "a,b\n1,2\n".to_owned()).starts_with("metrics.csv: "));
    assert!(parse(|texts| texts.confusion = Some("a\n1\n".to_owned())).starts_with("confusion.csv: "));
}
