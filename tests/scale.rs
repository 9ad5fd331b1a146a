//! Suite `scale`: with nine services in the ordinary tests, with all of them where asked for.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

mod program;

use std::collections::BTreeSet;

use meshproof_model::units::{Bytes, Duration};
use meshproof_suites::Suite;
use program::{Place, quiet};
use serde_json::Value;

/// The suite with three layers of three services.
fn small(place: &Place) -> String {
    let text = include_str!("../suites/data/scale/graph.yaml");
    let small = text
        .replace(
            "layers: 10, width: 30, fanout: 3",
            "layers: 3, width: 3, fanout: 2",
        )
        .replace("l9-", "l2-")
        .replace("alone: true", "alone: false");
    let path = place.file("small.yaml", &small);
    path.to_str().unwrap().to_owned()
}

fn cases(report: &Value, kind: &str) -> BTreeSet<String> {
    let cases = report["cases"].as_array().unwrap().iter();
    let of_kind = cases.filter(|case| case["verdict"] == kind);
    of_kind
        .map(|case| case["case"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_small_layered_world_passes() {
    let _quiet = quiet();
    let place = Place::new();
    let told = place.run(&["run", "--suite", &small(&place)]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    let report = place.report();
    let walked = &report["cases"][0];
    let reason = walked["expects"][0]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("12 calls of the world were made"),
        "{reason}"
    );
    // Nine services with a sidecar each, the control plane and the tapped link.
    assert_eq!(walked["resources"]["processes"], 20, "{walked:#}");
    assert_eq!(place.processes(), []);
}

#[test]
fn every_sabotage_that_the_suite_names_is_caught_by_who_names_it() {
    let suite = Suite::builtin("scale").expect("the suite is built in");
    let named = suite.cases.iter().flat_map(|case| &case.sabotage);
    for sabotage in named.collect::<BTreeSet<_>>() {
        let names = suite
            .cases
            .iter()
            .filter(|case| case.sabotage.contains(sabotage));
        let expected: BTreeSet<_> = names.map(|case| case.id.clone()).collect();
        let _quiet = quiet();
        let place = Place::new();
        let small = small(&place);
        let mut arguments = vec!["run", "--suite", &small, "--sabotage", sabotage];
        let whole = std::env::var_os("MESHPROOF_MATRIX").is_some_and(|value| value == "whole");
        if !whole {
            arguments.extend(expected.iter().flat_map(|case| ["--filter", case.as_str()]));
        }
        let told = place.run(&arguments);
        let report = place.report();
        let failed = cases(&report, "fail");
        assert_eq!(failed, expected, "`{sabotage}`\n{}", told.all());
        let open = cases(&report, "inconclusive");
        assert_eq!(open, BTreeSet::new(), "`{sabotage}`\n{}", told.all());
    }
}

#[test]
#[ignore = "six hundred processes: tests/long.sh runs it, optimised"]
fn three_hundred_services_are_up_walked_and_gone_in_their_bounds() {
    let _quiet = quiet();
    let place = Place::new();
    let told = place.run(&["run", "--suite", "scale"]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    let report = place.report();
    for case in report["cases"].as_array().unwrap() {
        let world = &case["resources"];
        let length = |name: &str| -> Duration { world[name].as_str().unwrap().parse().unwrap() };
        assert!(world["processes"].as_u64() >= Some(601), "{world:#}");
        assert!(length("down") <= Duration::from_millis(3000), "{world:#}");
        let memory: Bytes = world["memory"].as_str().unwrap().parse().unwrap();
        assert!(memory.get() <= 1 << 30, "{world:#}");
    }
    // All of it: up, every call made, gone and judged.
    let walked = &report["cases"][0];
    let took: Duration = walked["took"].as_str().unwrap().parse().unwrap();
    assert!(took <= Duration::from_millis(10_000), "{walked:#}");
    assert_eq!(place.processes(), []);
}
