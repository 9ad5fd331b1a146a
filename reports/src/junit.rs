//! `junit`: JUnit XML, which CI systems show.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use meshproof_model::units::Duration;
use meshproof_model::{CaseEnded, Event, Excerpt, RunStarted, Verdict};

use crate::Report;
use crate::gathered::Gathered;

/// One `testsuite` with a `testcase` for each case repetition.
pub(crate) struct Junit {
    out: Box<dyn Write + Send>,
    gathered: Gathered,
}

impl Junit {
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            gathered: Gathered::default(),
        }
    }
}

impl Report for Junit {
    fn see(&mut self, event: &Event) -> io::Result<()> {
        self.gathered.see(event)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let run = self.gathered.started()?;
        let mut xml = String::new();
        document(&mut xml, run, &self.gathered).expect("a String takes all that is written");
        self.out.write_all(xml.as_bytes())?;
        self.out.flush()
    }
}

fn document(xml: &mut String, run: &RunStarted, gathered: &Gathered) -> fmt::Result {
    let counts = gathered.tally().all();
    let broken = gathered.broken();
    let more = u32::from(broken.is_some());
    let took = gathered.ended.as_ref().map_or(Duration::ZERO, |e| e.took);
    let totals = format!(
        r#"tests="{}" failures="{}" errors="{}" skipped="{}" time="{}""#,
        counts.total() + more,
        counts.fail,
        counts.inconclusive + more,
        counts.skipped,
        seconds(took),
    );
    writeln!(xml, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(xml, r#"<testsuites name="meshproof" {totals}>"#)?;
    writeln!(
        xml,
        r#"  <testsuite name="{}" {totals}>"#,
        Escaped(&run.suite)
    )?;
    properties(xml, run)?;
    for judged in gathered.cases() {
        testcase(xml, &judged.case)?;
    }
    if let Some(broken) = broken {
        // A run that broke must not look whole to a reader who counts failures.
        let broken = Escaped(broken);
        writeln!(
            xml,
            r#"    <testcase classname="meshproof" name="the run itself" time="0.000">"#
        )?;
        writeln!(xml, r#"      <error type="broken" message="{broken}"/>"#)?;
        writeln!(xml, "    </testcase>")?;
    }
    writeln!(xml, "  </testsuite>")?;
    writeln!(xml, "</testsuites>")
}

fn properties(xml: &mut String, run: &RunStarted) -> fmt::Result {
    let seed = run.seed.to_string();
    let mut properties = vec![
        ("run", run.run.as_str()),
        ("version", &run.version),
        ("mesh", &run.mesh),
        ("seed", &seed),
        ("serviceDigest", &run.service_digest),
        ("reproduce", &run.reproduce),
    ];
    properties.extend(run.sabotage.as_deref().map(|name| ("sabotage", name)));
    writeln!(xml, "    <properties>")?;
    for (name, value) in properties {
        let value = Escaped(value);
        writeln!(xml, r#"      <property name="{name}" value="{value}"/>"#)?;
    }
    writeln!(xml, "    </properties>")
}

fn testcase(xml: &mut String, case: &CaseEnded) -> fmt::Result {
    let area = case.case.split('.').next().unwrap_or_default();
    let repetition = match case.repetition {
        1 => String::new(),
        number => format!(" #{number}"),
    };
    write!(
        xml,
        r#"    <testcase classname="{}" name="{}{repetition}" time="{}""#,
        Escaped(area),
        Escaped(&case.case),
        seconds(case.took),
    )?;
    let reason = Escaped(case.verdict.reason());
    match &case.verdict {
        Verdict::Pass { .. } => return writeln!(xml, "/>"),
        Verdict::Fail { evidence, .. } => {
            let level = case.level;
            writeln!(
                xml,
                ">\n      <failure type=\"{level}\" message=\"{reason}\">"
            )?;
            for line in proof(case, evidence) {
                writeln!(xml, "{}", Escaped(&line))?;
            }
            writeln!(xml, "      </failure>")?;
        }
        Verdict::Inconclusive { .. } => {
            writeln!(
                xml,
                ">\n      <error type=\"inconclusive\" message=\"{reason}\"/>"
            )?;
        }
        Verdict::Skipped { .. } => {
            writeln!(xml, ">\n      <skipped message=\"{reason}\"/>")?;
        }
    }
    writeln!(xml, "    </testcase>")
}

/// The demand, the failed checks, and the records that prove it.
fn proof(case: &CaseEnded, evidence: &[Excerpt]) -> Vec<String> {
    let mut lines = vec![case.statement.clone()];
    for expect in &case.expects {
        let (kind, reason) = (expect.verdict.kind(), expect.verdict.reason());
        lines.push(format!("{}: {kind}: {reason}", expect.check));
    }
    for excerpt in evidence {
        lines.push(excerpt.subject.clone());
        lines.extend(excerpt.lines.iter().map(|line| format!("  {line}")));
    }
    lines.extend(case.history.iter().map(|path| format!("history: {path}")));
    lines
}

fn seconds(length: Duration) -> String {
    format!("{:.3}", length.std().as_secs_f64())
}

/// Text as it may stand in an element or a quoted attribute. Characters that XML 1.0 §2.2 has no
/// way to express are written as Rust would escape them.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\t' | '\n' | '\r' => write!(f, "&#{};", u32::from(c))?,
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                    write!(f, "{}", c.escape_unicode())?;
                }
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, sample};

    #[test]
    fn a_whole_run() {
        insta::assert_snapshot!(sample::told(Format::Junit, &sample::events()));
    }

    #[test]
    fn a_run_that_was_cut_is_not_green() {
        let told = sample::told(Format::Junit, &sample::events()[..3]);
        assert!(
            told.contains(r#"<error type="broken" message="the run did not come to its end"/>"#),
            "{told}"
        );
        assert!(
            told.contains(r#"tests="2" failures="0" errors="1""#),
            "{told}"
        );
    }

    #[test]
    fn every_character_is_expressible() {
        let text = Escaped("a<b>&\"c\"\n\u{1b}[31m\0\u{ffff}é").to_string();
        assert_eq!(
            text,
            r"a&lt;b&gt;&amp;&quot;c&quot;&#10;\u{1b}[31m\u{0}\u{ffff}é"
        );
    }
}
