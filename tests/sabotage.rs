//! The sabotage matrix: each wrong behaviour fails the cases that name it, and no other.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

mod program;

use std::collections::BTreeSet;

use meshproof_suites::Suite;
use program::{Place, quiet};

/// Runs the cases that name the sabotage against the sabotaged reference mesh, and with
/// `MESHPROOF_MATRIX=whole` all others too, which must not notice.
fn check(sabotage: &str) {
    let suite = Suite::builtin("resilience").expect("the suite is built in");
    let names = |case: &meshproof_suites::Case| case.sabotage.iter().any(|name| name == sabotage);
    let expected: BTreeSet<String> = suite
        .cases
        .iter()
        .filter(|case| names(case))
        .map(|case| case.id.clone())
        .collect();
    assert!(
        !expected.is_empty(),
        "no case names `{sabotage}`: a survivor"
    );
    let whole = std::env::var_os("MESHPROOF_MATRIX").is_some_and(|value| value == "whole");
    let mut arguments = vec!["run", "--sabotage", sabotage];
    if !whole {
        arguments.extend(expected.iter().flat_map(|case| ["--filter", case.as_str()]));
    }
    let _quiet = quiet();
    let place = Place::new();
    let told = place.run(&arguments);
    let report = place.report();
    let cases = report["cases"].as_array().unwrap();
    let of = |kind: &str| -> BTreeSet<String> {
        let cases = cases.iter().filter(|case| case["verdict"] == kind);
        cases
            .map(|case| case["case"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(of("fail"), expected, "`{sabotage}`\n{}", told.all());
    // What a case needs to be judged may be missing in so broken a world, for one that does not name it.
    if !whole {
        assert_eq!(
            of("inconclusive"),
            BTreeSet::new(),
            "`{sabotage}`\n{}",
            told.all()
        );
    }
}

/// Caught by the cases of suite `scale` alone: `tests/scale.rs` holds them to it.
const AT_SCALE: [&str; 2] = ["someNeverUpdated", "oneBreaker"];

macro_rules! matrix {
    ($($test:ident = $sabotage:literal,)*) => {
        $(
            #[test]
            fn $test() {
                check($sabotage);
            }
        )*

        #[test]
        fn the_matrix_is_whole() {
            let place = Place::new();
            let told = place.run(&["list", "meshes"]);
            let listed = told.stdout.lines().find_map(|line| line.trim().strip_prefix("sabotage: "));
            let listed: BTreeSet<&str> = listed.expect("the reference mesh lists its sabotage").split(", ").collect();
            let known = [$($sabotage),*].into_iter().chain(AT_SCALE);
            assert_eq!(listed, known.collect());
        }
    };
}

matrix! {
    ignore_request_timeout = "ignoreRequestTimeout",
    ignore_backend_timeout = "ignoreBackendTimeout",
    leave_upstream_running = "leaveUpstreamRunning",
    timeout_always = "timeoutAlways",
    retry_without_bound = "retryWithoutBound",
    never_retry = "neverRetry",
    retry_every_code = "retryEveryCode",
    retry_every_method = "retryEveryMethod",
    retry_same_replica = "retrySameReplica",
    ignore_budget = "ignoreBudget",
    never_eject = "neverEject",
    never_readmit = "neverReadmit",
    eject_at_first_error = "ejectAtFirstError",
    ignore_limit = "ignoreLimit",
    limit_queues = "limitQueues",
    limit_too_low = "limitTooLow",
    split_evenly = "splitEvenly",
    leak_to_zero_weight = "leakToZeroWeight",
    ignore_policy_updates = "ignorePolicyUpdates",
    restart_timer_each_try = "restartTimerEachTry",
    retry_past_deadline = "retryPastDeadline",
    never_retry_connect = "neverRetryConnect",
    retry_after_response_began = "retryAfterResponseBegan",
    no_backoff = "noBackoff",
    eject_all = "ejectAll",
    forget_ejections_on_policy = "forgetEjectionsOnPolicy",
    one_pool = "onePool",
    unfair_balance = "unfairBalance",
    one_proxy_never_updated = "oneProxyNeverUpdated",
    forget_policy_without_control = "forgetPolicyWithoutControl",
    refuse_new_without_control = "refuseNewWithoutControl",
    forget_when_control_empty = "forgetWhenControlEmpty",
    never_return_to_control = "neverReturnToControl",
    forget_on_restart = "forgetOnRestart",
    lie_in_metrics = "lieInMetrics",
    accept_after_drain = "acceptAfterDrain",
    ready_before_programmed = "readyBeforeProgrammed",
    cut_in_flight_on_drain = "cutInFlightOnDrain",
    hold_requests = "holdRequests",
    ignore_cancel = "ignoreCancel",
    lose_trailers = "loseTrailers",
    hide_grpc_status = "hideGrpcStatus",
    complete_cut_body = "completeCutBody",
    half_close_closes = "halfCloseCloses",
    plaintext_on_wire = "plaintextOnWire",
    accept_any_identity = "acceptAnyIdentity",
    accept_expired = "acceptExpired",
    never_rotate = "neverRotate",
    ignore_allow_list = "ignoreAllowList",
}
