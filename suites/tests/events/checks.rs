//! Every guarantee where it is kept, where it is broken, and where nobody can tell.

use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::event_record::JsonlReader;
use meshproof_suites::events::{Guarantee, judge, prove, timeline};
use serde_json::{Map, Value, json};

use crate::story::checked;

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

#[test]
fn at_least_once() {
    let none = json!({});
    let both = "c0 deliver p/0\nc0 deliver p/1\n";
    check(
        Guarantee::AtLeastOnce,
        &none,
        &after_sent(both),
        Pass,
        "2 acknowledged",
    );
    check(
        Guarantee::AtLeastOnce,
        &none,
        &after_sent(&format!("c0 deliver p/1\n{DRAINED}")),
        Fail,
        "lostAcknowledged 1",
    );
    check(
        Guarantee::AtLeastOnce,
        &none,
        &after_sent("c0 deliver p/1"),
        Inconclusive,
        "undelivered yet",
    );
    check(
        Guarantee::AtLeastOnce,
        &none,
        &after_sent(&format!("c0 deliver p/1\n{DRAINED}c0 deliver p/0 at=90000")),
        Pass,
        "",
    );
    check(
        Guarantee::AtLeastOnce,
        &none,
        &after_sent(&format!(
            "c0 drainBegin\np publish p/2\np published p/2\nc0 drainEnd\n{both}"
        )),
        Inconclusive,
        "undelivered yet",
    );
    check(
        Guarantee::AtLeastOnce,
        &none,
        &format!("{DRAINED}p publish p/0\np publishFailed p/0"),
        Inconclusive,
        "nothing was delivered",
    );
    // A loss by evidence of the log alone, and one at the tail that nothing proves.
    let log = json!({"subscriptions": {"s": {"kind": "log"}}});
    check(
        Guarantee::AtLeastOnce,
        &log,
        &format!("{LOG}c0 deliver p/0 partition=0 offset=0\nc0 deliver p/2 partition=0 offset=2"),
        Fail,
        "lostAcknowledged 1",
    );
    check(
        Guarantee::AtLeastOnce,
        &log,
        &format!("{LOG}c0 deliver p/0 partition=0 offset=0"),
        Inconclusive,
        "undelivered yet",
    );
    check(
        Guarantee::AtLeastOnce,
        &none,
        &after_sent("c0 deliver p/1\nc0 drainEnd"),
        Inconclusive,
        "undelivered yet",
    );
    // Something came after the drain: it proves nothing.
    let late =
        format!("{SENT}p publish p/2\np published p/2\nc0 deliver p/0\n{DRAINED}c0 deliver p/1");
    check(
        Guarantee::AtLeastOnce,
        &none,
        &late,
        Inconclusive,
        "after the drain",
    );
    // What a hole may hide.
    let holes = "p publish p/0 index=0\np published p/0 index=1\nc0 drainBegin index=0\nc0 deliver p/0 index=4";
    check(
        Guarantee::AtLeastOnce,
        &none,
        holes,
        Inconclusive,
        "index 1 to 3",
    );
    let gaps = "p publish p/0\np published p/0\np publish p/2\np published p/2\nc0 deliver p/0\nc0 deliver p/2";
    check(
        Guarantee::AtLeastOnce,
        &none,
        gaps,
        Inconclusive,
        "not dense",
    );
}

#[test]
fn false_acknowledgements() {
    let service = json!({"acknowledgedBy": "handler"});
    check(
        Guarantee::AtLeastOnce,
        &service,
        "p publish p/0\nc0 deliver p/0\nc0 ack p/0\np published p/0",
        Pass,
        "",
    );
    check(
        Guarantee::AtLeastOnce,
        &service,
        "p publish p/0\np published p/0\nc0 deliver p/0\nc0 ack p/0",
        Fail,
        "falseAck 1",
    );
    let skewed = json!({"acknowledgedBy": "handler", "skew": "1ms"});
    check(
        Guarantee::AtLeastOnce,
        &skewed,
        "p publish p/0\np published p/0\nc0 deliver p/0\nc0 ack p/0",
        Inconclusive,
        "skew",
    );
}

#[test]
fn retention_and_poison() {
    let none = json!({});
    check(
        Guarantee::AtLeastOnce,
        &none,
        &after_sent("b evict p/0\nc0 deliver p/1"),
        Fail,
        "retentionLoss 1",
    );
    check(
        Guarantee::AtLeastOnce,
        &none,
        &after_sent("c0 deliver p/0\nb evict p/0\nc0 deliver p/1"),
        Pass,
        "",
    );
    let refused = "c0 deliver p/0\nc0 nack p/0\nc0 deliver p/1\nc0 ack p/1\n";
    check(
        Guarantee::Live,
        &none,
        &after_sent(&format!("{refused}{DRAINED}")),
        Fail,
        "poisonLoss 1",
    );
    check(
        Guarantee::Live,
        &none,
        &after_sent(refused),
        Inconclusive,
        "not drained",
    );
    check(
        Guarantee::Live,
        &none,
        &after_sent(&format!("{refused}c0 deadLetter p/0\n{DRAINED}")),
        Pass,
        "",
    );
    let stall = json!({"stall": "1ms"});
    let stuck = "p publish p/0\np published p/0\np publish p/1\np published p/1\np publish p/2\np published p/2\nc0 deliver p/0\nc0 ack p/0\nc0 deliver p/1\nc0 nack p/1\n";
    check(
        Guarantee::Live,
        &stall,
        &format!(
            "{stuck}c0 deliver p/2 at=9000000 ageUs=8000\nc0 ack p/2\nc0 deliver p/1\nc0 ack p/1"
        ),
        Fail,
        "headOfLine 1",
    );
    check(
        Guarantee::Live,
        &stall,
        &format!(
            "{stuck}c0 deliver p/2 at=9000000 ageUs=100\nc0 ack p/2\nc0 deliver p/1\nc0 ack p/1"
        ),
        Pass,
        "",
    );
}

#[test]
fn at_most_once() {
    let none = json!({});
    let check = |rest: &str, expected, reason| {
        check(
            Guarantee::AtMostOnce,
            &none,
            &after_sent(rest),
            expected,
            reason,
        );
    };
    check("c0 deliver p/0\nc0 ack p/0", Pass, "1 deliveries");
    check(
        "c0 deliver p/0\nc0 ack p/0\nc0 deliver p/0",
        Fail,
        "duplicateDelivery 1",
    );
    check(
        "c0 deliver p/0\nc1 deliver p/0",
        Fail,
        "duplicateDelivery 1",
    );
    for cause in ["nack p/0", "expire p/0", "ackUnknown p/0", "disconnect"] {
        check(
            &format!("c0 deliver p/0\nc0 {cause}\nc1 deliver p/0"),
            Pass,
            "",
        );
    }
    check(
        "c0 deliver p/0\nc0 ack p/0\nc0 disconnect\nc1 deliver p/0",
        Fail,
        "duplicateDelivery 1",
    );
    check(
        "c0 deliver p/0\nc1 disconnect\nc1 deliver p/0",
        Fail,
        "duplicateDelivery 1",
    );
    check(
        "c0 deliver p/0 lease=6000\nc1 deliver p/0 at=7000",
        Pass,
        "",
    );
    check(
        "c0 deliver p/0 lease=9000\nc1 deliver p/0 at=7000",
        Fail,
        "duplicateDelivery 1",
    );
    check(
        "p publish p/0 resend=true\nc0 deliver p/0\nc0 deliver p/0",
        Pass,
        "",
    );
    check(
        "p publish p/0 resend=true\nc0 deliver p/0\nc0 deliver p/0\nc0 deliver p/0",
        Fail,
        "duplicateDelivery 1",
    );
    check(
        "c0 deliver p/0\nc1 deliver p/0 redelivered=true",
        Inconclusive,
        "redelivery",
    );
    check(
        "c0 deliver p/0\nc0 ack p/0\nc1 deliver p/0 attempt=2",
        Fail,
        "duplicateDelivery 1",
    );
    check("c0 deliver p/7", Fail, "phantom 1");
    check("c0 deliver p/0 forged=true", Fail, "swappedPayload 1");
    check("p publish p/0\nc0 deliver p/0", Fail, "identityReused 1");
}

#[test]
fn what_the_broker_recognises_is_delivered_once() {
    let window = json!({"deduplication": "2m"});
    let resent = |age: &str| {
        after_sent(&format!(
            "p publish p/0 resend=true {age}\nc0 deliver p/0\nc0 ack p/0\nc0 deliver p/0"
        ))
    };
    check(
        Guarantee::AtMostOnce,
        &window,
        &resent("ageUs=1000"),
        Fail,
        "duplicateDelivery 1",
    );
    check(
        Guarantee::AtMostOnce,
        &window,
        &resent("ageUs=200000000"),
        Pass,
        "",
    );
    check(
        Guarantee::AtMostOnce,
        &window,
        &resent(""),
        Inconclusive,
        "resent",
    );
}

#[test]
fn skew_between_processes_is_nobodys_fault() {
    let skew = json!({"skew": "10us"});
    check(
        Guarantee::AtMostOnce,
        &skew,
        "p publish p/0\nc0 deliver p/0\nc1 deliver p/0\nc0 nack p/0",
        Inconclusive,
        "skew",
    );
    check(
        Guarantee::AtMostOnce,
        &skew,
        "p publish p/0\nc0 deliver p/0\nc1 deliver p/0\nc0 nack p/0 at=90000",
        Fail,
        "duplicateDelivery 1",
    );
    check(
        Guarantee::AtMostOnce,
        &skew,
        "c0 deliver p/0\np publish p/0",
        Inconclusive,
        "skew",
    );
    check(
        Guarantee::AtMostOnce,
        &skew,
        "c0 deliver p/0\np publish p/0 at=90000",
        Fail,
        "phantom 1",
    );
    let keyed = "p publish p/0\np publish p/1\n";
    check(
        Guarantee::OrderedPerKey,
        &skew,
        &format!("{keyed}c0 deliver p/1 key=k\nc1 deliver p/0 key=k"),
        Inconclusive,
        "skew",
    );
    check(
        Guarantee::OrderedPerKey,
        &skew,
        &format!("{keyed}c0 deliver p/1 key=k\nc0 deliver p/0 key=k"),
        Fail,
        "keyReorder 1",
    );
}

#[test]
fn a_log_is_read_on_from_its_cursor() {
    let log = json!({"subscriptions": {"s": {"kind": "log"}}});
    let first = "c0 assign partition=0\nc0 deliver p/0 partition=0 offset=0\n";
    let again = "c1 assign partition=0\nc1 deliver p/0 partition=0 offset=0\n";
    let check = |guarantee, rest: &str, expected, reason| {
        check(guarantee, &log, &format!("{LOG}{rest}"), expected, reason);
    };
    check(Guarantee::AtMostOnce, &format!("{first}{again}"), Pass, "");
    check(
        Guarantee::AtMostOnce,
        &format!("{first}c0 commitUnknown partition=0 offset=1\n{again}"),
        Pass,
        "",
    );
    check(
        Guarantee::AtMostOnce,
        &format!("{first}c0 commit partition=0 offset=1\n{again}"),
        Fail,
        "duplicateDelivery 1",
    );
    check(
        Guarantee::AtMostOnce,
        &format!("{first}c1 deliver p/0 partition=0 offset=0"),
        Inconclusive,
        "no assignment",
    );
    check(
        Guarantee::AtMostOnce,
        &format!(
            "{first}c0 revoke partition=0\nc1 assign partition=0\nc1 deliver p/0 partition=0 offset=0\nc0 deliver p/1 partition=0 offset=1"
        ),
        Pass,
        "",
    );
    check(
        Guarantee::OrderedLog,
        &format!("{first}c0 deliver p/1 partition=0 offset=1"),
        Pass,
        "2 acknowledged offsets",
    );
    check(
        Guarantee::OrderedLog,
        &format!("{first}c0 deliver p/2 partition=0 offset=2"),
        Fail,
        "skip 1",
    );
    check(
        Guarantee::OrderedLog,
        &format!("{first}c0 deliver p/1 partition=0 offset=1\nc0 deliver p/0 partition=0 offset=0"),
        Fail,
        "rewind 1",
    );
    check(
        Guarantee::OrderedLog,
        &format!("{first}b append p/1 partition=0 offset=0"),
        Fail,
        "inconsistentOffset 1",
    );
    check(
        Guarantee::ExactlyOnce,
        &format!("{first}b append p/0 partition=0 offset=9"),
        Fail,
        "duplicateAppend 1",
    );
}

#[test]
fn a_log_agrees_with_real_time() {
    let none = json!({});
    let sent =
        |second: &str| format!("p publish p/0\n{second}p published p/0 partition=0 offset=5\n");
    let overlapping =
        sent("q publish q/0\n") + "q published q/0 partition=0 offset=3\nc0 deliver p/0";
    check(Guarantee::OrderedLog, &none, &overlapping, Pass, "");
    let after = sent("") + "q publish q/0\nq published q/0 partition=0 offset=3\nc0 deliver p/0";
    check(
        Guarantee::OrderedLog,
        &none,
        &after,
        Fail,
        "realTimeReorder 1",
    );
    let unknown = sent("") + "q published q/0 partition=0 offset=3\nc0 deliver p/0";
    check(
        Guarantee::OrderedLog,
        &none,
        &unknown,
        Inconclusive,
        "when it was published",
    );
    check(
        Guarantee::OrderedLog,
        &none,
        "p publish p/0\nc0 deliver p/0",
        Inconclusive,
        "no two acknowledged offsets",
    );
}

#[test]
fn order_of_a_key_and_of_causes() {
    let none = json!({});
    check(
        Guarantee::OrderedPerKey,
        &none,
        &after_sent("c0 deliver p/0 key=k\nc0 deliver p/1 key=k"),
        Pass,
        "1 starts",
    );
    check(
        Guarantee::OrderedPerKey,
        &none,
        &after_sent("c0 deliver p/1 key=k\nc0 deliver p/0 key=k"),
        Fail,
        "keyReorder 1",
    );
    check(
        Guarantee::OrderedPerKey,
        &none,
        &after_sent("c0 deliver p/1 key=k\nc0 deliver p/0 key=l"),
        Inconclusive,
        "no two events",
    );
    check(
        Guarantee::OrderedPerKey,
        &none,
        &after_sent(
            "c0 deliver p/0 key=k\nc0 deliver p/1 key=k\nc0 nack p/0\nc0 deliver p/0 key=k",
        ),
        Pass,
        "",
    );
    let epochs = "p publish p/0 key=k\np publish p/0 epoch=1 key=k\n";
    check(
        Guarantee::OrderedPerKey,
        &none,
        &format!("{epochs}c0 deliver p/0 epoch=1 key=k\nc0 deliver p/0 key=k"),
        Fail,
        "keyReorder 1",
    );
    let caused = r#"p publish p/0
        q publish q/0 causes=[{"producer":"p","sequence":0}]
        "#;
    check(
        Guarantee::Causal,
        &none,
        &format!("{caused}c0 deliver p/0\nc0 deliver q/0"),
        Pass,
        "1 causes",
    );
    check(
        Guarantee::Causal,
        &none,
        &format!("{caused}c0 deliver q/0\nc0 deliver p/0"),
        Fail,
        "causalReorder 1",
    );
    check(
        Guarantee::Causal,
        &none,
        &after_sent("c0 deliver p/0"),
        Inconclusive,
        "no causes",
    );
}

#[test]
fn effects_failures_and_dead_letters() {
    let resent = "p publish p/0\np publishUnknown p/0\np publish p/0 resend=true\np publishFailed p/0\nc0 deliver p/0";
    check(Guarantee::Atomic, &json!({}), resent, Pass, "1 failed");
    let none = json!({});
    let one = "p publish p/0\np published p/0\nc0 deliver p/0\nc0 ack p/0\n";
    check(
        Guarantee::EffectivelyOnce,
        &none,
        &format!("{one}{DRAINED}c0 effect p/0"),
        Pass,
        "1 effects",
    );
    check(
        Guarantee::EffectivelyOnce,
        &none,
        &format!("{one}c0 effect p/0\nc0 effect p/0"),
        Fail,
        "duplicateEffect 1",
    );
    check(
        Guarantee::EffectivelyOnce,
        &none,
        &after_sent(&format!(
            "c0 deliver p/0\nc0 deliver p/1\n{DRAINED}c0 effect p/1"
        )),
        Fail,
        "lostEffect 1",
    );
    check(
        Guarantee::EffectivelyOnce,
        &none,
        &after_sent("c0 deliver p/0\nc0 deliver p/1\nc0 effect p/1"),
        Inconclusive,
        "not drained",
    );
    check(
        Guarantee::EffectivelyOnce,
        &none,
        one,
        Inconclusive,
        "no effect is recorded",
    );
    check(
        Guarantee::Atomic,
        &none,
        "p publish p/0\np publishFailed p/0\np publish p/1\nc0 deliver p/1",
        Pass,
        "1 failed",
    );
    check(
        Guarantee::Atomic,
        &none,
        "p publish p/0\np publishFailed p/0\nc0 deliver p/0",
        Fail,
        "failedYetVisible 1",
    );
    check(
        Guarantee::Atomic,
        &none,
        "p publish p/0\nc0 deliver p/0\np publishFailed p/0",
        Fail,
        "failedYetVisible 1",
    );
    check(
        Guarantee::Atomic,
        &none,
        one,
        Inconclusive,
        "no publish failed",
    );
    let after = json!({"deadLetterAfter": 2});
    let refused = "p publish p/0\nc0 deliver p/0\nc0 nack p/0\n";
    check(
        Guarantee::DeadLettered,
        &after,
        &format!("{refused}c0 deliver p/0\nc0 nack p/0\nc0 deadLetter p/0"),
        Pass,
        "",
    );
    check(
        Guarantee::DeadLettered,
        &after,
        &format!("{refused}c0 deadLetter p/0"),
        Fail,
        "deadLetterWrong 1",
    );
    check(
        Guarantee::DeadLettered,
        &after,
        one,
        Inconclusive,
        "nothing was dead-lettered",
    );
}

#[test]
fn durability() {
    let none = json!({});
    let lost = after_sent(&format!("b powerLoss\nc0 deliver p/1\n{DRAINED}"));
    check(
        Guarantee::Durable,
        &none,
        &lost,
        Fail,
        "acknowledgedBeforeDurable 1",
    );
    check(
        Guarantee::Durable,
        &none,
        &after_sent("b powerLoss\nc0 deliver p/0\nc0 deliver p/1"),
        Pass,
        "power loss",
    );
    check(
        Guarantee::Durable,
        &none,
        &after_sent("b fault\nc0 deliver p/0\nc0 deliver p/1"),
        Inconclusive,
        "no power loss",
    );
    let read = "b powerLoss\nc0 deliver p/0\nc0 deliver p/1\nb read p/0 node=a\nb readEnd node=a\n";
    check(
        Guarantee::Durable,
        &none,
        &after_sent(&format!("{read}b read p/1 node=b\nb readEnd node=b")),
        Fail,
        "replicaDivergence 2",
    );
    check(
        Guarantee::Durable,
        &none,
        &after_sent(&format!("{read}b readFailed node=b")),
        Inconclusive,
        "reading a node failed",
    );
    check(
        Guarantee::Durable,
        &none,
        &after_sent(&format!("{read}b readEnd node=b")),
        Inconclusive,
        "returned nothing",
    );
}

#[test]
fn pressure_and_age() {
    let bounded = json!({"subscriptions": {"s": {"prefetch": 1}}});
    check(
        Guarantee::BackPressured,
        &bounded,
        &after_sent("c0 deliver p/0\nc0 ack p/0\nc0 deliver p/1"),
        Pass,
        "2 deliveries",
    );
    check(
        Guarantee::BackPressured,
        &bounded,
        &after_sent("c0 deliver p/0\nc0 deliver p/1"),
        Fail,
        "overCredit 1",
    );
    check(
        Guarantee::BackPressured,
        &bounded,
        &after_sent("c0 deliver p/0\nb expire p/0\nc0 deliver p/1"),
        Inconclusive,
        "leases",
    );
    let none = json!({});
    check(
        Guarantee::BackPressured,
        &none,
        &after_sent("c0 deliver p/0"),
        Inconclusive,
        "neither declared",
    );
    check(
        Guarantee::BackPressured,
        &none,
        &after_sent("c0 credit amount=1\nc0 deliver p/0\nc0 ack p/0\nc0 deliver p/1"),
        Fail,
        "overCredit 1",
    );
    let deadline = json!({"deadline": "1ms"});
    check(
        Guarantee::Timely,
        &deadline,
        &after_sent("c0 deliver p/0 ageUs=1000"),
        Pass,
        "1 ages",
    );
    check(
        Guarantee::Timely,
        &deadline,
        &after_sent("c0 deliver p/0 ageUs=1001"),
        Fail,
        "stale 1",
    );
    check(
        Guarantee::Timely,
        &deadline,
        &after_sent("c0 deliver p/0"),
        Inconclusive,
        "no ages",
    );
    check(
        Guarantee::Timely,
        &none,
        &after_sent("c0 deliver p/0 ageUs=1"),
        Inconclusive,
        "deadline",
    );
}

#[test]
fn what_cannot_be_told_apart_is_inconclusive() {
    let readers = json!({"subscriptions": {"s": {"kind": "readers"}}});
    let twice = after_sent("c0 deliver p/0\nc1 deliver p/0");
    check(
        Guarantee::AtMostOnce,
        &readers,
        &twice,
        Inconclusive,
        "cursors of their own",
    );
    let several = json!({"subscriptions": {"s": {}, "t": {}}});
    let nameless = after_sent("c0 deliver p/0\nx deliver p/0");
    check(
        Guarantee::AtMostOnce,
        &several,
        &nameless,
        Inconclusive,
        "names no subscription",
    );
}

#[test]
fn what_is_not_claimed_is_skipped() {
    let claims = json!({"claims": ["at-least-once"]});
    let lines = after_sent("c0 deliver p/0");
    check(
        Guarantee::Causal,
        &claims,
        &lines,
        VerdictKind::Skipped,
        "does not claim causal",
    );
}
