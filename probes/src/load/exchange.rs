//! One request and its response: exactly one attempt on the wire.

use std::error::Error;
use std::fmt::Write;
use std::io;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use meshproof_model::Outcome;
use meshproof_protocol::headers;
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::pool::{Live, Pool};

/// What the prober saw of one exchange.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    /// SHA-256 of the response's body, if it is whole and not empty.
    pub(super) received: Option<String>,
}

/// Sends a request over an idle or a new connection and reads the response to its end.
///
/// # Errors
/// When this process or machine has no means left for another connection: no mesh's fault.
pub(super) async fn exchange(pool: &Pool, request: Request<Full<Bytes>>) -> io::Result<Seen> {
    let mut live = match pool.take().await {
        Ok(live) => live,
        Err(error) if is_our_shortage(&error) => return Err(error),
        Err(error) => return Ok(Seen::without_answer(unconnected(&error))),
    };
    let seen = converse(&mut live, request).await;
    if seen.is_ok() {
        pool.put(live).await;
    }
    Ok(seen.unwrap_or_else(|error| Seen::without_answer(unanswered(&error))))
}

async fn converse(live: &mut Live, request: Request<Full<Bytes>>) -> hyper::Result<Seen> {
    let response = live.sender.send_request(request);
    let response = live.wire.alongside(response).await?;
    let status = response.status().as_u16();
    let by = response
        .headers()
        .get(headers::REPLICA)
        .map(|mark| String::from_utf8_lossy(mark.as_bytes()).into_owned());
    let received = digest(live, response.into_body()).await?;
    Ok(Seen {
        outcome: Outcome::Answered { status, by },
        received,
    })
}

async fn digest(live: &mut Live, mut body: Incoming) -> hyper::Result<Option<String>> {
    let mut sha = Sha256::new();
    let mut empty = true;
    while let Some(frame) = live.wire.alongside(body.frame()).await {
        if let Ok(data) = frame?.into_data() {
            empty &= data.is_empty();
            sha.update(&data);
        }
    }
    Ok((!empty).then(|| hexadecimal(&sha.finalize())))
}

/// The SHA-256 of a body as records hold it.
pub(super) fn sha256(body: &[u8]) -> Option<String> {
    (!body.is_empty()).then(|| hexadecimal(&Sha256::digest(body)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all that is written");
        text
    })
}

impl Seen {
    const fn without_answer(outcome: Outcome) -> Self {
        Self {
            outcome,
            received: None,
        }
    }
}

fn is_our_shortage(error: &io::Error) -> bool {
    let ours = [
        Errno::MFILE,
        Errno::NFILE,
        Errno::ADDRNOTAVAIL,
        Errno::NOBUFS,
        Errno::NOMEM,
    ];
    Errno::from_io_error(error).is_some_and(|errno| ours.contains(&errno))
}

fn unconnected(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Outcome::Refused,
        io::ErrorKind::ConnectionReset => Outcome::Reset,
        _ => Outcome::Broken {
            error: error.to_string(),
        },
    }
}

fn unanswered(error: &hyper::Error) -> Outcome {
    let kind = causes(error).find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    match kind {
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => Outcome::Reset,
        Some(io::ErrorKind::UnexpectedEof) => Outcome::Cut,
        _ if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
            Outcome::Cut
        }
        _ => {
            let causes: Vec<_> = causes(error).map(ToString::to_string).collect();
            Outcome::Broken {
                error: causes.join(": "),
            }
        }
    }
}

/// The error, its cause, the cause of that, and so on.
fn causes(error: &hyper::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use meshproof_clock::Timers;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio::task::JoinSet;

    use super::*;

    fn request(method: &str) -> Request<Full<Bytes>> {
        let builder = Request::builder().method(method).header("host", "test");
        builder.body(Full::default()).unwrap()
    }

    /// Reads one request head to its end; none when the peer closed before sending any of it.
    async fn head(stream: &mut TcpStream) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return None,
            }
        }
        Some(String::from_utf8(head).unwrap())
    }

    /// A server that answers one request on each connection with these bytes and closes it then.
    async fn answering(tasks: &mut JoinSet<()>, answer: &'static str, reset: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let entry = listener.local_addr().unwrap();
        tasks.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                head(&mut stream).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
                if reset {
                    stream.set_zero_linger().unwrap();
                }
            }
        });
        entry
    }

    async fn check(name: &str, answer: &'static str, reset: bool, expected: Outcome) {
        let mut tasks = JoinSet::new();
        let pool = Pool::new(answering(&mut tasks, answer, reset).await);
        let seen = exchange(&pool, request("GET")).await.unwrap();
        assert_eq!(seen.outcome, expected, "{name}");
    }

    #[tokio::test]
    async fn every_end_has_its_outcome() {
        let answered = |status, by: Option<&str>| Outcome::Answered {
            status,
            by: by.map(str::to_owned),
        };
        check(
            "marked",
            "HTTP/1.1 200 OK\r\nmeshproof-replica: a-0\r\ncontent-length: 2\r\n\r\nhi",
            false,
            answered(200, Some("a-0")),
        )
        .await;
        check(
            "without a mark",
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            false,
            answered(503, None),
        )
        .await;
        check("closed at once", "", false, Outcome::Cut).await;
        check("reset at once", "", true, Outcome::Reset).await;
        check(
            "cut in the head",
            "HTTP/1.1 200 OK\r\ncont",
            false,
            Outcome::Cut,
        )
        .await;
        check(
            "cut in the body",
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhi",
            false,
            Outcome::Cut,
        )
        .await;
        check(
            "cut between chunks",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n",
            false,
            Outcome::Cut,
        )
        .await;
        let mut tasks = JoinSet::new();
        let pool = Pool::new(answering(&mut tasks, "what?\r\n\r\n", false).await);
        let seen = exchange(&pool, request("GET")).await.unwrap();
        assert!(matches!(seen.outcome, Outcome::Broken { .. }), "{seen:?}");
    }

    #[tokio::test]
    async fn nobody_listening_is_refused() {
        let silent = TcpSocket::new_v4().unwrap();
        silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let pool = Pool::new(silent.local_addr().unwrap());
        let seen = exchange(&pool, request("GET")).await.unwrap();
        assert_eq!(seen.outcome, Outcome::Refused);
    }

    #[tokio::test]
    async fn the_body_is_hashed() {
        let mut tasks = JoinSet::new();
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
        let pool = Pool::new(answering(&mut tasks, answer, false).await);
        let seen = exchange(&pool, request("GET")).await.unwrap();
        // FIPS 180-4, the example of one block.
        let wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(seen.received.as_deref(), Some(wanted));
        assert_eq!(sha256(b"abc").as_deref(), Some(wanted));
        assert_eq!(sha256(b""), None);
    }

    #[tokio::test]
    async fn a_connection_serves_one_request_after_the_other() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let pool = Pool::new(listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in ["", "hello"] {
                head(&mut stream).await.unwrap();
                let length = answer.len();
                let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{answer}");
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        };
        let client = async {
            for _ in 0..2 {
                let seen = exchange(&pool, request("GET")).await.unwrap();
                assert!(matches!(seen.outcome, Outcome::Answered { .. }), "{seen:?}");
            }
        };
        tokio::join!(server, client);
    }

    #[tokio::test]
    async fn a_connection_that_closed_while_idle_is_not_used() {
        let mut tasks = JoinSet::new();
        let timers = Timers::new().unwrap();
        let driver = timers.clone();
        tasks.spawn(async move { driver.run().await });
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let pool = Pool::new(answering(&mut tasks, answer, false).await);
        for _ in 0..3 {
            let seen = exchange(&pool, request("POST")).await.unwrap();
            assert!(matches!(seen.outcome, Outcome::Answered { .. }), "{seen:?}");
            // What wakes us comes by the same way as the close, and after it.
            timers.after(std::time::Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn a_reused_connection_that_breaks_is_not_tried_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let pool = Pool::new(listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            head(&mut stream).await.unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
            head(&mut stream).await.unwrap();
        };
        let client = async {
            exchange(&pool, request("GET")).await.unwrap();
            exchange(&pool, request("GET")).await.unwrap()
        };
        let ((), seen) = tokio::join!(server, client);
        assert_eq!(seen.outcome, Outcome::Cut);
        // The kernel itself is asked, for the runtime may not have heard of a connection yet.
        let again = listener.into_std().unwrap().accept();
        let kind = again.map_err(|error| error.kind()).unwrap_err();
        assert_eq!(kind, io::ErrorKind::WouldBlock, "a second attempt");
    }
}
