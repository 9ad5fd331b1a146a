//! Load, faults and changes on one line of time.

use meshproof_model::units::Duration;
use meshproof_model::{Arrival, Fault, Load, Target};
use meshproof_suites::Case;
use serde::Serialize;

use super::flow::named;

/// Columns of the time line.
const WIDTH: usize = 48;
/// Columns before it, for what a row is about.
const NAMES: usize = 6;

pub(super) fn draw(case: &Case) -> String {
    let line = Line::of(case);
    let mut rows = vec![
        format!(
            "The policy is handed over first, and must act within {}.",
            case.acts.within
        ),
        line.axis(),
        line.row(
            "load",
            &line.span(Duration::ZERO, case.load.length, '─'),
            &load(&case.load),
        ),
    ];
    for (index, fault) in case.faults.iter().enumerate() {
        let span = line.span(fault.from, fault.until, '═');
        rows.push(line.row(&format!("F{}", index + 1), &span, &told(fault)));
    }
    for (index, change) in case.changes.iter().enumerate() {
        let point = format!("{}●", " ".repeat(line.column(change.at)));
        rows.push(line.row(
            &format!("C{}", index + 1),
            &point,
            &shown(&change.operation),
        ));
    }
    rows.join("\n")
}

/// The scale of a case's time line.
struct Line {
    /// Every time at which something begins or ends, in order.
    times: Vec<Duration>,
    end: Duration,
}

impl Line {
    fn of(case: &Case) -> Self {
        let mut times = vec![Duration::ZERO, case.load.length];
        times.extend(
            case.faults
                .iter()
                .flat_map(|fault| [fault.from, fault.until]),
        );
        times.extend(case.changes.iter().map(|change| change.at));
        times.sort();
        times.dedup();
        let end = times.last().copied().unwrap_or(Duration::ZERO);
        Self { times, end }
    }

    fn column(&self, time: Duration) -> usize {
        let last = WIDTH as u64 - 1;
        let column =
            u128::from(time.as_nanos()) * u128::from(last) / u128::from(self.end.as_nanos().max(1));
        usize::try_from(column).unwrap_or(WIDTH - 1)
    }

    /// The times above their columns; the end always, the others as far as there is room.
    fn axis(&self) -> String {
        let end = self.end.to_string();
        let mut text = String::new();
        for time in self.times.iter().filter(|time| **time != self.end) {
            let (label, at) = (time.to_string(), self.column(*time));
            let free = text.is_empty() || text.len() + 2 <= at;
            if free && at + label.len() + 2 < WIDTH {
                text = format!("{text:<at$}{label}");
            }
        }
        let at = WIDTH - 1;
        format!("{:NAMES$}{text:<at$}{end}", "")
    }

    /// `├────┤` from a time to a later one.
    fn span(&self, from: Duration, until: Duration, stroke: char) -> String {
        let (from, until) = (self.column(from), self.column(until));
        let (left, right) = if stroke == '═' {
            ('╞', '╡')
        } else {
            ('├', '┤')
        };
        let length = until.saturating_sub(from + 1);
        let stroke: String = std::iter::repeat_n(stroke, length).collect();
        format!("{}{left}{stroke}{right}", " ".repeat(from))
    }

    fn row(&self, name: &str, drawn: &str, about: &str) -> String {
        let width = WIDTH + 2;
        format!("{name:<NAMES$}{drawn:<width$}{about}")
    }
}

pub(in crate::command) fn load(load: &Load) -> String {
    let to = match load.on_every() {
        true => "each service in turn",
        false => &load.on,
    };
    let mut text = format!("{} to {to}", load.rate);
    if load.arrival == Arrival::Poisson {
        text.push_str(", at random");
    }
    if !load.methods.is_empty() {
        let methods: Vec<_> = load.methods.iter().map(|method| method.name()).collect();
        text.push_str(&format!(", {} in turn", methods.join(", ")));
    }
    if let Some(body) = load.body {
        text.push_str(&format!(", {body} each"));
    }
    text
}

pub(in crate::command) fn told(fault: &Fault) -> String {
    let on = match &fault.on {
        Target::Link(link) => {
            let (side, _) = named(&link.side);
            let replica = link
                .replica
                .as_ref()
                .map_or_else(String::new, |name| format!(" to {name}"));
            format!("{}, {side}{replica}", link.call)
        }
        Target::Service(name) | Target::Replica(name) => name.clone(),
        Target::Sidecar(name) => format!("sidecar of {name}"),
        Target::ControlPlane => "control plane".to_owned(),
    };
    format!("{on}: {}", shown(&fault.kind))
}

/// `hang`, `drain b-1`, `respond {status: 503}`.
pub(in crate::command) fn shown(part: &impl Serialize) -> String {
    match named(part) {
        (name, params) if params.is_empty() => name,
        (name, params) if params.contains(": ") => format!("{name} {{{params}}}"),
        (name, params) => format!("{name} {params}"),
    }
}
