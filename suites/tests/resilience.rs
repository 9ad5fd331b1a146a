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
const SABOTAGE: [&str; 41] = [
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
    "readyBeforeProgrammed",
    "cutInFlightOnDrain",
    "loseTrailers",
    "hideGrpcStatus",
    "halfCloseCloses",
    "plaintextOnWire",
    "acceptAnyIdentity",
    "acceptExpired",
    "ignoreAllowList",
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
    if bad == "readyBeforeProgrammed" {
        return on_b(&mut |_, at| match at < 300 {
            true => tries(Vec::new(), 1, Outcome::Refused),
            false => failing(1, 0, 1, 200, b0),
        });
    }
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
                "ignoreRequestTimeout" | "restartTimerEachTry" | "retryPastDeadline" => 900,
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
        "resilience.retry.bounded" | "resilience.http2.retry" => on_b(&mut |nth, _| {
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
        "resilience.limits.in-flight" | "resilience.http2.limits" => {
            let mut places = Places::new(match bad {
                "ignoreLimit" => 100,
                "limitTooLow" => 2,
                _ => 4,
            });
            on_b(&mut |_, at| places.call(at, 60, bad == "limitQueues"))
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
                .load("a-0", "d", |nth, _| match nth % 2 {
                    0 => one("d-next"),
                    _ => one("d"),
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
        "resilience.timeout.status"
        | "resilience.timeout.body"
        | "resilience.http2.timeout"
        | "resilience.grpc.timeout" => on_b(&mut |_, _| {
            let body = case.id.ends_with("body");
            let at = match bad {
                "ignoreRequestTimeout" => 1000,
                "timeoutAlways" => 100,
                _ if body => 301,
                _ if case.id.ends_with("status") => 201,
                _ => 401,
            };
            let outcome = match (bad, body) {
                ("ignoreRequestTimeout", _) => answered(200, Some("b-0")),
                (_, true) => Outcome::Cut,
                (_, false) => answered(504, None),
            };
            let runs_on = matches!(bad, "leaveUpstreamRunning" | "ignoreRequestTimeout");
            let one = match runs_on {
                true => Try(b0(0), 1, Some(1000), answered(200, None)),
                false => Try(b0(0), 1, Some(at + 1), Outcome::Cancelled),
            };
            tries(vec![one], at, outcome)
        }),
        "resilience.timeout.stream" => on_b(&mut |_, _| match bad {
            "timeoutAlways" => {
                let one = Try(b0(0), 1, Some(101), Outcome::Cancelled);
                tries(vec![one], 100, Outcome::Cut)
            }
            _ => failing(1, 0, 1200, 200, b0),
        }),
        "resilience.retry.refused"
        | "resilience.retry.dead-application"
        | "resilience.wire.reset"
        | "resilience.sidecar.killed" => on_b(&mut |nth, at| {
            let fault = &case.faults[0];
            let broken = (fault.from.as_millis()..fault.until.as_millis()).contains(&at);
            match nth % 2 == 0 && broken {
                true if !bad.is_empty() => tries(Vec::new(), 2, answered(503, None)),
                true => {
                    let one = Try("b-1".to_owned(), 30, Some(31), answered(200, None));
                    tries(vec![one], 32, answered(200, Some("b-1")))
                }
                false => failing(1, 0, 1, 200, |_| turn(nth, 2)),
            }
        }),
        "resilience.wire.blackhole"
        | "resilience.wire.half-open"
        | "resilience.wire.syn-blackhole"
        | "resilience.sidecar.stopped" => on_b(&mut |nth, at| {
            let (silent, other) = match case.id.ends_with("stopped") {
                true => ("b-1", "b-0"),
                false => ("b-0", "b-1"),
            };
            let replica = if nth % 2 == 0 { silent } else { other };
            if replica == other || !(300..900).contains(&at) {
                return failing(1, 0, 1, 200, |_| replica.to_owned());
            }
            let first = Try(silent.to_owned(), 1, Some(150), Outcome::Cancelled);
            let second = Try(other.to_owned(), 180, Some(181), answered(200, None));
            match bad {
                "" => tries(vec![first, second], 182, answered(200, Some(other))),
                "ignoreBackendTimeout" => tries(
                    vec![Try(
                        silent.to_owned(),
                        1,
                        Some(1901 - at),
                        answered(200, None),
                    )],
                    1902 - at,
                    answered(200, Some(silent)),
                ),
                _ => tries(vec![first], 151, answered(504, None)),
            }
        }),
        "resilience.retry.deadline" => on_b(&mut |_, _| {
            let until = match bad {
                "neverRetry" => 1,
                "" => 300,
                _ => 900,
            };
            let starts = (0..).map(|nth| nth * 75).take_while(|from| *from < until);
            let list = starts.map(|from| Try(b0(0), from, Some(from + 60), answered(503, None)));
            tries(list.collect(), until.max(60), answered(503, Some("b-0")))
        }),
        "resilience.retry.begun" => on_b(&mut |_, _| {
            let cut = |from| Try(b0(0), from, Some(from + 1), Outcome::Cut);
            match bad {
                "retryAfterResponseBegan" => tries(vec![cut(0), cut(30)], 32, Outcome::Cut),
                "completeCutBody" => tries(vec![cut(0)], 2, answered(200, Some("b-0"))),
                _ => tries(vec![cut(0)], 2, Outcome::Cut),
            }
        }),
        "resilience.retry.backoff" | "resilience.retry.backoff-each" => on_b(&mut |nth, _| {
            let gap = if bad == "noBackoff" { 2 } else { 42 + nth % 37 };
            let count = if bad == "neverRetry" { 1 } else { 2 };
            failing(count, gap, 1, 503, b0)
        }),
        "resilience.retry.budget-fast" => on_b(&mut |nth, _| {
            let count = match bad {
                "ignoreBudget" => 4,
                "neverRetry" => 1,
                _ if nth % 10 == 0 => 3,
                _ => 1,
            };
            failing(count, 25, 1, 503, b0)
        }),
        "resilience.limits.per-caller" => {
            let limit = |caller: u64| match bad {
                "ignoreLimit" => 1000,
                "oneProxyNeverUpdated" if caller == 1 => 1000,
                "limitTooLow" => 2,
                _ => 4,
            };
            let mut places = [Places::new(limit(0)), Places::new(limit(1))];
            let mut story = story;
            for (nth, at) in story.schedule() {
                let caller = nth % 2;
                let told = places[caller as usize].call(at, 60, bad == "limitQueues");
                story.call(nth, ms(at), &format!("a-{caller}"), "b", &told);
            }
            story
        }
        "resilience.limits.raised" | "resilience.overload.shed" => {
            let raised = case.id.ends_with("raised");
            let of = |limit: usize| match bad {
                "ignoreLimit" => 1000,
                "limitTooLow" => limit / 2,
                _ => limit,
            };
            let mut places = Places::new(of(if raised { 2 } else { 4 }));
            on_b(&mut |_, at| {
                if raised && at >= 705 {
                    places.grow(of(6));
                }
                places.call(at, if raised { 60 } else { 50 }, bad == "limitQueues")
            })
        }
        "resilience.bulkhead.slow-neighbour" => story.load("a-0", "c", |_, _| {
            let length = if bad == "onePool" { 400 } else { 1 };
            failing(1, 0, length, 200, |_| "c-0".to_owned())
        }),
        "resilience.outlier.floor" => on_b(&mut |nth, at| {
            let out = match bad {
                "neverEject" => 0,
                "ejectAll" => 3,
                _ => 2,
            };
            let replica = match at {
                0..200 => nth % 4,
                _ => out + nth % (4 - out),
            };
            failing(1, 0, 1, if replica == 3 { 200 } else { 500 }, |_| {
                turn(replica, 4)
            })
        }),
        "resilience.outlier.all-bad" => on_b(&mut |nth, at| {
            let back = at >= 1100 && bad != "neverReadmit";
            match (at < 250, back) {
                (true, _) => failing(1, 0, 1, 500, |_| turn(nth, 3)),
                (false, true) => failing(1, 0, 1, 200, b0),
                (false, false) => tries(Vec::new(), 1, answered(503, None)),
            }
        }),
        "resilience.outlier.policy-change" => {
            let after = match bad {
                "neverEject" => u64::MAX,
                "ejectAtFirstError" => 1,
                _ => 5,
            };
            let mut errors = 0;
            on_b(&mut |nth, at| {
                let forgotten = bad == "forgetEjectionsOnPolicy" && at >= 805;
                let out = errors >= after && !forgotten;
                let replica = match nth % 3 {
                    0 if out => turn(nth / 3 % 2 + 1, 3),
                    turned => turn(turned, 3),
                };
                let status = if replica == "b-0" { 500 } else { 200 };
                errors += u64::from(status == 500);
                failing(1, 0, 1, status, |_| replica.clone())
            })
        }
        "resilience.balance.equal"
        | "resilience.balance.slow"
        | "resilience.http2.balance"
        | "resilience.grpc.balance"
        | "resilience.tcp.balance" => on_b(&mut |nth, _| {
            let replica = match bad {
                "unfairBalance" if nth % 10 > 0 => 0,
                _ => nth % 3,
            };
            let mut told = failing(1, 0, 1, 200, |_| turn(replica, 3));
            if bad == "loseTrailers" {
                told.end = Some((2, Outcome::Cut));
            }
            told
        }),
        "resilience.split.rare" | "resilience.split.changed" | "resilience.tcp.split" => {
            on_b(&mut |nth, at| {
                let of_next = match case.id.as_str() {
                    _ if bad == "splitEvenly" => 50,
                    "resilience.split.rare" => 1,
                    "resilience.tcp.split" => 20,
                    _ if at < 953 => 20,
                    _ => 80,
                };
                let next = nth % 100 < of_next;
                failing(1, 0, 1, 200, |_| {
                    if next { "b-next-0" } else { "b-0" }.to_owned()
                })
            })
        }
        "resilience.control.invalid" => on_b(&mut |nth, _| {
            let leaks = bad == "leakToZeroWeight" && nth % 20 == 0;
            failing(1, 0, 1, 200, |_| {
                if leaks { "b-0" } else { "b-next-0" }.to_owned()
            })
        }),
        "resilience.control.propagation" => {
            let mut story = story;
            for (nth, at) in story.schedule() {
                let caller = nth % 3;
                let stays = at < 503 || bad == "oneProxyNeverUpdated" && caller == 1;
                let leaks = bad == "leakToZeroWeight" && nth % 20 == 0;
                let replica = if stays || leaks { "b-0" } else { "b-next-0" };
                let told = failing(1, 0, 1, 200, |_| replica.to_owned());
                story.call(nth, ms(at), &format!("a-{caller}"), "b", &told);
            }
            story
        }
        "resilience.control.dies" => story
            .load("a-0", "b", |nth, at| match (bad, at >= 300) {
                ("forgetPolicyWithoutControl", true) => failing(1, 0, 1, 200, b0),
                ("leakToZeroWeight", _) if nth % 20 == 0 => failing(1, 0, 1, 200, b0),
                _ => failing(1, 0, 1, 200, |_| "b-next-0".to_owned()),
            })
            .load("a-0", "c", |_, at| {
                let (end, status) = match (bad, at >= 300) {
                    ("ignoreRequestTimeout", _) => (1000, 200),
                    ("timeoutAlways", _) => (100, 504),
                    ("refuseNewWithoutControl", true) => (1, 503),
                    _ => (151, 504),
                };
                let one = Try("c-0".to_owned(), 0, Some(end), Outcome::Cancelled);
                tries(vec![one], end, answered(status, None))
            }),
        "resilience.control.reconnect" => on_b(&mut |_, at| {
            let refused = !bad.is_empty() && (700..1200).contains(&at);
            match (600..700).contains(&at) || refused {
                true => tries(Vec::new(), 1, Outcome::Reset),
                false => failing(1, 0, 1, 200, b0),
            }
        }),
        "resilience.overload.metastable" => on_b(&mut |_, at| {
            let well = at < 400 || (at >= 1200 && bad != "neverReadmit");
            failing(1, 0, 1, if well { 200 } else { 503 }, b0)
        }),
        "resilience.grpc.status" => on_b(&mut |nth, _| {
            let status = if nth % 2 == 0 { 503 } else { 200 };
            let one = vec![Try(b0(0), 0, Some(1), answered(status, None))];
            match bad {
                "hideGrpcStatus" => tries(one, 2, answered(200, Some("b-0"))),
                "loseTrailers" => tries(one, 2, Outcome::Cut),
                _ => tries(one, 2, answered(status, Some("b-0"))),
            }
        }),
        "resilience.tcp.exchange" => on_b(&mut |_, _| match bad {
            "halfCloseCloses" => tries(
                vec![Try(b0(0), 0, Some(1), Outcome::Cancelled)],
                2,
                Outcome::Cut,
            ),
            _ => failing(1, 0, 1, 200, b0),
        }),
        "resilience.isolation.report-dies" | "resilience.isolation.report-hogs" => {
            Story::of(case).probed(|_, _| (3, answered(200, Some("payments-0"))))
        }
        "resilience.workload.start-up" => on_b(&mut |_, _| failing(1, 0, 1, 200, b0)),
        "resilience.workload.joins" => on_b(&mut |nth, at| {
            let members = if at < 505 { 2 } else { 3 };
            failing(1, 0, 1, 200, |_| turn(nth % members, 3))
        }),
        "resilience.workload.leaves" => on_b(&mut |nth, at| {
            let members = if at < 505 { 3 } else { 2 };
            failing(1, 0, 1, 200, |_| turn(nth % members, 3))
        }),
        "resilience.drain.no-call-fails"
        | "resilience.drain.in-flight"
        | "resilience.drain.not-replayed"
        | "resilience.workload.rolling-restart" => on_b(&mut |nth, at| {
            let drained = case.changes[0].at.as_millis() + 5;
            let replica = if at < drained { turn(nth, 2) } else { b0(0) };
            let hurt = (drained..drained + 300).contains(&at) && !bad.is_empty();
            match hurt {
                true => tries(
                    vec![Try(replica, 0, Some(20), Outcome::Cancelled)],
                    21,
                    Outcome::Cut,
                ),
                false => failing(1, 0, 20, 200, |_| replica.clone()),
            }
        }),
        other => panic!("no story for {other}"),
    }
}

/// The places that a limit lets be taken at once.
struct Places(Vec<u64>);

impl Places {
    fn new(limit: usize) -> Self {
        Self(vec![0; limit])
    }

    fn grow(&mut self, limit: usize) {
        self.0.resize(limit.max(self.0.len()), 0);
    }

    /// A call at `at` whose upstream takes so long; one without a place fails, or waits for it.
    fn call(&mut self, at: u64, length: u64, queues: bool) -> Told {
        let soonest = self.0.iter_mut().min().expect("there is a place");
        if *soonest > at && !queues {
            return tries(Vec::new(), 1, answered(503, None));
        }
        let from = (*soonest).max(at) - at;
        *soonest = at + from + length + 2;
        let one = Try(
            "b-0".to_owned(),
            from,
            Some(from + length),
            answered(200, None),
        );
        tries(vec![one], from + length + 1, answered(200, Some("b-0")))
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
    assert_eq!(named, SABOTAGE.into_iter().collect());
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
