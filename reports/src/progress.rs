use indexmap::IndexMap;
use meshproof_model::{Event, VerdictKind};
use textwrap::core::display_width;

use crate::Counts;

const VERDICTS: [VerdictKind; 4] = [
    VerdictKind::Pass,
    VerdictKind::Fail,
    VerdictKind::Inconclusive,
    VerdictKind::Skipped,
];

/// What runs at the moment.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    planned: u32,
    /// The step of each running case repetition.
    running: IndexMap<(String, u32), String>,
}

impl Progress {
    pub(crate) fn see(&mut self, event: &Event) {
        match event {
            Event::RunStarted(run) => self.planned = run.planned,
            Event::CaseStarted { case, repetition } => {
                self.running
                    .insert((case.clone(), *repetition), "starting".to_owned());
            }
            Event::CaseStep {
                case,
                repetition,
                step,
            } => {
                self.running
                    .insert((case.clone(), *repetition), step.clone());
            }
            Event::CaseEnded(case) => {
                self.running
                    .shift_remove(&(case.case.clone(), case.repetition));
            }
            Event::RunEnded(_) => self.running.clear(),
        }
    }

    /// The one line that is redrawn, no wider than `width` columns.
    pub(crate) fn line(&self, counts: Counts, width: usize) -> String {
        let mut parts = vec![format!("{}/{}", counts.total(), self.planned)];
        for verdict in VERDICTS.into_iter().filter(|v| counts.of(*v) > 0) {
            parts.push(format!("{} {verdict}", counts.of(verdict)));
        }
        for ((case, _), step) in &self.running {
            parts.push(format!("{case}: {step}"));
        }
        cut(&plain(&parts.join(" · ")), width)
    }
}

/// Text without control characters, which could move the cursor or change colours.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn cut(line: &str, width: usize) -> String {
    if display_width(line) <= width {
        return line.to_owned();
    }
    let mut taken = String::new();
    for c in line.chars() {
        taken.push(c);
        if display_width(&taken) >= width {
            taken.pop();
            break;
        }
    }
    taken.push('…');
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn step(case: &str, step: &str) -> Event {
        Event::CaseStep {
            case: case.to_owned(),
            repetition: 1,
            step: step.to_owned(),
        }
    }

    #[test]
    fn the_line_tells_what_runs_and_fits() {
        let mut progress = Progress::default();
        progress.see(&sample::events()[0]);
        progress.see(&step("a.slow", "driving load"));
        progress.see(&step("b.other", "waiting\x1b[2J"));
        let counts = Counts {
            pass: 1,
            ..Counts::default()
        };
        let whole = "1/5 · 1 pass · a.slow: driving load · b.other: waiting [2J";
        assert_eq!(progress.line(counts, 200), whole);
        let narrow = progress.line(counts, 20);
        assert_eq!(narrow, "1/5 · 1 pass · a.sl…");
        progress.see(&Event::CaseEnded(sample::case("a.slow", 1, sample::pass())));
        assert!(!progress.line(counts, 200).contains("a.slow"));
    }
}
