//! PostgreSQL's log, into which `auto_explain` writes every plan.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};

use super::plan::Plan;
use crate::Failure;
use crate::stage::Stage;

/// Every statement, those in functions too, with the rows that really passed.
const SETTINGS: [(&str, &str); 6] = [
    ("session_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_nested_statements", "on"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_timing", "off"),
    ("auto_explain.log_format", "json"),
];

/// The log from some place on.
pub struct Log {
    file: File,
    /// What is between the time and the message in the lines of this database.
    label: String,
}

impl Log {
    /// Has everything logged in sessions that begin from now on; every run begins by taking that back.
    pub fn begin(stage: &Stage) -> Result<Self, Failure> {
        let sql = stage.sql()?;
        // Unknown settings are taken on trust once the library is there, which also tells whether it is.
        sql.run("LOAD 'auto_explain'")
            .map_err(|cause| format!("auto_explain is part of postgresql-contrib: {cause}"))?;
        for (name, value) in SETTINGS {
            sql.run(&format!("ALTER DATABASE {} SET {name} = '{value}'", stage.database))?;
        }
        let mut file = OpenOptions::new().read(true).write(true).open(stage.cluster.log())?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file, label: format!("skypanel_pool@{} LOG:  duration: ", stage.database) })
    }

    /// Takes the settings back, and the plans out of the log: they fill it.
    pub fn end(self, stage: &Stage) -> Result<(), Failure> {
        stage.sql()?.run(&format!("ALTER DATABASE {} RESET ALL", stage.database))?;
        Ok(self.file.set_len(0)?)
    }

    /// The plans that were logged since the last look.
    pub fn plans(&mut self) -> Result<Vec<Plan>, Failure> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines().peekable();
        let mut plans = Vec::new();
        while let Some(line) = lines.next() {
            if !line.contains(&self.label) || !line.ends_with("plan:") {
                continue;
            }
            let mut json = String::new();
            // The lines of a message after its first begin with a tab.
            while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
                json.push_str(more);
            }
            plans.push(Plan::read(&json).ok_or_else(|| format!("a plan that cannot be read: {json}"))?);
        }
        Ok(plans)
    }
}
