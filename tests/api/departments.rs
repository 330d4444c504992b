//! Whom tickets are for: who may choose what, how it changes, and what its times do.

use serde_json::{Value, json};

use crate::harness::{Actor, App};
use crate::rows::{fill, rows, text, values};

const TECHNICAL: &str = "dep_00000000000070008000000000000002";

async fn create(actor: &Actor<'_>, input: Value) -> Value {
    let document = "mutation ($input: CreateDepartmentInput!) { it: createDepartment(input: $input) { \
        department { slug name isPublic revision targets { priority responseMinutes resolutionMinutes } } userErrors { code field } } }";
    actor.run_with(document, json!({ "input": input })).await.ok()["it"].clone()
}

async fn update(actor: &Actor<'_>, input: Value) -> Value {
    let document = "mutation ($input: UpdateDepartmentInput!) { it: updateDepartment(input: $input) { \
        department { name isPublic revision targets { priority responseMinutes resolutionMinutes } } userErrors { code field } } }";
    actor.run_with(document, json!({ "input": input })).await.ok()["it"].clone()
}

fn targets(minutes: [(i32, i32); 4]) -> Value {
    let priorities = ["LOW", "MEDIUM", "HIGH", "URGENT"];
    let target = |(priority, (response, resolution)): (&str, (i32, i32))| json!({ "priority": priority, "responseMinutes": response, "resolutionMinutes": resolution });
    priorities.into_iter().zip(minutes).map(target).collect()
}

const USUAL: [(i32, i32); 4] = [(1440, 10080), (480, 4320), (120, 1440), (30, 240)];

#[tokio::test]
async fn customers_choose_among_the_public_ones_and_see_whom_their_tickets_are_for() {
    let app = App::demo().await;
    let slugs = |reply: &Value| -> Vec<String> {
        let all = reply["departments"].as_array().unwrap().iter();
        all.map(|one| one["slug"].as_str().unwrap().to_owned()).collect()
    };
    let bob = app.user("bob").await;
    let asked = "{ departments { slug } tickets(filter: { search: \"abuse\" }) { nodes { number department { slug isPublic } } } }";
    let seen = bob.run(asked).await.ok().clone();
    assert_eq!(slugs(&seen), ["billing", "general", "sales", "technical"]);
    // The eighth from the newest.
    let abuse = json!({ "number": "T-10003", "department": { "slug": "abuse", "isPublic": false } });
    assert_eq!(seen["tickets"]["nodes"], json!([abuse]));
    let staff = app.staff(&["ticket:note"]).await;
    let all = staff.run("{ departments { slug } }").await.ok().clone();
    assert_eq!(slugs(&all), ["abuse", "billing", "general", "sales", "technical"]);
}

#[tokio::test]
async fn a_new_one_has_a_slug_of_its_own_and_the_usual_times() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let made = create(&admin, json!({ "slug": "e-mail-2", "name": "E-mail" })).await;
    let expected =
        json!({ "slug": "e-mail-2", "name": "E-mail", "isPublic": true, "revision": 1, "targets": targets(USUAL) });
    assert_eq!(made, json!({ "department": expected, "userErrors": [] }));

    let long = "a".repeat(33);
    for (slug, code) in [
        ("e-mail-2", "TAKEN"),
        ("E-mail", "INVALID"),
        ("-mail", "INVALID"),
        ("mail-", "INVALID"),
        ("e--mail", "INVALID"),
        ("e mail", "INVALID"),
        ("", "INVALID"),
        ("\u{e9}", "INVALID"),
        (&long, "TOO_LONG"),
    ] {
        let refused = create(&admin, json!({ "slug": slug, "name": "E-mail" })).await;
        let error = json!([{ "code": code, "field": ["slug"] }]);
        assert_eq!(refused, json!({ "department": null, "userErrors": error }), "{slug}");
    }
    let twice = json!([
        { "priority": "LOW", "responseMinutes": 1, "resolutionMinutes": 1 },
        { "priority": "LOW", "responseMinutes": 1, "resolutionMinutes": 1 },
        { "priority": "MEDIUM", "responseMinutes": 1, "resolutionMinutes": 1 },
        { "priority": "HIGH", "responseMinutes": 1, "resolutionMinutes": 1 },
        { "priority": "URGENT", "responseMinutes": 1, "resolutionMinutes": 1 },
    ]);
    let three = Value::Array(targets(USUAL).as_array().unwrap()[..3].to_vec());
    for wrong in [three, twice, json!([]), targets([(0, 1), (1, 1), (1, 1), (1, 1)]), targets([(1, 525_601); 4])] {
        let refused = create(&admin, json!({ "slug": "mail", "name": "Mail", "targets": wrong })).await;
        assert_eq!(refused["userErrors"], json!([{ "code": "INVALID", "field": ["targets"] }]), "{wrong}");
    }
    let left = "SELECT count(*)::int AS value FROM departments";
    assert_eq!(values(&app, left).await, [json!(6)], "what was refused left nothing");
}

/// Doing and undoing leaves all but revision and times as it was, the times of the department included.
#[tokio::test]
async fn a_change_is_undone_by_the_same_mutation() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let everything = "SELECT d.slug, d.name, d.is_public, t.priority, t.response_minutes, t.resolution_minutes \
        FROM departments d JOIN department_targets t ON t.department = d.slug ORDER BY 1, 4";
    let before = rows(&app, everything).await;
    let fresh = targets([(4, 40), (3, 30), (2, 20), (1, 10)]);
    let changed = update(
        &admin,
        json!({ "id": TECHNICAL, "name": "Machines", "isPublic": false, "targets": fresh, "expectedRevision": 1 }),
    )
    .await;
    let expected = json!({ "name": "Machines", "isPublic": false, "revision": 2, "targets": fresh });
    assert_eq!(changed, json!({ "department": expected, "userErrors": [] }));
    let kept = rows(
        &app,
        "SELECT action, subject_kind, fields, changes FROM audit_events JOIN audit_details ON event_id = id",
    )
    .await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0]["fields"], json!(["name", "isPublic", "targets"]));
    assert_eq!(kept[0]["changes"][2]["after"], fresh);

    // Whoever filled a form before that is told so, and nothing is done.
    let late = update(&admin, json!({ "id": TECHNICAL, "name": "Mine", "expectedRevision": 1 })).await;
    assert_eq!(late["userErrors"], json!([{ "code": "CONFLICT", "field": ["expectedRevision"] }]));

    let half = USUAL.map(|(response, resolution)| (response / 2, resolution / 2));
    let undo = json!({ "id": TECHNICAL, "name": "Technical", "isPublic": true, "targets": targets(half), "expectedRevision": 2 });
    assert_eq!(update(&admin, undo.clone()).await["userErrors"], json!([]));
    assert_eq!(rows(&app, everything).await, before);
    // Once more is nothing.
    let same = json!({ "id": TECHNICAL, "name": "Technical", "targets": targets(half) });
    assert_eq!(update(&admin, same).await["department"]["revision"], 3);
    // Times alone count as a change of the department.
    let times = update(&admin, json!({ "id": TECHNICAL, "targets": fresh })).await;
    assert_eq!(times["department"]["revision"], 4);
}

#[tokio::test]
async fn a_ticket_that_is_opened_again_owes_what_its_department_promises() {
    let app = App::demo().await;
    let (admin, support) = (app.user("admin").await, app.user("support").await);
    update(&admin, json!({ "id": TECHNICAL, "targets": targets([(4, 40), (3, 30), (2, 20), (1, 10)]) })).await;
    for event in ["closeTicket", "reopenTicket"] {
        let document = format!("mutation {{ {event}(input: {{ id: \"{{tkt}}\" }}) {{ userErrors {{ code }} }} }}");
        let document = fill(&app, &document).await;
        assert_eq!(support.run(&document).await.ok()[event]["userErrors"], json!([]));
    }
    let due = text(
        &app,
        "SELECT concat_ws(' ', round(extract(epoch FROM response_due_at - updated_at) / 60), \
                round(extract(epoch FROM resolution_due_at - updated_at) / 60)) AS value \
         FROM tickets WHERE subject = 'Reverse DNS for the web server'",
    );
    assert_eq!(due.await, "3 30");
}
