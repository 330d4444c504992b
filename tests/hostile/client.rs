//! A client with one connection, from an address of its choice: all of 127.0.0.0/8 is this machine.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

/// A server that is silent for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that is kept alive.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The time from the first byte of the request to the last of the answer.
    pub took: Duration,
}

/// Opens a connection.
pub async fn connect(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((IpAddr::V4(from), 0).into())?;
    let stream = timeout(PATIENCE, socket.connect(to)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Client {
    /// Connects.
    pub async fn connect(from: Ipv4Addr, to: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: connect(from, to).await?, buffer: vec![0; 64 * 1024] })
    }

    /// Sends a whole request and reads the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        timeout(PATIENCE, self.exchange(request)).await?
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        let began = Instant::now();
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let head = loop {
            filled += self.read(filled).await?;
            if let Some(head) = self.buffer.get(..filled).and_then(Head::read) {
                break head;
            }
        };
        let end = head.length + head.body;
        while filled < end {
            filled += self.read(filled).await?;
        }
        let body = self.buffer.get(head.length..end).unwrap_or_default().to_vec();
        Ok(Answer { status: head.status, body, took: began.elapsed() })
    }

    async fn read(&mut self, filled: usize) -> io::Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(2 * filled, 0);
        }
        match self.stream.read(self.buffer.get_mut(filled..).unwrap_or_default()).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}

/// Asks on a connection of its own.
pub async fn ask(from: Ipv4Addr, to: SocketAddr, request: &[u8]) -> io::Result<Answer> {
    Client::connect(from, to).await?.ask(request).await
}

/// The part of an answer in front of the body.
struct Head {
    status: u16,
    length: usize,
    body: usize,
}

impl Head {
    /// `None` until all of it is there.
    fn read(bytes: &[u8]) -> Option<Self> {
        let length = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
        let mut lines = text.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        // Without a length there would be no end, and the read above runs out of patience.
        let body = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        })?;
        Some(Self { status, length, body })
    }
}
