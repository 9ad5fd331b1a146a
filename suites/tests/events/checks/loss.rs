//! What was acknowledged and never came.

use super::*;

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
