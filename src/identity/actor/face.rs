//! The edge to a public face.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use async_graphql::registry::Registry;
use async_graphql::{Context, OutputType, ServerResult, Value};
use futures_util::future::{BoxFuture, FutureExt as _};
use rustc_hash::FxHashMap;

use super::row::{Actor, ActorOf, Subject};
use crate::entity::{Abandon, At, Declared, Done, Env, Kind, Object, Pieces, Plan, Run, Step};
use crate::error::Error;
use crate::id::UserId;
use crate::request::ContextExt as _;
use crate::viewer::Viewer;

/// What a face is shown of: somebody, or perhaps somebody.
pub trait Faced: 'static {
    /// Whether there is always somebody.
    const ALWAYS: bool;

    /// Who it is.
    fn subject(self) -> Option<Subject>;
}

impl Faced for Subject {
    const ALWAYS: bool = true;

    fn subject(self) -> Option<Subject> {
        Some(self)
    }
}

impl Faced for UserId {
    const ALWAYS: bool = true;

    fn subject(self) -> Option<Subject> {
        Some(Subject::Person(self))
    }
}

impl<F: Faced> Faced for Option<F> {
    const ALWAYS: bool = false;

    fn subject(self) -> Option<Subject> {
        self.and_then(F::subject)
    }
}

struct Face<T, F>(fn(&T, &Viewer) -> F);

/// The public face of somebody.
pub fn face<T: Object, F: Faced>(get: fn(&T, &Viewer) -> F) -> Box<dyn Kind<T>> {
    Box::new(Face(get))
}

struct RunFace<T: 'static, F: 'static> {
    face: &'static Face<T, F>,
    plan: Plan<Actor>,
    /// Whether more is asked for than who it is: the face, not just the account behind it.
    shows: bool,
}

impl<T: Object, F: Faced> RunFace<T, F> {
    /// The distinct faces of some rows, and which of them is whose.
    async fn faces(&self, rows: &[&T], env: &Env<'_>) -> Done<(Vec<Arc<Actor>>, Vec<Option<usize>>)> {
        let subjects: Vec<_> = rows.iter().map(|row| (self.face.0)(row, &env.viewer).subject()).collect();
        let key = |subject: Option<Subject>| subject.and_then(Subject::user).map(ActorOf);
        let loaded =
            if self.shows { Some(env.request.batch.load_many(subjects.iter().copied().map(key)).await?) } else { None };
        let mut places = FxHashMap::<Subject, usize>::default();
        let mut faces = Vec::new();
        let mut of = Vec::with_capacity(subjects.len());
        for (row, subject) in subjects.into_iter().enumerate() {
            of.push(match subject.map(|subject| (subject, places.entry(subject))) {
                None => None,
                Some((_, Entry::Occupied(place))) => Some(*place.get()),
                Some((subject, Entry::Vacant(place))) => {
                    faces.push(match (&loaded, subject) {
                        (Some(many), Subject::Person(_)) => {
                            let found = many.of.get(row).copied().flatten().and_then(|at| many.values.get(at));
                            Arc::clone(found.ok_or(Abandon)?)
                        }
                        _ => Arc::new(Actor::of(subject)),
                    });
                    Some(*place.insert(faces.len() - 1))
                }
            });
        }
        Ok((faces, of))
    }
}

impl<T: Object, F: Faced> Run<T> for RunFace<T, F> {
    fn levels(&self) -> u64 {
        u64::from(self.shows) + self.plan.levels()
    }

    fn run<'a>(&'a self, rows: &'a [&'a T], env: &'a Env<'a>) -> BoxFuture<'a, Done<Pieces>> {
        async move {
            let (faces, of) = self.faces(rows, env).await?;
            let faces: Vec<&Actor> = faces.iter().map(|face| &**face).collect();
            Ok(self.plan.write(&faces, env).await?.shared(of))
        }
        .boxed()
    }
}

impl<T: Object, F: Faced> Kind<T> for Face<T, F> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        let ty = Actor::create_type_info(registry);
        Declared::plain(if F::ALWAYS { ty } else { ty.trim_end_matches('!').to_owned() })
    }

    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>> {
        let selected = at.below(Actor::NAME, Actor::INTERFACES)?;
        let shows = selected.iter().any(|at| matches!(at.field.node.name.node.as_str(), "displayName" | "kind"));
        Some(Step::Run(Box::new(RunFace { face: self, plan: Plan::below(at)?, shows })))
    }

    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let Some(subject) = (self.0)(object, &ctx.viewer()).subject() else { return Ok(Value::Null) };
            let found = match subject {
                Subject::Person(user) => ctx.load(ActorOf(user)).await.and_then(|found| {
                    // Whoever an id of a row belongs to is there, unless nobody need be.
                    if F::ALWAYS && found.is_none() { Err(Error::missing_row("a person")) } else { Ok(found) }
                }),
                _ => Ok(Some(Arc::new(Actor::of(subject)))),
            };
            let below = ctx.with_selection_set(&ctx.item.node.selection_set);
            match found.map_err(|error| crate::entity::failed(ctx, error))? {
                Some(face) => face.resolve(&below, ctx.item).await,
                None => Ok(Value::Null),
            }
        }
        .boxed()
    }
}
