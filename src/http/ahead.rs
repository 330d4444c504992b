//! Whether a client has begun its next request while the last one was answered.
//!
//! hyper keeps such bytes and tells nobody. Half a head behind a whole request would pass for an idle connection.

/// Bytes of one connection, counted from the first blank line on.
#[derive(Default)]
pub(super) struct Ahead {
    /// Line feeds with nothing but carriage returns between them: two end a head.
    feeds: u8,
    /// What came behind the head, once it has ended.
    behind: Option<u64>,
    /// Whether the client ever was ahead. Where in such a stream a request begins is not known from outside, so from
    /// then on silence counts as half a head: nobody who sends requests ahead falls silent for long.
    more: bool,
}

impl Ahead {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        while self.behind.is_none() {
            let Some((first, rest)) = bytes.split_first() else { return };
            bytes = rest;
            self.feeds = match first {
                b'\n' => self.feeds.saturating_add(1),
                b'\r' => self.feeds,
                _ => 0,
            };
            if self.feeds == 2 {
                self.behind = Some(0);
            }
        }
        self.behind = self.behind.map(|behind| behind.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
    }

    /// The answer has ended to a request with a body of this length, where that was known. Whether more than the
    /// request may have come.
    pub(super) fn end(&mut self, body: Option<u64>) -> bool {
        self.more |= body.is_none() || self.behind != body;
        self.behind = None;
        self.feeds = 0;
        self.more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ahead(reads: &[&[u8]], body: Option<u64>) -> bool {
        let mut ahead = Ahead::default();
        for bytes in reads {
            ahead.read(bytes);
        }
        ahead.end(body)
    }

    #[test]
    fn what_follows_a_request_is_told_from_the_request() {
        let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert!(!is_ahead(&[get], Some(0)));
        assert!(!is_ahead(&[b"GET / HTTP/1.1\nHost: a\n\n"], Some(0)));
        assert!(!is_ahead(&[b"POST / HTTP/1.1\r\nHost: a\r\n\r", b"\nab", b"c"], Some(3)));
        assert!(is_ahead(&[get, b"G"], Some(0)));
        assert!(is_ahead(&[b"POST / HTTP/1.1\r\n\r\nabcG"], Some(3)));
        assert!(is_ahead(&[b"POST / HTTP/1.1\r\n\r\n0\r\n\r\n"], None));
    }

    #[test]
    fn a_client_is_looked_at_anew_with_each_request() {
        let mut ahead = Ahead::default();
        for _ in 0..3 {
            ahead.read(b"GET / HTTP/1.1\r\n\r\n");
            assert!(!ahead.end(Some(0)));
        }
        ahead.read(b"GET / HTTP/1.1\r\n\r\nG");
        assert!(ahead.end(Some(0)));
        ahead.read(b"ET / HTTP/1.1\r\n\r\n");
        assert!(ahead.end(Some(0)));
    }
}
