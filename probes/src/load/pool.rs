//! Connections to one entry port, kept for the next request.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// One entry port with its idle connections. Nothing drives them while they are idle; a request
/// drives the one that it uses, so that giving up drops the connection too.
#[derive(Debug)]
pub(super) struct Pool {
    entry: SocketAddr,
    idle: Mutex<Vec<Live>>,
}

/// A connection that one request uses.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) sender: SendRequest<Full<Bytes>>,
    pub(super) wire: Wire,
}

/// The side of a connection that moves bytes.
#[derive(Debug)]
pub(super) struct Wire(Option<Connection<TokioIo<TcpStream>, Full<Bytes>>>);

impl Pool {
    pub(super) const fn new(entry: SocketAddr) -> Self {
        Self {
            entry,
            idle: Mutex::new(Vec::new()),
        }
    }

    pub(super) const fn entry(&self) -> SocketAddr {
        self.entry
    }

    /// The connection that became idle last and is still open, else a new one.
    pub(super) async fn take(&self) -> io::Result<Live> {
        loop {
            let idle = self.idle().pop();
            let Some(mut live) = idle else {
                return self.connect().await;
            };
            if live.is_usable().await {
                return Ok(live);
            }
        }
    }

    /// Keeps a connection whose exchange is over, if it can carry another.
    pub(super) async fn put(&self, mut live: Live) {
        if live.is_usable().await {
            self.idle().push(live);
        }
    }

    async fn connect(&self) -> io::Result<Live> {
        let stream = TcpStream::connect(self.entry).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let mut live = Live {
            sender,
            wire: Wire(Some(connection)),
        };
        // Its first turn makes it ready for a request.
        live.is_usable().await;
        Ok(live)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Live>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Lets the connection see what the kernel knows of it: a close that came while it was idle.
    async fn is_usable(&mut self) -> bool {
        poll_fn(|context| {
            self.wire.turn(context);
            Poll::Ready(self.wire.0.is_some() && self.sender.is_ready())
        })
        .await
    }
}

impl Wire {
    /// Moves bytes while `work` waits for what they bring.
    pub(super) async fn alongside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.turn(context);
            work.as_mut().poll(context)
        })
        .await
    }

    fn turn(&mut self, context: &mut Context<'_>) {
        // Why it ended, if it did, is told to the request that is under way.
        if let Some(connection) = &mut self.0
            && Pin::new(connection).poll(context).is_ready()
        {
            self.0 = None;
        }
    }
}
