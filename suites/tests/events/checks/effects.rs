//! Effects, failures, dead letters, and what outlives a power loss.

use super::*;

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
