//! Which operation runs, and what the request holds afterwards.

use super::{Code, guard};
use async_graphql::parser::types::OperationType;
use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Schema};

const SEVERAL: &str = "query A { viewer { id } } mutation B { logout { token } }";

fn named(text: &str, name: &str) -> Request {
    Request::new(text).operation_name(name)
}

#[test]
fn the_operation_that_runs() {
    let guard = guard();
    for (mut request, operation, root) in [
        (Request::new("{ roles { id } }"), OperationType::Query, "roles"),
        (Request::new("query A { roles { id } }"), OperationType::Query, "roles"),
        (Request::new("subscription { x: ticketChanged { id } }"), OperationType::Subscription, "ticketChanged"),
        (named(SEVERAL, "A"), OperationType::Query, "viewer"),
        (named(SEVERAL, "B"), OperationType::Mutation, "logout"),
    ] {
        match guard.check(&mut request, false) {
            Ok(checked) => {
                assert_eq!(checked.operation, operation);
                assert_eq!(*checked.root_fields, [root]);
                assert!(!checked.introspects);
            }
            Err(refusal) => panic!("{refusal:?}"),
        }
    }
}

#[test]
fn an_operation_that_is_not_there() {
    let guard = guard();
    for (mut request, message) in [
        (Request::new(SEVERAL), "operationName is missing: the document has several operations"),
        (named(SEVERAL, "C"), "there is no operation C"),
        (named("{ viewer { id } }", "C"), "there is no operation C: the only one has no name"),
        (named("query A { viewer { id } }", "C"), "there is no operation C"),
    ] {
        match guard.check(&mut request, false) {
            Ok(checked) => panic!("{checked:?}"),
            Err(refusal) => {
                assert_eq!(refusal.code(), Code::GraphqlValidationFailed);
                assert_eq!(refusal.message(), message);
            }
        }
    }
}

struct Query;

#[Object]
impl Query {
    async fn answer(&self) -> i32 {
        42
    }
}

/// The text is changed after the check: what runs is what was checked.
#[tokio::test]
async fn the_parsed_document_stays_in_the_request() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let mut request = Request::new("{ answer }");
    assert!(guard().check(&mut request, false).is_ok());
    request.query = "not GraphQL".to_owned();
    let response = schema.execute(request).await;
    assert_eq!(response.data.to_string(), "{answer: 42}");
}
