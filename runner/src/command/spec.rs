//! `meshproof spec`: every demand of the suites as one document for people, in Markdown.

mod checks;

use indexmap::IndexMap;
use meshproof_model::units::Duration;
use meshproof_model::{Behaviour, World};
use meshproof_suites::{Case, Expect, Suite};

use super::output::print;
use super::show::flow::{inner, named};
use super::show::{schedule, topology};
use super::{Failure, builtin_suites, load_suite};

/// More services than this are counted instead of named.
const NAMED: usize = 8;

const PREAMBLE: &str = "\
# What meshproof demands of a mesh

This is the specification, told by `meshproof spec` from the files below `suites/data`: change those, not this file.

A demand is a MUST, a SHOULD or a MAY, and binds a mesh whose profile declares the capabilities that it requires. For each one the world
is deployed, the policy is handed to the mesh and must be seen to act, then load is sent at fixed times while faults and changes
happen on schedule. Times count from the first request. A fault must be seen to bite, and evidence must suffice, else the verdict is
inconclusive, which is not a pass. A demand holds when all its checks do, judged by what the applications recorded, never by what
the mesh says of itself. The sabotage is a wrong behaviour of the reference mesh for which the case must fail.
";

pub(crate) fn spec(suite: Option<&str>) -> Result<u8, Failure> {
    let suites = match suite {
        Some(name) => vec![load_suite(name)?],
        None => builtin_suites()?,
    };
    print(&document(&suites));
    Ok(0)
}

fn document(suites: &[Suite]) -> String {
    let mut text = PREAMBLE.to_owned();
    text.push_str("\n## Contents\n\n");
    for suite in suites {
        text.push_str(&contents(suite));
    }
    text.push_str(&format!("- {}\n", link("The checks", "the-checks")));
    for suite in suites {
        text.push_str(&format!("\n## Suite {}\n", suite.name));
        if !suite.about.is_empty() {
            text.push_str(&format!("\n{}\n", plain(&suite.about)));
        }
        for (area, cases) in areas(suite) {
            text.push_str(&format!("\n### {area}\n"));
            cases.iter().for_each(|case| text.push_str(&demand(case)));
        }
    }
    text.push_str(&checks::explained(suites));
    text
}

/// The cases by all of their id but its last word, both in the order of the files.
fn areas(suite: &Suite) -> IndexMap<&str, Vec<&Case>> {
    let mut areas: IndexMap<&str, Vec<&Case>> = IndexMap::new();
    for case in &suite.cases {
        let (area, _) = split(&case.id);
        areas.entry(area).or_default().push(case);
    }
    areas
}

/// `resilience.retry.bounded`: its area, and what names it there.
fn split(id: &str) -> (&str, &str) {
    id.rsplit_once('.').unwrap_or((id, id))
}

fn contents(suite: &Suite) -> String {
    let count = match suite.cases.len() {
        1 => "1 demand".to_owned(),
        count => format!("{count} demands"),
    };
    let title = format!("Suite {}", suite.name);
    let mut text = format!("- {}: {count}\n", link(&title, &anchor(&title)));
    for (area, cases) in areas(suite) {
        let links: Vec<_> = cases
            .iter()
            .map(|case| link(split(&case.id).1, &anchor(&case.id)))
            .collect();
        let area = link(area, &anchor(area));
        text.push_str(&format!("  - {area}: {}\n", links.join(" · ")));
    }
    text
}

fn link(title: &str, anchor: &str) -> String {
    format!("[{title}](#{anchor})")
}

/// What a heading is reached by.
fn anchor(heading: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let heading = heading.to_lowercase();
    heading
        .chars()
        .filter(kept)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// Text of a file as it stands: on one line, and nothing in it is markup but code.
fn plain(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let mut plain = String::new();
    for letter in words.join(" ").chars() {
        if matches!(letter, '*' | '<' | '[' | '\\') {
            plain.push('\\');
        }
        plain.push(letter);
    }
    plain
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn codes<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let words = words.into_iter().map(|word| code(word.as_ref()));
    words.collect::<Vec<_>>().join(", ")
}

fn demand(case: &Case) -> String {
    let level = case.level.to_string().to_uppercase();
    let statement = plain(&case.statement);
    let mut text = format!("\n#### {}\n\n**{level}** {statement}\n\n", case.id);
    for (title, line) in [
        ("Sources", sources(case)),
        ("Requires", requires(case)),
        ("World", world(&case.world)),
        ("Policy", policy(case)),
        ("Load", code(&load(case))),
        ("Faults", faults(case)),
        ("Changes", changes(case)),
        ("Besides", besides(case)),
        ("Judged by", judged(case)),
        ("Must catch", codes(&case.sabotage)),
    ] {
        if !line.is_empty() {
            let gap = if line.starts_with('\n') { "" } else { " " };
            text.push_str(&format!("- {title}:{gap}{line}\n"));
        }
    }
    text
}

fn sources(case: &Case) -> String {
    let sources: Vec<_> = case.sources.iter().map(|source| plain(source)).collect();
    sources.join("; ")
}

fn requires(case: &Case) -> String {
    match case.requires.as_slice() {
        [] => "nothing; it binds every mesh".to_owned(),
        capabilities => codes(capabilities.iter().map(|capability| capability.name())),
    }
}

/// `a` calls `b`; `b` ×3 (delay: 5ms).
fn world(world: &World) -> String {
    let services = &world.services;
    if let Some(layered) = &world.layered {
        let each = match layered.behaviour == Behaviour::default() {
            true => String::new(),
            false => format!(" ({})", code(&inner(&layered.behaviour))),
        };
        return format!(
            "{} layers of {} services{each}, each of which calls {} of the next layer: {} services, {} calls",
            layered.layers,
            layered.width,
            layered.fanout,
            services.len(),
            world.edges().count()
        );
    }
    if services.len() > NAMED {
        let replicas: u32 = services.values().map(|service| service.replicas).sum();
        let calls = world.edges().count();
        return format!(
            "{} services, {replicas} replicas, {calls} calls between services",
            services.len()
        );
    }
    let described = services.iter().map(|(name, service)| {
        let mut text = code(name);
        if service.replicas != 1 {
            text.push_str(&format!(" ×{}", service.replicas));
        }
        let notes = topology::notes(service, "");
        if !notes.is_empty() {
            text.push_str(&format!(" ({})", codes(notes)));
        }
        let calls = service.calls.iter().map(|callee| {
            let optional = service.optional.contains(callee);
            format!("`{callee}`{}", if optional { " (optional)" } else { "" })
        });
        if !service.calls.is_empty() {
            let calls = calls.collect::<Vec<_>>().join(", then ");
            text.push_str(&format!(" calls {calls}"));
        }
        text
    });
    described.collect::<Vec<_>>().join("; ")
}

fn policy(case: &Case) -> String {
    let policies = case.policy.iter();
    let policies: Vec<_> = policies
        .map(|(edge, policy)| format!("`{edge}`: `{}`", inner(policy)))
        .collect();
    if policies.is_empty() {
        return String::new();
    }
    format!(
        "{}; must act within {}",
        policies.join("; "),
        case.acts.within
    )
}

fn load(case: &Case) -> String {
    let mut text = format!("{}, for {}", schedule::load(&case.load), case.load.length);
    if let Some(path) = &case.load.path {
        text.push_str(&format!(", path {path}"));
    }
    text
}

fn faults(case: &Case) -> String {
    let faults = case.faults.iter().map(|fault| {
        let from = match fault.from {
            Duration::ZERO => "the start".to_owned(),
            from => from.to_string(),
        };
        let told = schedule::told(fault);
        format!("`{told}` from {from} until {}", fault.until)
    });
    faults.collect::<Vec<_>>().join("; ")
}

/// Numbered where there are several, for checks name a change by its number.
fn changes(case: &Case) -> String {
    let changes = case.changes.iter().enumerate().map(|(index, change)| {
        let number = if case.changes.len() > 1 {
            format!("change {index}, ")
        } else {
            String::new()
        };
        format!(
            "{number}at {}: `{}`",
            change.at,
            schedule::shown(&change.operation)
        )
    });
    changes.collect::<Vec<_>>().join("; ")
}

fn besides(case: &Case) -> String {
    let mut notes = Vec::new();
    if case.control {
        notes.push("without any mesh it must be seen to fail");
    }
    if case.alone {
        notes.push("runs by itself, with no other case beside it");
    }
    notes.join("; ")
}

/// A line a check: as its case spells it, and what that means.
fn judged(case: &Case) -> String {
    let line = |expect: &Expect| {
        let name = expect.name();
        let (_, params) = named(expect);
        let spelt = if params.is_empty() {
            String::new()
        } else {
            format!(" `{params}`")
        };
        let title = link(&code(name), &anchor(name));
        format!("\n  - {title}{spelt}: {}", plain(checks::about(name)))
    };
    case.expect.iter().map(line).collect()
}
