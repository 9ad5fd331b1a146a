//! Suites: the built-in one, files and folders, and what a bad one is told.

use std::path::Path;

use meshproof_suites::{Case, Suite, SuiteError};
use miette::Diagnostic;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/resilience");

/// A sound suite to be spoilt.
const SOUND: &str = "\
meshproof/v1: cases
cases:
  - id: my.first
    level: must
    statement: It holds.
    sources: [me]
    requires: [retry]
    world: {services: {a: {calls: [b]}, b: {replicas: 2}}}
    policy:
      a->b: {retry: {attempts: 2, codes: [503]}}
    load: {on: a, rate: 50/s, for: 2s}
    faults:
      - {on: {service: b}, kind: {respond: {status: 503}}, from: 0s, until: 2s}
    expect:
      - attemptsPerCall: {atMost: 3}
";

#[test]
fn the_built_in_suite_is_the_folder() {
    let builtin = Suite::builtin("resilience").unwrap();
    let mut loaded = Suite::load(Path::new(DATA)).unwrap();
    assert_eq!(loaded.name, "resilience");
    let by_id = |a: &Case, b: &Case| a.id.cmp(&b.id);
    let mut cases = builtin.cases;
    cases.sort_by(by_id);
    loaded.cases.sort_by(by_id);
    assert_eq!(cases, loaded.cases);
    assert!(cases.len() >= 40, "the suite has {} cases", cases.len());
}

#[test]
fn the_suite_of_scale_is_its_file() {
    let path = Path::new(DATA).with_file_name("scale");
    let (builtin, loaded) = (
        Suite::builtin("scale").unwrap(),
        Suite::load(&path).unwrap(),
    );
    assert_eq!(builtin.cases, loaded.cases);
    assert_eq!(loaded.cases[0].world.edges().count(), 810);
}

#[test]
fn one_file_is_a_suite() {
    let suite = Suite::load(&Path::new(DATA).join("timeouts.yaml")).unwrap();
    assert_eq!((suite.name.as_str(), suite.cases.len()), ("timeouts", 6));
}

#[test]
fn cases_survive_yaml_and_json() {
    for case in Suite::builtin("resilience").unwrap().cases {
        let yaml = meshproof_yaml::to_string(&case).unwrap();
        let read: Case = meshproof_yaml::from_str("case.yaml", &yaml).unwrap();
        assert_eq!(read, case, "{yaml}");
        let json = serde_json::to_string(&case).unwrap();
        let read: Case = serde_json::from_str(&json).unwrap();
        assert_eq!(read, case, "{json}");
    }
}

#[test]
fn a_suite_that_is_not_there() {
    let error = Suite::builtin("resiliance").unwrap_err();
    assert_eq!(error.to_string(), "no suite `resiliance` is built in");
    for (name, help) in [
        ("resiliance", "did you mean `resilience`? it is built in"),
        (
            "suites/resilence.yaml",
            "did you mean `resilience`? it is built in",
        ),
        ("/nowhere/mine.yaml", "built in are: resilience, scale"),
    ] {
        let error = Suite::find(name).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{name}: no such file or folder, nor is a suite of that name built in")
        );
        assert_eq!(error.help().unwrap().to_string(), help);
    }
    assert_eq!(Suite::find("scale").unwrap().name, "scale");
    let missing = Suite::load(Path::new("/nowhere/at/all.yaml")).unwrap_err();
    assert_eq!(missing.to_string(), "/nowhere/at/all.yaml: cannot be read");
}

#[test]
fn what_a_bad_suite_is_told() {
    let twice = format!("{SOUND}{}", SOUND.split_once("cases:\n").unwrap().1);
    let (prober_world, prober_renamed) = ("a: {calls: [b]}", "prober: {}, a: {calls: [b]}");
    let rows = [
        ("unknown field", "atMost", "atMots"),
        ("unknown check", "attemptsPerCall", "attemptPerCall"),
        ("unknown capability", "[retry]", "[retrie]"),
        ("wrong unit", "2s}", "2}"),
        ("bare rate", "50/s", "50"),
        (
            "two keys alike",
            "    level: must\n",
            "    level: must\n    level: may\n",
        ),
        ("missing field", "    level: must\n", ""),
        (
            "another kind of file",
            "meshproof/v1: cases",
            "meshproof/v1: mesh",
        ),
        ("cyclic world", "b: {replicas: 2}", "b: {calls: [a]}"),
        ("unknown callee", "calls: [b]", "calls: [bb]"),
        ("the prober's name", prober_world, prober_renamed),
        (
            "more calls than services in a layer",
            "{services: {a: {calls: [b]}, b: {replicas: 2}}}",
            "{layered: {layers: 3, width: 3, fanout: 4}}",
        ),
        (
            "services in two ways",
            "{services: {",
            "{layered: {layers: 2, width: 1, fanout: 1}, services: {",
        ),
        ("policy for no call", "a->b:", "b->a:"),
        ("not a call", "a->b:", "a to b:"),
        (
            "backend not in the world",
            "{retry: {attempts: 2, codes: [503]}}",
            "{backendRefs: [{name: bee, weight: 1}]}",
        ),
        ("load on nothing", "on: a", "on: aa"),
        ("fault on nothing", "{service: b}", "{service: c}"),
        ("fault on no replica", "{service: b}", "{replica: b-2}"),
        (
            "fault on no link",
            "{on: {service: b}, kind: {respond: {status: 503}}",
            "{on: {link: {call: b->a}}, kind: reset",
        ),
        (
            "fault that does not fit",
            "{respond: {status: 503}}",
            "blackhole",
        ),
        ("fault that ends first", "from: 0s", "from: 2s"),
        (
            "expect on nothing",
            "{atMost: 3}",
            "{atMost: 3, call: b->a}",
        ),
        (
            "expect without its policy",
            "attemptsPerCall: {atMost: 3}",
            "split: {margin: 5%, tells: 20%}",
        ),
        (
            "expect on no replica",
            "attemptsPerCall: {atMost: 3}",
            "amplification: {of: z, atMost: 3, atLeast: 1}",
        ),
        (
            "no expects",
            "    expect:\n      - attemptsPerCall: {atMost: 3}\n",
            "    expect: []\n",
        ),
        ("no sources", "sources: [me]", "sources: []"),
        ("no dotted id", "my.first", "First"),
    ];
    let mut told = String::new();
    for (row, sound, spoilt) in rows {
        assert!(
            SOUND.contains(sound),
            "{row}: `{sound}` is not in the sound suite"
        );
        tell(&mut told, row, &SOUND.replacen(sound, spoilt, 1));
    }
    tell(&mut told, "two cases with one id", &twice);
    tell(&mut told, "no cases", "meshproof/v1: cases\ncases: []\n");
    tell(&mut told, "no text", "");
    insta::assert_snapshot!(told);
}

fn tell(told: &mut String, row: &str, text: &str) {
    let error: SuiteError = Suite::parse("mine", [("mine.yaml", text)]).expect_err(row);
    let mut shown = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .with_links(false)
        .render_report(&mut shown, &error)
        .expect("a string can be written");
    let lines: Vec<_> = shown.lines().map(str::trim_end).collect();
    told.push_str(&format!("== {row}\n{}\n", lines.join("\n")));
}

#[test]
fn the_sound_suite_is_sound() {
    Suite::parse("mine", [("mine.yaml", SOUND)]).unwrap();
}
