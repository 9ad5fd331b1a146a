//! Changes under load: how they are judged, and the checks that look at what comes after them.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

#[path = "support/story.rs"]
mod story;

use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::{ChangeStep, Record};
use meshproof_suites::{Case, Expect, Suite, judge};
use story::{Story, Told, Try, answered, ms, turn};

const SPLIT: &str = "\
requires: [split]
world: {services: {a: {calls: [b], replicas: 2}, b: {}, b-next: {}}}
policy: {a->b: {backendRefs: [{name: b, weight: 100}, {name: b-next, weight: 0}]}}
load: {on: a, rate: 200/s, for: 2s}
changes:
  - {at: 1s, do: {policy: {a->b: {backendRefs: [{name: b, weight: 0}, {name: b-next, weight: 100}]}}}}
";

const MEMBERS: &str = "\
requires: [endpoints]
world: {services: {a: {calls: [b]}, b: {replicas: 3, absent: [b-2]}}}
load: {on: a, rate: 200/s, for: 2s}
changes:
  - {at: 500ms, do: {admit: b-2}}
  - {at: 1s, do: {withdraw: b-1}}
";

const DRAINED: &str = "\
requires: [drain]
world: {services: {a: {calls: [b]}, b: {replicas: 3}}}
load: {on: a, rate: 200/s, for: 2s}
changes:
  - {at: 500ms, do: {drainSidecar: b-1}}
";

const LIMIT: &str = "\
requires: [limits]
world: {services: {a: {calls: [b]}, b: {}}}
policy: {a->b: {limits: {maxRequests: 2}}}
load: {on: a, rate: 100/s, for: 2s}
changes:
  - {at: 1s, do: {policy: {a->b: {limits: {maxRequests: 4}}}}}
";

fn case(rest: &str) -> Case {
    let text = format!(
        "id: my.case\nlevel: must\nstatement: It holds.\nsources: [me]\nexpect: []\n{rest}"
    );
    meshproof_yaml::from_str("case.yaml", &text).expect(rest)
}

fn at(replica: impl Into<String>, length: u64) -> Told {
    let replica = replica.into();
    Told {
        end: Some((length, answered(200, Some(&replica)))),
        tries: vec![Try(replica, 0, Some(length), answered(200, None))],
    }
}

fn check(
    row: &str,
    rest: &str,
    expect: &str,
    mut told: impl FnMut(u64, u64) -> Told,
    expected: VerdictKind,
) {
    let mut case = case(rest);
    let expect: Expect = meshproof_yaml::from_str(row, expect).expect(row);
    case.expect = vec![expect];
    let callers = u64::from(case.world.services["a"].replicas);
    let mut story = Story::of(&case).probed(|_, _| (20, answered(200, Some("a-0"))));
    for (nth, now) in story.schedule() {
        let call = told(nth, now);
        story.call(nth, ms(now), &format!("a-{}", nth % callers), "b", &call);
    }
    let verdict = story.judged().verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
}

/// Goes to `b` until then, to `b-next` from then on.
fn moved(then: u64) -> impl Fn(u64, u64) -> Told {
    move |_, now| at(if now < then { "b-0" } else { "b-next-0" }, 1)
}

#[test]
fn weights_after_a_change() {
    let after = "split: {after: 0, margin: 5%, tells: 20%}";
    check("moved", SPLIT, after, moved(1003), Pass);
    check("never moved", SPLIT, after, moved(9999), Fail);
    let before = "split: {margin: 5%, tells: 20%}";
    check("as before until then", SPLIT, before, moved(1000), Pass);
    check("moved too early", SPLIT, before, moved(800), Fail);
}

#[test]
fn a_drained_sidecar_lets_nobody_in() {
    let within = "withdrawn: {call: a->b, change: 0, within: 500ms}";
    // Round robin, without b-1 from then on.
    let out = |from: u64| {
        move |nth: u64, now: u64| match nth % 3 {
            1 if now >= from => at(turn(nth / 3 % 2 * 2, 3), 1),
            turned => at(turn(turned, 3), 1),
        }
    };
    check("gone at once", DRAINED, within, out(510), Pass);
    check("gone in time", DRAINED, within, out(900), Pass);
    check("gone too late", DRAINED, within, out(1500), Fail);
    check("never gone", DRAINED, within, out(9999), Fail);
    let never_used = |nth: u64, _: u64| at(turn(nth % 2 * 2, 3), 1);
    check("never used", DRAINED, within, never_used, Inconclusive);
}

#[test]
fn propagation() {
    let within = "propagated: {change: 0, within: 300ms}";
    check("at once", SPLIT, within, moved(1003), Pass);
    check("in time", SPLIT, within, moved(1250), Pass);
    check("too late", SPLIT, within, moved(1600), Fail);
    let one_stays = |nth: u64, now: u64| match nth % 2 {
        0 => moved(1003)(nth, now),
        _ => moved(9999)(nth, now),
    };
    check("one data plane never", SPLIT, within, one_stays, Fail);
    let silent = |nth: u64, now: u64| match now {
        0..1000 => moved(9999)(nth, now),
        _ => Told {
            tries: Vec::new(),
            end: Some((1, answered(503, None))),
        },
    };
    check("nothing after it", SPLIT, within, silent, Inconclusive);
}

#[test]
fn a_limit_that_is_raised() {
    // As many at once as the limit lets in, for 25 ms each, one after the other.
    let under = |first: u64, second: u64| {
        move |nth: u64, now: u64| {
            let places = if now < 1000 { first } else { second };
            match nth % 5 < places {
                true => at("b-0", 49),
                false => Told {
                    tries: Vec::new(),
                    end: Some((1, answered(503, None))),
                },
            }
        }
    };
    let after = "inFlight: {after: 0}";
    check("used up to the new one", LIMIT, after, under(2, 4), Pass);
    check("left at the old one", LIMIT, after, under(2, 2), Fail);
    check("exceeded", LIMIT, after, under(2, 5), Fail);
    let before = "inFlight: {}";
    check("the old one until then", LIMIT, before, under(2, 4), Pass);
    check("the new one already", LIMIT, before, under(4, 4), Fail);
}

#[test]
fn members_that_come_and_go() {
    let members = |joins: u64, leaves: u64| {
        move |nth: u64, now: u64| {
            let mut members = vec![0];
            if now < leaves {
                members.push(1);
            }
            if now >= joins {
                members.push(2);
            }
            at(turn(members[nth as usize % members.len()], 3), 1)
        }
    };
    let joined = "joined: {call: a->b, change: 0, within: 300ms}";
    check("joined", MEMBERS, joined, members(510, 1010), Pass);
    check(
        "joined too late",
        MEMBERS,
        joined,
        members(1200, 1010),
        Fail,
    );
    check("never joined", MEMBERS, joined, members(9999, 1010), Fail);
    check("joined before", MEMBERS, joined, members(300, 1010), Fail);
    let left = "withdrawn: {call: a->b, change: 1, within: 100ms}";
    check("left", MEMBERS, left, members(510, 1006), Pass);
    check(
        "left within the bound",
        MEMBERS,
        left,
        members(510, 1080),
        Pass,
    );
    check("left too late", MEMBERS, left, members(510, 1500), Fail);
    check("never left", MEMBERS, left, members(510, 9999), Fail);
    check(
        "was never there",
        MEMBERS,
        left,
        members(510, 0),
        Inconclusive,
    );
}

/// Judges a case whose change was tampered with.
fn tampered(row: &str, tamper: impl Fn(&mut Vec<Record>), expected: VerdictKind, reason: &str) {
    let mut case = case(SPLIT);
    case.expect = vec![meshproof_yaml::from_str(row, "succeed: {atLeast: 100%}").unwrap()];
    let story = Story::of(&case).probed(|_, _| (20, answered(200, Some("a-0"))));
    let (header, mut records) = story.load("a-0", "b", moved(1003)).told();
    tamper(&mut records);
    let verdict = judge(&header, records.into_iter().map(Ok)).verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
    assert!(verdict.reason().contains(reason), "{row}: {verdict:?}");
}

#[test]
fn what_became_of_a_change() {
    let drop = |step: ChangeStep| {
        move |records: &mut Vec<Record>| {
            records.retain(|r| !matches!(r, Record::Change(c) if c.step == step));
        }
    };
    let never = |records: &mut Vec<Record>| {
        for record in records {
            if let Record::Change(change) = record
                && change.step == ChangeStep::Acts
            {
                change.step = ChangeStep::NeverActed;
            }
        }
    };
    let noise = |lag: u64| {
        move |records: &mut Vec<Record>| {
            never(records);
            for record in records {
                if let Record::Noise(noise) = record {
                    noise.lag = ms(lag);
                }
            }
        }
    };
    let later = |by: u64, steps: fn(&ChangeStep) -> bool| {
        move |records: &mut Vec<Record>| {
            for record in records.iter_mut() {
                if let Record::Change(change) = record
                    && steps(&change.step)
                {
                    change.at += ms(by);
                }
            }
            records.sort_by_key(Record::at);
        }
    };
    tampered("sound", |_| (), Pass, "");
    tampered(
        "not begun",
        drop(ChangeStep::Begun),
        Inconclusive,
        "never begun",
    );
    tampered(
        "not done",
        drop(ChangeStep::Done),
        Inconclusive,
        "was not done",
    );
    tampered("never acted", never, Fail, "change 0 (policy) never acted");
    tampered("never acted, noisy", noise(900), Inconclusive, "noisy");
    tampered(
        "begun late",
        later(400, |_| true),
        Inconclusive,
        "was due after 1s",
    );
    let done = later(5000, |step| *step == ChangeStep::Done);
    tampered(
        "done after the load",
        done,
        Inconclusive,
        "takes longer than the case leaves it",
    );
}

/// A sound case of changes to be spoilt.
const SOUND: &str = "\
meshproof/v1: cases
cases:
  - id: my.first
    level: must
    statement: It holds.
    sources: [me]
    requires: [split, endpoints]
    world: {services: {a: {calls: [b]}, b: {replicas: 2, absent: [b-1]}, c: {}}}
    load: {on: a, rate: 50/s, for: 2s}
    changes:
      - {at: 1s, do: {policy: {a->b: {backendRefs: [{name: c, weight: 1}]}}}}
      - {at: 1100ms, do: {admit: b-1}}
    expect:
      - joined: {call: a->b, change: 1, within: 100ms}
";

#[test]
fn changes_that_cannot_be_made_are_refused() {
    Suite::parse("mine", [("mine.yaml", SOUND)]).unwrap();
    let rows = [
        ("at: 1s", "at: 3s", "begins when the load is over"),
        ("at: 1s", "at: 1500ms", "is later than the one after it"),
        (
            "a->b: {backendRefs",
            "b->a: {backendRefs",
            "the policy is for the call `b->a`",
        ),
        ("name: c", "name: d", "sends traffic to `d`"),
        (
            "admit: b-1",
            "admit: b-2",
            "the replica `b-2` is not in the world",
        ),
        ("admit: b-1", "admit: b-0", "`b-0` is a member by then"),
        ("admit: b-1", "withdraw: b-1", "`b-1` is no member by then"),
        ("admit: b-1", "rollingRestart: bb", "a change restarts `bb`"),
        (
            "[split, endpoints]",
            "[split]",
            "`admit` needs the capability `endpoints`",
        ),
        (
            "[split, endpoints]",
            "[endpoints]",
            "`backendRefs` needs the capability `split`",
        ),
        (
            "c: {}",
            "c: {protocol: grpc}",
            "needs the capability `protocols.grpc`",
        ),
        (
            "absent: [b-1]",
            "absent: [b-7]",
            "which has no such replica",
        ),
        (
            "absent: [b-1]",
            "absent: [b-0, b-1]",
            "every replica of `b` is absent",
        ),
        ("on: a,", "on: a, path: here,", "`here` is not a plain path"),
        ("change: 1", "change: 0", "change 0 admits no replica"),
    ];
    for (sound, spoilt, reason) in rows {
        assert!(SOUND.contains(sound), "`{sound}`");
        let text = SOUND.replacen(sound, spoilt, 1);
        let error = Suite::parse("mine", [("mine.yaml", text.as_str())]).expect_err(spoilt);
        assert!(error.to_string().contains(reason), "{spoilt}: {error}");
    }
}

/// A sound case of identities to be spoilt.
const IDENTITY: &str = "\
meshproof/v1: cases
cases:
  - id: my.first
    level: must
    statement: It holds.
    sources: [me]
    requires: [mtls, split, protocols.http2]
    world: {services: {a: {calls: [b, d]}, b: {}, c: {}, d: {protocol: http2}}}
    policy: {a->b: {mtls: strict}}
    load: {on: a, rate: 50/s, for: 2s}
    changes:
      - {at: 1s, do: {intrude: {into: b, by: [clearText, {identity: c}]}}}
      - {at: 1100ms, do: {impostor: b-0}}
    expect:
      - noneReached: {}
";

#[test]
fn intrusions_that_prove_nothing_are_refused() {
    Suite::parse("mine", [("mine.yaml", IDENTITY)]).unwrap();
    let rows = [
        ("into: b", "into: bb", "an intruder calls `bb`"),
        ("into: b", "into: c", "nobody calls `c`"),
        (
            "into: b",
            "into: d",
            "an intruder speaks HTTP/1.1 and TCP only",
        ),
        (
            "[clearText, {identity: c}]",
            "[]",
            "says nothing under `by`",
        ),
        (
            "a->b: {mtls: strict}",
            "a->b: {}",
            "no policy asks for `mtls`",
        ),
        (
            "impostor: b-0",
            "impostor: b-1",
            "the replica `b-1` is not in the world",
        ),
        (
            "{intrude: {into: b, by: [clearText, {identity: c}]}}",
            "rotate",
            "nobody intrudes",
        ),
        (
            "impostor: b-0",
            "policy: {a->b: {allow: [a]}}",
            "brings `mtls` or `allow`",
        ),
        (
            "requires: [mtls, ",
            "requires: [",
            "needs the capability `mtls`",
        ),
    ];
    for (sound, spoilt, reason) in rows {
        assert!(IDENTITY.contains(sound), "`{sound}`");
        let text = IDENTITY.replacen(sound, spoilt, 1);
        let error = Suite::parse("mine", [("mine.yaml", text.as_str())]).expect_err(spoilt);
        assert!(error.to_string().contains(reason), "{spoilt}: {error}");
    }
}
