//! Processes of the mesh that ended by themselves: what they were to show, no check can see any more.

use meshproof_model::{Excerpt, Nanos, ProcessChange, ProcessRecord, Verdict};

/// The verdict on a mesh of which a process ended by itself until `ended`; none: all ran on.
pub(super) fn verdict(processes: &[ProcessRecord], ended: Nanos) -> Option<Verdict> {
    let fallen = processes.iter().filter(|record| record.at <= ended);
    let mut fallen = fallen.filter_map(|record| match &record.change {
        ProcessChange::EndedByItself { how, log } => Some((&record.process, how, log)),
        ProcessChange::Started { .. } | ProcessChange::Exited { .. } => None,
    });
    let first = fallen.next()?;
    let all = || std::iter::once(first).chain(fallen.clone());
    let (process, how, _) = first;
    let more = match all().count() - 1 {
        0 => String::new(),
        more => format!("; so did {more} more"),
    };
    Some(Verdict::Fail {
        why: format!("`{process}` ended by itself ({how}) while the case ran{more}"),
        evidence: all().map(excerpt).collect(),
    })
}

fn excerpt((process, how, log): (&String, &String, &Vec<String>)) -> Excerpt {
    let lines = match log.as_slice() {
        [] => vec![format!("{how}; it wrote nothing to its log")],
        log => log.to_vec(),
    };
    Excerpt {
        subject: format!("{process}, the end of its log"),
        lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(at: Nanos, process: &str, change: ProcessChange) -> ProcessRecord {
        ProcessRecord {
            at,
            process: process.to_owned(),
            change,
        }
    }

    fn by_itself(log: &[&str]) -> ProcessChange {
        ProcessChange::EndedByItself {
            how: "exited with code 7".to_owned(),
            log: log.iter().map(|&line| line.to_owned()).collect(),
        }
    }

    #[test]
    fn an_end_that_was_asked_for_or_came_after_the_load_is_none() {
        let killed = ProcessChange::Exited {
            code: None,
            signal: Some(9),
        };
        let records = [
            ended(1, "b-0.sidecar", killed),
            ended(9, "b-1.sidecar", by_itself(&[])),
        ];
        assert_eq!(verdict(&records, 5), None);
    }

    #[test]
    fn each_that_fell_shows_the_end_of_its_log() {
        let records = [
            ended(1, "b-0.sidecar", by_itself(&["out of luck"])),
            ended(2, "control-plane", by_itself(&[])),
        ];
        let Some(Verdict::Fail { why, evidence }) = verdict(&records, 5) else {
            panic!("a fail");
        };
        let expected =
            "`b-0.sidecar` ended by itself (exited with code 7) while the case ran; so did 1 more";
        assert_eq!(why, expected);
        assert_eq!(evidence[0].lines, ["out of luck"]);
        assert!(evidence[1].lines[0].contains("wrote nothing"));
    }
}
