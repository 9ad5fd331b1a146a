//! Every built-in case accepts a model mesh and rejects each sabotage that it names.

#[path = "../support/builtin.rs"]
mod builtin;
mod model;
#[path = "../support/story.rs"]
mod story;

use std::collections::BTreeSet;

use builtin::{SUITE, case};
use meshproof_model::{BudgetKind, Outcome, VerdictKind};
use meshproof_suites::history::Arm;
use meshproof_suites::{Case, Judgement, PROBER, prove};
use model::{story, tries};
use story::{Story, Try, answered, ms};

/// Every way of breaking the reference mesh that the suite answers for.
const SABOTAGE: &[&str] = &[
    "ignoreRequestTimeout",
    "ignoreBackendTimeout",
    "leaveUpstreamRunning",
    "timeoutAlways",
    "restartTimerEachTry",
    "retryPastDeadline",
    "retryWithoutBound",
    "neverRetry",
    "neverRetryConnect",
    "retryAfterResponseBegan",
    "retryEveryCode",
    "retryEveryMethod",
    "retrySameReplica",
    "noBackoff",
    "ignoreBudget",
    "neverEject",
    "neverReadmit",
    "ejectAtFirstError",
    "ejectAll",
    "forgetEjectionsOnPolicy",
    "ignoreLimit",
    "limitQueues",
    "limitTooLow",
    "onePool",
    "unfairBalance",
    "splitEvenly",
    "leakToZeroWeight",
    "completeCutBody",
    "ignorePolicyUpdates",
    "oneProxyNeverUpdated",
    "forgetPolicyWithoutControl",
    "refuseNewWithoutControl",
    "forgetWhenControlEmpty",
    "neverReturnToControl",
    "forgetOnRestart",
    "lieInMetrics",
    "acceptAfterDrain",
    "readyBeforeProgrammed",
    "cutInFlightOnDrain",
    "holdRequests",
    "ignoreCancel",
    "loseTrailers",
    "hideGrpcStatus",
    "halfCloseCloses",
    "plaintextOnWire",
    "acceptAnyIdentity",
    "acceptExpired",
    "neverRotate",
    "ignoreAllowList",
];

/// The cases that are told here. What intruders do and what a tap reads is told with the checks
/// that look at it.
fn told() -> impl Iterator<Item = &'static Case> {
    let cases = SUITE.cases.iter();
    cases.filter(|case| !case.id.starts_with("resilience.identity."))
}

fn judged(case: &Case, sabotage: &str) -> Judgement {
    story(case, sabotage).judged()
}

#[test]
fn every_case_accepts_the_model() {
    for case in told() {
        let judgement = judged(case, "");
        let verdict = &judgement.verdict;
        assert_eq!(
            verdict.kind(),
            VerdictKind::Pass,
            "{}: {verdict:?}",
            case.id
        );
        assert_eq!(judgement.converged.unwrap().as_millis(), 50);
        assert_eq!(judgement.lag.unwrap().as_millis(), 1);
    }
}

#[test]
fn every_case_rejects_each_sabotage_that_it_names() {
    for case in told() {
        let named = case
            .sabotage
            .iter()
            .filter(|name| *name != "ignorePolicyUpdates");
        for sabotage in named {
            let verdict = judged(case, sabotage).verdict;
            assert_eq!(
                verdict.kind(),
                VerdictKind::Fail,
                "{} with {sabotage}: {verdict:?}",
                case.id
            );
        }
    }
}

#[test]
fn every_sabotage_is_named_and_every_name_is_one() {
    let suite = &*SUITE;
    let named: BTreeSet<_> = suite
        .cases
        .iter()
        .flat_map(|case| &case.sabotage)
        .map(String::as_str)
        .collect();
    assert_eq!(named, SABOTAGE.iter().copied().collect());
    let with_policy = suite.cases.iter().filter(|case| !case.policy.is_empty());
    for case in with_policy {
        let gated = case
            .sabotage
            .iter()
            .any(|name| name == "ignorePolicyUpdates");
        assert!(
            gated,
            "{}: a gated case catches ignorePolicyUpdates",
            case.id
        );
    }
}

#[test]
fn a_history_without_calls_over_the_edge_is_inconclusive() {
    for case in told() {
        if case.id.starts_with("resilience.isolation.") {
            continue;
        }
        let verdict = Story::of(case)
            .probed(|_, _| (1, answered(200, None)))
            .judged()
            .verdict;
        assert_eq!(
            verdict.kind(),
            VerdictKind::Inconclusive,
            "{}: {verdict:?}",
            case.id
        );
    }
}

#[test]
fn a_budget_is_judged_by_the_declared_kind() {
    let case = case("resilience.retry.budget");
    for (kind, sabotage, expected) in [
        (Some(BudgetKind::Rate), "", VerdictKind::Pass),
        (Some(BudgetKind::Concurrency), "", VerdictKind::Pass),
        (Some(BudgetKind::Rate), "ignoreBudget", VerdictKind::Fail),
        (
            Some(BudgetKind::Concurrency),
            "ignoreBudget",
            VerdictKind::Fail,
        ),
        (None, "", VerdictKind::Inconclusive),
    ] {
        let mut story = story(&case, sabotage);
        story.budget = kind;
        let verdict = story.judged().verdict;
        assert_eq!(verdict.kind(), expected, "{kind:?} {sabotage}: {verdict:?}");
    }
}

#[test]
fn a_missed_bound_on_a_noisy_machine_is_inconclusive() {
    let case = case("resilience.timeout.total");
    let mut late = Story::of(&case)
        .probed(|_, _| (20, answered(200, Some("a-0"))))
        .load("a-0", "b", |_, _| {
            tries(
                vec![Try("b-0".to_owned(), 1, Some(362), Outcome::Cancelled)],
                360,
                answered(504, None),
            )
        });
    late.lag = story::ms(10);
    assert_eq!(late.judged().verdict.kind(), VerdictKind::Fail);
    let mut noisy = story(&case, "");
    noisy = noisy.load("a-0", "b", |_, _| {
        tries(
            vec![Try("b-0".to_owned(), 1, Some(362), Outcome::Cancelled)],
            360,
            answered(504, None),
        )
    });
    noisy.lag = story::ms(40);
    let verdict = noisy.judged().verdict;
    assert_eq!(verdict.kind(), VerdictKind::Inconclusive);
    assert!(verdict.reason().contains("noisy"), "{verdict:?}");
}

#[test]
fn a_slow_hop_without_a_mesh_is_noise_too() {
    let case = case("resilience.timeout.total");
    let told = |slow: u64| {
        let mut story = Story::of(&case)
            .probed(|_, _| (20, answered(200, Some("a-0"))))
            .load("a-0", "b", |_, _| {
                tries(
                    vec![Try("b-0".to_owned(), 1, Some(502), Outcome::Cancelled)],
                    500,
                    answered(504, None),
                )
            });
        let entry = Try("a-0".to_owned(), slow, Some(600), answered(200, None));
        let slow = tries(vec![entry], 600, answered(200, Some("a-0")));
        story.call(0, ms(1), PROBER, "a", &slow);
        story
    };
    assert_eq!(told(30).judged().verdict.kind(), VerdictKind::Fail);
    let verdict = told(60).judged().verdict;
    assert_eq!(verdict.kind(), VerdictKind::Inconclusive, "{verdict:?}");
}

#[test]
fn isolation_is_proven_by_the_run_without_a_mesh() {
    let case = case("resilience.isolation.report");
    let mut control = story(&case, "no mesh");
    control.arm = Arm::Control;
    let control = control.judged();
    assert_eq!(control.verdict.kind(), VerdictKind::Fail);
    let proven = prove(judged(&case, ""), &control);
    assert_eq!(proven.verdict.kind(), VerdictKind::Pass);
    let unharmed = judged(&case, "");
    let unproven = prove(judged(&case, ""), &unharmed);
    assert_eq!(unproven.verdict.kind(), VerdictKind::Inconclusive);
}

#[test]
fn evidence_is_told_with_relative_times() {
    let verdict = judged(&case("resilience.retry.bounded"), "retryWithoutBound").verdict;
    let meshproof_model::Verdict::Fail { why, evidence } = verdict else {
        panic!("{verdict:?}");
    };
    assert!(why.contains("at most 3 attempts"), "{why}");
    assert_eq!(evidence.len(), 3);
    assert_eq!(evidence[0].lines[0].trim(), "0.0 ms a-0 sends GET to b");
    assert_eq!(evidence[0].lines.len(), 24);
}
