//! Nothing is left behind, however a run ends.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

mod program;

use std::process::Child;
use std::time::{Duration, Instant};

use program::{Place, wait};
use rustix::process::{Pid, Signal, kill_process};

/// What the issue allows: everything of ours is gone after so long.
const GONE: Duration = Duration::from_secs(2);
/// Until a point is reached on a busy machine.
const REACHED: Duration = Duration::from_secs(60);

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Starts a run and waits until its event stream shows `point`.
fn start_until(place: &Place, arguments: &[&str], point: &str) -> Child {
    let mut run = place.start(arguments);
    wait(REACHED, || {
        if let Some(status) = run.try_wait().unwrap() {
            panic!(
                "the run ended ({status}) before `{point}`:\n{}",
                place.events()
            );
        }
        let events = place.events();
        if events.contains(point) {
            Ok(())
        } else {
            Err(format!("no `{point}` in:\n{events}"))
        }
    });
    run
}

/// SIGKILL at a named point: the keeper ends everything by itself.
fn killed_at(point: &str, arguments: &[&str]) {
    let place = Place::new();
    let mut run = start_until(&place, arguments, point);
    run.kill().unwrap();
    run.wait().unwrap();
    place.wait_until_empty(GONE);
    wait(GONE, || match place.left_state().as_slice() {
        [] => Ok(()),
        left => Err(format!("left: {left:?}")),
    });
}

#[test]
fn killed_when_the_run_has_begun() {
    killed_at("runStarted", &["run"]);
}

#[test]
fn killed_while_worlds_come_up() {
    killed_at(r#""step":"deploying""#, &["run"]);
}

#[test]
fn killed_under_load() {
    killed_at(r#""step":"under load""#, &["run"]);
}

#[test]
fn killed_while_a_process_is_stopped() {
    let place = Place::new();
    place.file("stopped.yaml", STOPPED);
    let mut run = start_until(
        &place,
        &["run", "--suite", "stopped.yaml"],
        r#""step":"under load""#,
    );
    wait(REACHED, || {
        let stopped = place.processes().into_iter().any(|(pid, _)| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit_once(") ")
                .is_some_and(|(_, rest)| rest.starts_with('T'))
        });
        if stopped {
            Ok(())
        } else {
            Err("nothing is stopped".to_owned())
        }
    });
    run.kill().unwrap();
    run.wait().unwrap();
    place.wait_until_empty(GONE);
}

#[test]
fn killed_when_a_case_is_over() {
    killed_at("caseEnded", &["run"]);
}

#[test]
fn the_keeper_is_killed() {
    let place = Place::new();
    let mut run = start_until(&place, &["run"], r#""step":"under load""#);
    let keeper = place
        .processes()
        .into_iter()
        .find(|(_, words)| words.contains("__keeper"))
        .expect("a keeper runs");
    let pid = Pid::from_raw(i32::try_from(keeper.0).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let status = run.wait().unwrap();
    assert_eq!(status.code(), Some(3), "the environment failed the run");
    place.wait_until_empty(GONE);
    let told = place.run(&["recover"]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    assert_eq!(place.left_state(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn runner_and_keeper_are_killed_together() {
    let place = Place::new();
    let mut run = start_until(&place, &["run"], r#""step":"under load""#);
    let keeper = place
        .processes()
        .into_iter()
        .find(|(_, words)| words.contains("__keeper"))
        .expect("a keeper runs");
    run.kill().unwrap();
    let pid = Pid::from_raw(i32::try_from(keeper.0).unwrap()).unwrap();
    // The keeper may have followed its runner already.
    let _ = kill_process(pid, Signal::KILL);
    run.wait().unwrap();
    place.wait_until_empty(GONE);
    let told = place.run(&["recover"]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    assert_eq!(place.left_state(), Vec::<std::path::PathBuf>::new());
}

/// The moment itself is drawn here, so there is no condition to wait for: only the clock.
#[test]
fn killed_at_random_moments() {
    const LANES: u64 = 4;
    const EACH: u64 = 5;
    let seed = std::env::var("MESHPROOF_TEST_SEED").map_or_else(
        |_| u64::from(std::process::id()),
        |text| text.parse().expect("the seed is a number"),
    );
    println!("seed {seed}: MESHPROOF_TEST_SEED={seed} draws the same moments again");
    std::thread::scope(|lanes| {
        for lane in 0..LANES {
            lanes.spawn(move || {
                for nth in (lane * EACH)..(lane + 1) * EACH {
                    // Every other one while the run is only beginning.
                    let within = if nth % 2 == 0 { 60_000 } else { 3_000_000 };
                    let moment = Duration::from_micros(drawn(seed, nth) % within);
                    println!("kill {nth} after {moment:?}");
                    killed_after(moment, nth % 4 < 2);
                }
            });
        }
    });
}

/// SIGKILL a while after the start, wherever the run then is.
fn killed_after(moment: Duration, stopping: bool) {
    let place = Place::new();
    place.file("stopped.yaml", STOPPED);
    let arguments = match stopping {
        true => ["run", "--suite", "stopped.yaml"],
        false => ["run", "--filter", "retry.bounded"],
    };
    let until = Instant::now() + moment;
    let mut run = place.start(&arguments);
    while let Some(left) = until.checked_duration_since(Instant::now())
        && !left.is_zero()
    {
        std::thread::park_timeout(left);
    }
    // It may have ended before: then there is nothing to kill, and nothing may be left either.
    let _ = run.kill();
    run.wait().unwrap();
    place.wait_until_empty(GONE);
    let told = place.run(&["recover"]);
    assert_eq!(told.code, Some(0), "after {moment:?}: {}", told.all());
    assert_eq!(place.processes(), [], "after {moment:?}");
    assert_eq!(
        place.left_state(),
        Vec::<std::path::PathBuf>::new(),
        "after {moment:?}"
    );
}

/// The `nth` number of a seed's sequence (SplitMix64).
fn drawn(seed: u64, nth: u64) -> u64 {
    let mut z = seed.wrapping_add((nth + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[test]
fn interrupted_it_cleans_up_by_itself() {
    for point in [
        "runStarted",
        r#""step":"deploying""#,
        r#""step":"under load""#,
        "caseEnded",
    ] {
        let place = Place::new();
        let mut run = start_until(&place, &["run"], point);
        signal(&run, Signal::INT);
        let status = run.wait().unwrap();
        assert_eq!(status.code(), Some(130), "as shells report it");
        assert_eq!(place.processes(), [], "nothing is left when it returns");
        assert_eq!(place.left_state(), Vec::<std::path::PathBuf>::new());
        assert!(
            place.events().contains("runEnded"),
            "the stream has its end"
        );
    }
}

const STOPPED: &str = "\
meshproof/v1: cases
cases:
  - id: test.stopped
    level: must
    statement: A stopped replica is a fault under way.
    sources: [this test]
    requires: []
    world: {services: {a: {calls: [b]}, b: {}}}
    policy: {}
    acts: {within: 5s}
    load: {on: a, rate: 20/s, for: 30s, giveUp: 1s}
    faults: [{on: {replica: b-0}, kind: stop, from: 0s, until: 30s}]
    expect: [{succeed: {call: a->b, atLeast: 1%}}]
    sabotage: [ignorePolicyUpdates]
";
