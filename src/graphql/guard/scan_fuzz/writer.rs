//! Random documents.

/// Xorshift: the same documents at every run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % sides
    }

    pub fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }
}

pub const PIECES: [&str; 50] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "{",
    "[",
    "(",
    "\"",
    "\"",
    "\"\"",
    "\"\"\"",
    "\"\"\"",
    "\\",
    "\\\"",
    "\\\"\"\"",
    "\\\\",
    "\\u00e9",
    "\\u{1f600}",
    "\\ud83d",
    "\\ude00",
    "\\u{22}",
    "\\n",
    "#",
    "#",
    "\n",
    "\r",
    "\r\n",
    " ",
    ",",
    "\u{feff}",
    "é",
    "a",
    "b",
    ":",
    "$",
    "!",
    "=",
    "@",
    "...",
    "on ",
    "query",
    "fragment ",
    "1",
    "-1.5e3",
    "00",
    "null",
    "true",
    "&",
];

pub fn soup(random: &mut Random, pieces: usize) -> String {
    (0..pieces).map(|_| random.pick(&PIECES)).collect()
}

/// What stands between two tokens.
const GAPS: [&str; 8] = [" ", " ", "\n", ", ", "\r\n\t", "\u{feff} ", " #\"\"\" [{(\n", "#é \"\r"];

/// A document of the grammar, with strings, comments and white space meant to confuse.
pub struct Writer {
    pub random: Random,
    pub names: usize,
    pub text: String,
}

impl Writer {
    fn put(&mut self, token: &str) {
        self.text.push_str(token);
        self.text.push_str(self.random.pick(&GAPS));
    }

    /// A new one each time: of two equal keys in an object the parser keeps one.
    fn name(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names)
    }

    pub fn document(&mut self) {
        self.description();
        self.put("query");
        if self.random.below(2) == 0 {
            self.put("(");
            for _ in 0..=self.random.below(2) {
                self.description();
                let name = self.name();
                self.put(&format!("${name}"));
                self.put(":");
                let ty = self.random.pick(&["A", "[A!]!", "[[[A]]]"]);
                self.put(ty);
                if self.random.below(2) == 0 {
                    self.put("=");
                    self.value(3, true);
                }
            }
            self.put(")");
        }
        self.directives(true);
        self.set(3);
        if self.random.below(2) == 0 {
            self.description();
            self.put("fragment F on T");
            self.directives(true);
            self.set(2);
        }
    }

    /// Of a definition or a variable, which the parser does not know.
    fn description(&mut self) {
        if self.random.below(4) == 0 {
            let text =
                self.random.pick(&["\"query\"", "\"\"\"é\r\n{ \\\"\"\" [\"\"\"", "\"#\\ud83d\\ude00 $\"", "\"\""]);
            self.put(text);
        }
    }

    fn set(&mut self, room: usize) {
        self.put("{");
        for _ in 0..=self.random.below(3) {
            match self.random.below(if room == 0 { 2 } else { 5 }) {
                0 => {
                    self.put("...");
                    self.put("F");
                }
                1 | 2 => self.field(),
                3 => {
                    self.field();
                    self.set(room - 1);
                }
                _ => {
                    let condition = self.random.pick(&["...", "...on T", "... on\u{feff}T"]);
                    self.put(condition);
                    self.directives(false);
                    self.set(room - 1);
                }
            }
        }
        self.put("}");
    }

    fn field(&mut self) {
        let name = self.name();
        self.put(&name);
        if self.random.below(3) == 0 {
            self.put(":");
            let name = self.name();
            self.put(&name);
        }
        if self.random.below(2) == 0 {
            self.arguments(false);
        }
        self.directives(false);
    }

    fn directives(&mut self, constant: bool) {
        for _ in 0..self.random.below(4).saturating_sub(1) {
            self.put("@d");
            if self.random.below(2) == 0 {
                self.arguments(constant);
            }
        }
    }

    fn arguments(&mut self, constant: bool) {
        self.put("(");
        for _ in 0..=self.random.below(2) {
            let name = self.name();
            self.put(&name);
            self.put(":");
            self.value(3, constant);
        }
        self.put(")");
    }

    fn value(&mut self, room: usize, constant: bool) {
        const PLAIN: [&str; 20] = [
            "1",
            "-0.5E+7",
            "0",
            "null",
            "true",
            "RED",
            "\"\"",
            "\" #[{( \"",
            "\"\\\"[\"",
            "\"\\\\\"",
            "\"\\u00e9\\n\"",
            "\"\\u{1F600}]\\\"\"",
            "\"\\ud83d\\ude00[\"",
            "\"\\u{22}\\u{5c}\\u{a}{\"",
            "\"\"\"\\u{22}\\ud83d\\ude00\"\"\"",
            "\"\"\"\"\"\"",
            "\"\"\"\" [[ # \"\"\"",
            "\"\"\" \n \\\"\"\" [ \\\\ \"\"\"",
            "\"\"\"\\\"\"\"\"\"\"",
            "\"é\u{feff}{\"",
        ];
        match self.random.below(if room == 0 { 4 } else { 6 }) {
            0 if !constant => self.put("$v"),
            4 => {
                self.put("[");
                for _ in 0..self.random.below(4) {
                    self.value(room - 1, constant);
                }
                self.put("]");
            }
            5 => {
                self.put("{");
                for _ in 0..self.random.below(3) {
                    let name = self.name();
                    self.put(&name);
                    self.put(":");
                    self.value(room - 1, constant);
                }
                self.put("}");
            }
            _ => {
                let plain = self.random.pick(&PLAIN);
                self.put(plain);
            }
        }
    }
}
