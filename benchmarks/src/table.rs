//! Tables in Markdown.

use std::fmt::Write as _;

use crate::cost::Cost;

/// A table that grows by rows.
#[derive(Debug)]
pub struct Table {
    columns: usize,
    text: String,
}

impl Table {
    /// Starts a table with these columns.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        let text = format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
        Self { columns: columns.len(), text }
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// If it has another number of cells.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        assert_eq!(cells.len(), self.columns);
        let cells: Vec<_> = cells.iter().map(AsRef::as_ref).collect();
        writeln!(self.text, "| {} |", cells.join(" | ")).unwrap();
    }

    /// Prints it.
    pub fn print(&self) {
        println!("{}", self.text);
    }
}

/// Wall and processor time in microseconds: `159 (12.8)`.
#[must_use]
pub fn micros(cost: Option<Cost>) -> String {
    cost.map_or_else(
        || "–".to_owned(),
        |cost| format!("{} ({})", digits(cost.wall.as_secs_f64() * 1e6), digits(cost.cpu.as_secs_f64() * 1e6)),
    )
}

/// The ratios of wall and processor time: `1.20 (2.31)`.
#[must_use]
pub fn ratio(cost: Option<Cost>, to: Option<Cost>) -> String {
    let Some((cost, to)) = cost.zip(to) else { return "–".to_owned() };
    let [wall, cpu] = [(cost.wall, to.wall), (cost.cpu, to.cpu)].map(|(a, b)| a.as_secs_f64() / b.as_secs_f64());
    format!("{wall:.2} ({cpu:.2})")
}

/// About three digits.
#[must_use]
pub fn digits(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}
