//! Every built-in case accepts a model mesh and rejects each sabotage that it names.

#[path = "support/builtin.rs"]
mod builtin;
#[path = "support/story.rs"]
mod story;

use std::collections::BTreeSet;

use builtin::{SUITE, case};
use meshproof_model::{BudgetKind, Method, Outcome, VerdictKind};
use meshproof_suites::history::Arm;
use meshproof_suites::{Case, Judgement, PROBER, prove};
use story::{Story, Told, Try, answered, ms, turn};

/// Every way of breaking the reference mesh that the suite answers for.
const SABOTAGE: [&str; 19] = [
    "ignoreRequestTimeout",
    "ignoreBackendTimeout",
    "leaveUpstreamRunning",
    "timeoutAlways",
    "retryWithoutBound",
    "neverRetry",
    "retryEveryCode",
    "retryEveryMethod",
    "retrySameReplica",
    "ignoreBudget",
    "neverEject",
    "neverReadmit",
    "ejectAtFirstError",
    "ignoreLimit",
    "limitQueues",
    "limitTooLow",
    "splitEvenly",
    "leakToZeroWeight",
    "ignorePolicyUpdates",
];

fn tries(tries: Vec<Try>, end: u64, outcome: Outcome) -> Told {
    Told {
        tries,
        end: Some((end, outcome)),
    }
}

/// Tries that fail one after the other with `status`, `every` ms apart.
fn failing(
    count: u64,
    every: u64,
    length: u64,
    status: u16,
    replica: impl Fn(u64) -> String,
) -> Told {
    let tries = (0..count).map(|nth| {
        let from = nth * every;
        Try(
            replica(nth),
            from,
            Some(from + length),
            answered(status, None),
        )
    });
    Told {
        tries: tries.collect(),
        end: Some((
            count.saturating_sub(1) * every + length,
            answered(status, Some("b-0")),
        )),
    }
}

/// What the mesh does in one case: soundly (`""`), or with a sabotage.
fn story(case: &Case, sabotage: &str) -> Story {
    let story = Story::of(case).probed(|_, _| (20, answered(200, Some("a-0"))));
    let on_b = |told: &mut dyn FnMut(u64, u64) -> Told| {
        let case = case.clone();
        Story::of(&case)
            .probed(|_, _| (20, answered(200, Some("a-0"))))
            .load("a-0", "b", told)
    };
    let b0 = |_: u64| "b-0".to_owned();
    let bad = sabotage;
    match case.id.as_str() {
        "resilience.timeout.total" => on_b(&mut |_, _| {
            let (end, outcome) = match bad {
                "ignoreRequestTimeout" => (1500, answered(200, Some("b-0"))),
                "timeoutAlways" => (100, answered(504, None)),
                _ => (304, answered(504, None)),
            };
            let (seen, upstream) = match bad {
                "leaveUpstreamRunning" | "ignoreRequestTimeout" => (1500, answered(200, None)),
                _ => (end + 2, Outcome::Cancelled),
            };
            tries(vec![Try(b0(0), 1, Some(seen), upstream)], end, outcome)
        }),
        "resilience.timeout.per-try" => on_b(&mut |_, _| {
            let (mut list, mut from) = (Vec::new(), 1);
            let limit = match bad {
                "ignoreRequestTimeout" => 900,
                "timeoutAlways" => 100,
                _ => 400,
            };
            let length = if bad == "ignoreBackendTimeout" {
                1000
            } else {
                80
            };
            while from < limit {
                let mut until = (from + length).min(limit);
                let mut outcome = Outcome::Cancelled;
                if bad == "leaveUpstreamRunning" {
                    (until, outcome) = (from + 1000, answered(200, None));
                }
                list.push(Try(b0(0), from, Some(until), outcome));
                from += length + 30;
                if bad == "neverRetry" {
                    break;
                }
            }
            tries(list, limit, answered(504, None))
        }),
        "resilience.timeout.left-alone" => on_b(&mut |_, _| match bad {
            "timeoutAlways" => tries(
                vec![Try(b0(0), 1, Some(101), Outcome::Cancelled)],
                100,
                answered(504, None),
            ),
            _ => failing(1, 0, 300, 200, b0),
        }),
        "resilience.retry.bounded" => on_b(&mut |nth, _| {
            let count = match bad {
                "retryWithoutBound" => 11,
                "neverRetry" => 1,
                _ => 3,
            };
            failing(count, 25, 1, 503, |one| turn(nth + one, 3))
        }),
        "resilience.retry.codes" => on_b(&mut |nth, _| {
            let mut told = failing(if bad == "neverRetry" { 1 } else { 2 }, 25, 1, 503, b0);
            let last = told.tries.len() - 1;
            if nth % 2 == 0 {
                told.tries[last].3 = answered(500, None);
            }
            if nth % 4 == 0 && bad == "retryEveryCode" {
                told.tries
                    .push(Try(b0(0), 50, Some(51), answered(500, None)));
            }
            told
        }),
        "resilience.retry.methods" => on_b(&mut |nth, _| {
            let method = case.load.methods[nth as usize % 3];
            let once = bad == "neverRetry" || (method == Method::Post && bad != "retryEveryMethod");
            failing(if once { 1 } else { 3 }, 25, 1, 503, b0)
        }),
        "resilience.retry.elsewhere" => on_b(&mut |nth, _| {
            let again = match bad {
                "neverRetry" => 1,
                _ if nth % 3 == 0 => 2,
                _ => 1,
            };
            failing(again, 25, 1, 503, |one| {
                let moved = if bad == "retrySameReplica" { 0 } else { one };
                turn(nth + moved, 3)
            })
        }),
        "resilience.retry.budget" => on_b(&mut |nth, _| {
            let count = match bad {
                "ignoreBudget" => 4,
                "neverRetry" => 1,
                _ if nth % 10 == 0 => 3,
                _ => 1,
            };
            failing(count, 75, 41, 503, b0)
        }),
        "resilience.amplification.chain" => chain(
            story,
            match bad {
                "neverRetry" => 1,
                "retryWithoutBound" => 5,
                _ => 2,
            },
        ),
        "resilience.outlier.ejects" | "resilience.outlier.returns" => {
            let after = match bad {
                "neverEject" => u64::MAX,
                "ejectAtFirstError" => 1,
                _ => 5,
            };
            let returns = case.id.ends_with("returns") && bad != "neverReadmit";
            let (mut errors, mut ejected) = (0, None);
            on_b(&mut |nth, at| {
                let out = ejected.is_some_and(|since| at < since + 720 || !returns);
                let replica = match nth % 3 {
                    0 if out => turn(nth / 3 % 2 + 1, 3),
                    turned => turn(turned, 3),
                };
                let failing_until = case.faults[0].until.as_millis();
                let status = if replica == "b-0" && at < failing_until {
                    500
                } else {
                    200
                };
                if status == 500 {
                    errors += 1;
                    if errors == after {
                        ejected = Some(at);
                    }
                }
                failing(1, 0, 1, status, |_| replica.clone())
            })
        }
        "resilience.limits.in-flight" => {
            let limit = match bad {
                "ignoreLimit" => 100,
                "limitTooLow" => 2,
                _ => 4,
            };
            let mut free = vec![0; limit];
            on_b(&mut |_, at| {
                let (slot, soonest) = free
                    .iter()
                    .copied()
                    .enumerate()
                    .min_by_key(|(_, t)| *t)
                    .expect("there is a slot");
                if soonest <= at || bad == "limitQueues" {
                    let from = soonest.max(at) - at;
                    free[slot] = at + from + 62;
                    return tries(
                        vec![Try(b0(0), from, Some(from + 60), answered(200, None))],
                        from + 61,
                        answered(200, Some("b-0")),
                    );
                }
                tries(Vec::new(), 1, answered(503, None))
            })
        }
        "resilience.split.weights" => {
            let one = |service: &str| Told {
                tries: vec![Try(format!("{service}-0"), 0, Some(1), answered(200, None))],
                end: Some((2, answered(200, Some("x")))),
            };
            story
                .load("a-0", "b", |nth, _| match bad {
                    "splitEvenly" if nth % 2 == 0 => one("b-next"),
                    "splitEvenly" => one("b"),
                    _ if nth % 5 == 0 => one("b-next"),
                    _ => one("b"),
                })
                .load("a-0", "c", |nth, _| match bad {
                    "splitEvenly" if nth % 2 == 0 => one("c"),
                    "leakToZeroWeight" if nth % 20 == 0 => one("c"),
                    _ => one("c-next"),
                })
        }
        "resilience.isolation.report" => {
            let hurt = bad == "ignoreRequestTimeout" || bad == "no mesh";
            Story::of(case).probed(|_, at| match (at < 500, hurt) {
                (true, _) => (3, answered(200, Some("payments-0"))),
                (false, false) => (105, answered(200, Some("payments-0"))),
                (false, true) => (1000, Outcome::GaveUp),
            })
        }
        other => panic!("no story for {other}"),
    }
}

/// Each layer of a -> b -> c -> d tries `each` times.
fn chain(mut story: Story, each: u64) -> Story {
    for (nth, at) in story.schedule() {
        let at = story::ms(at);
        let layer = |story: &mut Story, caller: &str, peer: &str, times: u64| {
            for one in 0..times {
                let told = failing(each, 3, 1, 503, |_| format!("{peer}-0"));
                story.call(nth, at + story::ms(1 + one * 20), caller, peer, &told);
            }
        };
        layer(&mut story, "a-0", "b", 1);
        layer(&mut story, "b-0", "c", each);
        layer(&mut story, "c-0", "d", each * each);
    }
    story
}

fn judged(case: &Case, sabotage: &str) -> Judgement {
    story(case, sabotage).judged()
}

#[test]
fn every_case_accepts_the_model() {
    for case in &SUITE.cases {
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
    for case in &SUITE.cases {
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
    assert_eq!(named, SABOTAGE.into_iter().collect());
    for case in &suite.cases {
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
    for case in &SUITE.cases {
        if case.id == "resilience.isolation.report" {
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
