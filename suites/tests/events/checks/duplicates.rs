//! What came twice, and what only seems to.

use super::*;

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
