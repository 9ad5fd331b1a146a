//! Pressure and age, and where nothing can be told or is claimed.

use super::*;

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
