//! Reading and writing are inverse, no text panics, and errors point at the word they speak of.

use std::collections::BTreeMap;

use meshproof_yaml::{from_str, to_string};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Thing {
    name: String,
    at_most: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default)]
    shapes: Vec<Shape>,
    #[serde(default)]
    words: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Shape {
    Dot,
    Line { length: u32 },
    Named(String),
}

fn thing() -> impl Strategy<Value = Thing> {
    let shape = prop_oneof![
        Just(Shape::Dot),
        any::<u32>().prop_map(|length| Shape::Line { length }),
        text().prop_map(Shape::Named),
    ];
    (
        text(),
        any::<u32>(),
        proptest::option::of(text()),
        proptest::collection::vec(shape, 0..4),
        proptest::collection::btree_map("[a-z~0-9 :-]{1,8}", any::<i64>(), 0..4),
    )
        .prop_map(|(name, at_most, note, shapes, words)| Thing {
            name,
            at_most,
            note,
            shapes,
            words,
        })
}

/// Printable text, and the words that YAML likes to take for something else.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~äöü→\n]{0,24}",
        prop::sample::select(vec![
            "null", "~", "yes", "0x1F", "1e3", "- a", "a: b", "#", ""
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn reading_undoes_writing(thing in thing()) {
        let printed = to_string(&thing).unwrap();
        let read: Thing = from_str("thing.yaml", &printed).unwrap_or_else(|e| panic!("{e}\n{printed}"));
        prop_assert_eq!(read, thing);
    }

    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = from_str::<Thing>("thing.yaml", &text).map_err(|error| render(&error));
    }

    #[test]
    fn no_damaged_thing_panics(thing in thing(), at in any::<prop::sample::Index>(), with in ".") {
        let mut printed: Vec<char> = to_string(&thing).unwrap().chars().collect();
        let at = at.index(printed.len());
        printed.splice(at..=at, with.chars());
        let printed: String = printed.into_iter().collect();
        let _ = from_str::<Thing>("thing.yaml", &printed).map_err(|error| render(&error));
    }
}

fn render(error: &meshproof_yaml::Malformed) -> String {
    let mut out = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut out, error)
        .expect("a string can be written");
    out
}

#[test]
fn errors_point_at_the_word() {
    let rows = [
        (
            "field",
            "name: x\natMots: 3\n",
            "t.yaml:2:1: unknown field `atMots`",
        ),
        (
            "missing",
            "name: x\n",
            "t.yaml:1:1: field `atMost` is missing",
        ),
        (
            "twice",
            "name: x\nname: y\n",
            "t.yaml:2:1: `name` stands here a second time",
        ),
        (
            "variant",
            "name: x\natMost: 1\nshapes:\n  - lime: {length: 1}\n",
            "t.yaml:4:5: unknown name `lime`",
        ),
        ("type", "name: x\natMost: many\n", "t.yaml:2:9: "),
        ("syntax", "name: [x\n", "t.yaml:"),
        ("empty", "", "t.yaml"),
        (
            "two documents",
            "name: x\natMost: 1\n---\nname: y\natMost: 1\n",
            "t.yaml:",
        ),
    ];
    for (row, text, expected) in rows {
        let error = from_str::<Thing>("t.yaml", text).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{row}: {error}");
    }
}

#[test]
fn a_rendered_error_shows_the_line_and_the_nearest_word() {
    let error = from_str::<Thing>("t.yaml", "name: x\natMots: 3\n").unwrap_err();
    let shown = render(&error);
    for part in ["t.yaml:2:1", "atMots: 3", "did you mean `atMost`?"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
}
