//! Bringing the records of all replicas into one order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use meshproof_model::{Nanos, Record};

/// Why records cannot be brought into order.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A segment cannot be opened.
    #[error("{}: cannot be opened", path.display())]
    Open {
        /// The segment.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A segment cannot be read on.
    #[error("{}:{line}: cannot be read", path.display())]
    Read {
        /// The segment.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A line is no record.
    #[error("{}:{line}: not a record", path.display())]
    Malformed {
        /// The segment.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The last line has no end: its writer was killed while it wrote. The records of other
    /// segments still follow, so that a caller who knows of the kill can go on.
    #[error("{}:{line}: the last line is cut short: its writer was killed", path.display())]
    Cut {
        /// The segment.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A segment is not in order of time.
    #[error("{}:{line}: recorded at {at}, before the line above ({before}): its writer's clock or lock is broken", path.display())]
    Unsorted {
        /// The segment.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The time in this line.
        at: Nanos,
        /// The time in the line above.
        before: Nanos,
    },
}

/// Merges sorted JSONL segments and the records in `extra`, which need no order, by time. Only one
/// record a segment is held in memory. Equal times keep the order of the segments as they are
/// given, with `extra` last; the order inside a segment is always kept.
///
/// # Errors
/// When a segment cannot be opened. The iterator yields the other errors; each but
/// [`MergeError::Cut`] ends it.
pub fn merge(segments: Vec<PathBuf>, extra: Vec<Record>) -> Result<Merged, MergeError> {
    let mut sources = Vec::with_capacity(segments.len() + 1);
    for path in segments {
        sources.push(Source::Segment(Segment::open(path)?));
    }
    let mut extra = extra;
    extra.sort_by_key(Record::at);
    sources.push(Source::Extra(extra.into_iter()));
    let unread = (0..sources.len()).rev().collect();
    Ok(Merged {
        sources,
        heads: BinaryHeap::new(),
        unread,
        over: false,
    })
}

/// Records in order of time, made by [`merge`].
#[derive(Debug)]
pub struct Merged {
    sources: Vec<Source>,
    /// The next record of each source that has one, the earliest on top.
    heads: BinaryHeap<Reverse<Head>>,
    /// The sources whose next record is not among the heads.
    unread: Vec<usize>,
    over: bool,
}

impl Iterator for Merged {
    type Item = Result<Record, MergeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(source) = self.unread.pop() {
            match self.sources[source].next() {
                Ok(Some(record)) => self.heads.push(Reverse(Head { record, source })),
                Ok(None) => {}
                Err(error) => {
                    if !matches!(error, MergeError::Cut { .. }) {
                        self.unread.clear();
                        self.heads.clear();
                        self.over = true;
                    }
                    return Some(Err(error));
                }
            }
        }
        if self.over {
            return None;
        }
        let Reverse(head) = PeekMut::pop(self.heads.peek_mut()?);
        self.unread.push(head.source);
        Some(Ok(head.record))
    }
}

#[derive(Debug)]
struct Head {
    record: Record,
    source: usize,
}

impl Head {
    fn key(&self) -> (Nanos, usize) {
        (self.record.at(), self.source)
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[derive(Debug)]
enum Source {
    Segment(Segment),
    Extra(std::vec::IntoIter<Record>),
}

impl Source {
    fn next(&mut self) -> Result<Option<Record>, MergeError> {
        match self {
            Self::Segment(segment) => segment.next(),
            Self::Extra(records) => Ok(records.next()),
        }
    }
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    reader: BufReader<File>,
    text: Vec<u8>,
    line: u64,
    last: Nanos,
}

impl Segment {
    fn open(path: PathBuf) -> Result<Self, MergeError> {
        match File::open(&path) {
            Ok(file) => Ok(Self {
                path,
                reader: BufReader::new(file),
                text: Vec::new(),
                line: 0,
                last: 0,
            }),
            Err(source) => Err(MergeError::Open { path, source }),
        }
    }

    fn next(&mut self) -> Result<Option<Record>, MergeError> {
        self.text.clear();
        self.line += 1;
        let (path, line) = (|| self.path.clone(), self.line);
        let read = self.reader.read_until(b'\n', &mut self.text);
        let length = read.map_err(|source| MergeError::Read {
            path: path(),
            line,
            source,
        })?;
        if length == 0 {
            return Ok(None);
        }
        if self.text.last() != Some(&b'\n') {
            return Err(MergeError::Cut { path: path(), line });
        }
        let record: Record =
            serde_json::from_slice(&self.text).map_err(|source| MergeError::Malformed {
                path: path(),
                line,
                source,
            })?;
        let (at, before) = (record.at(), self.last);
        if at < before {
            return Err(MergeError::Unsorted {
                path: path(),
                line,
                at,
                before,
            });
        }
        self.last = at;
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use meshproof_model::{Mark, Noise, Phase};
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    /// A record whose time tells it apart; its lag tells the segment it came from.
    fn record(at: Nanos, segment: u64) -> Record {
        Record::Noise(Noise {
            at,
            lag: segment,
            steal: 0.0,
            foreign: 0.25,
            pressure: Some(0.5),
        })
    }

    fn text(records: &[Record]) -> String {
        let lines: Vec<_> = records
            .iter()
            .map(|record| serde_json::to_string(record).unwrap() + "\n")
            .collect();
        lines.concat()
    }

    fn write(folder: &TempDir, number: usize, text: &str) -> PathBuf {
        let path = folder.path().join(format!("{number}.jsonl"));
        std::fs::write(&path, text).unwrap();
        path
    }

    fn spread(segments: &[Vec<Nanos>], extra: Vec<Record>) -> Vec<Record> {
        let folder = tempfile::tempdir().unwrap();
        let paths = segments.iter().enumerate().map(|(number, times)| {
            let mut times = times.clone();
            times.sort_unstable();
            let records: Vec<_> = times.into_iter().map(|at| record(at, 0)).collect();
            write(&folder, number, &text(&records))
        });
        let merged: Result<Vec<_>, _> = merge(paths.collect(), extra).unwrap().collect();
        merged.unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_merge_does_not_depend_on_how_records_were_spread(
            placed in proptest::collection::vec((0u64..500, 0usize..4, 0usize..4), 0..80),
        ) {
            let (mut one, mut two) = (vec![Vec::new(); 4], vec![Vec::new(); 4]);
            let mut extra = Vec::new();
            for (at, first, second) in &placed {
                one[*first].push(*at);
                // The other way, what would be in the last segment is handed over in memory.
                if *second == 3 {
                    extra.push(record(*at, 0));
                } else {
                    two[*second].push(*at);
                }
            }
            let mut sorted: Vec<_> = placed.iter().map(|(at, ..)| record(*at, 0)).collect();
            sorted.sort_by_key(Record::at);
            prop_assert_eq!(&spread(&one, Vec::new()), &sorted);
            prop_assert_eq!(&spread(&two, extra), &sorted);
        }
    }

    #[test]
    fn equal_times_keep_the_order_of_segments() {
        let folder = tempfile::tempdir().unwrap();
        let one = write(&folder, 1, &text(&[record(5, 1), record(5, 2)]));
        let two = write(&folder, 2, &text(&[record(5, 3)]));
        let mark = Record::Mark(Mark {
            at: 5,
            phase: Phase::LoadEnded,
        });
        let merged: Result<Vec<_>, _> =
            merge(vec![one, two], vec![mark.clone()]).unwrap().collect();
        let wanted = [record(5, 1), record(5, 2), record(5, 3), mark];
        assert_eq!(merged.unwrap(), wanted);
    }

    fn check(name: &str, damaged: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, 0, damaged);
        let merged: Result<Vec<_>, _> = merge(vec![path.clone()], Vec::new()).unwrap().collect();
        let error = merged.expect_err(name).to_string();
        assert_eq!(error, format!("{}:{expected}", path.display()), "{name}");
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let whole = text(&[record(1, 0), record(2, 0)]);
        let cut = &whole[..whole.len() - 1];
        check(
            "cut",
            cut,
            "2: the last line is cut short: its writer was killed",
        );
        check("alien", &format!("{whole}{{}}\n"), "3: not a record");
        check("blank", &format!("\n{whole}"), "1: not a record");
        let unsorted = text(&[record(2, 0), record(1, 0)]);
        check(
            "unsorted",
            &unsorted,
            "2: recorded at 1, before the line above (2): its writer's clock or lock is broken",
        );
    }

    #[test]
    fn after_a_cut_line_the_other_segments_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let cut = write(&folder, 1, "{\"noi");
        let whole = write(&folder, 2, &text(&[record(1, 0), record(2, 0)]));
        let merged: Vec<_> = merge(vec![cut, whole], Vec::new()).unwrap().collect();
        assert!(matches!(merged[0], Err(MergeError::Cut { line: 1, .. })));
        let rest: Vec<_> = merged.into_iter().skip(1).map(Result::unwrap).collect();
        assert_eq!(rest, [record(1, 0), record(2, 0)]);
    }

    #[test]
    fn after_any_other_damage_nothing_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let damaged = write(&folder, 1, "{}\n");
        let whole = write(&folder, 2, &text(&[record(1, 0)]));
        let merged: Vec<_> = merge(vec![damaged, whole], Vec::new()).unwrap().collect();
        assert_eq!(merged.len(), 1);
    }

    #[test]
    fn a_missing_segment_is_named() {
        let error = merge(vec![Path::new("/absent/a-0.jsonl").into()], Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "/absent/a-0.jsonl: cannot be opened");
    }
}
