//! Somebody who calls a sidecar on the wire, where only other sidecars should: one connection, one
//! request, and what became of it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use meshproof_clock::within;
use meshproof_model::{IntruderSaw, Method, Protocol};
use meshproof_protocol::{headers, tcp};
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long a sidecar may take to turn somebody away, or to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// More of an answer is not read: its head is far shorter.
const ENOUGH: usize = 64 * 1024;

/// How an intruder speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disguise<'a> {
    /// In clear text.
    ClearText,
    /// By TLS, without a certificate of its own.
    NoCertificate,
    /// By TLS, with this certificate and key (files in PEM).
    Certificate {
        /// The certificate's file.
        cert: &'a Path,
        /// The key's file.
        key: &'a Path,
    },
}

/// Why an intruder cannot even dress up: no mesh's fault.
#[derive(Debug, thiserror::Error)]
pub enum DisguiseError {
    /// A file is no PEM.
    #[error("{path}: no certificate or key can be read")]
    Pem {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: pem::Error,
    },
    /// Certificate and key are of no use together.
    #[error("certificate and key cannot be used")]
    Tls(#[from] rustls::Error),
}

/// Calls a sidecar's inbound address with a GET of the trace `trace`, by HTTP/1.1 or, where
/// `protocol` says so, by plain TCP.
///
/// # Errors
/// When the disguise itself cannot be made. Whatever the sidecar does is a result, no error.
pub async fn intrude(
    at: SocketAddr,
    protocol: Protocol,
    disguise: Disguise<'_>,
    trace: &str,
) -> Result<IntruderSaw, DisguiseError> {
    let config = match disguise {
        Disguise::ClearText => None,
        Disguise::NoCertificate => Some(config(None)?),
        Disguise::Certificate { cert, key } => Some(config(Some((cert, key)))?),
    };
    let (request, enough) = match protocol {
        Protocol::Tcp => (ask(trace), said as fn(&[u8]) -> bool),
        _ => (get(at, trace), head_ended as fn(&[u8]) -> bool),
    };
    let call = async {
        let stream = match TcpStream::connect(at).await {
            Ok(stream) => stream,
            Err(error) => {
                let error = error.to_string();
                return IntruderSaw::NoConnection { error };
            }
        };
        let answer = match config {
            None => converse(stream, &request, enough).await,
            Some(config) => match dressed(stream, config).await {
                Ok(stream) => converse(stream, &request, enough).await,
                Err(error) => Err(error),
            },
        };
        match answer {
            Ok(answer) if protocol == Protocol::Tcp => read_lines(&answer),
            Ok(answer) => read(&answer),
            Err(error) => turned_away(error.to_string()),
        }
    };
    let called = within(PATIENCE, "an end of the intrusion", call).await;
    Ok(called.unwrap_or_else(|late| turned_away(late.to_string())))
}

/// The certificate that a sidecar shows on the wire, in DER; none when it shows none.
///
/// # Errors
/// When this process cannot speak TLS at all.
pub async fn certificate_shown(at: SocketAddr) -> Result<Option<Vec<u8>>, DisguiseError> {
    let config = config(None)?;
    let look = async {
        let stream = dressed(TcpStream::connect(at).await?, config).await?;
        let shown = stream.get_ref().1.peer_certificates();
        let first = shown.and_then(|chain| chain.first());
        Ok::<_, io::Error>(first.map(|certificate| certificate.as_ref().to_vec()))
    };
    let looked = within(PATIENCE, "a certificate", look).await;
    Ok(looked.ok().and_then(Result::ok).flatten())
}

async fn dressed(stream: TcpStream, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    stream.set_nodelay(true)?;
    let connector = TlsConnector::from(Arc::new(config));
    let address = stream.peer_addr()?.ip();
    connector
        .connect(ServerName::IpAddress(address.into()), stream)
        .await
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &[u8],
    enough: fn(&[u8]) -> bool,
) -> io::Result<Vec<u8>> {
    stream.write_all(request).await?;
    stream.flush().await?;
    // No further than needed: some take a second to close after it.
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while answer.len() < ENOUGH && !enough(&answer) {
        match stream.read(&mut piece).await {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            // Who answers and then breaks off has answered.
            Err(_) if !answer.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

fn get(at: SocketAddr, trace: &str) -> Vec<u8> {
    let (trace_header, call_header) = (headers::TRACE, headers::CALL);
    let request = format!(
        "GET / HTTP/1.1\r\nhost: {at}\r\n{trace_header}: {trace}\r\n{call_header}: {trace}\r\nconnection: close\r\n\r\n"
    );
    request.into_bytes()
}

fn head_ended(answer: &[u8]) -> bool {
    answer.windows(4).any(|end| end == b"\r\n\r\n")
}

fn ask(trace: &str) -> Vec<u8> {
    let ask = tcp::Ask {
        trace: trace.to_owned(),
        call: trace.to_owned(),
        method: Method::Get,
        length: 0,
        half_close: false,
    };
    let mut line = serde_json::to_vec(&ask).expect("it has only plain values");
    line.push(b'\n');
    line
}

/// A greeting and an answer are there.
fn said(answer: &[u8]) -> bool {
    answer.iter().filter(|byte| **byte == b'\n').count() >= 2
}

fn read(answer: &[u8]) -> IntruderSaw {
    let text = String::from_utf8_lossy(answer);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok());
    let Some(status) = status else {
        return turned_away(match answer.is_empty() {
            true => "closed without an answer".to_owned(),
            false => "the answer is not HTTP".to_owned(),
        });
    };
    let mark = lines.take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let ours = name.eq_ignore_ascii_case(headers::REPLICA);
        ours.then(|| value.trim().to_owned())
    });
    IntruderSaw::Answered { status, by: mark }
}

/// A greeting and an answer, or as much of them as there is.
fn read_lines(answer: &[u8]) -> IntruderSaw {
    let mut lines = answer.split(|byte| *byte == b'\n');
    let greeting = lines
        .next()
        .and_then(|line| serde_json::from_slice(line).ok());
    let Some(tcp::Greeting { replica }) = greeting else {
        return turned_away("closed without a greeting".to_owned());
    };
    let told = lines
        .next()
        .and_then(|line| serde_json::from_slice::<tcp::Answer>(line).ok());
    IntruderSaw::Answered {
        status: told.map_or(0, |told| told.status),
        by: Some(replica),
    }
}

fn turned_away(error: String) -> IntruderSaw {
    IntruderSaw::TurnedAway { error }
}

fn config(own: Option<(&Path, &Path)>) -> Result<ClientConfig, DisguiseError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)));
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let wrong = |path: &Path, source| DisguiseError::Pem {
                path: path.display().to_string(),
                source,
            };
            let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
            let chain: Vec<_> = chain.map_err(|source| wrong(cert, source))?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|source| wrong(key, source))?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Believes any sidecar: it is not the intruder's door that is tried.
struct Credulous(Arc<CryptoProvider>);

impl fmt::Debug for Credulous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credulous")
    }
}

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// A server that answers one clear-text request with these bytes and closes.
    async fn check(answer: &'static str, expected: IntruderSaw) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            let read = stream.read(&mut head).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&head[..read]).into_owned()
        };
        let (saw, head) = tokio::join!(
            intrude(at, Protocol::Http1, Disguise::ClearText, "intruder.7"),
            server
        );
        assert_eq!(saw.unwrap(), expected);
        assert!(head.contains("meshproof-trace: intruder.7\r\n"), "{head}");
    }

    #[tokio::test]
    async fn every_end_is_told_apart() {
        let answered = |status, by: Option<&str>| IntruderSaw::Answered {
            status,
            by: by.map(str::to_owned),
        };
        check(
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
            answered(403, None),
        )
        .await;
        let marked = "HTTP/1.1 200 OK\r\nMeshproof-Replica: b-0\r\n\r\nmeshproof-replica: c-0";
        check(marked, answered(200, Some("b-0"))).await;
        check("", turned_away("closed without an answer".to_owned())).await;
        check(
            "\u{15}\u{3}",
            turned_away("the answer is not HTTP".to_owned()),
        )
        .await;
    }

    #[test]
    fn a_greeting_is_more_than_nothing() {
        let by = Some("b-0".to_owned());
        let greeting = "{\"replica\":\"b-0\"}\n";
        let whole = format!("{greeting}{{\"status\":200,\"replica\":\"b-0\",\"length\":0}}\n");
        for (answer, status) in [(greeting, 0), (whole.as_str(), 200)] {
            let by = by.clone();
            assert_eq!(
                read_lines(answer.as_bytes()),
                IntruderSaw::Answered { status, by }
            );
            assert_eq!(said(answer.as_bytes()), status == 200);
        }
        let saw = read_lines(b"");
        assert!(matches!(saw, IntruderSaw::TurnedAway { .. }), "{saw:?}");
    }

    #[tokio::test]
    async fn a_door_that_is_not_there_is_not_tried() {
        let held = TcpSocket::new_v4().unwrap();
        held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let at = held.local_addr().unwrap();
        let saw = intrude(at, Protocol::Http1, Disguise::NoCertificate, "intruder.0")
            .await
            .unwrap();
        assert!(matches!(saw, IntruderSaw::NoConnection { .. }), "{saw:?}");
        assert_eq!(certificate_shown(at).await.unwrap(), None);
    }

    #[tokio::test]
    async fn files_that_are_no_certificate_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let cert = folder.path().join("cert.pem");
        std::fs::write(&cert, "what?").unwrap();
        let disguise = Disguise::Certificate {
            cert: &cert,
            key: &cert,
        };
        let error = intrude(
            "127.0.0.1:1".parse().unwrap(),
            Protocol::Http1,
            disguise,
            "t",
        )
        .await
        .unwrap_err();
        assert!(error.to_string().contains("cert.pem"), "{error}");
    }
}
