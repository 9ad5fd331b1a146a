//! The report that a person watches.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

use meshproof_model::units::Duration;
use meshproof_model::{CaseEnded, Event, Level, Resources, RunStarted, VerdictKind};
use textwrap::Options;

use crate::gathered::Gathered;
use crate::progress::{Progress, plain};
use crate::{Exit, Report};

/// How wide reports are where no terminal says how wide it is.
const WIDTH: usize = 100;
/// What a world of so many processes takes is told; of smaller ones it is in the JSON report.
const MANY: u32 = 50;
const CLEAR_LINE: &str = "\r\x1b[2K";

/// What the place that is written to can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Lines can be redrawn.
    pub tty: bool,
    /// Colours are shown and wanted.
    pub colour: bool,
    /// Columns in a line.
    pub width: usize,
}

impl Look {
    /// What `stream` can show and, by `NO_COLOR` (<https://no-color.org>) and `TERM=dumb`, should.
    #[must_use]
    pub fn of(stream: &(impl IsTerminal + AsFd)) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let tty = stream.is_terminal() && !dumb;
        let size = terminal_size::terminal_size_of(stream);
        Self {
            tty,
            colour: tty && !set("NO_COLOR"),
            width: size.map_or(WIDTH, |(width, _)| usize::from(width.0).max(20)),
        }
    }
}

/// Live progress, then the table of verdicts.
pub struct Terminal {
    out: Box<dyn Write + Send>,
    look: Look,
    artefacts: Vec<(String, PathBuf)>,
    live: bool,
    gathered: Gathered,
    progress: Progress,
}

impl Terminal {
    /// Tells the run on `out`; at the end it names the `artefacts`, each with what it is.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, look: Look, artefacts: Vec<(String, PathBuf)>) -> Self {
        Self {
            out,
            look,
            artefacts,
            live: true,
            gathered: Gathered::default(),
            progress: Progress::default(),
        }
    }

    /// Tells a run that is over on `out`: heading, table and ending, nothing on the way.
    #[must_use]
    pub fn again(out: Box<dyn Write + Send>, look: Look) -> Self {
        Self {
            live: false,
            ..Self::new(out, look, Vec::new())
        }
    }

    fn redraw(&mut self) -> io::Result<()> {
        let line = self.progress.line(
            self.gathered.tally().all(),
            self.look.width.saturating_sub(1),
        );
        write!(self.out, "{CLEAR_LINE}{line}")?;
        self.out.flush()
    }

    fn tell_ended(&mut self, case: &CaseEnded) -> io::Result<()> {
        let kind = self.kind(case.verdict.kind());
        let reason = match case.verdict.kind() {
            VerdictKind::Pass => String::new(),
            _ => format!(": {}", plain(case.verdict.reason())),
        };
        writeln!(
            self.out,
            "{kind} {} {}{reason}",
            seconds(case.took),
            name(case)
        )?;
        self.out.flush()
    }

    fn table(&mut self) -> io::Result<()> {
        let mut cases: Vec<_> = self.gathered.cases().map(|judged| &judged.case).collect();
        cases.sort_by(|a, b| (&a.case, a.repetition).cmp(&(&b.case, b.repetition)));
        let widest = cases.iter().map(|case| name(case).len()).max().unwrap_or(0);
        let indent = " ".repeat(4);
        let wrap = Options::new(self.look.width)
            .initial_indent(&indent)
            .subsequent_indent(&indent);
        for case in cases {
            let kind = self.kind(case.verdict.kind());
            let (name, took) = (name(case), seconds(case.took));
            let level = match case.level {
                Level::Must => String::new(),
                level => format!(" {level}"),
            };
            writeln!(self.out, "{kind} {name:widest$} {took}{level}")?;
            let world = case.resources.as_ref();
            if let Some(world) = world.filter(|world| world.processes >= MANY) {
                writeln!(self.out, "{indent}{}", held(world))?;
            }
            if case.verdict.kind() == VerdictKind::Pass {
                continue;
            }
            for line in textwrap::wrap(&plain(case.verdict.reason()), &wrap) {
                writeln!(self.out, "{line}")?;
            }
            if let (VerdictKind::Fail, Some(history)) = (case.verdict.kind(), &case.history) {
                writeln!(self.out, "{indent}{history}")?;
            }
        }
        Ok(())
    }

    fn ending(&mut self) -> io::Result<()> {
        let counts = self.gathered.tally().all();
        let ended = self.gathered.ended.as_ref();
        let took = ended.map_or(String::new(), |e| {
            format!(" in {}", seconds(e.took).trim_start())
        });
        writeln!(self.out, "\n{} cases{took}: {counts}", counts.total())?;
        for (what, path) in &self.artefacts {
            writeln!(self.out, "{what}: {}", path.display())?;
        }
        if let Ok(run) = self.gathered.started() {
            writeln!(self.out, "reproduce: {}", run.reproduce)?;
        }
        if let Some(broken) = self.gathered.broken() {
            // It may end with the last lines of a log, which stay lines.
            for (index, line) in broken.lines().enumerate() {
                let label = if index == 0 { "broken: " } else { "" };
                writeln!(self.out, "{label}{}", plain(line))?;
            }
        }
        if let Some(exit) = ended.and_then(|ended| Exit::from_code(ended.exit)) {
            writeln!(self.out, "exit {}: {}", exit.code(), exit.meaning())?;
        }
        Ok(())
    }

    /// The verdict in a column of its own, in its colour.
    fn kind(&self, kind: VerdictKind) -> String {
        if !self.look.colour {
            return format!("{kind:12}");
        }
        let colour = match kind {
            VerdictKind::Pass => 32,
            VerdictKind::Fail => 31,
            VerdictKind::Inconclusive => 33,
            VerdictKind::Skipped => 2,
        };
        format!("\x1b[{colour}m{kind:12}\x1b[0m")
    }
}

impl Report for Terminal {
    fn see(&mut self, event: &Event) -> io::Result<()> {
        self.gathered.see(event)?;
        self.progress.see(event);
        match event {
            Event::RunStarted(run) => writeln!(self.out, "{}", heading(run))?,
            Event::CaseEnded(case) if self.live && !self.look.tty => self.tell_ended(case)?,
            _ => {}
        }
        if self.live && self.look.tty && !matches!(event, Event::RunEnded(_)) {
            self.redraw()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let clear = if self.live && self.look.tty {
            CLEAR_LINE
        } else {
            "\n"
        };
        self.out.write_all(clear.as_bytes())?;
        self.table()?;
        self.ending()?;
        self.out.flush()
    }
}

fn heading(run: &RunStarted) -> String {
    let sabotage = run
        .sabotage
        .as_ref()
        .map_or(String::new(), |name| format!(", sabotage {name}"));
    format!(
        "{} on {}{sabotage}: {} cases, seed {}",
        run.suite, run.mesh, run.planned, run.seed
    )
}

fn name(case: &CaseEnded) -> String {
    match case.repetition {
        1 => case.case.clone(),
        number => format!("{} #{number}", case.case),
    }
}

/// What a world took of the machine, in a line.
fn held(world: &Resources) -> String {
    let Resources {
        processes,
        up,
        down,
        memory,
    } = world;
    let memory = memory.map_or_else(String::new, |memory| {
        format!(", {} MiB of memory (PSS)", memory.get() >> 20)
    });
    format!(
        "{processes} processes: up in {}, down in {}{memory}",
        seconds(*up).trim_start(),
        seconds(*down).trim_start()
    )
}

fn seconds(length: Duration) -> String {
    format!("{:7.2}s", length.std().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn told(look: Look) -> String {
        let out = sample::Shared::default();
        let artefacts = vec![("events".to_owned(), "out/events.jsonl".into())];
        let mut terminal = Box::new(Terminal::new(Box::new(out.clone()), look, artefacts));
        for event in sample::events() {
            terminal.see(&event).unwrap();
        }
        terminal.finish().unwrap();
        out.text()
    }

    #[test]
    fn in_a_pipe() {
        let look = Look {
            tty: false,
            colour: false,
            width: 60,
        };
        insta::assert_snapshot!(told(look));
    }

    #[test]
    fn on_a_terminal() {
        let look = Look {
            tty: true,
            colour: true,
            width: 80,
        };
        insta::assert_snapshot!(told(look).replace('\x1b', "␛").replace('\r', "␍"));
    }

    #[test]
    fn told_again_it_has_no_progress() {
        let out = sample::Shared::default();
        let look = Look {
            tty: true,
            colour: false,
            width: 60,
        };
        let mut terminal = Box::new(Terminal::again(Box::new(out.clone()), look));
        for event in sample::events() {
            terminal.see(&event).unwrap();
        }
        terminal.finish().unwrap();
        let text = out.text();
        assert!(!text.contains(CLEAR_LINE), "{text}");
        assert_eq!(
            text.matches("fail         resilience.retry.bounded")
                .count(),
            1,
            "{text}"
        );
    }

    #[test]
    fn a_run_that_was_cut_says_so() {
        let out = sample::Shared::default();
        let look = Look {
            tty: false,
            colour: false,
            width: 80,
        };
        let mut terminal = Box::new(Terminal::new(Box::new(out.clone()), look, Vec::new()));
        terminal.see(&sample::events()[0]).unwrap();
        terminal.finish().unwrap();
        let text = out.text();
        assert!(
            text.contains("broken: the run did not come to its end"),
            "{text}"
        );
        assert!(!text.contains("exit"), "{text}");
    }
}
