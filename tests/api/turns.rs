//! A document that changes who asks: every field is answered for whoever asks by then.

use serde_json::json;
use skypanel::seed::PASSWORD;

use crate::harness::{Actor, App};

async fn is_alive(actor: &Actor<'_>) -> bool {
    actor.run("{ viewer { id } }").await.status == 200
}

async fn session_of(actor: &Actor<'_>) -> String {
    actor
        .run("{ viewer { sessions { nodes { id } } } }")
        .await
        .data("/viewer/sessions/nodes/0/id")
        .as_str()
        .unwrap()
        .into()
}

fn login(name: &str) -> String {
    format!("login(input: {{ login: \"{name}\", password: \"{PASSWORD}\" }}) {{ token }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_after_a_sign_in_ends_the_new_session() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let reply = ada.run(&format!("mutation {{ {} logout {{ loggedOut }} }}", login("bob"))).await;
    assert_eq!(reply.data("/logout/loggedOut"), true);
    let token = reply.data("/login/token").as_str().map(str::to_owned);
    assert!(!is_alive(&Actor { token, ..ada.clone() }).await);
    // The sign-in on the same device had ended the former one.
    assert!(!is_alive(&ada).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_after_a_sign_in_has_the_rights_of_the_new_session() {
    let app = App::demo().await;
    let (ada, bob, support) = (app.user("ada").await, app.user("bob").await, app.user("support").await);
    let revoke = |id: String| format!("revokeSession(input: {{ id: \"{id}\" }}) {{ sessionId }}");

    let (target, guest) = (session_of(&bob).await, app.anonymous());
    for caller in [&guest, &ada] {
        let reply = caller.run(&format!("mutation {{ {} {} }}", login("ada"), revoke(target.clone()))).await;
        assert_eq!(reply.codes(), ["NOT_FOUND"], "{}", reply.body);
        assert!(reply.data("/login/token").is_string());
    }
    let reply = support.run(&format!("mutation {{ {} {} }}", login("ada"), revoke(target.clone()))).await;
    assert_eq!(reply.codes(), ["NOT_FOUND"], "no longer support: {}", reply.body);
    assert!(is_alive(&bob).await);

    let reply =
        app.user("ada").await.run(&format!("mutation {{ {} {} }}", login("support"), revoke(target.clone()))).await;
    assert_eq!(reply.data("/revokeSession/sessionId"), &json!(target));
    assert!(!is_alive(&bob).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ended_their_own_session_is_a_guest_from_there_on() {
    let app = App::demo().await;
    let ada = app.user("ada").await;
    let own = session_of(&ada).await;
    let document = format!(
        "mutation {{ revokeSession(input: {{ id: \"{own}\" }}) {{ sessionId }} \
         revokeOtherSessions {{ revokedCount }} logout {{ loggedOut }} }}"
    );
    let reply = ada.run(&document).await;
    assert_eq!(reply.data("/revokeSession/sessionId"), &json!(own));
    assert_eq!(reply.codes(), ["UNAUTHENTICATED", "UNAUTHENTICATED"], "{}", reply.body);
}
