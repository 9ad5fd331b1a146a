//! What sidecars tell of themselves.

use meshproof_model::{Counted, Record, TelemetryRecord};
use meshproof_suites::Case;

use super::{begun, failing};
use crate::story::{START, Story, ms, turn};

/// What the sidecars had counted before the load.
const BEFORE: u64 = 7;

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    (case.id == "resilience.telemetry.told-truly").then(|| told(case, bad))
}

fn told(case: &Case, bad: &str) -> Story {
    let mut story = begun(case);
    let mut counted = [Counted {
        calls: Some(BEFORE),
        errors: Some(BEFORE),
        attempts: Some(BEFORE),
        retries: Some(BEFORE),
    }; 2];
    tell(&mut story, 0, &counted);
    for (nth, at) in story.schedule() {
        let caller = nth % 2;
        let tries = if bad == "neverRetry" { 1 } else { 1 + nth % 3 };
        let status = if nth % 5 == 0 { 503 } else { 200 };
        let told = failing(tries, 25, 1, status, |one| turn(nth + one, 2));
        story.call(nth, ms(at + 1), &format!("a-{caller}"), "b", &told);
        let of_caller = &mut counted[usize::try_from(caller).expect("0 or 1")];
        let grow = |count: &mut Option<u64>, by: u64| *count = count.map(|count| count + by);
        grow(&mut of_caller.calls, 1);
        grow(&mut of_caller.errors, u64::from(status >= 500));
        grow(&mut of_caller.attempts, tries);
        grow(&mut of_caller.retries, tries - 1);
    }
    if bad == "lieInMetrics" {
        counted[1].errors = Some(BEFORE);
    }
    tell(&mut story, 5000, &counted);
    story
}

fn tell(story: &mut Story, at: u64, counted: &[Counted]) {
    let told = counted.iter().enumerate().map(|(number, told)| {
        Record::Telemetry(TelemetryRecord {
            at: START + ms(at),
            replica: format!("a-{number}"),
            call: "a->b".parse().expect("this is a call"),
            told: *told,
        })
    });
    story.records.extend(told);
}
