//! Tables of a page.

use maud::{Markup, html};

/// A table with a head. The first column names the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// What is left out, and where it is.
    pub(crate) left_out: Option<String>,
}

impl Table {
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { head: head.map(str::to_owned).into(), ..Self::default() }
    }

    /// The first `most` rows, and a note that says how many more there are, and in which file.
    pub(crate) fn at_most(mut self, most: usize, file: &str) -> Self {
        let n_rows = self.rows.len();
        if most < n_rows {
            self.rows.truncate(most);
            self.left_out = Some(format!("{most} of {n_rows} rows; {file} has all."));
        }
        self
    }

    /// About `most` rows, evenly spaced, the first and the last one among them; `file` has the others.
    pub(crate) fn thinned(mut self, most: usize, file: &str) -> Self {
        let n_rows = self.rows.len();
        let step = n_rows.div_ceil(most.max(1));
        if 1 < step {
            let is_kept = |index: usize| index.is_multiple_of(step) || index + 1 == n_rows;
            let mut index = 0;
            self.rows.retain(|_| {
                index += 1;
                is_kept(index - 1)
            });
            self.left_out = Some(format!("{} of {n_rows} rows; {file} has all.", self.rows.len()));
        }
        self
    }

    pub(crate) fn html(&self) -> Markup {
        html! {
            div.scrolls tabindex="0" {
                table {
                    thead { tr { @for cell in &self.head { th scope="col" { (cell) } } } }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                @for (index, cell) in row.iter().enumerate() {
                                    @if index == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(left_out) = &self.left_out { p.note { (left_out) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_length(length: usize) -> Table {
        let rows = (0..length).map(|row| vec![row.to_string()]).collect();
        Table { rows, ..Table::new(["row"]) }
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(of_length(3).at_most(3, "all.csv").left_out, None);
        let cut = of_length(5).at_most(3, "all.csv");
        assert_eq!((cut.rows.len(), cut.left_out.as_deref()), (3, Some("3 of 5 rows; all.csv has all.")));
        let thin = of_length(101).thinned(25, "all.csv");
        let rows: Vec<&str> = thin.rows.iter().map(|row| &*row[0]).collect();
        assert_eq!((rows[0], rows[1], rows[20]), ("0", "5", "100"));
        assert_eq!(thin.left_out.as_deref(), Some("21 of 101 rows; all.csv has all."));
    }

    #[test]
    fn cells_are_escaped() {
        let table = Table { rows: vec![vec!["<b>&\"".to_owned()]], ..Table::new(["<i>"]) };
        let html = table.html().into_string();
        assert!(html.contains("&lt;b&gt;&amp;&quot;") && html.contains("&lt;i&gt;"), "{html}");
    }
}
