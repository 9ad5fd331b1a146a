//! A real mesh, configured wrongly: each slip in the Envoy profile is caught by the case meant for it.

#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

mod program;

use std::path::Path;

use program::{Place, quiet};

/// Replaces `from` by `to` in one file of the profile.
struct Slip {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

const fn slip(file: &'static str, from: &'static str, to: &'static str) -> Slip {
    Slip { file, from, to }
}

/// The case must fail, and pass with the profile as it is (`tests/envoy.rs`).
fn check(slips: &[Slip], case: &str) {
    let _quiet = quiet();
    let place = Place::new();
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/meshes/envoy");
    for entry in std::fs::read_dir(profile).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut text = std::fs::read_to_string(&path).unwrap();
        for slip in slips.iter().filter(|slip| slip.file == name) {
            assert!(text.contains(slip.from), "{name} has no `{}`", slip.from);
            text = text.replace(slip.from, slip.to);
        }
        place.file(&format!("wrong/{name}"), &text);
    }
    let told = place.run(&["run", "--mesh", "wrong", "--filter", case]);
    assert_eq!(told.code, Some(1), "{}", told.all());
    let report = place.report();
    let failed = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .any(|judged| judged["case"] == case && judged["verdict"] == "fail");
    assert!(failed, "{case} did not fail:\n{}", told.all());
}

macro_rules! slips {
    ($($test:ident: $case:literal, [$($file:literal: $from:literal => $to:literal),+ $(,)?];)*) => {
        $(
            #[test]
            fn $test() {
                check(&[$(slip($file, $from, $to)),+], $case);
            }
        )*
    };
}

slips! {
    no_total_timeout: "resilience.timeout.total", [
        "routes.yaml.j2": "{{ timeouts.request|s if timeouts.request is defined else 0 }}s" => "0s",
    ];
    no_timeout_per_try: "resilience.timeout.per-try", [
        "routes.yaml.j2": "per_try_timeout: {{ timeouts.backendRequest|s }}s" => "per_try_timeout: 10s",
    ];
    a_short_default_timeout: "resilience.timeout.left-alone", [
        "routes.yaml.j2": "{{ timeouts.request|s if timeouts.request is defined else 0 }}s" => "0.2s",
    ];
    one_retry_too_many: "resilience.retry.bounded", [
        "routes.yaml.j2": "num_retries: {{ policy.retry.attempts }}" => "num_retries: {{ policy.retry.attempts + 1 }}",
    ];
    every_server_error_is_retried: "resilience.retry.codes", [
        "routes.yaml.j2": "retry_on: connect-failure," => "retry_on: 5xx,connect-failure,",
    ];
    every_method_is_retried: "resilience.retry.methods", [
        "routes.yaml.j2": "else [\"GET\", \"HEAD\", \"PUT\", \"DELETE\", \"OPTIONS\"]" => "else [\".*\"]",
        "routes.yaml.j2": "(policy.retry.methods if policy.retry.methods is defined" => "([\".*\"] if true",
    ];
    retries_at_random: "resilience.retry.elsewhere", [
        "routes.yaml.j2": "host_selection_retry_max_attempts: 10" => "host_selection_retry_max_attempts: 1",
        "routes.yaml.j2": "previous_hosts.v3.PreviousHostsPredicate" => "omit_canary_hosts.v3.OmitCanaryHostsPredicate",
        "routes.yaml.j2": "retry_host_predicates.previous_hosts" => "retry_host_predicates.omit_canary_hosts",
        "clusters.yaml.j2": "lb_policy: ROUND_ROBIN" => "lb_policy: RANDOM",
    ];
    no_retry_budget: "resilience.retry.budget", [
        "clusters.yaml.j2": "{% if policy.retryConstraint is defined %}" => "{% if false %}",
    ];
    ejected_too_late: "resilience.outlier.ejects", [
        "clusters.yaml.j2": "consecutive_5xx: {{ policy.outlier.consecutiveErrors }}" => "consecutive_5xx: {{ policy.outlier.consecutiveErrors * 10 }}",
    ];
    panic_masks_ejection: "resilience.outlier.ejects", [
        "clusters.yaml.j2": "healthy_panic_threshold: {value: 1}" => "healthy_panic_threshold: {value: 100}",
    ];
    ejected_too_long: "resilience.outlier.returns", [
        "clusters.yaml.j2": "base_ejection_time: {{ policy.outlier.baseEjectionTime|s }}s" => "base_ejection_time: {{ policy.outlier.baseEjectionTime|s * 10 }}s",
    ];
    no_limit: "resilience.limits.in-flight", [
        "clusters.yaml.j2": "max_requests: {{ policy.limits.maxRequests if policy.limits is defined else 1000000000 }}" => "max_requests: 1000000000",
    ];
    weights_ignored: "resilience.split.weights", [
        "routes.yaml.j2": "weight: {{ backend.weight }}" => "weight: 1",
    ];
    the_wire_in_clear: "resilience.identity.on-the-wire", [
        "listeners.yaml.j2": "{% if inbound.mtls %}" => "{% if false %}",
        "clusters.yaml.j2": "{% if outbound.mtls %}" => "{% if false %}",
    ];
    no_certificate_asked_for: "resilience.identity.intruders", [
        "listeners.yaml.j2": "require_client_certificate: true" => "require_client_certificate: false",
    ];
    expired_certificates_believed: "resilience.identity.intruders", [
        "listeners.yaml.j2": "              validation_context:\n" => "              validation_context:\n                allow_expired_certificate: true\n",
    ];
    any_workload_called: "resilience.identity.impostor", [
        "clusters.yaml.j2": "{san_type: URI, matcher: {exact: {{ uri|tojson }}}}" => "{san_type: URI, matcher: {prefix: \"spiffe://\"}}",
    ];
    every_caller_let_in: "resilience.identity.allow", [
        "listeners.yaml.j2": "{% if inbound.allow is defined %}" => "{% if false %}",
    ];
    every_caller_greeted: "resilience.identity.tcp", [
        "listeners.yaml.j2": "{% if inbound.protocol == \"tcp\" and inbound.allow is defined %}" => "{% if false %}",
    ];
    certificates_never_read_again: "resilience.identity.rotation", [
        "certificate.yaml.j2": "      watched_directory: {path: {{ identity.dir|tojson }}}\n" => "",
    ];
    a_drain_that_finds_no_listener: "resilience.drain.lets-nobody-in", [
        "listeners.yaml.j2": "    traffic_direction: INBOUND\n" => "",
    ];
    errors_counted_as_something_else: "resilience.telemetry.told-truly", [
        "mesh.yaml": "envoy_response_code_class=\"5\"" => "envoy_response_code_class=\"4\"",
    ];
    routes_never_replaced: "resilience.retry.bounded", [
        "mesh.yaml": "to: routes.yaml, policy: true" => "to: routes.yaml, policy: false",
    ];
}
