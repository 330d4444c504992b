//! Changes of people and roles: the one rule over them, the last administrator, and what a form is told.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join3;
use serde_json::{Value, json};
use skypanel::viewer::Permission;

use crate::changes::{everything, mutations, timeless};
use crate::harness::{Actor, App, Plain, Reply};
use crate::rows::{fill, rows, text, values};

/// A document for each mutation of people and roles that can be rehearsed, and what has to be so before.
pub const REHEARSED: [(&str, &str, &str); 12] = [
    ("createUser", r#"email: "new@example.com", username: "new", roleIds: ["{rol}"]"#, ""),
    ("updateUser", r#"id: "{usr}", email: "ada@example.org", lastName: null, serverLimit: 3"#, ""),
    ("suspendUser", r#"id: "{usr}", reason: "Spam.""#, ""),
    ("reinstateUser", r#"id: "{usr}""#, "UPDATE users SET status = 'suspended' WHERE username = 'ada'"),
    ("activateUser", r#"id: "{usr}""#, "UPDATE users SET status = 'pending' WHERE username = 'ada'"),
    (
        "closeUser",
        r#"id: "{usr}", forfeitCredit: true"#,
        "UPDATE users SET status = 'active' WHERE username = 'ada'; UPDATE servers SET status = 'terminated', deleted_at = now(); \
         UPDATE invoices SET status = 'cancelled' WHERE status IN ('pending', 'overdue')",
    ),
    ("reopenUser", r#"id: "{usr}""#, ""),
    ("createRole", r#"name: "new", description: "a", permissions: ["ticket:read"]"#, ""),
    ("updateRole", r#"id: "{rol}", name: "customers", permissions: ["user:read:own"]"#, ""),
    ("assignRole", r#"userId: "{usr}", roleId: "{new}""#, ""),
    ("unassignRole", r#"userId: "{usr}", roleId: "{new}""#, ""),
    ("deleteRole", r#"id: "{new}""#, ""),
];

/// The id of a role by its name, as the API has it.
async fn role(app: &App, name: &str) -> String {
    text(app, &format!("SELECT 'rol_' || replace(id::text, '-', '') AS value FROM roles WHERE name = '{name}'")).await
}

/// The same of a person.
async fn person(app: &App, name: &str) -> String {
    let id = format!("SELECT 'usr_' || replace(id::text, '-', '') AS value FROM users WHERE username = '{name}'");
    text(app, &id).await
}

/// The id of whoever asks.
async fn me(actor: &Actor<'_>) -> String {
    actor.run("{ viewer { id } }").await.data("/viewer/id").as_str().unwrap().to_owned()
}

/// The codes of a payload under the key `it`, each with its field.
fn refused(reply: &Reply) -> Vec<(String, String)> {
    let errors = reply.ok()["it"]["userErrors"].as_array().unwrap().iter();
    let told = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    errors.map(|error| (told(&error["code"]), told(&error["field"][0]))).collect()
}

async fn change(actor: &Actor<'_>, name: &str, input: &str) -> Reply {
    actor.run(&format!("mutation {{ it: {name}(input: {{ {input} }}) {{ userErrors {{ code field }} }} }}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_answers_like_the_change_and_leaves_nothing() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    for (name, input, setup) in REHEARSED {
        app.maintain(setup).await;
        let mut input = input.to_owned();
        if input.contains("{new}") {
            input = input.replace("{new}", &role(&app, "new").await);
        }
        let input = fill(&app, &input).await;
        let rest = "revision name permissions isDefault description";
        let selection = match name {
            "deleteRole" => "roleId".to_owned(),
            "createRole" | "updateRole" => format!("role {{ id {rest} }}"),
            _ => format!(
                "user {{ id revision email emailVerified lastName status accountSuspensionReason roles {{ {rest} }} \
                 allowedActions {{ action allowed code }} }}"
            ),
        };
        let document = |dry: bool| {
            format!(
                "mutation {{ {name}(input: {{ {input} }}, dryRun: {dry}) {{ {selection} consequences {{ kind summary }} userErrors {{ code }} }} }}"
            )
        };
        let before = everything(&app).await;
        let rehearsed = admin.run(&document(true)).await;
        assert_eq!(rehearsed.ok()[name]["userErrors"], json!([]), "{name}: {}", rehearsed.body);
        assert_eq!(everything(&app).await, before, "{name} was rehearsed, and something stayed");
        let done = admin.run(&document(false)).await;
        assert_eq!(timeless(rehearsed.ok()), timeless(done.ok()), "{name}");
        assert_ne!(everything(&app).await, before, "{name} was done, and nothing came of it");
    }
}

/// Every mutation on somebody else or on a role, on one that holds what the actor does not.
const OVER: [(&str, &str); 12] = [
    ("updateUser", r#"id: "{admin}", email: "mine@example.com""#),
    ("suspendUser", r#"id: "{admin}", reason: "a""#),
    ("reinstateUser", r#"id: "{admin}""#),
    ("activateUser", r#"id: "{admin}""#),
    ("closeUser", r#"id: "{admin}""#),
    ("reopenUser", r#"id: "{admin}""#),
    ("revokeSession", r#"id: "{session}""#),
    ("assignRole", r#"userId: "{admin}", roleId: "{user}""#),
    ("unassignRole", r#"userId: "{admin}", roleId: "{all}""#),
    ("updateRole", r#"id: "{all}", permissions: []"#),
    ("deleteRole", r#"id: "{all}""#),
    ("createRole", r#"name: "mine", permissions: ["*"]"#),
];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_who_may_do_more() {
    let over = |name: &str| ["User", "Role", "Session"].iter().any(|noun| name.ends_with(noun)) && name != "createUser";
    let known: BTreeSet<&str> = OVER.iter().map(|(name, _)| *name).collect();
    let fields = mutations();
    let all: BTreeSet<&str> = fields.iter().map(|field| field.name.node.as_str()).filter(|name| over(name)).collect();
    assert_eq!(all, known);

    let app = App::demo().await;
    let _admin = app.user("admin").await;
    let session = "SELECT 'ses_' || replace(id::text, '-', '') AS value FROM sessions \
                   WHERE user_id = (SELECT id FROM users WHERE username = 'admin') ORDER BY created_at DESC LIMIT 1";
    let ids = [
        ("{admin}", person(&app, "admin").await),
        ("{all}", role(&app, "admin").await),
        ("{user}", role(&app, "user").await),
        ("{session}", text(&app, session).await),
    ];
    // Everything by name, and so all but what has no name yet.
    let names: Vec<&str> = Permission::ALL.iter().map(|one| one.name()).collect();
    let staff = app.staff(&names).await;
    let admin_s = &ids[0].1;
    let told = staff.run(&format!("{{ user(id: \"{admin_s}\") {{ allowedActions {{ allowed code }} }} }}")).await;
    for action in told.data("/user/allowedActions").as_array().unwrap() {
        assert_eq!(
            (&action["allowed"], &action["code"] == "PERMISSION_EXCEEDED" || &action["code"] == "INVALID_TRANSITION"),
            (&json!(false), true),
            "{action}"
        );
    }
    let before = everything(&app).await;
    for (name, input) in OVER {
        let input = ids.iter().fold(input.to_owned(), |input, (name, id)| input.replace(name, id));
        let codes = refused(&change(&staff, name, &input).await);
        assert_eq!(codes[0].0, "PERMISSION_EXCEEDED", "{name}");
        assert_eq!(everything(&app).await, before, "{name}");
    }
}

/// What is given is held by the giver, to the letter; names that do not exist are refused.
#[tokio::test]
async fn a_role_grants_what_its_giver_holds() {
    let app = App::demo().await;
    let staff = app
        .staff(&["user:read", "user:create", "role:read", "role:create", "role:update", "role:assign", "ticket:read"])
        .await;
    let at = |code: &str, field: &str| vec![(code.to_owned(), field.to_owned())];
    for (permissions, outcome) in [
        (r#"["ticket:read", "ticket:read:own"]"#, vec![]),
        (r#"["ticket:note"]"#, at("PERMISSION_EXCEEDED", "permissions")),
        (r#"["server:read:own"]"#, at("PERMISSION_EXCEEDED", "permissions")),
        (r#"["*"]"#, at("PERMISSION_EXCEEDED", "permissions")),
        (r#"["ticket:fly"]"#, at("INVALID", "permissions")),
        (r#"["package:read:own"]"#, at("INVALID", "permissions")),
    ] {
        let name = permissions.replace('"', "");
        let input = format!("name: \"{name}\", permissions: {permissions}");
        assert_eq!(refused(&change(&staff, "createRole", &input).await), outcome, "{permissions}");
    }
    let mine = role(&app, "[ticket:read, ticket:read:own]").await;
    let raise = format!(r#"id: "{mine}", permissions: ["ticket:read", "ticket:note"]"#);
    assert_eq!(refused(&change(&staff, "updateRole", &raise).await), at("PERMISSION_EXCEEDED", "permissions"));
    let (ada, support) = (person(&app, "ada").await, role(&app, "support").await);
    let give = format!(r#"userId: "{ada}", roleId: "{support}""#);
    assert_eq!(refused(&change(&staff, "assignRole", &give).await), at("PERMISSION_EXCEEDED", "roleId"));
    let make = format!(r#"email: "a@example.com", username: "abc", roleIds: ["{support}"]"#);
    assert_eq!(refused(&change(&staff, "createUser", &make).await), at("PERMISSION_EXCEEDED", "roleIds"));
    let myself = me(&staff).await;
    let give = format!(r#"userId: "{myself}", roleId: "{support}""#);
    assert_eq!(refused(&change(&staff, "assignRole", &give).await), at("PERMISSION_EXCEEDED", "roleId"));
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_refused_at_the_next_request() {
    let app = App::demo().await;
    let (admin, sam) = (app.user("admin").await, app.user("support").await);
    let ask = "{ users { totalCount } }";
    sam.run(ask).await.ok();
    let (user, support) = (person(&app, "support").await, role(&app, "support").await);
    let input = format!(r#"userId: "{user}", roleId: "{support}""#);
    assert_eq!(refused(&change(&admin, "unassignRole", &input).await), []);
    assert_eq!(sam.run(ask).await.codes(), ["FORBIDDEN"]);
    assert_eq!(refused(&change(&admin, "assignRole", &input).await), []);
    sam.run(ask).await.ok();
    let input = format!(r#"id: "{support}", permissions: ["ticket:read"]"#);
    assert_eq!(refused(&change(&admin, "updateRole", &input).await), []);
    assert_eq!(sam.run(ask).await.codes(), ["FORBIDDEN"]);
}

/// One role is the default at all times, it grants `:own` names only, and every new account gets it.
#[tokio::test]
async fn one_role_is_the_default() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let (user, support) = (role(&app, "user").await, role(&app, "support").await);
    let at = |code: &str, field: &str| vec![(code.to_owned(), field.to_owned())];
    for (id, more, outcome) in [
        (&user, "isDefault: false", at("INVALID", "isDefault")),
        (&user, r#"permissions: ["ticket:read"]"#, at("INVALID", "permissions")),
        (&support, "isDefault: true", at("INVALID", "isDefault")),
    ] {
        assert_eq!(refused(&change(&admin, "updateRole", &format!("id: \"{id}\", {more}")).await), outcome, "{more}");
    }
    assert_eq!(refused(&change(&admin, "deleteRole", &format!("id: \"{user}\"")).await), at("IN_USE", ""));
    assert_eq!(refused(&change(&admin, "deleteRole", &format!("id: \"{support}\"")).await), at("IN_USE", ""));
    assert_eq!(refused(&change(&admin, "createRole", r#"name: "guests", permissions: ["user:read:own"]"#).await), []);
    let guests = role(&app, "guests").await;
    let input = format!("id: \"{guests}\", isDefault: true, expectedRevision: 1");
    assert_eq!(refused(&change(&admin, "updateRole", &input).await), []);
    assert_eq!(refused(&change(&admin, "updateRole", &input).await), at("CONFLICT", "expectedRevision"));
    let marked = "SELECT name AS value FROM roles WHERE is_default";
    assert_eq!(values(&app, marked).await, [json!("guests")]);
    let input = r#"email: "new@example.com", username: "new""#;
    assert_eq!(refused(&change(&admin, "createUser", input).await), []);
    let made = rows(&app, "SELECT status, email_verified, password_hash, ARRAY(SELECT r.name FROM user_roles h JOIN roles r ON r.id = h.role_id WHERE h.user_id = u.id) AS roles FROM users u WHERE username = 'new'").await;
    let expected = json!({ "status": "active", "email_verified": false, "password_hash": "!", "roles": ["guests"] });
    assert_eq!(made, [expected]);
    let login = r#"mutation { it: login(input: { login: "new", password: "!" }) { userErrors { code field } } }"#;
    assert_eq!(refused(&app.anonymous().run(login).await)[0].0, "WRONG_CREDENTIALS");
}

/// What a form is told, at its field.
#[tokio::test]
async fn a_form_about_a_person_is_told_what_does_not_fit() {
    let app = App::demo().await;
    let (admin, ada) = (app.user("admin").await, app.user("ada").await);
    let id = fill(&app, "\"{usr}\"").await;
    let long = "x".repeat(101);
    for (more, code, field) in [
        (r#"email: "bob@example.com""#.to_owned(), "TAKEN", "email"),
        (r#"email: "BOB@Example.com""#.to_owned(), "TAKEN", "email"),
        (r#"username: "bob""#.to_owned(), "TAKEN", "username"),
        (r#"email: "nobody""#.to_owned(), "INVALID", "email"),
        (r#"email: "a@b@c""#.to_owned(), "INVALID", "email"),
        (r#"username: "ab""#.to_owned(), "TOO_SHORT", "username"),
        (r#"username: "Ada""#.to_owned(), "INVALID", "username"),
        (format!("username: \"{long}\""), "TOO_LONG", "username"),
        (format!("firstName: \"{long}\""), "TOO_LONG", "firstName"),
        (r#"firstName: "A\r\nBcc: x""#.to_owned(), "INVALID", "firstName"),
        ("lastName: \"A\\u2028B\"".to_owned(), "INVALID", "lastName"),
        ("expectedRevision: 99".to_owned(), "CONFLICT", "expectedRevision"),
    ] {
        for actor in [&admin, &ada] {
            let reply = change(actor, "updateUser", &format!("id: {id}, {more}")).await;
            assert_eq!(refused(&reply), [(code.to_owned(), field.to_owned())], "{more}");
        }
    }
    // The own address, written otherwise, is still the verified one; another has to be verified.
    let verified = "SELECT email_verified AS value FROM users WHERE username = 'ada'";
    change(&ada, "updateUser", &format!("id: {id}, email: \"Ada@example.com\"")).await.ok();
    assert_eq!(values(&app, verified).await, [json!(true)]);
    change(&ada, "updateUser", &format!("id: {id}, email: \"ada@example.org\"")).await.ok();
    assert_eq!(values(&app, verified).await, [json!(false)]);
    // A form that says what is there already leaves no trace.
    let kept = "SELECT count(*)::int AS value FROM audit_events";
    let before = values(&app, kept).await;
    change(&ada, "updateUser", &format!("id: {id}, email: \"ada@example.org\"")).await.ok();
    assert_eq!(values(&app, kept).await, before);
    let bob = person(&app, "bob").await;
    assert_eq!(change(&ada, "updateUser", &format!("id: \"{bob}\", firstName: \"A\"")).await.codes(), ["NOT_FOUND"]);
}

/// The active holders of everything.
async fn administrators(app: &App) -> usize {
    rows(app, "SELECT DISTINCT u.id FROM users u JOIN user_roles h ON h.user_id = u.id JOIN roles r ON r.id = h.role_id WHERE u.status = 'active' AND r.permissions ? '*'").await.len()
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let app = App::demo().await;
    let admin = app.user("admin").await;
    let (id, all) = (me(&admin).await, role(&app, "admin").await);
    for (name, input) in [
        ("unassignRole", format!(r#"userId: "{id}", roleId: "{all}""#)),
        ("updateRole", format!(r#"id: "{all}", permissions: ["user:read"]"#)),
        ("closeUser", format!(r#"id: "{id}", password: "skypanel-demo-1""#)),
    ] {
        let codes = refused(&change(&admin, name, &input).await);
        assert_eq!(codes, [("LAST_ADMINISTRATOR".to_owned(), String::new())], "{name}");
    }
    // The database says the same, whoever asks.
    let owner = Plain::connect(&app.database.owner_url).await;
    for statement in [
        "UPDATE users SET status = 'suspended' WHERE username = 'admin'",
        "DELETE FROM user_roles WHERE user_id = (SELECT id FROM users WHERE username = 'admin')",
        "UPDATE roles SET permissions = '[]' WHERE name = 'admin'",
    ] {
        let run = format!("BEGIN; SET LOCAL ROLE app_maintenance; {statement}; COMMIT");
        assert_eq!(owner.run(&run).await, Err("23514".to_owned()), "{statement}");
        owner.run("ROLLBACK").await.unwrap();
    }
    assert_eq!(administrators(&app).await, 1);
}

/// Fifty pairs, each of which would end both administrators if they did not wait for one another.
#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_never_end_each_other() {
    let app = App::demo().await;
    let mut pair = Vec::new();
    for _ in 0..2 {
        let actor = app.staff(&["*"]).await;
        let id = me(&actor).await;
        let name =
            text(&app, &format!("SELECT username AS value FROM users WHERE id = replace('{id}', 'usr_', '')::uuid"))
                .await;
        pair.push((name.clone(), id, role(&app, &name).await));
    }
    app.maintain("DELETE FROM user_roles WHERE user_id = (SELECT id FROM users WHERE username = 'admin')").await;
    let owner = Plain::connect(&app.database.owner_url).await;
    for round in 0..50 {
        app.maintain(
            "UPDATE users SET status = 'active', suspended_from = NULL, suspension_reason = NULL, closed_from = NULL, closed_at = NULL WHERE username LIKE 'staff%'; \
             UPDATE roles SET permissions = '[\"*\"]' WHERE name LIKE 'staff%'; \
             INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u JOIN roles r ON r.name = u.username WHERE u.username LIKE 'staff%' ON CONFLICT DO NOTHING",
        )
        .await;
        let (one, other) = (app.user(&pair[0].0).await, app.user(&pair[1].0).await);
        let document = |of: usize| {
            let (_, user, role) = &pair[of];
            match round % 4 {
                0 => ("suspendUser", format!(r#"id: "{user}", reason: "a""#)),
                1 => ("closeUser", format!(r#"id: "{user}""#)),
                2 => ("unassignRole", format!(r#"userId: "{user}", roleId: "{role}""#)),
                _ => ("updateRole", format!(r#"id: "{role}", permissions: []"#)),
            }
        };
        // Each on the other; of every third pair that takes roles away, each on himself.
        let (first, second) = if round % 12 > 9 { (0, 1) } else { (1, 0) };
        let ((name, mine), (_, others)) = (document(first), document(second));
        // Both are known for administrators before either gets to the rows: those are held until both are at them.
        let hold = "BEGIN; SET LOCAL ROLE app_maintenance; SELECT 1 FROM users, roles WHERE username LIKE 'staff%' AND name LIKE 'staff%' FOR NO KEY UPDATE";
        owner.run(hold).await.unwrap();
        let release = async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            owner.run("ROLLBACK").await.unwrap();
        };
        let (here, there, ()) = join3(change(&one, name, &mine), change(&other, name, &others), release).await;
        let worked =
            |reply: &Reply| reply.body["errors"].is_null() && reply.body["data"]["it"]["userErrors"] == json!([]);
        assert_eq!(administrators(&app).await, 1, "{round} {name}: {} {}", here.body, there.body);
        // Whoever came second is told why: it did not take the database's last word.
        assert!(![here.codes(), there.codes()].concat().contains(&"INTERNAL"), "{round} {name}");
        assert_ne!(worked(&here), worked(&there), "{round} {name}: {} {}", here.body, there.body);
    }
}
