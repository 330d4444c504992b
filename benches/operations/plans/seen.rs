//! The plans of one person, each once, and what is to be said about them.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Plan;

/// More rows than this thrown away in one step are worth a look.
const MANY: f64 = 1000.0;

/// A plan, and a document that leads to it, by statement and shape.
#[derive(Default)]
pub struct Seen(BTreeMap<(String, String), (Plan, String)>);

impl Seen {
    /// Keeps what is new, or threw away more rows than before.
    pub fn add(&mut self, plans: Vec<Plan>, document: &str) {
        for plan in plans {
            let key = (plan.statement.clone(), plan.shape());
            let known = self.0.get(&key).map(|(known, _)| known.discarded().0);
            if known.is_none_or(|known| plan.discarded().0 > known) {
                self.0.insert(key, (plan, document.to_owned()));
            }
        }
    }

    /// Prints what was found; how many plans read a table that grows from end to end.
    pub fn report(&self, who: &str, growing: &BTreeSet<String>, show: bool) -> usize {
        let (mut wrong, mut tables) = (0, BTreeSet::new());
        for (plan, document) in self.0.values() {
            tables.extend(plan.tables().into_iter().filter(|table| growing.contains(*table)));
            let whole: Vec<_> = plan.read_whole().filter(|table| growing.contains(*table)).collect();
            wrong += usize::from(!whole.is_empty());
            if !whole.is_empty() {
                println!("WRONG, {who} reads all {}:", whole.join(" and "));
            }
            if show || !whole.is_empty() {
                println!("  {document}\n  {}\n{}", plan.statement, plan.text());
            }
        }
        self.print_wasteful(who);
        let statements: BTreeSet<&str> = self.0.keys().map(|(statement, _)| statement.as_str()).collect();
        let tables = tables.into_iter().collect::<Vec<_>>().join(", ");
        let (statements, plans) = (statements.len(), self.0.len());
        println!("{who}: {statements} statements, {plans} plans, {wrong} of them WRONG; they read {tables}\n");
        wrong
    }

    /// An index that is walked for a few rows of it can be the best there is, so this alone fails nothing.
    fn print_wasteful(&self, who: &str) {
        let each = self.0.values().map(|(plan, document)| (plan.discarded(), document));
        let mut wasteful: Vec<_> = each.filter(|((rows, _), _)| *rows > MANY).collect();
        wasteful.sort_by(|((a, _), _), ((b, _), _)| b.total_cmp(a));
        if !wasteful.is_empty() {
            println!("{who} has rows read and thrown away by:");
        }
        for ((rows, step), document) in wasteful {
            println!("{rows:>10}  {step}: {document}");
        }
    }
}
