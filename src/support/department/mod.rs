//! Whom tickets are for: the company's own list.

mod change;
mod object;
mod row;
mod target;

pub use change::{CreateDepartmentInput, UpdateDepartmentInput};
pub use row::{AllDepartments, Department, DepartmentOf};
pub use target::Target;
