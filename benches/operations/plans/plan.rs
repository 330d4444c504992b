//! A plan that PostgreSQL ran.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

/// A statement, and how it was run.
pub struct Plan {
    /// The text of the statement.
    pub statement: String,
    /// What ran, the root first.
    nodes: Vec<Node>,
}

/// A step of a plan.
struct Node {
    depth: usize,
    kind: String,
    table: Option<String>,
    index: Option<String>,
    /// How often it ran.
    loops: f64,
    /// Rows that it gave, in all loops.
    rows: f64,
    /// Rows that it read and threw away, in all loops.
    discarded: f64,
}

impl Plan {
    /// Reads what `auto_explain` wrote as JSON.
    pub fn read(json: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(json).ok()?;
        let mut nodes = Vec::new();
        collect(value.get("Plan")?, 0, &mut nodes);
        Some(Self { statement: value.get("Query Text")?.as_str()?.to_owned(), nodes })
    }

    /// What it looks like, whatever the numbers: plans that differ in these alone are the same.
    pub fn shape(&self) -> String {
        let lines = self.nodes.iter().map(|node| format!("{}{}", "  ".repeat(node.depth), node.name()));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The tables that it reads.
    pub fn tables(&self) -> BTreeSet<&str> {
        self.nodes.iter().filter_map(|node| node.table.as_deref()).collect()
    }

    /// The tables that it read from end to end. A step that did not run read nothing.
    pub fn read_whole(&self) -> impl Iterator<Item = &str> {
        let scans = self.nodes.iter().filter(|node| node.kind == "Seq Scan" && node.loops > 0.0);
        scans.filter_map(|node| node.table.as_deref())
    }

    /// The most rows that one of its steps threw away, and which step that is.
    pub fn discarded(&self) -> (f64, String) {
        let worst = self.nodes.iter().max_by(|a, b| a.discarded.total_cmp(&b.discarded));
        worst.map(|node| (node.discarded, node.name())).unwrap_or_default()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            let (indent, name) = ("  ".repeat(node.depth + 1), node.name());
            let Node { rows, loops, discarded, .. } = node;
            // Writing to a text does not fail.
            let _ = writeln!(text, "{indent}{name}: {rows} rows in {loops} runs, {discarded} thrown away");
        }
        text
    }
}

impl Node {
    fn name(&self) -> String {
        let index = self.index.iter().map(|index| format!(" using {index}"));
        let table = self.table.iter().map(|table| format!(" on {table}"));
        std::iter::once(self.kind.clone()).chain(index).chain(table).collect()
    }
}

fn collect(value: &Value, depth: usize, nodes: &mut Vec<Node>) {
    let text = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name| value.get(name).and_then(Value::as_f64).unwrap_or_default();
    let loops = number("Actual Loops");
    nodes.push(Node {
        depth,
        kind: text("Node Type").unwrap_or_default(),
        table: text("Relation Name"),
        index: text("Index Name"),
        loops,
        rows: number("Actual Rows") * loops,
        discarded: (number("Rows Removed by Filter") + number("Rows Removed by Index Recheck")) * loops,
    });
    for child in value.get("Plans").and_then(Value::as_array).into_iter().flatten() {
        collect(child, depth + 1, nodes);
    }
}
