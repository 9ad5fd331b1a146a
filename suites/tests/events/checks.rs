//! Every guarantee where it is kept, where it is broken, and where nobody can tell.

use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::event_record::JsonlReader;
use meshproof_suites::events::{Guarantee, judge, prove, timeline};
use serde_json::{Map, Value, json};

use crate::story::checked;

mod duplicates;
mod effects;
mod limits;
mod loss;
mod order;

/// A history from lines such as `c0 deliver p/3 key=k at=7000`: who, what, which event, and what
/// else. Times are a microsecond apart unless told; consumers are those that begin with `c`.
fn history(header: &Value, lines: &str) -> Vec<u8> {
    let mut head = json!({"schema": "meshproof/events/v1"});
    for (field, value) in header.as_object().unwrap() {
        head[field] = value.clone();
    }
    let mut text = format!("{head}\n");
    let (mut at, mut count) = (0, 0);
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let process = words.next().unwrap();
        let mut record = Map::new();
        record.insert("process".to_owned(), process.into());
        record.insert("kind".to_owned(), words.next().unwrap().into());
        if process.starts_with('c') {
            record.insert("subscription".to_owned(), "s".into());
        }
        at += 1_000;
        for word in words {
            if let Some((producer, sequence)) = word.split_once('/') {
                record.insert("producer".to_owned(), producer.into());
                record.insert(
                    "sequence".to_owned(),
                    sequence.parse::<u32>().unwrap().into(),
                );
            } else {
                let (field, value) = word.split_once('=').unwrap();
                let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
                record.insert(field.to_owned(), value);
            }
        }
        if let Some(given) = record.get("at").and_then(Value::as_u64) {
            at = given;
        }
        record.insert("at".to_owned(), at.into());
        count += 1;
        text.push_str(&format!("{}\n", Value::Object(record)));
    }
    text.push_str(&format!("{{\"end\":{{\"records\":{count}}}}}\n"));
    text.into_bytes()
}

fn check(guarantee: Guarantee, header: &Value, lines: &str, expected: VerdictKind, reason: &str) {
    let text = history(header, lines);
    let open = || JsonlReader::open("h", text.as_slice()).unwrap();
    let header = meshproof_model::event_record::EventSource::header(&open()).clone();
    let checked = checked(open());
    let proofs = prove(&mut open(), &checked, &guarantee.broken_by(), 2).unwrap();
    let judged = judge(&checked, &header, &[guarantee], &proofs).remove(0);
    let told = format!("{guarantee}: {judged:?}\n{lines}");
    assert_eq!(judged.verdict.kind(), expected, "{told}");
    assert!(judged.verdict.reason().contains(reason), "{reason}\n{told}");
    assert_eq!(
        proofs.is_empty(),
        expected != Fail,
        "a fail is proven: {told}"
    );
    for proof in &proofs {
        assert!(!proof.steps.is_empty(), "{told}");
        assert!(timeline::svg(&proofs).contains(proof.anomaly.word()));
    }
}

const SENT: &str =
    "p publish p/0 key=k\np published p/0 key=k\np publish p/1 key=k\np published p/1 key=k\n";
const DRAINED: &str = "c0 drainBegin\nc0 drainEnd\n";
const LOG: &str = "p publish p/0\np published p/0 partition=0 offset=0\np publish p/1\np published p/1 partition=0 offset=1\np publish p/2\np published p/2 partition=0 offset=2\n";

fn after_sent(rest: &str) -> String {
    format!("{SENT}{rest}")
}
