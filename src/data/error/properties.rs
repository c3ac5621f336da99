//! Categories of errors, and where their places are.

use crate::data::csv::number::CORRECT_IT;
use crate::data::error::phrases::Advice;
use crate::data::error::{ErrorCategory, ErrorKind};

impl ErrorKind {
    /// What the error is about, for exit codes.
    pub(crate) fn category(&self) -> ErrorCategory {
        match self {
            Self::Spec(_)
            | Self::Split(_)
            | Self::Column(_)
            | Self::NamesForColumns { .. }
            | Self::UnknownClass { .. }
            | Self::FileTwice
            | Self::SameFile(_)
            | Self::InputAmongFiles
            | Self::NoRowCounts
            | Self::NoFeatures(_) => ErrorCategory::Config,
            Self::NotFound
            | Self::NotFoundEscaped
            | Self::NotAFile(_)
            | Self::Directory { .. }
            | Self::NoMatch { .. }
            | Self::Pattern(_)
            | Self::Read(_)
            | Self::SpillFailed { .. } => ErrorCategory::Io,
            Self::TooLarge { .. }
            | Self::TooLargeUnpacked { .. }
            | Self::TooLargeSpooled { .. }
            | Self::TooManyCells { .. }
            | Self::TooManyRows { .. }
            | Self::TooManyTexts { .. }
            | Self::OutOfMemory { .. }
            | Self::RecordTooLong
            | Self::QuotedTooLong
            | Self::TooManyBlankLines
            | Self::TooManyFiles
            | Self::TooManyCategories(_)
            | Self::TooManyColumns
            | Self::TooManyKeys => ErrorCategory::Limit,
            _ => ErrorCategory::Data,
        }
    }

    /// The same error where a model says how files are read, and no config can be changed.
    pub(crate) fn of_prediction(self) -> Self {
        match self {
            Self::MissingValue { text, .. } | Self::Missing { text, .. } => Self::NothingToFillIn(text),
            Self::NotANumber { text, advice: Advice::Config(advice) } => {
                let advice = match advice == CORRECT_IT {
                    true => "the model takes only numbers here",
                    false => "the model takes only numbers here, written as in the training file",
                };
                Self::NotANumber { text, advice: Advice::Cell(advice) }
            }
            Self::NotFinite(text) => {
                Self::NotANumber { text, advice: Advice::Cell("the model takes only finite numbers here") }
            }
            Self::NotADate { text, format, advice: Advice::Config(_) } => {
                let advice = Advice::Cell("the model takes only dates here, written as in the training file");
                Self::NotADate { text, format, advice }
            }
            Self::OtherDelimiter(found) => Self::DelimiterOfNoModel(found),
            Self::Comment => Self::CommentOfNoModel,
            other => other,
        }
    }

    /// Adds what else to do about a cell whose line may be something else than a row; other errors stay as they are.
    pub(crate) fn advise(&mut self, more: &str) {
        if let Self::NotANumber { advice, .. }
        | Self::NotADate { advice, .. }
        | Self::NotBoolean { advice, .. } = self
        {
            *advice = Advice::Column(format!("{advice}; {more}"));
        }
    }

    /// Whether it concerns all rows, in whatever files they are.
    pub(crate) fn is_of_all_rows(&self) -> bool {
        matches!(
            self,
            Self::NoRowsAnywhere(_)
                | Self::NoTrainRows(_)
                | Self::OneRow
                | Self::AllDropped(_)
                | Self::NoRowCountsHere
                | Self::OneClass { .. }
                | Self::OwnClasses(_)
                | Self::TooManyCells { .. }
                | Self::TooManyRows { .. }
                | Self::SpillFailed { .. }
                | Self::TooManyTexts { .. }
                | Self::OutOfMemory { .. }
        )
    }

    /// Whether it concerns a file as a whole rather than a line.
    pub(crate) fn is_of_the_file(&self) -> bool {
        self.is_of_all_rows()
            || matches!(
                self,
                Self::Empty
                    | Self::Changed
                    | Self::TooLarge { .. }
                    | Self::TooLargeUnpacked { .. }
                    | Self::TooLargeSpooled { .. }
                    | Self::NamesForColumns { .. }
                    | Self::OtherWidthHere { .. }
                    | Self::Unpack(..)
                    | Self::NotFound
                    | Self::NotFoundEscaped
                    | Self::NotAFile(_)
                    | Self::Directory { .. }
                    | Self::Read(_)
            )
    }

    /// Whether it concerns the line that names the columns.
    pub(crate) fn is_of_the_header(&self) -> bool {
        matches!(
            self,
            Self::HeaderOfNumbers
                | Self::DuplicateName { .. }
                | Self::EmptyName(_)
                | Self::ColumnTwice { .. }
                | Self::MissingColumns { .. }
        )
    }

    /// How much it explains of the other errors of a file: one that cannot be read to its end may
    /// have any error before that, and one in another encoding holds NUL bytes.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Changed => 4,
            Self::TooLarge { .. } | Self::TooLargeUnpacked { .. } | Self::Unpack(..) | Self::Read(_) => 3,
            Self::NotUtf8 { .. } => 2,
            Self::Nul => 1,
            _ => 0,
        }
    }

    /// Whether the message names the character of the line.
    pub(crate) fn is_of_a_character(&self) -> bool {
        matches!(
            self,
            Self::OpenQuote
                | Self::StrayQuote
                | Self::AfterQuote { .. }
                | Self::Nul
                | Self::Ragged { .. }
                | Self::RecordTooLong
                | Self::QuotedTooLong
        )
    }

    /// The key of `[data]` about the text of the file that has to be set or changed, if it is one.
    pub(crate) fn reading_key(&self) -> Option<&'static str> {
        match self {
            Self::Spec(problem) if problem.is_about_delimiter() => Some("delimiter"),
            Self::OtherDelimiter(_) | Self::LikelierDelimiter { .. } | Self::DelimiterOfNoModel(_) => {
                Some("delimiter")
            }
            Self::Comment => Some("comment"),
            Self::SepLine { .. } | Self::LinesBefore { .. } => Some("skip-rows"),
            Self::StrayQuote => Some("quote"),
            _ => None,
        }
    }
}
