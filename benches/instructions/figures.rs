//! The figures that are committed.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::PathBuf;

use crate::Failure;
use crate::counting::Counts;

/// How far a count may lie from its figure, in hundredths of this. Less than that is often the compiler's mood.
const TOLERANCE: u64 = 10;
/// The line that tells the compiler begins so.
const COMPILER: &str = "# Counted on ";

/// Counts, and what they were counted with.
pub struct Figures {
    /// Architecture and compiler.
    pub compiler: String,
    /// The count of each part.
    pub counts: Counts,
}

impl Figures {
    /// Those of the file.
    pub fn read() -> Result<Self, Failure> {
        let text = fs::read_to_string(file()).map_err(|cause| format!("{}: {cause}", file().display()))?;
        let compiler = text.lines().find_map(|line| line.strip_prefix(COMPILER)).unwrap_or_default().to_owned();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let counts = lines.map(|line| {
            let (name, count) = line.split_once(' ').ok_or_else(|| format!("not a figure: {line}"))?;
            Ok((name.to_owned(), count.trim().parse()?))
        });
        Ok(Self { compiler, counts: counts.collect::<Result<_, Failure>>()? })
    }

    /// Makes these the file's.
    pub fn write(&self) -> Result<(), Failure> {
        fs::write(file(), self.to_string()).map_err(|cause| format!("{}: {cause}", file().display()).into())
    }

    /// A line for each part, and whether all are what they were.
    pub fn compare(&self, found: &Self) -> Result<(String, bool), Failure> {
        let mut text = String::new();
        if self.compiler != found.compiler {
            writeln!(text, "the figures are of {}, this is {}", self.compiler, found.compiler)?;
        }
        let mut same = true;
        for (name, count) in &found.counts {
            let figure = self.counts.get(name).copied();
            let near = figure.is_some_and(|figure| count.abs_diff(figure) * 100 <= figure * TOLERANCE);
            let told = match figure {
                Some(_) if near => String::new(),
                Some(figure) => format!("  was {figure}"),
                None => "  is new".to_owned(),
            };
            writeln!(text, "{name:24} {count:>9}{told}")?;
            same &= near;
        }
        for name in self.counts.keys().filter(|name| !found.counts.contains_key(*name)) {
            writeln!(text, "{name:24} is gone")?;
            same = false;
        }
        Ok((text, same))
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Instructions of one run of each part; `script/instructions --update` writes this file.")?;
        writeln!(f, "{COMPILER}{}", self.compiler)?;
        self.counts.iter().try_for_each(|(name, count)| writeln!(f, "{name:24} {count:>9}"))
    }
}

fn file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt"))
}
