//! Logs, keys, causes and real time.

use super::*;

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
