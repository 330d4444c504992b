//! The `@requires` directive: what a field, an argument or an input field asks of its viewer, for
//! clients to read. It stands beside the check that enforces it; the access tests hold the two together.

use std::borrow::Cow;

use async_graphql::registry::Registry;
use async_graphql::{InputType, InputValueError, InputValueResult, TypeDirective, Value};

use crate::viewer::Permission;

/// The permission a viewer needs for a field, an argument or an input field. `own: true`: the owner of the row needs only the `:own` form.
#[TypeDirective(location = "FieldDefinition", location = "ArgumentDefinition", location = "InputFieldDefinition")]
pub fn requires(permission: Permission, #[graphql(default = false)] own: bool) {}

/// In the schema a permission is its name.
impl InputType for Permission {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        String::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        String::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let named = |permission: &&Permission| matches!(&value, Value::String(name) if name == permission.name());
        Self::ALL.iter().find(named).copied().ok_or_else(|| InputValueError::expected_type(value.clone()))
    }

    fn to_value(&self) -> Value {
        Value::String(self.name().to_owned())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
