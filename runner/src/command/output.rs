//! Standard output: the one place that prints.

use std::io::{self, Write};

/// Prints a text that ends with a line end. A reader that went away (`| head`) is no error.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Rows as columns, each as wide as its widest entry; the last one is free.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let entries = rows.iter().filter_map(|row| row.get(column));
        entries
            .map(|entry| entry.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count.saturating_sub(1)).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (index, entry) in row.iter().enumerate() {
            match widths.get(index) {
                Some(width) => line.push_str(&format!("{entry:<width$}  ")),
                None => line.push_str(entry),
            }
        }
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}
