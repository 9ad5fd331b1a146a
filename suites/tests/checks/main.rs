//! Each check by itself: what it lets pass, what it refuses, and what it cannot tell.

#[path = "../support/builtin.rs"]
mod builtin;
mod deadlines;
mod ejection;
mod limits;
mod retries;
mod soundness;
mod splits;
#[path = "../support/story.rs"]
mod story;
mod telemetry;

use builtin::{SUITE, case};
use meshproof_model::{Outcome, VerdictKind};
use meshproof_suites::{Expect, Scene, Suite};
use story::{Story, Told, Try, answered};

/// Judges one check of a case by the calls a->b that `told` tells.
fn check(
    row: &str,
    id: &str,
    expect: &str,
    told: impl FnMut(u64, u64) -> Told,
    expected: VerdictKind,
) {
    let mut case = case(id);
    let expect: Expect = meshproof_yaml::from_str(row, expect).expect(row);
    case.expect = vec![expect];
    let story = Story::of(&case).probed(|_, _| (20, answered(200, Some("a-0"))));
    let verdict = story.load("a-0", "b", told).judged().verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
}

fn one(from: u64, until: Option<u64>, seen: Outcome, end: Option<(u64, Outcome)>) -> Told {
    Told {
        tries: vec![Try("b-0".to_owned(), from, until, seen)],
        end,
    }
}

fn cancelled(at: u64, end: u64) -> Told {
    one(
        1,
        Some(at),
        Outcome::Cancelled,
        Some((end, answered(504, None))),
    )
}

fn served(length: u64) -> Told {
    one(
        1,
        Some(length),
        answered(200, None),
        Some((length, answered(200, Some("b-0")))),
    )
}

#[test]
fn no_check_passes_or_fails_on_nothing() {
    for case in &SUITE.cases {
        let scene = Scene { case, budget: None };
        for expect in &case.expect {
            let finding = expect.start(scene).finish();
            let nothing = matches!(
                finding,
                meshproof_suites::check::Finding::Inconclusive { .. }
            );
            assert!(nothing, "{} {}: {finding:?}", case.id, expect.name());
        }
    }
}

#[test]
fn every_check_is_used_and_catalogued() {
    let suites = Suite::builtin_names().map(Suite::builtin);
    let cases = suites.flat_map(|suite| suite.expect("the suite is built in").cases);
    let used = cases.flat_map(|case| case.expect);
    let mut used: Vec<_> = used.map(|expect| expect.name()).collect();
    let mut known: Vec<_> = Expect::CATALOGUE.iter().map(|(name, _)| *name).collect();
    used.sort_unstable();
    used.dedup();
    known.sort_unstable();
    assert_eq!(used, known);
}
