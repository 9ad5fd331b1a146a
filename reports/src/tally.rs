//! What the verdicts of a run come to.

use std::fmt;

use meshproof_model::{Level, VerdictKind};
use serde::Serialize;

/// How many case repetitions came to which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Seen to hold.
    pub pass: u32,
    /// Seen to be broken.
    pub fail: u32,
    /// Evidence did not suffice.
    pub inconclusive: u32,
    /// Something required was missing.
    pub skipped: u32,
}

impl Counts {
    /// The number of one verdict.
    #[must_use]
    pub const fn of(&self, verdict: VerdictKind) -> u32 {
        match verdict {
            VerdictKind::Pass => self.pass,
            VerdictKind::Fail => self.fail,
            VerdictKind::Inconclusive => self.inconclusive,
            VerdictKind::Skipped => self.skipped,
        }
    }

    /// All verdicts together.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.pass + self.fail + self.inconclusive + self.skipped
    }

    fn count(&mut self, verdict: VerdictKind) {
        *match verdict {
            VerdictKind::Pass => &mut self.pass,
            VerdictKind::Fail => &mut self.fail,
            VerdictKind::Inconclusive => &mut self.inconclusive,
            VerdictKind::Skipped => &mut self.skipped,
        } += 1;
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            pass: self.pass + other.pass,
            fail: self.fail + other.fail,
            inconclusive: self.inconclusive + other.inconclusive,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pass,
            fail,
            inconclusive,
            skipped,
        } = self;
        write!(
            f,
            "{pass} pass, {fail} fail, {inconclusive} inconclusive, {skipped} skipped"
        )
    }
}

/// The verdicts of a run, counted by level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Of demands that bind.
    pub must: Counts,
    /// Of demands that bind under `--strict`.
    pub should: Counts,
    /// Of demands that are told only.
    pub may: Counts,
}

impl Tally {
    /// Counts one verdict.
    pub fn count(&mut self, level: Level, verdict: VerdictKind) {
        let counts = match level {
            Level::Must => &mut self.must,
            Level::Should => &mut self.should,
            Level::May => &mut self.may,
        };
        counts.count(verdict);
    }

    /// The verdicts of all levels.
    #[must_use]
    pub const fn all(&self) -> Counts {
        self.must.plus(self.should).plus(self.may)
    }
}

impl FromIterator<(Level, VerdictKind)> for Tally {
    fn from_iter<I: IntoIterator<Item = (Level, VerdictKind)>>(verdicts: I) -> Self {
        let mut tally = Self::default();
        for (level, verdict) in verdicts {
            tally.count(level, verdict);
        }
        tally
    }
}

/// What decides the exit code beside the verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// How many case repetitions were planned, skipped ones included.
    pub planned: u32,
    /// A SHOULD binds like a MUST.
    pub strict: bool,
    /// The environment failed us, so that cases were not judged for a reason of ours.
    pub broken: bool,
}

/// How a run ends for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every selected MUST passed or was skipped, and at least one passed.
    Passed,
    /// A MUST failed.
    Failed,
    /// Wrong usage or input, or nothing was selected.
    Usage,
    /// The environment failed us.
    Environment,
    /// No failure, but a MUST was inconclusive or never judged, or all were skipped.
    Undecided,
}

impl Exit {
    const ALL: [Self; 5] = [
        Self::Passed,
        Self::Failed,
        Self::Usage,
        Self::Environment,
        Self::Undecided,
    ];

    /// What the verdicts come to. Where several codes fit, the order is 2, 3, 1, 4.
    ///
    /// Where MUSTs were selected, one of them has to pass; where none was, any case.
    #[must_use]
    pub const fn of(tally: &Tally, facts: Facts) -> Self {
        let binding = if facts.strict {
            tally.must.plus(tally.should)
        } else {
            tally.must
        };
        let all = tally.all();
        let proving = if binding.total() > 0 { binding } else { all };
        if facts.planned == 0 {
            Self::Usage
        } else if facts.broken {
            Self::Environment
        } else if binding.fail > 0 {
            Self::Failed
        } else if binding.inconclusive > 0 || proving.pass == 0 || all.total() < facts.planned {
            Self::Undecided
        } else {
            Self::Passed
        }
    }

    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Undecided => 4,
        }
    }

    /// The way to end that has this code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }

    /// What it means, in a line.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Passed => "every selected MUST passed or was skipped",
            Self::Failed => "a binding demand failed",
            Self::Usage => "wrong usage or input, or nothing was selected",
            Self::Environment => "the environment failed the run",
            Self::Undecided => {
                "no failure, but a binding demand was left undecided, or nothing passed"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Level::{May, Must, Should};
    use VerdictKind::{Fail, Inconclusive, Pass, Skipped};

    fn check(name: &str, verdicts: &[(Level, VerdictKind)], facts: Facts, expected: Exit) {
        let tally: Tally = verdicts.iter().copied().collect();
        let planned = tally.all().total() + facts.planned;
        assert_eq!(
            Exit::of(&tally, Facts { planned, ..facts }),
            expected,
            "{name}"
        );
    }

    #[test]
    fn verdicts_decide_the_exit_code() {
        let loose = Facts::default();
        let strict = Facts {
            strict: true,
            ..loose
        };
        let broken = Facts {
            broken: true,
            ..loose
        };
        // In these rows `planned` is what was planned beyond the verdicts given.
        let cut = Facts {
            planned: 1,
            ..loose
        };
        check("one pass", &[(Must, Pass)], loose, Exit::Passed);
        check(
            "pass and skip",
            &[(Must, Pass), (Must, Skipped)],
            loose,
            Exit::Passed,
        );
        check(
            "a fail among passes",
            &[(Must, Pass), (Must, Fail)],
            loose,
            Exit::Failed,
        );
        check(
            "fail before inconclusive",
            &[(Must, Inconclusive), (Must, Fail)],
            loose,
            Exit::Failed,
        );
        check(
            "inconclusive",
            &[(Must, Pass), (Must, Inconclusive)],
            loose,
            Exit::Undecided,
        );
        check(
            "all skipped",
            &[(Must, Skipped), (Should, Skipped)],
            loose,
            Exit::Undecided,
        );
        check(
            "no MUST was put to the proof",
            &[(Must, Skipped), (Should, Pass)],
            loose,
            Exit::Undecided,
        );
        check(
            "a SHOULD fails",
            &[(Must, Pass), (Should, Fail)],
            loose,
            Exit::Passed,
        );
        check(
            "a SHOULD fails, strict",
            &[(Must, Pass), (Should, Fail)],
            strict,
            Exit::Failed,
        );
        check(
            "a SHOULD is inconclusive",
            &[(Must, Pass), (Should, Inconclusive)],
            loose,
            Exit::Passed,
        );
        check(
            "a SHOULD is inconclusive, strict",
            &[(Must, Pass), (Should, Inconclusive)],
            strict,
            Exit::Undecided,
        );
        check(
            "a MAY fails, strict",
            &[(Must, Pass), (May, Fail)],
            strict,
            Exit::Passed,
        );
        check("only SHOULDs pass", &[(Should, Pass)], loose, Exit::Passed);
        check(
            "only a SHOULD, it fails",
            &[(Should, Fail)],
            loose,
            Exit::Undecided,
        );
        check("nothing selected", &[], loose, Exit::Usage);
        check("nothing selected and broken", &[], broken, Exit::Usage);
        check(
            "broken before a fail",
            &[(Must, Fail)],
            broken,
            Exit::Environment,
        );
        check(
            "a case was never judged",
            &[(Must, Pass)],
            cut,
            Exit::Undecided,
        );
        check("a fail, then cut", &[(Must, Fail)], cut, Exit::Failed);
    }

    #[test]
    fn every_code_leads_back() {
        for exit in Exit::ALL {
            assert_eq!(Exit::from_code(exit.code()), Some(exit));
        }
        assert_eq!(Exit::from_code(5), None);
    }

    fn verdicts() -> impl Strategy<Value = Vec<(Level, VerdictKind)>> {
        let level = prop_oneof![Just(Must), Just(Should), Just(May)];
        let kind = prop_oneof![Just(Pass), Just(Fail), Just(Inconclusive), Just(Skipped)];
        proptest::collection::vec((level, kind), 0..12)
    }

    proptest! {
        #[test]
        fn the_order_of_verdicts_does_not_matter(
            (given, mixed) in verdicts().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        ) {
            let (given, mixed): (Tally, Tally) =
                (given.into_iter().collect(), mixed.into_iter().collect());
            prop_assert_eq!(given, mixed);
        }

        #[test]
        fn a_binding_fail_never_passes(all in verdicts(), strict: bool, broken: bool, planned: u32) {
            let tally: Tally = all.into_iter().collect();
            let exit = Exit::of(&tally, Facts { planned, strict, broken });
            let fails = tally.must.fail > 0 || strict && tally.should.fail > 0;
            prop_assert!(!(fails && exit == Exit::Passed));
        }
    }
}
