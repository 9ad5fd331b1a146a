//! Bodies from end to end: what a caller takes for whole is what was sent.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

#[path = "support/story.rs"]
mod story;

use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::{AttemptEnded, Outcome, Record, Side};
use meshproof_suites::Case;
use story::{Story, Told, Try, answered, turn};

/// Judges fifty calls of which the seventh is `odd`, and the records of which are then `bent`.
fn check(
    row: &str,
    expect: &str,
    odd: &Told,
    bent: impl Fn(&mut AttemptEnded, usize),
    expected: VerdictKind,
) -> String {
    let text = format!(
        "id: my.case\nlevel: must\nstatement: It holds.\nsources: [me]\n\
         world: {{services: {{a: {{calls: [b]}}, b: {{replicas: 2}}}}}}\n\
         load: {{on: a, rate: 50/s, for: 1s, methods: [GET, PUT]}}\nexpect: [{expect}]\n"
    );
    let case: Case = meshproof_yaml::from_str("case.yaml", &text).expect(row);
    let mut story = Story::of(&case)
        .probed(|_, _| (20, answered(200, Some("a-0"))))
        .load("a-0", "b", |nth, _| match nth {
            6 => odd.clone(),
            _ => whole(&turn(nth, 1)),
        });
    let ends = story.records.iter_mut().filter_map(|record| match record {
        Record::AttemptEnded(end) => Some(end),
        _ => None,
    });
    // The prober's calls come first, then those of a: each is its caller's end and its callee's.
    let calls = ends.filter(|end| end.replica.starts_with("b-") || end.side == Side::Caller);
    let own = calls.filter(|end| end.replica != "prober");
    for (nth, end) in own.enumerate() {
        let whole = matches!(end.outcome, Outcome::Answered { .. });
        let told = whole.then(|| "the answer".to_owned());
        match end.side {
            Side::Caller => end.received = told,
            Side::Callee => end.sent = told,
        }
        bent(end, nth);
    }
    let verdict = story.judged().verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
    verdict.reason().to_owned()
}

fn told(by: &str, seen: Outcome, end: Outcome) -> Told {
    Told {
        tries: vec![Try(by.to_owned(), 0, Some(1), seen)],
        end: Some((2, end)),
    }
}

fn whole(by: &str) -> Told {
    told(by, answered(200, None), answered(200, Some(by)))
}

const INTACT: &str = "{intact: {call: a->b, atLeast: 40}}";
const BROKEN: &str = "{intact: {call: a->b, atLeast: 40, broken: 1}}";

#[test]
fn what_is_taken_for_whole_was_sent() {
    let same = |_: &mut AttemptEnded, _: usize| {};
    let answer = || answered(200, Some("b-0"));
    check("sound", INTACT, &whole("b-0"), same, Pass);
    let cut = told("b-0", answered(200, None), Outcome::Cut);
    let why = check("told as an error", BROKEN, &cut, same, Pass);
    assert!(why.contains("1 calls broke off"), "{why}");
    check(
        "nothing broke off",
        BROKEN,
        &whole("b-0"),
        same,
        Inconclusive,
    );
    let mine = answered(503, None);
    let mine = told("b-0", Outcome::Cancelled, mine);
    check("the mesh's own error", BROKEN, &mine, same, Pass);
    let short = told("b-0", Outcome::Cut, answer());
    let why = check("passed off as whole", INTACT, &short, same, Fail);
    assert!(why.contains("never sent it in full"), "{why}");
    let status = told("b-0", answered(503, None), answer());
    check("another status", INTACT, &status, same, Fail);
    let stranger = told("b-1", answered(200, None), answer());
    let why = check("of another replica", INTACT, &stranger, same, Fail);
    assert!(why.contains("never saw the call"), "{why}");
    let nobody = Told {
        tries: Vec::new(),
        end: Some((1, Outcome::Refused)),
    };
    check(
        "never sent is none that broke off",
        BROKEN,
        &nobody,
        same,
        Inconclusive,
    );
    let few = "{intact: {call: a->b, atLeast: 51}}";
    check("too few", few, &whole("b-0"), same, Inconclusive);
}

#[test]
fn a_byte_makes_the_difference_either_way() {
    for side in [Side::Caller, Side::Callee] {
        let other = |end: &mut AttemptEnded, nth: usize| {
            if end.side == side && nth / 2 == 9 {
                end.received = Some("something else".to_owned());
            }
        };
        check("another digest", INTACT, &whole("b-0"), other, Fail);
        let lost = |end: &mut AttemptEnded, nth: usize| {
            if end.side == side && nth / 2 == 9 {
                end.sent = None;
                end.received = None;
            }
        };
        check("none on one side", INTACT, &whole("b-0"), lost, Fail);
    }
    let retried = Told {
        tries: vec![
            Try("b-0".to_owned(), 0, Some(1), answered(503, None)),
            Try("b-0".to_owned(), 5, Some(6), answered(200, None)),
        ],
        end: Some((7, answered(200, Some("b-0")))),
    };
    check("a second try", INTACT, &retried, |_, _| {}, Pass);
}

#[test]
fn success_may_be_asked_of_some_methods() {
    let failed = told("b-0", Outcome::Unanswered, answered(503, None));
    let same = |_: &mut AttemptEnded, _: usize| {};
    // The seventh call is a GET.
    for (methods, expected) in [("[PUT]", Pass), ("[GET]", Fail), ("[POST]", Inconclusive)] {
        let expect = format!("{{succeed: {{call: a->b, atLeast: 100%, methods: {methods}}}}}");
        check(methods, &expect, &failed, same, expected);
    }
}
