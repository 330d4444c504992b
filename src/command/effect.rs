//! What a mutation does to the world: the same for people who read and for programs that decide whether to ask first.

use async_graphql::registry::MetaDirectiveInvocation;
use async_graphql::{Enum, TypeDirective};

/// How far a mutation reaches, and whether it can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum EffectKind {
    /// Only who is signed in changes.
    Session,
    /// Something is added.
    Create,
    /// Can be undone at any time: the mutation that `undo` names restores every column but revision and times.
    Reversible,
    /// Can be corrected: the mutation that `undo` names, if any, is the counter-move, and the history differs.
    Correctable,
    /// Takes place later and can be cancelled until then, by the mutation that `undo` names.
    Delayed,
    /// Moves money; undone by a booking of its own, never by a deletion.
    Money,
    /// Cannot be undone. Needs a fresh sign-in, and no API key may do it.
    Final,
}

/// What a mutation does to the world, and the mutation that undoes it. The same for people who read and for programs that decide whether to ask first.
#[TypeDirective(location = "FieldDefinition")]
pub fn effect(kind: EffectKind, undo: Option<String>) {}

/// What a command does to the world.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    kind: EffectKind,
    undo: Option<&'static str>,
}

impl Effect {
    /// One that nothing undoes.
    #[must_use]
    pub const fn of(kind: EffectKind) -> Self {
        Self { kind, undo: None }
    }

    /// The mutation that undoes it.
    #[must_use]
    pub const fn undone_by(self, undo: &'static str) -> Self {
        Self { undo: Some(undo), ..self }
    }

    /// The directive that says so in the schema.
    #[must_use]
    pub fn directive(self) -> MetaDirectiveInvocation {
        let mut directive = effect::apply(self.kind, self.undo.map(str::to_owned));
        if self.undo.is_none() {
            directive.args.shift_remove("undo");
        }
        directive
    }
}
