-- What runs on a clock: who is at it, what came of it, and what it may look at and change.

-- ---------------------------------------------------------------- jobs and their runs

CREATE TABLE jobs (
    name         text        PRIMARY KEY CHECK (name ~ '^[a-z_]{1,64}$'),
    due_at       timestamptz NOT NULL,
    leased_until timestamptz,
    CONSTRAINT jobs_times_shown CHECK (
        due_at >= '0001-01-01 00:00:00+00' AND due_at < '10000-01-01 00:00:00+00'
        AND leased_until >= '0001-01-01 00:00:00+00' AND leased_until < '10000-01-01 00:00:00+00'
    )
);
COMMENT ON TABLE jobs IS 'One row a job, taken by whichever instance runs it: the others pass it by meanwhile. All by the real clock.';
COMMENT ON COLUMN jobs.due_at IS 'When it runs next.';
COMMENT ON COLUMN jobs.leased_until IS 'Until when nobody else may run it, whatever became of the instance that does. Null: nobody does.';

CREATE TABLE job_runs (
    id          uuid        PRIMARY KEY,
    job         text        NOT NULL REFERENCES jobs ON DELETE RESTRICT,
    status      text        NOT NULL CHECK (status IN ('running', 'succeeded', 'failed')),
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    done        integer     NOT NULL DEFAULT 0 CHECK (done >= 0),
    failed      integer     NOT NULL DEFAULT 0 CHECK (failed >= 0),
    error       text        CHECK (char_length(error) <= 500),
    CONSTRAINT job_runs_ended_or_not CHECK ((status = 'running') = (finished_at IS NULL)),
    CONSTRAINT job_runs_times_shown CHECK (
        started_at >= '0001-01-01 00:00:00+00' AND started_at < '10000-01-01 00:00:00+00'
        AND finished_at >= '0001-01-01 00:00:00+00' AND finished_at < '10000-01-01 00:00:00+00'
    )
);
CREATE INDEX job_runs_started_at ON job_runs (started_at, id);
CREATE INDEX job_runs_job ON job_runs (job, started_at, id);
CREATE INDEX job_runs_status ON job_runs (status, started_at, id);
COMMENT ON TABLE job_runs IS 'One run of a job, by the real clock.';
COMMENT ON COLUMN job_runs.done IS 'Rows that were handled.';
COMMENT ON COLUMN job_runs.failed IS 'Rows that failed, and were passed over.';
COMMENT ON COLUMN job_runs.error IS 'What ended it, or what became of the last row that failed.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['jobs', 'job_runs'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I TO app_maintenance USING (true) WITH CHECK (true)', name || '_maintenance', name);
        EXECUTE format('CREATE POLICY %I ON %I TO app_worker USING (true) WITH CHECK (true)', name || '_worker', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO app_maintenance', name);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE (due_at, leased_until) ON jobs TO app_worker;
GRANT SELECT, INSERT, UPDATE (status, finished_at, done, failed, error), DELETE ON job_runs TO app_worker;
GRANT SELECT ON job_runs TO app_customer, app_staff;
CREATE POLICY job_runs_whole ON job_runs FOR SELECT TO app_staff USING ((SELECT app.can('system:read')));

-- ---------------------------------------------------------------- what the clock does to tickets

ALTER TABLE tickets
    ADD COLUMN silence_warned_at timestamptz,
    ADD CONSTRAINT tickets_silence_shown CHECK (silence_warned_at >= '0001-01-01 00:00:00+00' AND silence_warned_at < '10000-01-01 00:00:00+00');
GRANT INSERT (silence_warned_at) ON tickets TO app_writer;
COMMENT ON COLUMN tickets.silence_warned_at IS 'When its customer was last warned that silence settles it. Of no account once somebody has written since.';

GRANT SELECT, UPDATE (
    status, updated_at, revision, closed_at, hold_reason, response_due_at, resolution_due_at, resolution_seconds_left, silence_warned_at
) ON tickets TO app_worker;
CREATE POLICY tickets_worker ON tickets FOR SELECT TO app_worker USING (true);
-- Tickets that wait for somebody who does not come; in no other state does the clock do anything.
CREATE POLICY tickets_worker_change ON tickets FOR UPDATE TO app_worker
    USING (status IN ('waiting_customer', 'resolved')) WITH CHECK (true);
-- Never a note: what the clock tells anybody of cannot hold one.
GRANT SELECT (id, ticket_id, user_id, content, is_internal, created_at) ON ticket_messages TO app_worker;
CREATE POLICY ticket_messages_worker ON ticket_messages FOR SELECT TO app_worker USING (NOT is_internal);

-- In nobody's name.
GRANT INSERT ON audit_events, audit_details, outbox TO app_worker;
CREATE POLICY audit_events_worker ON audit_events FOR INSERT TO app_worker WITH CHECK (actor_id IS NULL);
CREATE POLICY audit_details_worker ON audit_details FOR INSERT TO app_worker WITH CHECK (true);
CREATE POLICY outbox_worker ON outbox FOR INSERT TO app_worker WITH CHECK (true);

GRANT SELECT (created_at), DELETE ON idempotency_keys TO app_worker;
CREATE POLICY idempotency_keys_worker ON idempotency_keys TO app_worker USING (true);

SET LOCAL ROLE app_auth;
GRANT EXECUTE ON FUNCTION app.instant TO app_worker;
RESET ROLE;

-- ---------------------------------------------------------------- mails

CREATE TABLE mails (
    id              uuid        PRIMARY KEY,
    user_id         uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    address         text        NOT NULL CHECK (char_length(address) <= 255),
    template        text        NOT NULL CHECK (template ~ '^[a-z_]{1,64}$'),
    ticket_id       uuid        REFERENCES tickets ON DELETE CASCADE,
    message_id      uuid        REFERENCES ticket_messages ON DELETE CASCADE,
    subject         text        NOT NULL CHECK (char_length(subject) <= 255 AND subject !~ '[[:cntrl:]]'),
    name            text        NOT NULL CONSTRAINT mails_name_unique UNIQUE CHECK (name ~ '^<[!-~]{1,250}>$'),
    status          text        NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'failed')),
    attempts        integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz NOT NULL,
    last_error      text        CHECK (char_length(last_error) <= 500),
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    sent_at         timestamptz,
    revision        integer     NOT NULL DEFAULT 1,
    CONSTRAINT mails_sent_or_not CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT mails_times_shown CHECK (
        next_attempt_at >= '0001-01-01 00:00:00+00' AND next_attempt_at < '10000-01-01 00:00:00+00'
        AND created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'
        AND updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00'
        AND sent_at >= '0001-01-01 00:00:00+00' AND sent_at < '10000-01-01 00:00:00+00'
    )
);
CREATE INDEX mails_user_id ON mails (user_id);
CREATE INDEX mails_ticket_id ON mails (ticket_id);
CREATE INDEX mails_message_id ON mails (message_id);
CREATE INDEX mails_created_at ON mails (created_at, id);
CREATE INDEX mails_status ON mails (status, created_at, id);
CREATE INDEX mails_due ON mails (next_attempt_at, id) WHERE status = 'queued';
COMMENT ON TABLE mails IS 'A mail for each letter of the outbox that tells somebody something; it has the letter''s id.';
COMMENT ON COLUMN mails.address IS 'Where it goes: the account''s address when the mail was written.';
COMMENT ON COLUMN mails.template IS 'What it says. Its contents are read when it leaves.';
COMMENT ON COLUMN mails.name IS 'Its Message-ID, the same whatever is repeated.';
COMMENT ON COLUMN mails.attempts IS 'How often it was tried, with the attempt that is under way.';
COMMENT ON COLUMN mails.next_attempt_at IS 'When it is tried next, also if whoever is at it never comes back.';

ALTER TABLE mails ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mails_maintenance ON mails TO app_maintenance USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON mails TO app_maintenance;
GRANT SELECT, INSERT, UPDATE (status, attempts, next_attempt_at, last_error, sent_at, updated_at) ON mails TO app_worker;
CREATE POLICY mails_worker ON mails TO app_worker USING (true) WITH CHECK (true);
GRANT SELECT ON mails TO app_customer, app_staff, app_writer;
CREATE POLICY mails_whole ON mails FOR SELECT TO app_staff USING ((SELECT app.can('system:read')));
CREATE POLICY mails_writer_whole ON mails FOR SELECT TO app_writer USING ((SELECT app.can('system:read')));
GRANT UPDATE (status, attempts, next_attempt_at, updated_at, revision) ON mails TO app_writer;
CREATE POLICY mails_writer_change_whole ON mails FOR UPDATE TO app_writer USING ((SELECT app.can('system:run_job')));

GRANT SELECT, UPDATE (done_at) ON outbox TO app_worker;
CREATE POLICY outbox_worker_read ON outbox FOR SELECT TO app_worker USING (topic = 'mail');
CREATE POLICY outbox_worker_done ON outbox FOR UPDATE TO app_worker USING (topic = 'mail');
-- To whom they go.
GRANT SELECT (id, email, status) ON users TO app_worker;
CREATE POLICY users_worker ON users FOR SELECT TO app_worker USING (true);

-- ---------------------------------------------------------------- permissions of the fields that came

ALTER TABLE roles DROP CONSTRAINT roles_permissions_known;
ALTER TABLE roles ADD CONSTRAINT roles_permissions_known CHECK (jsonb_typeof(permissions) = 'array' AND permissions <@ '[
    "*",
    "user:read", "user:read:own", "user:reset_credentials",
    "user:create", "user:update", "user:update:own", "user:suspend", "user:close", "user:close:own",
    "session:read", "session:read:own", "session:revoke", "session:revoke:own",
    "role:read", "role:create", "role:update", "role:delete", "role:assign",
    "package:read",
    "server:read", "server:read:own",
    "invoice:read", "invoice:read:own",
    "transaction:read", "transaction:read:own",
    "credit:read", "credit:read:own",
    "ticket:read", "ticket:read:own", "ticket:update", "ticket:note", "ticket:assign",
    "ticket:reply", "ticket:reply:own", "ticket:close", "ticket:close:own", "ticket:reopen", "ticket:reopen:own",
    "ticket:create", "ticket:create:own", "ticket:merge",
    "department:write",
    "canned_reply:read", "canned_reply:write",
    "system:read", "system:run_job"
]');

SET LOCAL ROLE app_maintenance;
UPDATE roles SET permissions = permissions || '["system:read"]' WHERE id = '00000000-0000-7000-8000-000000000003';
RESET ROLE;
