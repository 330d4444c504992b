//! A client with one connection, kept alive. Smaller than any library's, because it shares the machine with what it
//! measures: a request is one write, an answer usually one read.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A server that is silent for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; 256 * 1024] })
    }

    /// Sends a whole request and reads the whole answer.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        let (status, body) = loop {
            filled += self.read(filled)?;
            if let Some(head) = self.buffer.get(..filled).and_then(Head::read) {
                break (head.status, head.length..head.length + head.body);
            }
        };
        while filled < body.end {
            filled += self.read(filled)?;
        }
        let body = self.buffer.get(body).ok_or_else(|| odd("an answer that is not whole"))?;
        Ok(Answer { status, body })
    }

    fn read(&mut self, filled: usize) -> io::Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(2 * filled, 0);
        }
        let free = self.buffer.get_mut(filled..).unwrap_or_default();
        match self.stream.read(free)? {
            0 => Err(odd("the server has closed the connection")),
            count => Ok(count),
        }
    }
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
        // Without a length there would be no end, and the read above runs into its time-out.
        let body = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        })?;
        Some(Self { status, length, body })
    }
}

fn odd(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
