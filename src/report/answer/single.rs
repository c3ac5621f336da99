//! One norm without a grid.

use crate::experiment::{HoldoutSet, RunSummary, Subject, Summary};
use crate::report::answer::{Answer, Verdict, listed};
use crate::report::labels::Labels;
use crate::report::text::evaluation::metric::measure_and_interval;
use crate::report::text::number::{NO_NUMBER, mean_and_spread};
use crate::report::text::summary::endings::losses_of_lost;
use crate::report::text::summary::final_metrics::{Contender, contenders, unconverged_note};
use crate::text::{Count, shortened};
use crate::train::Outcome;

pub(crate) fn answer(summary: &Summary, labels: &Labels) -> Answer {
    let complete = summary.runs.iter().filter(|run| run.is_complete()).count();
    if complete == 0 {
        let sentences = summary.runs.iter().take(1).map(failed).collect();
        return Answer { verdict: Verdict::Failed, sentences };
    }
    let mut sentences = vec![scores(summary, labels)];
    sentences.extend(baselines(summary, labels));
    sentences.push(match summary.runs.len() {
        1 => "This is one run: another seed gives another network, and [compare] with several seeds shows how much.".to_owned(),
        _ if summary.ensemble.is_some() => {
            "This is one ensemble; nothing was compared with it ([compare] norms).".to_owned()
        }
        n => format!("This is one network over {n} seeds; nothing was compared with it ([compare] norms)."),
    });
    Answer { verdict: Verdict::NoComparison, sentences }
}

fn failed(run: &RunSummary) -> String {
    match &run.outcome {
        Outcome::Diverged { epoch, step, cause } => format!(
            "The run diverged in epoch {epoch}, at step {step}: {}; the model file has the weights {}.",
            shortened(&cause.to_string()),
            match run.kept_epoch {
                0 => "from before training".to_owned(),
                epoch => format!("of epoch {epoch}"),
            }
        ),
        Outcome::Interrupted { step } => format!("The run was interrupted after step {step}."),
        Outcome::Finished | Outcome::StoppedEarly { .. } => {
            let [found, constant] = losses_of_lost(run);
            format!(
                "The run is lost: its training loss, {found}, is larger than that of a constant prediction, {constant}."
            )
        }
    }
}

/// The rows to judge by: those for tests, if there are any.
fn held_out<'a>(summary: &'a Summary, labels: &Labels) -> Option<(&'static str, Vec<Contender<'a>>)> {
    let sets = [(HoldoutSet::TestRows, "test"), (HoldoutSet::ValidationRows, "validation")];
    sets.iter().find_map(|(rows, name)| {
        let found = contenders(summary, labels, *rows);
        (!found.is_empty()).then_some((*name, found))
    })
}

fn scores(summary: &Summary, labels: &Labels) -> String {
    let norm = summary.norms.first().map(|&norm| labels.norm(norm)).unwrap_or_default();
    let group = summary.groups.first();
    let (network, weights) = match &summary.runs[..] {
        runs if summary.ensemble.is_some() => {
            (format!("The ensemble of {} networks", runs.len()), String::new())
        }
        [run] if run.kept_epoch == run.last_epoch => {
            ("The network".to_owned(), format!(" with the weights of epoch {}, the last one", run.kept_epoch))
        }
        [run] => (
            "The network".to_owned(),
            format!(" with the weights of epoch {} of {}", run.kept_epoch, run.last_epoch),
        ),
        runs => (format!("The network over {}", Count(runs.len(), "seed")), String::new()),
    };
    let found = held_out(summary, labels);
    let network_of = found.as_ref().and_then(|(rows, found)| Some((*rows, judged(found)?)));
    match network_of {
        Some((rows, contender)) => {
            let values: Vec<String> = main_metrics(contender)
                .iter()
                .filter_map(|metric| {
                    let measure = contender.measure(summary, metric)?;
                    let (value, interval) = measure_and_interval(metric, measure);
                    let interval = if interval == NO_NUMBER { String::new() } else { format!(" {interval}") };
                    Some(format!("{} of {value}{interval}", with_article(metric)))
                })
                .collect();
            format!("{network} ({norm}) has on the {rows} rows {}{weights}.", listed(&values))
        }
        None => {
            let loss = group.map(|group| mean_and_spread(&group.final_loss)).unwrap_or_default();
            format!("{network} ({norm}) ends with a training loss of {loss}; no rows were held out.")
        }
    }
}

/// The ensemble if there is one, else the network.
fn judged<'f, 'a>(found: &'f [Contender<'a>]) -> Option<&'f Contender<'a>> {
    let of = |of| found.iter().find(|contender| contender.of == of);
    of(Subject::Ensemble).or_else(|| of(Subject::Network))
}

/// Two metrics that say most.
fn main_metrics<'a>(contender: &Contender<'a>) -> Vec<&'a str> {
    let wanted = ["accuracy", "log_loss", "rmse", "r2"];
    let is_wanted = |metric: &&str| wanted.iter().any(|wanted| metric.rsplit('.').next() == Some(wanted));
    contender.metrics().into_iter().filter(is_wanted).take(2).collect()
}

/// The same of the baselines, and of the networks of an ensemble.
fn baselines(summary: &Summary, labels: &Labels) -> Option<String> {
    let (_, found) = held_out(summary, labels)?;
    let judged = judged(&found)?;
    let metric = *main_metrics(judged).first()?;
    let value = |contender: &Contender<'_>| {
        let measure = contender.measure(summary, metric)?;
        let (value, interval) = measure_and_interval(metric, measure);
        let interval = if interval == NO_NUMBER { String::new() } else { format!(" {interval}") };
        let by = match contender.of {
            Subject::Network => "its networks on average".to_owned(),
            Subject::LinearModel if unconverged_note(summary).is_some() => {
                format!("the {} (which still improved when its training ended)", contender.name)
            }
            Subject::Ensemble | Subject::LinearModel | Subject::Constant => format!("the {}", contender.name),
        };
        Some(format!("{value}{interval} by {by}"))
    };
    let baselines = found.iter().filter(|contender| contender.of != judged.of);
    let values: Vec<String> = baselines.filter_map(value).collect();
    (!values.is_empty()).then(|| format!("To compare: {} of {}.", with_article(metric), listed(&values)))
}

/// Such as `an accuracy` or `a log loss`.
fn with_article(metric: &str) -> String {
    let article = if metric.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    // An r is spoken with a vowel in front.
    let article = if ["r2", "rmse", "mae"].contains(&metric) { "an" } else { article };
    format!("{article} {}", shortened(&metric.replace('_', " ")))
}
