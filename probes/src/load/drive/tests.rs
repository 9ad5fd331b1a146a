use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;

use http::Response;
use http_body_util::BodyExt;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use meshproof_model::Arrival;
use meshproof_model::units::{Bytes as Size, Duration, Rate};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;

fn load(rate: u32, millis: u64) -> Load {
    Load {
        on: "a".to_owned(),
        path: None,
        rate: Rate::per_second(rate),
        length: Duration::from_millis(millis),
        arrival: Arrival::Constant,
        methods: Vec::new(),
        body: None,
        give_up: Duration::from_millis(30_000),
    }
}

/// A folder for the records, and the tasks that a test needs beside the load.
struct World {
    /// Removed when the test is over.
    _folder: TempDir,
    tasks: JoinSet<()>,
    options: DriveOptions,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let timers = Timers::new().unwrap();
        let driver = timers.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { driver.run().await });
        let options = DriveOptions {
            seed: 7,
            records: folder.path().join("prober.jsonl"),
            timers,
            cancel: CancellationToken::new(),
            started: now(),
            progress: Arc::default(),
        };
        Self {
            _folder: folder,
            tasks,
            options,
        }
    }

    /// A server that echoes bodies and tells who asked for what, marked as this replica.
    async fn echo(&mut self, replica: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let entry = listener.local_addr().unwrap();
        self.tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let handler =
                    service_fn(move |request: Request<hyper::body::Incoming>| async move {
                        let call = request.headers()[headers::CALL].clone();
                        assert_eq!(call, request.headers()[headers::TRACE]);
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        let response = Response::builder()
                            .header(headers::REPLICA, replica)
                            .body(Full::new(body));
                        Ok::<_, Infallible>(response.unwrap())
                    });
                connections.spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), handler),
                );
            }
        });
        entry
    }

    /// A server that accepts and never answers.
    async fn silence(&mut self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let entry = listener.local_addr().unwrap();
        self.tasks.spawn(async move {
            let mut held = Vec::new();
            loop {
                held.push(listener.accept().await.unwrap());
            }
        });
        entry
    }

    fn records(&self) -> Vec<Record> {
        read(&self.options.records)
    }
}

fn read(path: &Path) -> Vec<Record> {
    let merged = crate::merge(vec![path.to_owned()], Vec::new()).unwrap();
    merged.collect::<Result<_, _>>().unwrap()
}

fn outcomes(records: &[Record]) -> BTreeMap<u64, AttemptEnded> {
    let ended = records.iter().filter_map(|record| match record {
        Record::AttemptEnded(ended) => Some((ended.id, ended.clone())),
        _ => None,
    });
    ended.collect()
}

#[tokio::test]
async fn every_request_is_sent_recorded_and_counted() {
    let mut world = World::new();
    let entries = [world.echo("a-0").await, world.echo("a-1").await];
    let load = Load {
        methods: vec![Method::Get, Method::Post, Method::Put],
        body: Some(Size::new(100)),
        ..load(200, 300)
    };
    let ended = drive(&load, &entries, world.options.clone()).await.unwrap();
    assert_eq!((ended.scheduled, ended.sent), (60, 60));
    let progress = &world.options.progress;
    assert_eq!((progress.sent(), progress.settled()), (60, 60));

    let records = world.records();
    let mut started = 0;
    for record in &records {
        let Record::AttemptStarted(start) = record else {
            continue;
        };
        assert_eq!(
            (start.replica.as_str(), start.peer.as_str()),
            ("prober", "a")
        );
        assert_eq!(start.method, load.methods[start.id as usize % 3]);
        assert_eq!(start.call, format!("load.{}", start.id));
        assert_eq!(start.call, start.trace);
        let intended = world.options.started + start.id * 5_000_000;
        assert_eq!(start.intended, Some(intended));
        assert!(start.at >= intended, "early");
        assert!(start.at - intended <= ended.max_lag);
        started += 1;
    }
    assert_eq!(started, 60);
    let outcomes = outcomes(&records);
    assert_eq!(outcomes.len(), 60);
    for (id, end) in outcomes {
        let by = Some(format!("a-{}", id % 2));
        assert_eq!(end.outcome, Outcome::Answered { status: 200, by });
        assert!(end.sent.is_some() && end.sent == end.received, "{end:?}");
        assert!(end.at <= ended.at);
    }
}

#[tokio::test]
async fn a_load_of_nothing_ends_at_once() {
    let mut world = World::new();
    let entry = world.echo("a-0").await;
    for load in [load(0, 1000), load(50, 0)] {
        let ended = drive(&load, &[entry], world.options.clone()).await.unwrap();
        assert_eq!((ended.scheduled, ended.sent), (0, 0));
    }
    assert_eq!(world.records(), []);
}

#[tokio::test]
async fn silence_is_given_up() {
    let mut world = World::new();
    let entry = world.silence().await;
    let load = Load {
        give_up: Duration::from_millis(20),
        ..load(100, 50)
    };
    let ended = drive(&load, &[entry], world.options.clone()).await.unwrap();
    assert_eq!(ended.sent, 5);
    let outcomes = outcomes(&world.records());
    assert!(outcomes.values().all(|end| end.outcome == Outcome::GaveUp));
    assert_eq!(outcomes.len(), 5);
}

#[tokio::test]
async fn giving_up_drops_the_connection() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let entries = [listener.local_addr().unwrap()];
    let load = Load {
        give_up: Duration::from_millis(20),
        ..load(1, 1)
    };
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = Vec::new();
        // The end of the stream is what this waits for.
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut text).await;
        text
    };
    let (text, ended) = tokio::join!(server, drive(&load, &entries, world.options.clone()));
    assert!(text.starts_with(b"GET / HTTP/1.1\r\n"));
    assert_eq!(ended.unwrap().sent, 1);
}

#[tokio::test]
async fn cancelling_leaves_what_is_under_way_open() {
    let mut world = World::new();
    let entry = world.silence().await;
    let options = world.options.clone();
    let cancel = async {
        let (bound, every) = (
            std::time::Duration::from_secs(30),
            Duration::from_millis(1).std(),
        );
        meshproof_clock::poll(bound, every, "a request", async || {
            (options.progress.sent() > 0).then_some(())
        })
        .await
        .unwrap();
        options.cancel.cancel();
    };
    let load = load(100, 60_000);
    let entries = [entry];
    let (ended, ()) = tokio::join!(drive(&load, &entries, world.options.clone()), cancel);
    assert!(matches!(ended, Err(LoadError::Cancelled)), "{ended:?}");
    let records = world.records();
    assert!(!records.is_empty());
    assert_eq!(outcomes(&records), BTreeMap::new());
}

#[tokio::test]
async fn too_many_in_flight_end_the_load() {
    let mut world = World::new();
    let entry = world.silence().await;
    let error = send(&load(1000, 60_000), &[entry], world.options.clone(), 20).await;
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "20 requests wait for an answer at a time: lower the load's `rate` or `giveUp`"
    );
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_sent() {
    let mut world = World::new();
    let entry = world.echo("a-0").await;
    for path in ["/dev/full", "/absent/prober.jsonl"] {
        let options = DriveOptions {
            records: path.into(),
            ..world.options.clone()
        };
        let error = drive(&load(10, 100), &[entry], options).await.unwrap_err();
        let wanted = format!("{path}: the prober's records cannot be written");
        assert_eq!(error.to_string(), wanted);
        assert_eq!(world.options.progress.sent(), 0);
    }
}

#[tokio::test]
async fn a_load_needs_an_entry() {
    let world = World::new();
    let error = drive(&load(10, 100), &[], world.options.clone()).await;
    assert!(matches!(error, Err(LoadError::NoEntry { .. })), "{error:?}");
}

#[tokio::test]
async fn a_load_can_be_driven_in_a_task() {
    let mut world = World::new();
    let entry = world.echo("a-0").await;
    let options = world.options.clone();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { drive(&load(100, 20), &[entry], options).await });
    let ended = tasks.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(ended.sent, 2);
}
