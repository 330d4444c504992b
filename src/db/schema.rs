// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "tsvector", schema = "pg_catalog"))]
    pub struct Tsvector;
}

diesel::table! {
    audit_details (event_id) {
        event_id -> Uuid,
        salt -> Uuid,
        changes -> Jsonb,
        ip_address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Uuid,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        subject_kind -> Text,
        subject_id -> Uuid,
        fields -> Jsonb,
        digest -> Text,
        request_id -> Text,
    }
}

diesel::table! {
    canned_replies (id) {
        id -> Uuid,
        name -> Text,
        content -> Text,
        department_id -> Nullable<Uuid>,
        revision -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    demo_data (kind) {
        kind -> Text,
    }
}

diesel::table! {
    department_targets (department, priority) {
        department -> Text,
        priority -> Text,
        response_minutes -> Int4,
        resolution_minutes -> Int4,
    }
}

diesel::table! {
    departments (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        is_public -> Bool,
        revision -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    idempotency_keys (user_id, operation, key) {
        user_id -> Uuid,
        operation -> Text,
        key -> Text,
        fingerprint -> Text,
        answer -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    invoice_items (id) {
        id -> Uuid,
        invoice_id -> Uuid,
        position -> Int4,
        description -> Text,
        quantity -> Numeric,
        unit_price -> Numeric,
        amount -> Numeric,
        server_id -> Nullable<Uuid>,
        period_start -> Nullable<Timestamptz>,
        period_end -> Nullable<Timestamptz>,
        currency -> Text,
    }
}

diesel::table! {
    invoices (id) {
        id -> Uuid,
        user_id -> Uuid,
        amount -> Numeric,
        currency -> Text,
        status -> Text,
        due_date -> Nullable<Date>,
        paid_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        number -> Nullable<Text>,
        revision -> Int4,
        due_date_sort -> Date,
        number_key -> Nullable<Text>,
    }
}

diesel::table! {
    job_runs (id) {
        id -> Uuid,
        job -> Text,
        status -> Text,
        started_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        done -> Int4,
        failed -> Int4,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    jobs (name) {
        name -> Text,
        due_at -> Timestamptz,
        leased_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    mails (id) {
        id -> Uuid,
        user_id -> Uuid,
        address -> Text,
        template -> Text,
        ticket_id -> Nullable<Uuid>,
        message_id -> Nullable<Uuid>,
        subject -> Text,
        name -> Text,
        status -> Text,
        attempts -> Int4,
        next_attempt_at -> Timestamptz,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        sent_at -> Nullable<Timestamptz>,
        revision -> Int4,
    }
}

diesel::table! {
    outbox (id) {
        id -> Uuid,
        event_id -> Uuid,
        kind -> Text,
        topic -> Text,
        ordering_key -> Uuid,
        subject_kind -> Text,
        subject_id -> Uuid,
        payload -> Jsonb,
        summary -> Text,
        created_at -> Timestamptz,
        done_at -> Nullable<Timestamptz>,
        transaction -> Int8,
    }
}

diesel::table! {
    password_reset_tokens (id) {
        id -> Uuid,
        user_id -> Uuid,
        token -> Text,
        expires_at -> Timestamptz,
        used -> Bool,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    peppers (id) {
        id -> Text,
        proof -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    roles (id) {
        id -> Uuid,
        name -> Text,
        description -> Nullable<Text>,
        is_default -> Bool,
        permissions -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        revision -> Int4,
    }
}

diesel::table! {
    server_actions (id) {
        id -> Uuid,
        server_id -> Uuid,
        kind -> Text,
        status -> Text,
        progress -> Int4,
        error -> Nullable<Text>,
        provider_ref -> Nullable<Text>,
        requested_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    server_packages (id) {
        id -> Uuid,
        name -> Text,
        cpu_cores -> Int4,
        memory_mb -> Int4,
        disk_gb -> Int4,
        bandwidth_gb -> Nullable<Int4>,
        price_monthly -> Numeric,
        price_hourly -> Numeric,
        is_active -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        currency -> Text,
        revision -> Int4,
        stock -> Nullable<Int4>,
    }
}

diesel::table! {
    servers (id) {
        id -> Uuid,
        name -> Text,
        hostname -> Text,
        ip_address -> Nullable<Text>,
        status -> Text,
        node_id -> Nullable<Text>,
        user_id -> Uuid,
        package_id -> Uuid,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
        cpu_cores -> Int4,
        memory_mb -> Int4,
        disk_gb -> Int4,
        bandwidth_gb -> Nullable<Int4>,
        suspension_reason -> Nullable<Text>,
        is_protected -> Bool,
        terminate_at -> Nullable<Timestamptz>,
        revision -> Int4,
        name_key -> Text,
        hostname_key -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        token -> Text,
        ip_address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
        last_activity -> Timestamptz,
    }
}

diesel::table! {
    ticket_messages (id) {
        id -> Uuid,
        ticket_id -> Uuid,
        user_id -> Uuid,
        content -> Text,
        is_internal -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        shown_in -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Tsvector;

    tickets (id) {
        id -> Uuid,
        user_id -> Uuid,
        assigned_to -> Nullable<Uuid>,
        subject -> Text,
        status -> Text,
        priority -> Text,
        department -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        server_id -> Nullable<Uuid>,
        revision -> Int4,
        hold_reason -> Nullable<Text>,
        response_due_at -> Nullable<Timestamptz>,
        resolution_due_at -> Nullable<Timestamptz>,
        merged_into -> Nullable<Uuid>,
        priority_rank -> Int2,
        response_due_sort -> Timestamptz,
        subject_words -> Tsvector,
        resolution_seconds_left -> Nullable<Int4>,
        number -> Int4,
        before_merge -> Nullable<Jsonb>,
        silence_warned_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    transactions (id) {
        id -> Uuid,
        invoice_id -> Nullable<Uuid>,
        user_id -> Uuid,
        amount -> Numeric,
        currency -> Text,
        gateway -> Nullable<Text>,
        status -> Text,
        reference -> Nullable<Text>,
        metadata -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        kind -> Text,
        direction -> Text,
        parent_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    user_roles (user_id, role_id) {
        user_id -> Uuid,
        role_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        email -> Text,
        username -> Text,
        password_hash -> Text,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        email_verified -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        last_login -> Nullable<Timestamptz>,
        status -> Text,
        virtfusion_id -> Nullable<Text>,
        revision -> Int4,
        server_limit -> Nullable<Int4>,
        suspension_reason -> Nullable<Text>,
        email_key -> Text,
        username_key -> Text,
        last_login_sort -> Timestamptz,
        suspended_from -> Nullable<Text>,
        closed_from -> Nullable<Text>,
        closed_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(audit_details -> audit_events (event_id));
diesel::joinable!(audit_events -> users (actor_id));
diesel::joinable!(canned_replies -> departments (department_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(invoice_items -> invoices (invoice_id));
diesel::joinable!(invoice_items -> servers (server_id));
diesel::joinable!(invoices -> users (user_id));
diesel::joinable!(job_runs -> jobs (job));
diesel::joinable!(mails -> ticket_messages (message_id));
diesel::joinable!(mails -> tickets (ticket_id));
diesel::joinable!(mails -> users (user_id));
diesel::joinable!(outbox -> audit_events (event_id));
diesel::joinable!(password_reset_tokens -> users (user_id));
diesel::joinable!(server_actions -> servers (server_id));
diesel::joinable!(server_actions -> users (requested_by));
diesel::joinable!(servers -> server_packages (package_id));
diesel::joinable!(servers -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(ticket_messages -> users (user_id));
diesel::joinable!(tickets -> servers (server_id));
diesel::joinable!(transactions -> invoices (invoice_id));
diesel::joinable!(transactions -> users (user_id));
diesel::joinable!(user_roles -> roles (role_id));
diesel::joinable!(user_roles -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    audit_details,
    audit_events,
    canned_replies,
    demo_data,
    department_targets,
    departments,
    idempotency_keys,
    invoice_items,
    invoices,
    job_runs,
    jobs,
    mails,
    outbox,
    password_reset_tokens,
    peppers,
    roles,
    server_actions,
    server_packages,
    servers,
    sessions,
    ticket_messages,
    tickets,
    transactions,
    user_roles,
    users,
);
