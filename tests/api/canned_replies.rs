//! Answers that staff keeps ready: how they change, and go.

use serde_json::{Value, json};

use crate::harness::App;
use crate::rows::{fill, rows};

const EVERYTHING: &str = "SELECT id, name, content, department_id FROM canned_replies ORDER BY id";
const TECHNICAL: &str = "dep_00000000000070008000000000000002";

#[tokio::test]
async fn a_change_is_undone_by_the_same_mutation() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let id: Value = serde_json::from_str(&fill(&app, "\"{can}\"").await).unwrap();
    let update = async |more: Value| {
        let mut input = json!({ "id": id });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let document = "mutation ($input: UpdateCannedReplyInput!) { it: updateCannedReply(input: $input) { \
            cannedReply { revision name content department { slug } } userErrors { code field } } }";
        support.run_with(document, json!({ "input": input })).await.ok()["it"].clone()
    };
    app.maintain("UPDATE canned_replies SET name = 'Hello', content = 'Hi', department_id = NULL, revision = 1").await;
    let before = rows(&app, EVERYTHING).await;
    let shown = |revision: i32, name: &str, content: &str, department: Value| {
        let reply = json!({ "revision": revision, "name": name, "content": content, "department": department });
        json!({ "cannedReply": reply, "userErrors": [] })
    };
    let changed = update(json!({ "name": "Bye", "departmentId": TECHNICAL, "expectedRevision": 1 })).await;
    assert_eq!(changed, shown(2, "Bye", "Hi", json!({ "slug": "technical" })), "what is left out stays");
    let late = update(json!({ "content": "Mine", "expectedRevision": 1 })).await;
    assert_eq!(late["userErrors"], json!([{ "code": "CONFLICT", "field": ["expectedRevision"] }]));
    assert_eq!(update(json!({ "content": "Ho" })).await, shown(3, "Bye", "Ho", json!({ "slug": "technical" })));
    let back = update(json!({ "name": "Hello", "content": "Hi", "departmentId": null })).await;
    assert_eq!(back, shown(4, "Hello", "Hi", Value::Null), "null makes it all departments'");
    assert_eq!(rows(&app, EVERYTHING).await, before);
    assert_eq!(update(json!({ "name": "Hello" })).await["cannedReply"]["revision"], 4, "nothing changed");
    let nowhere = update(json!({ "departmentId": "dep_0190c6f07c4e7b1e9d586d1f5d0e2a11" })).await;
    assert_eq!(nowhere["userErrors"], json!([{ "code": "NOT_FOUND", "field": ["departmentId"] }]));
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_remembered() {
    let app = App::demo().await;
    let support = app.user("support").await;
    let before = rows(&app, EVERYTHING).await;
    let document = fill(
        &app,
        r#"mutation { it: deleteCannedReply(input: { id: "{can}" }) { cannedReplyId consequences { kind } } }"#,
    )
    .await;
    let gone = support.run(&document).await;
    let id = gone.data("/it/cannedReplyId").as_str().unwrap().to_owned();
    assert_eq!(rows(&app, EVERYTHING).await, before[1..]);
    assert_eq!(support.run(&document).await.codes(), ["NOT_FOUND"]);
    assert_eq!(support.run(&format!("{{ node(id: \"{id}\") {{ id }} }}")).await.data("/node"), &Value::Null);
    let kept =
        rows(&app, "SELECT action, subject_kind, changes FROM audit_events JOIN audit_details ON event_id = id").await;
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0]["action"], &kept[0]["subject_kind"]), (&json!("deleteCannedReply"), &json!("can")));
    let content = kept[0]["changes"].as_array().unwrap().iter().find(|change| change["field"] == "content").unwrap();
    assert_eq!((&content["before"], &content["after"]), (&before[0]["content"], &Value::Null), "it can be made again");
}
