//! `meshproof spec`: the document in the tree is what the suites say, and tells all of it.

use std::fs;

use super::show::DRAWN;
use crate::program::Place;
use crate::{repository, says};

#[test]
fn the_document_is_what_the_suites_say() {
    let told = Place::new().run(&["spec"]);
    says(&told, 0, &[]);
    let document = fs::read_to_string(repository("docs/spec.md")).unwrap();
    let differs = document
        .lines()
        .zip(told.stdout.lines())
        .find(|(is, should)| is != should);
    assert!(
        document == told.stdout,
        "docs/spec.md is not what the suites say: run `cargo run -- spec > docs/spec.md`\n\
         first difference (is, should be): {differs:#?}"
    );
}

#[test]
fn every_demand_and_check_is_told_and_every_link_leads_somewhere() {
    let place = Place::new();
    let document = place.run(&["spec"]).stdout;
    for case in place.run(&["list", "cases"]).stdout.lines() {
        let id = case.split_whitespace().next().unwrap();
        assert!(document.contains(&format!("\n#### {id}\n")), "{id}");
    }
    let anchors: Vec<String> = document
        .lines()
        .filter_map(|line| Some(line.strip_prefix('#')?.trim_start_matches('#')))
        .map(|title| {
            let title = title.trim().to_lowercase().replace(' ', "-");
            title.replace(|c: char| !c.is_alphanumeric() && c != '-' && c != '_', "")
        })
        .collect();
    for link in document.split("](#").skip(1) {
        let link = link.split(')').next().unwrap();
        let targets = anchors.iter().filter(|anchor| *anchor == link).count();
        assert_eq!(targets, 1, "headings for #{link}");
    }
    let (_, checks) = document.split_once("\n## The checks\n").unwrap();
    for line in checks.lines().filter(|line| line.starts_with("- ")) {
        assert!(!line.ends_with(": "), "a parameter without words: {line}");
    }
}

#[test]
fn cases_of_ones_own_are_told_too() {
    let place = Place::new();
    place.file("cases.yaml", DRAWN);
    says(
        &place.run(&["spec", "cases.yaml"]),
        0,
        &[
            "- [Suite cases](#suite-cases): 1 demand\n  - [test](#test): [drawn](#testdrawn)\n",
            "#### test.drawn\n\n**SHOULD** Everything is drawn.\n\n- Sources: this test\n- Requires: `split`\n",
            "- World: `shop` calls `cart`, then `stock` (optional); `cart` ×3 calls `stock`; `stock` (`delay: 5ms`); `stock-next`\n",
            "- Load: `20/s to shop, GET, POST in turn, for 2s`\n",
            "`cart-1: kill` from the start until 2s; `control plane: stop` from 1s until 2s",
            "- Changes: at 1500ms: `policy {shop->stock: ",
            ": At least this share of calls succeed.\n- Must catch: `ignorePolicyUpdates`\n",
            "- `atLeast`: The share.\n",
        ],
    );
    says(
        &place.run(&["spec", "resilienc"]),
        2,
        &["did you mean `resilience`?"],
    );
    says(
        &place.run(&["spec", "--help"]),
        0,
        &["Examples:", "meshproof spec > docs/spec.md"],
    );
}
