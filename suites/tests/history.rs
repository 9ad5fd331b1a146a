//! Histories: writing and reading are inverse, every truncation is noticed, no bytes panic.

#[path = "support/builtin.rs"]
mod builtin;
#[path = "support/story.rs"]
#[expect(dead_code, reason = "the stories tell more than this target asks")]
mod story;

use builtin::{SUITE, case};
use meshproof_model::{Outcome, Record, VerdictKind};
use meshproof_suites::history::{HistoryError, Reader, WriteError, Writer};
use meshproof_suites::judge;
use proptest::prelude::*;
use story::{Story, Told, Try, answered, ms};

fn written(story: Story) -> (Vec<u8>, Vec<Record>) {
    let (header, records) = story.told();
    let mut writer = Writer::start(Vec::new(), &header).expect("memory can be written");
    for record in &records {
        writer.record(record).expect("a story is in order");
    }
    (writer.finish().expect("memory can be written"), records)
}

fn read(bytes: &[u8]) -> Result<Vec<Record>, HistoryError> {
    Reader::open("case.1.jsonl", bytes)?.collect()
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        (100u16..600, proptest::option::of("[a-z]{1,3}-[0-9]"))
            .prop_map(|(status, by)| Outcome::Answered { status, by }),
        Just(Outcome::Refused),
        Just(Outcome::Cut),
        Just(Outcome::Cancelled),
        Just(Outcome::GaveUp),
        ".{0,12}".prop_map(|error| Outcome::Broken { error }),
    ]
}

/// Calls with any number of tries, any ends, any overlap.
fn story() -> impl Strategy<Value = Story> {
    let one = (0u64..200, proptest::option::of(0u64..200), outcome())
        .prop_map(|(from, until, outcome)| Try("b-0".to_owned(), from, until, outcome));
    let told = (
        0u64..2000,
        proptest::collection::vec(one, 0..3),
        proptest::option::of((0u64..300, outcome())),
    );
    proptest::collection::vec(told, 0..8).prop_map(|calls| {
        let mut story = Story::of(&case("resilience.timeout.total"));
        for (nth, (at, tries, end)) in calls.into_iter().enumerate() {
            story.call(nth as u64, ms(at), "a-0", "b", &Told { tries, end });
        }
        story
    })
}

proptest! {
    #[test]
    fn reading_undoes_writing(story in story()) {
        let (bytes, records) = written(story);
        prop_assert_eq!(read(&bytes).unwrap(), records);
    }

    #[test]
    fn every_truncation_is_noticed(story in story(), at in any::<prop::sample::Index>()) {
        let (bytes, _) = written(story);
        prop_assert!(read(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn no_damaged_history_panics(story in story(), at in any::<prop::sample::Index>(), with: u8) {
        let (mut bytes, _) = written(story);
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Ok(reader) = Reader::open("case.1.jsonl", bytes.as_slice()) {
            let header = reader.header().clone();
            let _ = judge(&header, reader);
        }
    }

    #[test]
    fn any_history_of_any_case_can_be_judged(story in story(), nth in 0usize..14) {
        let (mut header, records) = story.told();
        header.case = SUITE.cases[nth].clone();
        let _ = judge(&header, records.into_iter().map(Ok));
    }
}

#[test]
fn each_flaw_names_file_and_line() {
    let (bytes, records) = written(Story::of(&case("resilience.timeout.total")));
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let join = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let count = lines.len();
    let mut swapped = lines.clone();
    swapped.swap(1, 3);
    let rows = [
        (
            "no footer",
            join(&lines[..count - 1]),
            format!("case.1.jsonl:{count}: the history is cut short"),
        ),
        (
            "no newline at the end",
            text.trim_end().to_owned(),
            format!("case.1.jsonl:{count}: the history is cut short"),
        ),
        (
            "a record is missing",
            join(&[&lines[..2], &lines[3..]].concat()),
            format!(
                "case.1.jsonl:{}: the footer counts {} records, there are {}",
                count - 1,
                records.len(),
                records.len() - 1
            ),
        ),
        (
            "out of order",
            join(&swapped),
            "case.1.jsonl:3: this record is".to_owned(),
        ),
        (
            "no header",
            join(&lines[1..]),
            "case.1.jsonl:1: not the header of a history".to_owned(),
        ),
        (
            "another format",
            text.replacen("meshproof/v1", "meshproof/v9", 1),
            "case.1.jsonl:1: the format is `meshproof/v9`".to_owned(),
        ),
        (
            "not a record",
            text.replacen("loadStarted", "loadStrated", 1),
            "case.1.jsonl:4: not a record".to_owned(),
        ),
        (
            "more after the footer",
            format!("{text}x"),
            format!("case.1.jsonl:{}: something follows the footer", count + 1),
        ),
        (
            "nothing",
            String::new(),
            "case.1.jsonl:1: the history is cut short".to_owned(),
        ),
    ];
    for (row, text, expected) in rows {
        let error = read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(&expected), "{row}: {error}");
    }
}

#[test]
fn a_history_cut_short_is_inconclusive() {
    let story =
        Story::of(&case("resilience.timeout.total")).probed(|_, _| (1, answered(200, None)));
    let (bytes, _) = written(story);
    let cut = &bytes[..bytes.len() - 20];
    let reader = Reader::open("case.1.jsonl", cut).unwrap();
    let header = reader.header().clone();
    let verdict = judge(&header, reader).verdict;
    assert_eq!(verdict.kind(), VerdictKind::Inconclusive);
    assert!(verdict.reason().contains("cut short"), "{verdict:?}");
}

#[test]
fn records_out_of_order_are_not_written() {
    let (header, records) = Story::of(&case("resilience.timeout.total")).told();
    let mut writer = Writer::start(Vec::new(), &header).unwrap();
    writer.record(&records[1]).unwrap();
    let error = writer.record(&records[0]).unwrap_err();
    assert!(matches!(error, WriteError::Order { .. }));
}
