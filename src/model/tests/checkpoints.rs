//! Checkpoint files: what is kept and what is refused.

use ndarray::array;

use crate::data::Dataset;
use crate::kernel::ThreadPool;
use crate::model::checksum::seal;
use crate::model::tests::with_group_norm;
use crate::model::{Checkpoint, CheckpointOrigin, Model};
use crate::nn::{NonFinite, affine, batch_norm, output_affine, softmax_loss};
use crate::optim::Adam;
use crate::targets::Targets;
use crate::train::{Event, Improvement, Observer, Outcome, RunState, TrainingSpec, train_prepared};

/// Keeps the last state.
#[derive(Default)]
struct Last(Option<RunState>);

impl Observer for Last {
    fn on(&mut self, event: &Event<'_>) -> std::ops::ControlFlow<()> {
        if let Event::Resumable(point) = event {
            self.0 = Some(point.state());
        }
        std::ops::ControlFlow::Continue(())
    }
}

fn checkpoint() -> Checkpoint {
    let x = array![[1.0], [2.0], [4.0], [5.0]];
    let data = Dataset::from_arrays(x, Targets::classes(vec![0, 1, 1, 0])).expect("a dataset");
    let data = data.prepare::<f32>(1, None).expect("the values fit").data;
    let layers = [affine(2), batch_norm(), output_affine(), softmax_loss()];
    let training = TrainingSpec { epochs: 2, batch_size: 2, ..TrainingSpec::default() };
    let mut last = Last::default();
    let optimizer = Adam::default().into();
    train_prepared(&layers, &optimizer, &training, &data, &ThreadPool::single(), &mut last);
    let origin = CheckpointOrigin {
        file_sizes: [7, 1 << 40],
        diagnostics_size: 5,
        ..CheckpointOrigin::here("ü\".toml".to_owned(), "a = 1\n".to_owned(), vec!["ab".repeat(32)])
    };
    Checkpoint { origin, state: last.0.expect("the end of the run") }
}

fn fault(bytes: &[u8]) -> String {
    Checkpoint::from_bytes(bytes).expect_err("it is refused").to_string()
}

#[test]
fn everything_comes_back() {
    let mut written = checkpoint();
    written.state.tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let again = |written: &Checkpoint| {
        Checkpoint::from_bytes(&written.to_bytes().expect("it fits")).expect("a checkpoint")
    };
    assert_eq!(again(&written), written);
    assert_eq!(written.state.outcome, Some(Outcome::Finished));
    written.state.improvement = Improvement { best: Some(-0.5), epochs_without: 3 };
    let cause = NonFinite::Tensor("affine_1.weight".to_owned());
    written.state.outcome = Some(Outcome::Diverged { epoch: 1, step: 2, cause });
    written.state.place.loss_sum = f64::INFINITY;
    assert_eq!(again(&written), written);
}

/// A version that does not know them reads a file in which they say nothing.
#[test]
fn later_additions_are_written_only_where_they_say_something() {
    let mut written = checkpoint();
    let has = |written: &Checkpoint| {
        let bytes = written.to_bytes().expect("it fits");
        ["data_files", "diagnostics_size", "extra_steps"]
            .map(|key| bytes.windows(key.len()).any(|window| window == key.as_bytes()))
    };
    assert_eq!(has(&written), [false, true, false]);
    written.origin.diagnostics_size = 0;
    written.state.place.extra_steps = -3;
    assert_eq!(has(&written), [false, false, true]);
}

#[test]
fn every_damaged_byte_and_every_shorter_file_is_refused() {
    let bytes = checkpoint().to_bytes().expect("it fits");
    for place in (0..bytes.len()).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x20;
        assert!(Checkpoint::from_bytes(&damaged).is_err(), "byte {place}");
        assert!(Checkpoint::from_bytes(&bytes[..place]).is_err(), "{place} bytes");
    }
    assert_eq!(fault(&bytes[..100]), "not a checkpoint of bntrain, or damaged in its first bytes");
    assert_eq!(fault(&bytes[..bytes.len() - 1]), "damaged: checksum mismatch");
}

/// The file with `from`, anywhere in its header, replaced by a text of the same length.
fn forged(from: &str, to: &str) -> Vec<u8> {
    forged_of(&checkpoint(), from, to)
}

fn forged_of(checkpoint: &Checkpoint, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = checkpoint.to_bytes().expect("it fits");
    let place = bytes.windows(from.len()).position(|window| window == from.as_bytes()).expect("it is there");
    bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
    seal(&mut bytes).expect("it starts like a checkpoint");
    bytes
}

/// So that a run with groups of two by default does not go on with others.
#[test]
fn the_config_of_a_checkpoint_of_format_1_says_its_groups() {
    let mut written = checkpoint();
    written.origin.config = with_group_norm().to_toml();
    let config = |bytes: &[u8]| Checkpoint::from_bytes(bytes).expect("a checkpoint").origin.config;
    assert_eq!(config(&written.to_bytes().expect("it fits")), written.origin.config);
    let older = forged_of(&written, r#"\"format\":2"#, r#"\"format\":1"#);
    assert!(config(&older).contains("groups = 8\n"), "{}", config(&older));
}

#[test]
fn a_forged_file_is_refused() {
    assert_eq!(
        fault(&forged(r#"\"format\":2"#, r#"\"format\":3"#)),
        "written by a newer bntrain (checkpoint format 3); this version reads up to format 2"
    );
    let missing = "is missing or has another type or shape than a checkpoint's";
    assert_eq!(fault(&forged("\"state\"", "\"stote\"")), format!("its tensor \"state\" {missing}"));
    assert_eq!(
        fault(&forged("\"epochs/counts\"", "\"epochs/cxunts\"")),
        format!("its tensor \"epochs/counts\" {missing}")
    );
    // Another type of the same size.
    assert_eq!(
        fault(&forged(r#""state":{"dtype":"F64""#, r#""state":{"dtype":"I64""#)),
        format!("its tensor \"state\" {missing}")
    );
    assert!(fault(&forged(r#"\"step\""#, r#"\"stap\""#)).starts_with("cannot read its description: "));
}

#[test]
fn a_checkpoint_is_not_a_model_and_a_model_is_not_a_checkpoint() {
    let bytes = checkpoint().to_bytes().expect("it fits");
    let error = Model::from_bytes(&bytes).err().map(|fault| fault.to_string()).unwrap_or_default();
    assert_eq!(error, "a checkpoint, not a model; the model of its run is the model.safetensors next to it");
}
