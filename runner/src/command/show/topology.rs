//! Who calls whom, as a tree, with each fault where it sits: `[F1]` is the first fault of the schedule.

use std::collections::BTreeSet;

use meshproof_model::{Behaviour, Edge, Layered, LinkSide, Protocol, Service, Target};
use meshproof_suites::Case;

use super::flow::inner;

const SIDES: [(LinkSide, &str); 3] = [
    (LinkSide::AppOut, "app-out"),
    (LinkSide::Wire, "wire"),
    (LinkSide::AppIn, "app-in"),
];

/// More lines than this are no drawing any more.
const MOST: usize = 80;

pub(super) fn draw(case: &Case) -> String {
    let mut tree = Tree {
        case,
        drawn: BTreeSet::new(),
        lines: Vec::new(),
    };
    let root = "prober ──► ";
    if case.load.on_every() {
        tree.lines.push(format!("{root}each service in turn"));
    } else {
        tree.lines
            .push(format!("{root}{}", tree.label(&case.load.on, "")));
        tree.below(&case.load.on, &" ".repeat(root.chars().count()));
    }
    if let Some(layered) = &case.world.layered {
        tree.layers(layered);
    }
    for name in case.world.services.keys() {
        if !tree.drawn.contains(name) {
            tree.lines.push(tree.label(name, tree.role(name)));
            tree.below(name, "");
        }
    }
    let control = tree.marks(|on| match on {
        Target::ControlPlane => Some(String::new()),
        _ => None,
    });
    if !control.is_empty() {
        tree.lines.push(format!("control plane{control}"));
    }
    let more = tree.lines.len().saturating_sub(MOST);
    if more > 0 {
        tree.lines.truncate(MOST);
        tree.lines
            .push(format!("… and {more} lines more; --yaml has them all"));
    }
    tree.lines.join("\n")
}

struct Tree<'a> {
    case: &'a Case,
    drawn: BTreeSet<String>,
    lines: Vec<String>,
}

impl Tree<'_> {
    /// Each layer on a line, and below it the services on which a fault sits.
    fn layers(&mut self, layered: &Layered) {
        let names: Vec<_> = self.case.world.services.keys().cloned().collect();
        let width = usize::try_from(layered.width).unwrap_or(usize::MAX);
        let notes = match layered.behaviour == Behaviour::default() {
            true => String::new(),
            false => format!("  ({} each)", inner(&layered.behaviour)),
        };
        let layers = names.chunks(width);
        let last = layers.len().saturating_sub(1);
        for (nth, layer) in layers.enumerate() {
            let (first, end) = (&layer[0], &layer[layer.len() - 1]);
            let calls = match nth == last {
                true => String::new(),
                false => format!(" ──► {} of the next layer each", layered.fanout),
            };
            self.lines.push(format!("{first} … {end}{calls}{notes}"));
            let marked = layer.iter().map(|name| (name, self.label(name, "")));
            let marked = marked.filter(|(name, label)| label.starts_with(&format!("{name} [")));
            let marked: Vec<_> = marked.map(|(_, label)| format!("  {label}")).collect();
            self.lines.extend(marked);
        }
        self.drawn.extend(names);
    }

    /// The calls of a service, each with what is below it; what is drawn already is only named.
    fn below(&mut self, name: &str, indent: &str) {
        if !self.drawn.insert(name.to_owned()) {
            return;
        }
        let service = &self.case.world.services[name];
        let last = service.calls.len().saturating_sub(1);
        for (index, callee) in service.calls.iter().enumerate() {
            let (branch, rest) = if index == last {
                ("└─", "  ")
            } else {
                ("├─", "│ ")
            };
            let hop = self.hop(name, callee);
            let role = if service.optional.contains(callee) {
                "optional"
            } else {
                ""
            };
            let label = match (self.drawn.contains(callee), role) {
                (true, "") => format!("{callee}  (as above)"),
                (true, role) => format!("{callee}  ({role}; as above)"),
                (false, role) => self.label(callee, role),
            };
            self.lines.push(format!("{indent}{branch}{hop}─► {label}"));
            let gap = " ".repeat(hop.chars().count() + 3);
            self.below(callee, &format!("{indent}{rest}{gap}"));
        }
    }

    /// Plain where nothing sits on it, else every side of the call with its faults.
    fn hop(&self, caller: &str, callee: &str) -> String {
        let call = Edge {
            caller: caller.to_owned(),
            callee: callee.to_owned(),
        };
        let side = |(side, name): &(LinkSide, &str)| {
            let marks = self.marks(|on| match on {
                Target::Link(link) if link.call == call && link.side == *side => {
                    Some(link.replica.clone().unwrap_or_default())
                }
                _ => None,
            });
            (format!(" {name}{marks} "), !marks.is_empty())
        };
        let sides = SIDES.iter().map(side).collect::<Vec<_>>();
        if sides.iter().all(|(_, hit)| !hit) {
            return String::new();
        }
        sides
            .into_iter()
            .map(|(side, _)| side)
            .collect::<Vec<_>>()
            .join("──")
    }

    /// A service with what is not plain about it, and the faults on it.
    fn label(&self, name: &str, role: &str) -> String {
        let service = &self.case.world.services[name];
        let marks = self.marks(|on| match on {
            Target::Service(service) if service == name => Some(String::new()),
            Target::Replica(replica) if replica_of(replica, name) => Some(replica.clone()),
            Target::Sidecar(replica) if replica_of(replica, name) => {
                Some(format!("{replica}.sidecar"))
            }
            _ => None,
        });
        let mut label = format!("{name}{marks}");
        if service.replicas != 1 {
            label.push_str(&format!(" ×{}", service.replicas));
        }
        let notes = notes(service, role);
        if !notes.is_empty() {
            label.push_str(&format!("  ({})", notes.join("; ")));
        }
        label
    }

    /// Why a service is there that nobody calls by its name.
    fn role(&self, name: &str) -> &'static str {
        let mut refs = self
            .case
            .policy
            .values()
            .flat_map(|policy| &policy.backend_refs);
        if refs.any(|backend| backend.name == name) {
            "a destination of a split"
        } else {
            ""
        }
    }

    /// ` [F1] [F2 b-0]`: the faults that `on` finds here, with the replica they are limited to.
    fn marks(&self, on: impl Fn(&Target) -> Option<String>) -> String {
        let mark = |(index, fault): (usize, &meshproof_model::Fault)| {
            let replica = on(&fault.on)?;
            Some(format!(
                " [{}]",
                format!("F{} {replica}", index + 1).trim_end()
            ))
        };
        self.case
            .faults
            .iter()
            .enumerate()
            .filter_map(mark)
            .collect()
    }
}

/// What is not plain about a service, in the spelling of its file.
pub(in crate::command) fn notes(service: &Service, role: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if !role.is_empty() {
        notes.push(role.to_owned());
    }
    if service.protocol != Protocol::default() {
        notes.push(service.protocol.name().to_owned());
    }
    if service.behaviour != Behaviour::default() {
        notes.push(inner(&service.behaviour));
    }
    if !service.absent.is_empty() {
        notes.push(format!(
            "not a member at first: {}",
            service.absent.join(", ")
        ));
    }
    notes
}

fn replica_of(replica: &str, service: &str) -> bool {
    let index = replica
        .strip_prefix(service)
        .and_then(|rest| rest.strip_prefix('-'));
    index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}
