//! The parts that are counted.

mod answer;
mod cursor;
mod guard;
mod level;
mod statement;

use crate::Failure;

/// Something that can be run again and again.
pub type Part = Box<dyn FnMut()>;

/// Makes what a part works on, which is not counted.
pub type Prepare = fn() -> Result<Part, Failure>;

/// All of them, each by its name in the file of figures: the file here, a slash, what is done.
pub fn all() -> Vec<(&'static str, Prepare)> {
    [guard::CASES, level::CASES, cursor::CASES, answer::CASES, statement::CASES].concat()
}
