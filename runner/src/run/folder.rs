//! The folders of a run: evidence for the user, state for the keeper.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use meshproof_keeper::claim;

/// The folders of one run.
#[derive(Debug)]
pub(crate) struct Folders {
    /// The run's name, that of its evidence.
    pub(crate) name: String,
    /// What the user keeps: events, histories, reports.
    pub(crate) out: PathBuf,
    /// What the run needs while it lives: lock, journal, scratch. Gone afterwards.
    pub(crate) state: PathBuf,
}

impl Folders {
    /// Makes the folders of a run below `out`.
    pub(crate) fn make(out: &Path, seed: u64) -> io::Result<Self> {
        let name = format!("{}-{:04x}", stamp(SystemTime::now()), seed & 0xffff);
        let (name, out) = fresh(out, &name)?;
        std::fs::create_dir_all(out.join("history"))?;
        let state = claimed(&runs_folder()?, &name)?;
        Ok(Self { name, out, state })
    }
}

/// Makes the state's folder of something that leaves no evidence; its name begins with `what`.
pub(crate) fn scratch(what: &str) -> io::Result<PathBuf> {
    let name = format!("{}-{what}", stamp(SystemTime::now()));
    claimed(&runs_folder()?, &name)
}

/// Where the state of every run is: `$XDG_STATE_HOME/meshproof/runs`.
pub(crate) fn runs_folder() -> io::Result<PathBuf> {
    let state = match std::env::var_os("XDG_STATE_HOME") {
        Some(folder) if Path::new(&folder).is_absolute() => PathBuf::from(folder),
        _ => {
            let home = std::env::var_os("HOME").ok_or_else(|| {
                io::Error::other("neither XDG_STATE_HOME nor HOME is set: set one of them")
            })?;
            PathBuf::from(home).join(".local/state")
        }
    };
    Ok(state.join("meshproof").join("runs"))
}

/// Creates the folder of a run's evidence.
fn fresh(out: &Path, name: &str) -> io::Result<(String, PathBuf)> {
    std::fs::create_dir_all(out)?;
    let out = std::path::absolute(out)?;
    first_free(name, |candidate| {
        let path = out.join(candidate);
        std::fs::create_dir(&path)?;
        Ok((candidate.to_owned(), path))
    })
}

/// Makes the folder of a run's state, which `recover` leaves alone while this process lives.
fn claimed(runs: &Path, name: &str) -> io::Result<PathBuf> {
    first_free(name, |candidate| claim(runs, candidate))
}

/// Makes something under the first name that is free: two runs of one second and seed get different
/// names.
fn first_free<T>(name: &str, make: impl Fn(&str) -> io::Result<T>) -> io::Result<T> {
    let mut candidate = name.to_owned();
    let mut tries = 1;
    loop {
        match make(&candidate) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 100 => {
                tries += 1;
                candidate = format!("{name}-{tries}");
            }
            made => return made,
        }
    }
}

/// `20261122-195915`, in UTC.
fn stamp(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

/// Days since 1970-01-01 as a date of the Gregorian calendar (Howard Hinnant, `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_779, (2026, 11, 22)),
        ] {
            assert_eq!(civil(days), date, "{days}");
        }
    }

    #[test]
    fn two_runs_of_one_second_do_not_share_a_folder() {
        let out = tempfile::tempdir().unwrap();
        let (first, _) = fresh(out.path(), "run").unwrap();
        let (second, _) = fresh(out.path(), "run").unwrap();
        assert_ne!(first, second);
        let first = claimed(out.path(), "state").unwrap();
        assert_ne!(first, claimed(out.path(), "state").unwrap());
    }
}
