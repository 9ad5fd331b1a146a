//! Attempts that have begun and not ended yet.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

/// Counts the attempts in these segments whose end is not recorded; a segment that does not exist
/// yet has none.
///
/// # Errors
/// When a segment cannot be read.
pub fn open_attempts(segments: &[PathBuf]) -> io::Result<u64> {
    let mut open: u64 = 0;
    for segment in segments {
        let file = match File::open(segment) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            // The record's kind is the first key of its line.
            if line.starts_with(br#"{"attemptStarted""#) {
                open += 1;
            } else if line.starts_with(br#"{"attemptEnded""#) {
                open = open.saturating_sub(1);
            }
        }
    }
    Ok(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let segment = folder.path().join("a.jsonl");
        std::fs::write(
            &segment,
            "{\"attemptStarted\":{}}\n{\"attemptStarted\":{}}\n{\"attemptEnded\":{}}\n",
        )
        .unwrap();
        let absent = folder.path().join("b.jsonl");
        assert_eq!(open_attempts(&[segment, absent]).unwrap(), 1);
    }
}
