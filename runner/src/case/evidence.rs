//! From the records of a world to a history on disk, and from there to a verdict.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::time::Duration;

use meshproof_clock::poll;
use meshproof_fixtures::{DeployError, Running};
use meshproof_model::{Record, Verdict};
use meshproof_probes::{merge, open_attempts};
use meshproof_suites::history::{Header, HistoryError, Reader, Writer};
use meshproof_suites::{Case, Judgement};

use super::CaseError;

/// How long attempts that are still open when the last answer is in may take to end: an upstream
/// that was told to go away needs a moment, one that was not is seen to run on.
const SETTLED: Duration = Duration::from_millis(400);
const LOOK: Duration = Duration::from_millis(10);

/// Waits until every attempt that began has ended, or it is clear that one goes on.
pub(super) async fn settle(world: &Running) {
    let segments = world.segments();
    let settled = poll(SETTLED, LOOK, "attempts settled", async || {
        // What cannot be read now is found by the merge, which tells it.
        (open_attempts(&segments).unwrap_or(0) == 0).then_some(())
    });
    // Attempts that stay open are evidence, not an error.
    let _ = settled.await;
}

/// What sidecars say of the calls whose metrics the case judges.
pub(super) async fn told(case: &Case, world: &Running) -> Result<Vec<Record>, DeployError> {
    let mut records = Vec::new();
    for call in case.expect.iter().filter_map(|expect| expect.meters(case)) {
        let told = world.telemetry(&call).await?;
        records.extend(told.into_iter().map(Record::Telemetry));
    }
    Ok(records)
}

/// Merges all records into the history of the case.
pub(super) async fn write(
    header: &Header,
    world: &Running,
    mut own: Vec<Record>,
    path: PathBuf,
) -> Result<(), CaseError> {
    let case = header.case.id.clone();
    let failed = |source| CaseError::Evidence {
        case: case.clone(),
        path: path.clone(),
        source,
    };
    let mut segments = world.segments();
    segments.push(world.prober_segment());
    own.sort_by_key(Record::at);
    let (header, target) = (header.clone(), path.clone());
    let written = tokio::task::spawn_blocking(move || -> io::Result<()> {
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let segments = segments
            .into_iter()
            .filter(|segment| segment.exists())
            .collect();
        let file = BufWriter::new(File::create(&target)?);
        let mut writer = Writer::start(file, &header).map_err(io::Error::other)?;
        for record in merge(segments, own).map_err(io::Error::other)? {
            let record = record.map_err(io::Error::other)?;
            writer.record(&record).map_err(io::Error::other)?;
        }
        writer.finish().map_err(io::Error::other)?;
        Ok(())
    });
    written
        .await
        .expect("writing a history does not panic")
        .map_err(failed)
}

/// Judges a history; what it lacks makes the case inconclusive.
pub(super) async fn judge(path: &Path) -> Judgement {
    let path = path.to_owned();
    let judged = tokio::task::spawn_blocking(move || -> Result<Judgement, HistoryError> {
        let name = path.display().to_string();
        let file = File::open(&path).map_err(|source| HistoryError::Read {
            name: name.clone(),
            line: 1,
            source,
        })?;
        let reader = Reader::open(name, BufReader::new(file))?;
        let header = reader.header().clone();
        Ok(meshproof_suites::judge(&header, reader))
    });
    let cause = match judged.await {
        Ok(Ok(judgement)) => return judgement,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "a check crashed; please report it with the history of this case".to_owned(),
    };
    super::plain(Verdict::Inconclusive { cause })
}

/// Copies a world's folder: logs, rendered configuration, raw records.
pub(super) fn keep(world: &Running, to: &Path) -> io::Result<()> {
    copy(world.folder(), to)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
