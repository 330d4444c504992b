//! A server that speaks SMTP on loopback, as badly as it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is taken.
    Taken,
    /// It is taken, and the answer is lost.
    AnswerLost,
    /// It is refused, in these words.
    Refused(&'static str),
    /// Nothing ever comes back.
    Silence,
}

/// What becomes of the nth mail to an address.
type Decide = fn(&str, usize) -> Fate;

#[derive(Default)]
struct Seen {
    taken: Vec<String>,
    tries: BTreeMap<String, usize>,
}

/// The server.
#[derive(Clone)]
pub struct Smtp {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Smtp {
    pub async fn start(decide: Decide) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let this = Self { url, seen: Arc::default() };
        let server = this.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.talk(stream, decide).await });
            }
        });
        this
    }

    /// The mails that it took, as they came.
    pub fn taken(&self) -> Vec<String> {
        self.seen.lock().unwrap().taken.clone()
    }

    /// How often each address was tried.
    pub fn tries(&self) -> Vec<usize> {
        self.seen.lock().unwrap().tries.values().copied().collect()
    }

    /// `None` once the other side has gone, or is to believe that this one has.
    async fn talk(&self, stream: TcpStream, decide: Decide) -> Option<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let mut to = String::new();
        writer.write_all(b"220 test\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let answer = match line.split([' ', ':']).next()? {
                "EHLO" => "250-test\r\n250 8BITMIME",
                "QUIT" => return None,
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1)?.to_owned();
                    "250 OK"
                }
                "DATA" => {
                    writer.write_all(b"354 Go on\r\n").await.ok()?;
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                        mail.push_str(&line);
                        mail.push_str("\r\n");
                    }
                    match self.decide(&to, mail, decide) {
                        Fate::Taken => "250 OK",
                        Fate::AnswerLost => return None,
                        Fate::Refused(words) => words,
                        Fate::Silence => std::future::pending().await,
                    }
                }
                _ => "250 OK",
            };
            writer.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        None
    }

    fn decide(&self, to: &str, mail: String, decide: Decide) -> Fate {
        let mut seen = self.seen.lock().unwrap();
        let tries = seen.tries.entry(to.to_owned()).or_default();
        *tries += 1;
        let fate = decide(to, *tries);
        if matches!(fate, Fate::Taken | Fate::AnswerLost) {
            seen.taken.push(mail);
        }
        fate
    }
}
