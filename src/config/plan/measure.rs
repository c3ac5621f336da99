//! What the networks of a comparison are compared by.

use crate::nn::Task;
use crate::settings::settings;

settings! {
    /// A number of a run by which networks are compared. Loss, accuracy and R2 are those of the validation rows,
    /// or without any of the training rows in evaluation mode.
    pub enum ComparedMeasure {
        /// The loss after the last epoch.
        FinalLoss = "final_loss";
        /// The lowest loss after any epoch.
        BestLoss = "best_loss";
        /// The accuracy after the last epoch.
        FinalAccuracy = "final_accuracy";
        /// The highest accuracy after any epoch.
        BestAccuracy = "best_accuracy";
        /// R2 after the last epoch.
        FinalR2 = "final_r2";
        /// The highest R2 after any epoch.
        BestR2 = "best_r2";
        /// The loss of the training rows in evaluation mode after the last epoch.
        FinalTrainEvalLoss = "final_train_eval_loss";
        /// The loss of the test rows with the saved weights.
        TestLoss = "test_loss";
        /// The accuracy on the test rows with the saved weights.
        TestAccuracy = "test_accuracy";
        /// R2 on the test rows with the saved weights.
        TestR2 = "test_r2";
    }
}

impl ComparedMeasure {
    /// All measures of `task`.
    pub fn of_task(task: Task) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |measure| measure.task().is_none_or(|of| of == task))
    }

    /// The task that has it; none if any.
    pub fn task(self) -> Option<Task> {
        match self {
            Self::FinalLoss | Self::BestLoss | Self::FinalTrainEvalLoss | Self::TestLoss => None,
            Self::FinalAccuracy | Self::BestAccuracy | Self::TestAccuracy => Some(Task::Classification),
            Self::FinalR2 | Self::BestR2 | Self::TestR2 => Some(Task::Regression),
        }
    }

    /// Whether it is measured on the test rows.
    pub fn is_of_test(self) -> bool {
        matches!(self, Self::TestLoss | Self::TestAccuracy | Self::TestR2)
    }

    /// The same on rows that settings may be chosen by: of test rows, that of the validation rows; `keeps_best` says
    /// that the saved weights are those of the best epoch.
    pub fn on_validation_rows(self, keeps_best: bool) -> Self {
        match (self, keeps_best) {
            (Self::TestLoss, false) => Self::FinalLoss,
            (Self::TestLoss, true) => Self::BestLoss,
            (Self::TestAccuracy, false) => Self::FinalAccuracy,
            (Self::TestAccuracy, true) => Self::BestAccuracy,
            (Self::TestR2, false) => Self::FinalR2,
            (Self::TestR2, true) => Self::BestR2,
            (measure, _) => measure,
        }
    }

    /// Whether it is the best of all epochs.
    pub fn is_best(self) -> bool {
        matches!(self, Self::BestLoss | Self::BestAccuracy | Self::BestR2)
    }

    /// Whether it is a loss, of which less is better.
    pub fn is_loss(self) -> bool {
        self.task().is_none()
    }
}
