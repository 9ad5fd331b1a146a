//! `meshproof check --events`: a history of anybody's events, judged by what was promised.

use std::fs;

use serde_json::Value;

use crate::program::Place;
use crate::{repository, says};

const LOST: &str = r#"{"schema":"meshproof/events/v1","claims":["at-least-once","at-most-once"]}
{"at":1000,"process":"orders","kind":"publish","producer":"orders","sequence":0,"key":"k"}
{"at":2000,"process":"orders","kind":"published","producer":"orders","sequence":0,"key":"k"}
{"at":3000,"process":"orders","kind":"publish","producer":"orders","sequence":1,"key":"k"}
{"at":4000,"process":"orders","kind":"published","producer":"orders","sequence":1,"key":"k"}
{"at":4500,"process":"tap","kind":"passed","vantage":"meshIn","producer":"orders","sequence":0,"key":"k"}
{"at":5000,"process":"billing","subscription":"billing","kind":"deliver","producer":"orders","sequence":1,"key":"k","ageUs":2}
{"at":6000,"process":"billing","subscription":"billing","kind":"ack","producer":"orders","sequence":1}
{"at":7000,"process":"billing","subscription":"billing","kind":"drainBegin"}
{"at":8000,"process":"billing","subscription":"billing","kind":"drainEnd"}
{"end":{"records":9}}
"#;

#[test]
fn a_loss_is_proven_and_drawn() {
    let place = Place::new();
    place.file("h.jsonl", LOST);
    let told = place.run(&["check", "--events", "h.jsonl", "--timeline", "why.svg"]);
    says(
        &told,
        1,
        &[
            "9 records, 2 events published (2 acknowledged, 0 failed), 1 deliveries",
            "fail          at-least-once: lostAcknowledged 1",
            "pass          at-most-once: 1 deliveries",
            "lostAcknowledged: orders/0/0 at billing: before all that was delivered (prefix)",
            "drainEnd",
            "last seen at meshIn, and nowhere behind it",
        ],
    );
    let picture = fs::read_to_string(place.path().join("why.svg")).unwrap();
    assert!(
        picture.starts_with("<svg ") && picture.contains("orders/0/0"),
        "{picture}"
    );
    let told = place.run(&[
        "check",
        "--events",
        "h.jsonl",
        "--guarantee",
        "at-most-once",
    ]);
    says(&told, 0, &["pass"]);
    let told = place.run(&["check", "--events", "h.jsonl", "--guarantee", "causal"]);
    says(&told, 4, &["skipped", "the broker does not claim causal"]);
    place.file("tail.jsonl", &LOST.replace("drainEnd", "disconnect"));
    let told = place.run(&[
        "check",
        "--events",
        "tail.jsonl",
        "--guarantee",
        "at-least-once",
    ]);
    says(&told, 4, &["inconclusive", "undelivered yet"]);
}

#[test]
fn what_is_wrong_with_a_history_or_with_what_is_asked() {
    let place = Place::new();
    place.file("h.jsonl", LOST);
    place.file("cut.jsonl", &LOST[..LOST.len() - 30]);
    place.file("word.jsonl", &LOST.replace("\"deliver\"", "\"delivr\""));
    place.file(
        "plain.jsonl",
        &LOST.replace(r#","claims":["at-least-once","at-most-once"]"#, ""),
    );
    place.file(
        "claim.jsonl",
        &LOST.replace("at-most-once", "at-most-twice"),
    );
    let live = ["--guarantee", "live"];
    for (arguments, parts) in [
        (
            &["--events", "none.jsonl"][..],
            &["none.jsonl", "cannot be opened"][..],
        ),
        (&["--events", "cut.jsonl"], &["cut.jsonl:", "cut short"]),
        (
            &["--events", "word.jsonl"],
            &["word.jsonl:7", "delivr", "deliver", "schema event-history"],
        ),
        (
            &["--events", "plain.jsonl"],
            &["no guarantee", "list guarantees"],
        ),
        (&["--events", "claim.jsonl"], &["at-most-twice"]),
        (
            &["--events", "h.jsonl", "--guarantee", "at-leest-once"],
            &["similar", "at-least-once"],
        ),
        (
            &["--events", "h.jsonl", "--format", "binary"],
            &["MPEVENTS"],
        ),
        (
            &["--events", "h.jsonl", "--history", "h.jsonl"],
            &["cannot be used with"],
        ),
        (&[live[0], live[1]], &["--history"]),
    ] {
        let told = place.run(&[&["check"][..], arguments].concat());
        says(&told, 2, parts);
    }
}

#[test]
fn a_history_in_several_files_is_merged_by_time() {
    let place = Place::new();
    let part = |name: &str, process: &str| {
        let lines: Vec<&str> = LOST
            .lines()
            .filter(|line| line.contains(&format!("\"process\":\"{process}")))
            .collect();
        let header = LOST.lines().next().unwrap();
        let (count, lines) = (lines.len(), lines.join("\n"));
        let end = format!("{{\"end\":{{\"records\":{count}}}}}");
        place.file(name, &format!("{header}\n{lines}\n{end}\n"));
    };
    part("consumer.jsonl", "billing");
    part("producer.jsonl", "orders");
    let files = [
        "check",
        "--events",
        "consumer.jsonl",
        "--events",
        "producer.jsonl",
    ];
    let told = place.run(&files);
    says(
        &told,
        1,
        &[
            "consumer.jsonl, producer.jsonl: 8 records",
            "orders/0/0 at billing",
        ],
    );
    place.file(
        "producer.jsonl",
        &LOST.replace("\"claims\"", "\"skew\":\"1ms\",\"claims\""),
    );
    says(
        &place.run(&files),
        2,
        &["producer.jsonl", "the same header"],
    );
}

#[test]
fn a_history_of_the_kafka_workload_is_known_by_its_looks() {
    let place = Place::new();
    place.file(
        "history.edn",
        "{:type :invoke, :f :send, :value [[:send 5 1]], :process 0, :time 1, :index 0}\n\
         {:type :ok, :f :send, :value [[:send 5 [0 1]]], :process 0, :time 2, :index 1}\n\
         {:type :ok, :f :poll, :value [[:poll {5 [[0 1]]}]], :process 1, :time 3, :index 2}\n",
    );
    let told = place.run(&[
        "check",
        "--events",
        "history.edn",
        "--guarantee",
        "at-least-once",
    ]);
    says(&told, 0, &["pass", "1 acknowledged, 1 deliveries"]);
}

#[test]
fn every_word_is_explained() {
    use meshproof_model::event_record::{EventKind, Vantage};
    use meshproof_suites::events::{Anomaly, Guarantee};
    let text = fs::read_to_string(repository("docs/events.md")).unwrap();
    let kinds = EventKind::ALL.iter().map(|kind| kind.word());
    let places = Vantage::ALL.iter().map(|vantage| vantage.word());
    let anomalies = Anomaly::ALL.iter().map(|anomaly| anomaly.word());
    let guarantees = Guarantee::ALL.iter().map(|guarantee| guarantee.word());
    for word in kinds.chain(places).chain(anomalies).chain(guarantees) {
        assert!(
            text.contains(&format!("`{word}`")),
            "docs/events.md lacks `{word}`"
        );
    }
}

#[test]
fn guarantees_and_anomalies_are_listed_and_completed() {
    let place = Place::new();
    says(
        &place.run(&["list", "guarantees"]),
        0,
        &["at-least-once", "broken by: phantom", "back-pressured"],
    );
    says(
        &place.run(&["list", "anomalies"]),
        0,
        &["acknowledgedBeforeDurable", "headOfLine"],
    );
    says(
        &place.run(&["completions", "bash"]),
        0,
        &["effectively-once", "event-history"],
    );
}

#[test]
fn a_history_fits_its_schema_and_a_misspelt_word_does_not() {
    let told = Place::new().run(&["schema", "event-history"]);
    let schema: Value = serde_json::from_str(&told.stdout).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for line in LOST.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(validator.is_valid(&line), "{line}");
    }
    for (right, wrong) in [
        ("process", "proces"),
        ("\"kind\":\"deliver\"", "\"kind\":\"delivr\""),
        ("\"records\"", "\"record\""),
    ] {
        let line = LOST
            .lines()
            .rev()
            .find(|line| line.contains(right))
            .unwrap();
        let line: Value = serde_json::from_str(&line.replace(right, wrong)).unwrap();
        assert!(!validator.is_valid(&line), "{line}");
    }
}
