//! Checkpoints: refused, or written and read again; a run goes on from one, or refuses it.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use ndarray::Array2;

use crate::data::{Dataset, PreparedData};
use crate::fuzzing::check_message;
use crate::fuzzing::sealed_file::sealed_file;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::model::Checkpoint;
use crate::nn::{LayerSpec, affine, batch_norm, output_affine, softmax_loss};
use crate::optim::{OptimizerSpec, Sgd};
use crate::targets::Targets;
use crate::train::{
    Dtype, EarlyStopping, Event, Metric, Observer, RunState, SavePart, TrainingSpec, resume_prepared,
    with_dtype,
};

/// The bytes of a checkpoint, whose checksum is made right; or its parts, see [`sealed_file`]: the first line has
/// the entries `format`, `checkpoint` and `state` of its document.
pub fn checkpoint(input: &[u8]) {
    let file = sealed_file(input, |entries| {
        let entries = entries.trim_end();
        entries[1..].strip_suffix('}').unwrap_or_default().to_owned()
    });
    match Checkpoint::from_bytes(&file) {
        Ok(checkpoint) => {
            check_written(&checkpoint);
            let dtype = checkpoint.state.tensors.first().map_or(Dtype::F32, |tensor| tensor.dtype);
            with_dtype!(dtype, F => go_on::<F>(checkpoint));
        }
        Err(fault) => check_message(&fault.to_string()),
    }
}

/// What is written of a checkpoint is read as the same: its bytes again, since NaN differs from itself.
fn check_written(checkpoint: &Checkpoint) {
    let written = checkpoint.to_bytes().expect("what fits into a file fits again");
    let again =
        Checkpoint::from_bytes(&written).unwrap_or_else(|fault| panic!("refused its own file: {fault}"));
    assert!(again.to_bytes().expect("it fits") == written, "written again it differs");
}

/// Lets a small run go on to its end, if the state is one of its states; its last one can be saved as well.
fn go_on<F: Real>(checkpoint: Checkpoint) {
    let Run { layers, optimizer, training } = &*RUN;
    let Checkpoint { origin, state } = checkpoint;
    let (data, mut last) = (prepared::<F>(), Last::default());
    match resume_prepared(state, layers, optimizer, training, &data, &ThreadPool::single(), &mut last) {
        Ok(_) => check_written(&Checkpoint { origin, state: last.0.expect("the end of a run is offered") }),
        Err(fault) => check_message(&fault.to_string()),
    }
}

/// The run of the seeds.
struct Run {
    layers: Vec<LayerSpec>,
    optimizer: OptimizerSpec,
    training: TrainingSpec,
}

static RUN: LazyLock<Run> = LazyLock::new(|| Run {
    layers: vec![affine(2), batch_norm(), output_affine(), softmax_loss()],
    optimizer: Sgd { momentum: 0.9, ..Sgd::default() }.into(),
    training: TrainingSpec {
        epochs: 3,
        batch_size: 3,
        early_stopping: Some(EarlyStopping { metric: Metric::TrainAccuracy, patience: 2, min_delta: 0.0 }),
        ..TrainingSpec::default()
    },
});

fn prepared<F: Real>() -> PreparedData<F> {
    static DATA: LazyLock<Dataset> = LazyLock::new(|| {
        let x = Array2::from_shape_fn((6, 1), |(row, _)| row as f64);
        Dataset::from_arrays(x, Targets::classes(vec![0, 1, 1, 0, 1, 0])).expect("a dataset")
    });
    DATA.prepare(1, None).expect("the values fit").data
}

/// Keeps the state at the end of a run.
#[derive(Default)]
struct Last(Option<RunState>);

impl Observer for Last {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Resumable(point) = event
            && point.ended == SavePart::Run
        {
            self.0 = Some(point.state());
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckpointOrigin;
    use crate::train::train_prepared;

    /// The states of the run, as files.
    #[derive(Default)]
    struct Files(Vec<Vec<u8>>);

    impl Observer for Files {
        fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
            if let Event::Resumable(point) = event {
                let origin = CheckpointOrigin::here("c.toml".to_owned(), "a = 1\n".to_owned(), Vec::new());
                let file = Checkpoint { origin, state: point.state() }.to_bytes();
                self.0.push(file.expect("a small config"));
            }
            ControlFlow::Continue(())
        }
    }

    /// A target that refuses everything would find nothing.
    #[test]
    fn the_run_goes_on_from_its_own_states() {
        fn check<F: Real>() {
            let Run { layers, optimizer, training } = &*RUN;
            let mut files = Files::default();
            train_prepared(layers, optimizer, training, &prepared::<F>(), &ThreadPool::single(), &mut files);
            assert!(files.0.len() > 4, "steps, epochs and the end");
            for file in &files.0 {
                let Checkpoint { state, .. } = Checkpoint::from_bytes(file).expect("a checkpoint");
                let (data, pool) = (prepared::<F>(), ThreadPool::single());
                assert!(resume_prepared(state, layers, optimizer, training, &data, &pool, &mut ()).is_ok());
                checkpoint(file);
            }
        }
        check::<f32>();
        check::<f64>();
    }
}
