//! Writes synthetic histories of events and measures how fast they are judged, and in how much
//! memory: the figures of `docs/benchmarks.md`.
//!
//! ```sh
//! cargo run --release -p meshproof-suites --example events -- bars
//! cargo run --release -p meshproof-suites --example events -- write mixed 1000000 history.bin
//! cargo run --release -p meshproof-suites --example events -- read history.bin
//! ```

use std::collections::VecDeque;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use meshproof_model::event_record::{
    Actor, BinaryReader, BinaryWriter, EventHeader, EventKind, EventLimits, EventRecord,
    EventSource, Identity, JsonlReader, JsonlWriter, Names,
};
use meshproof_suites::events::{Anomaly, Checker};

const PRODUCERS: u32 = 1_000;
const KEYS: u32 = 10_000;
const PARTITIONS: u32 = 64;
const CONSUMERS: u32 = 64;
/// So many events are under way at once.
const FLYING: usize = 20_000;

type Fallible = Result<(), Box<dyn Error>>;

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() -> Fallible {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["write", shape, records, file] => write(shape, records.parse()?, Path::new(file)),
        ["read", file] => {
            println!("{}", read(Path::new(file))?);
            Ok(())
        }
        ["bars"] => bars(100_000_000),
        ["bars", most] => bars(most.parse()?),
        _ => Err("events write mixed|undelivered RECORDS FILE | read FILE | bars [RECORDS]".into()),
    }
}

/// Writes and reads every shape in processes of their own, so that memory is each one's.
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn bars(most: u64) -> Fallible {
    let folder = std::env::temp_dir().join(format!("events-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let program = std::env::current_exe()?;
    let mut runs: Vec<(&str, u64, &str)> = Vec::new();
    for power in 5..=8 {
        runs.push(("mixed", 10_u64.pow(power), "bin"));
    }
    runs.push(("undelivered", 100_000_000, "bin"));
    runs.push(("mixed", 10_000_000, "jsonl"));
    for (shape, records, form) in runs.into_iter().filter(|(_, records, _)| *records <= most) {
        let file = folder.join(format!("{shape}.{form}"));
        let name = file.to_str().ok_or("a path that is no text")?;
        let count = records.to_string();
        let written = Command::new(&program)
            .args(["write", shape, &count, name])
            .status()?;
        assert!(written.success(), "the history was written");
        for _ in 0..2 {
            let told = Command::new(&program).args(["read", name]).output()?;
            println!(
                "{shape:<12} {form:<6} {}",
                String::from_utf8_lossy(&told.stdout).trim()
            );
        }
        fs::remove_file(&file)?;
    }
    Ok(fs::remove_dir(&folder)?)
}

/// Judges a history and tells how long it took and the most memory it needed.
fn read(file: &Path) -> Result<String, Box<dyn Error>> {
    let name = file.display().to_string();
    let begun = Instant::now();
    let opened = File::open(file)?;
    let checked = if file.extension().is_some_and(|form| form == "jsonl") {
        check(JsonlReader::open(
            name,
            BufReader::with_capacity(1 << 18, opened),
        )?)?
    } else {
        check(BinaryReader::open(name, opened)?)?
    };
    let took = begun.elapsed();
    let mut status = String::new();
    File::open("/proc/self/status")?.read_to_string(&mut status)?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or("")
        .trim();
    let mut stat = String::new();
    File::open("/proc/self/stat")?.read_to_string(&mut stat)?;
    // User and system time, in hundredths of a second, behind the name in brackets.
    let rest = stat.rsplit(')').next().unwrap_or("").split_whitespace();
    let ticks: f64 = rest
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<f64>().ok())
        .sum();
    let found = |anomaly| checked.findings.of(anomaly).proven;
    Ok(format!(
        "{} records in {:.3} s, cpu {:.2} s, peak {peak}: lost {}, again {}, reordered {}, late {}",
        checked.figures.records,
        took.as_secs_f64(),
        ticks / 100.0,
        found(Anomaly::LostAcknowledged),
        found(Anomaly::DuplicateDelivery),
        found(Anomaly::KeyReorder),
        found(Anomaly::Stale),
    ))
}

fn check(
    mut source: impl EventSource,
) -> Result<meshproof_suites::events::Checked, Box<dyn Error>> {
    let mut checker = Checker::new(source.header());
    while let Some((record, names)) = source.next()? {
        checker.see(record, names);
    }
    Ok(checker.finish(source.names(), source.holes()))
}

enum Out {
    Binary(BinaryWriter<BufWriter<File>>),
    Jsonl(JsonlWriter<BufWriter<File>>),
}

struct History {
    out: Out,
    names: Names,
    left: u64,
    now: u64,
}

impl History {
    fn put(
        &mut self,
        kind: EventKind,
        actor: u32,
        event: Identity,
        key: u32,
        age: u32,
    ) -> Fallible {
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        self.now += 100;
        let mut record = EventRecord::new(kind, actor, self.now);
        (record.event, record.key, record.age_us) = (event, key, age);
        match &mut self.out {
            Out::Binary(out) => out.record(&record)?,
            Out::Jsonl(out) => out.record(&record, &self.names)?,
        }
        Ok(())
    }
}

fn write(shape: &str, records: u64, file: &Path) -> Fallible {
    let header = EventHeader {
        limits: EventLimits {
            producers: PRODUCERS,
            keys: KEYS,
            partitions: PARTITIONS,
        },
        deadline: Some("100ms".parse()?),
        ..EventHeader::default()
    };
    let mut names = Names::default();
    for producer in 0..PRODUCERS {
        actor(&mut names, &format!("producer-{producer}"), None);
    }
    let group = names.subscriptions.number("group", 1);
    for consumer in 0..CONSUMERS {
        actor(&mut names, &format!("consumer-{consumer}"), group);
    }
    let out = BufWriter::with_capacity(1 << 18, File::create(file)?);
    let out = if file.extension().is_some_and(|form| form == "jsonl") {
        Out::Jsonl(JsonlWriter::start(out, &header)?)
    } else {
        let mut out = BinaryWriter::start(out, &header)?;
        out.introduce(&names)?;
        Out::Binary(out)
    };
    let mut history = History {
        out,
        names,
        left: records.saturating_sub(2),
        now: 1,
    };
    let mut random = 7_u64;
    let mut next = vec![0_u32; PRODUCERS as usize];
    let mut flying: VecDeque<(Identity, u32)> = VecDeque::new();
    let (mut producer, mut key, mut again) = (0, 0, false);
    let delivers = shape == "mixed";
    while history.left > flying.len() as u64 {
        if !again {
            producer = below(&mut random, PRODUCERS);
            key = below(&mut random, KEYS);
        }
        let event = Identity {
            producer: u16::try_from(producer)?,
            epoch: 0,
            sequence: next[producer as usize],
        };
        next[producer as usize] += 1;
        history.put(EventKind::Publish, producer, event, key, 0)?;
        // Where nothing arrives, half of the publishes end unknown: no segment is even.
        let known = delivers || below(&mut random, 2) == 0;
        let end = if known {
            EventKind::Published
        } else {
            EventKind::PublishUnknown
        };
        history.put(end, producer, event, key, 0)?;
        if !delivers {
            continue;
        }
        if again {
            let behind = flying.len().saturating_sub(1);
            flying.insert(behind, (event, key));
        } else {
            flying.push_back((event, key));
        }
        again = below(&mut random, 10_000) == 0;
        if flying.len() > FLYING {
            arrive(&mut history, &mut flying, &mut random)?;
        }
    }
    while !flying.is_empty() {
        arrive(&mut history, &mut flying, &mut random)?;
    }
    while history.left > 0 {
        history.put(EventKind::Fault, 0, Identity::NONE, u32::MAX, u32::MAX)?;
    }
    history.left = 2;
    for kind in [EventKind::DrainBegin, EventKind::DrainEnd] {
        history.put(kind, PRODUCERS, Identity::NONE, u32::MAX, u32::MAX)?;
    }
    match history.out {
        Out::Binary(out) => out.finish()?,
        Out::Jsonl(out) => out.finish()?,
    };
    Ok(())
}

fn actor(names: &mut Names, process: &str, subscription: Option<u32>) {
    let process = names.processes.number(process, u32::MAX).unwrap_or(0);
    names.actor(Actor {
        process,
        subscription,
        incarnation: 0,
    });
}

/// One event arrives: one in ten thousand each never, twice, or late.
fn arrive(
    history: &mut History,
    flying: &mut VecDeque<(Identity, u32)>,
    random: &mut u64,
) -> Fallible {
    let fate = below(random, 10_000);
    let Some((event, key)) = flying.pop_front() else {
        return Ok(());
    };
    let consumer = PRODUCERS + key % CONSUMERS;
    let age = if fate == 3 { 200_000 } else { 2_000 + fate };
    if fate != 0 {
        history.put(EventKind::Deliver, consumer, event, key, age)?;
    }
    if fate == 1 {
        history.put(EventKind::Deliver, consumer, event, key, age)?;
    }
    Ok(())
}

fn below(random: &mut u64, limit: u32) -> u32 {
    *random = random
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    u32::try_from((*random >> 33) % u64::from(limit)).unwrap_or(0)
}
