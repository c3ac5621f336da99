//! A piece of rows through a network.

use std::collections::BTreeMap;

use ndarray::{Array2, s};

use crate::data::{BadRows, Encoder, Encoding, Piece, RowProblem};
use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, wide};
use crate::nn::{CHUNK_ROWS, Network, Workspace, row_chunks};
use crate::predict::prediction::{Answer, Answered};
use crate::predict::writer::Form;

/// All that every thread needs, and none changes.
pub(crate) struct Predictor<'m, F> {
    network: &'m Network<F>,
    encoder: Encoder,
    answer: Answer,
    form: Form,
    bad_rows: BadRows,
}

/// What came of a piece.
pub(crate) struct Portion {
    pub(crate) text: Vec<u8>,
    pub(crate) rows: u64,
    pub(crate) bad_rows: u64,
    /// Columns with unseen categories, how many cells hold one, and the first.
    pub(crate) unseen: Vec<(usize, u64, String)>,
}

/// What a thread keeps from one piece to the next.
pub(crate) struct Room<F> {
    pool: ThreadPool,
    x: Array2<F>, // (CHUNK_ROWS, inputs), rows beyond those in work are stale
    workspace: Workspace<F>,
    answered: Answered<F>,
    length: usize, // of the longest text of a piece so far
}

impl<'m, F: Real> Predictor<'m, F> {
    pub(crate) fn new(network: &'m Network<F>, encoding: &Encoding, form: Form, bad_rows: BadRows) -> Self {
        let (encoder, answer) = (Encoder::new(encoding), Answer::new(&encoding.targets));
        Self { network, encoder, answer, form, bad_rows }
    }

    /// Predicts the rows of a piece.
    pub(crate) fn predict(
        &self,
        room: &mut Option<Room<F>>,
        piece: &Piece<'_>,
    ) -> Result<Portion, RowProblem> {
        let Room { pool, x, workspace, answered, length } = room.get_or_insert_with(|| self.room());
        let rows = piece.rows();
        let mut portion = Portion {
            text: Vec::with_capacity(*length),
            rows: rows as u64,
            bad_rows: 0,
            unseen: unseen(piece),
        };
        for chunk in row_chunks(rows) {
            let mut x = x.slice_mut(s![..chunk.len(), ..]);
            wide(
                #[inline(always)]
                || {
                    for (row, mut x) in chunk.clone().zip(x.rows_mut()) {
                        let x = x.as_slice_mut().expect("the rows of a whole array have no gaps");
                        self.encoder.encode(piece.values(row), x);
                    }
                },
            );
            let scores = self.network.outputs(pool, x.view(), workspace);
            for ((row, scores), x) in chunk.clone().zip(scores.rows()).zip(x.rows()) {
                let text = &mut portion.text;
                if let Some(problem) = piece.problem(row) {
                    portion.bad_rows += 1;
                    self.form.put_problem(piece, row, problem, text);
                } else if self.answer.say(scores, answered) {
                    self.form.put_answer(piece, row, answered, text);
                } else {
                    let overflow = x.iter().position(|x| !x.is_finite());
                    let feature = overflow.and_then(|input| self.encoder.scaled_feature(input));
                    let problem = piece.not_finite(row, feature, F::NAME);
                    if self.bad_rows == BadRows::Refuse {
                        return Err(problem);
                    }
                    portion.bad_rows += 1;
                    self.form.put_problem(piece, row, &problem, text);
                }
            }
        }
        *length = portion.text.len().max(*length);
        Ok(portion)
    }

    fn room(&self) -> Room<F> {
        Room {
            pool: ThreadPool::single(),
            x: Array2::zeros((CHUNK_ROWS, self.network.num_inputs())),
            workspace: self.network.inference_workspace(CHUNK_ROWS),
            answered: self.answer.room(),
            length: 0,
        }
    }
}

/// The columns with unseen categories, how many cells hold one, and the first.
fn unseen(piece: &Piece<'_>) -> Vec<(usize, u64, String)> {
    let mut found: BTreeMap<usize, (u64, usize)> = BTreeMap::new();
    for row in 0..piece.rows() {
        for feature in piece.unseen(row) {
            found.entry(piece.column_of(feature)).or_insert((0, row)).0 += 1;
        }
    }
    let text = |row, column: usize| piece.fields(row).get(column).map(|field| field.trim().to_owned());
    let told = found.into_iter().map(|(column, (cells, row))| (column, cells, text(row, column)));
    told.map(|(column, cells, text)| (column, cells, text.unwrap_or_default())).collect()
}
