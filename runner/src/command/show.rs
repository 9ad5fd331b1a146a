//! `meshproof show`: one case, drawn in text, with all that it demands.

pub(super) mod flow;
pub(super) mod schedule;
pub(super) mod topology;

use std::collections::BTreeMap;

use meshproof_suites::{Case, Expect};

use self::flow::{inner, named};
use super::output::{columns, print};
use super::{Failure, builtin_suites, load_suite};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{place} no case `{case}`{near}")]
#[diagnostic(help("`meshproof list cases` shows all ids"))]
struct NoCase {
    /// Where it was looked for.
    place: String,
    case: String,
    near: String,
}

pub(crate) fn show(suite: Option<&str>, id: &str, yaml: bool) -> Result<u8, Failure> {
    let suites = match suite {
        Some(name) => vec![load_suite(name)?],
        None => builtin_suites()?,
    };
    let cases = || suites.iter().flat_map(|suite| &suite.cases);
    let Some(case) = cases().find(|case| case.id == id) else {
        let near = meshproof_yaml::nearest(id, cases().map(|case| case.id.as_str()));
        return Err(Failure::input(NoCase {
            case: id.to_owned(),
            near: near.map_or_else(String::new, |near| format!("; did you mean `{near}`?")),
            place: match suite {
                Some(_) => format!("suite `{}` has", suites[0].name),
                None => "the built-in suites have".to_owned(),
            },
        }));
    };
    print(&if yaml { as_file(case)? } else { drawn(case) });
    Ok(0)
}

/// A file of cases with this one in it.
fn as_file(case: &Case) -> Result<String, Failure> {
    let file = BTreeMap::from([("cases", [case])]);
    let text = meshproof_yaml::to_string(&file).map_err(Failure::environment)?;
    Ok(format!("meshproof/v1: cases\n{text}"))
}

fn drawn(case: &Case) -> String {
    let mut text = format!("{} ({})\n", case.id, case.level);
    let mut section = |title: &str, lines: &str| {
        if !lines.is_empty() {
            text.push_str(&format!("\n{title}\n"));
            lines
                .lines()
                .for_each(|line| text.push_str(&format!("  {line}\n")));
        }
    };
    section("Demand", &demand(case));
    section("Topology", &topology::draw(case));
    section("Schedule", &schedule::draw(case));
    section("Policy", &policy(case));
    section("Checks", &checks(case));
    section("Sources", &case.sources.join("\n"));
    section("Sabotage that it must catch", &case.sabotage.join(", "));
    text
}

fn demand(case: &Case) -> String {
    let mut lines = vec![case.statement.clone()];
    if !case.requires.is_empty() {
        let names: Vec<_> = case
            .requires
            .iter()
            .map(|capability| capability.name())
            .collect();
        lines.push(format!(
            "It binds a mesh that declares {}.",
            names.join(", ")
        ));
    }
    if case.control {
        lines.push("Without any mesh it must be seen to fail, else it proves nothing.".to_owned());
    }
    if case.alone {
        lines.push("It runs by itself, with no other case beside it.".to_owned());
    }
    lines.join("\n")
}

fn policy(case: &Case) -> String {
    let row = |(edge, policy): (&_, &_)| vec![format!("{edge}"), inner(policy)];
    columns(&case.policy.iter().map(row).collect::<Vec<_>>())
}

/// Each check with its parameters, and below what it demands.
fn checks(case: &Case) -> String {
    let mut rows = Vec::new();
    for expect in &case.expect {
        let about = Expect::CATALOGUE
            .iter()
            .find(|(name, _)| *name == expect.name());
        let (_, params) = named(expect);
        rows.push(vec![expect.name().to_owned(), params]);
        rows.push(vec![
            String::new(),
            about.map_or("", |(_, about)| about).to_owned(),
        ]);
    }
    columns(&rows)
}
