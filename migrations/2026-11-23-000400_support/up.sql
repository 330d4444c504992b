-- Conversations between customers and staff.

CREATE TABLE tickets (
    id                 uuid        PRIMARY KEY,
    user_id            uuid        NOT NULL REFERENCES users ON DELETE RESTRICT,
    assigned_to        uuid        REFERENCES users ON DELETE SET NULL,
    subject            text        NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 200),
    status             text        NOT NULL DEFAULT 'open' CHECK (status IN (
                                       'open', 'in_progress', 'waiting_customer', 'on_hold', 'resolved', 'closed'
                                   )),
    priority           text        NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    department         text        NOT NULL CHECK (department IN ('general', 'technical', 'billing', 'sales', 'abuse')),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    closed_at          timestamptz,
    server_id          uuid        REFERENCES servers ON DELETE SET NULL,
    revision           integer     NOT NULL DEFAULT 1,
    hold_reason        text        CHECK (char_length(hold_reason) <= 500),
    response_due_at    timestamptz,
    resolution_due_at  timestamptz,
    merged_into        uuid        REFERENCES tickets ON DELETE RESTRICT,
    priority_rank      smallint    NOT NULL GENERATED ALWAYS AS (
                                       CASE priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 ELSE 4 END
                                   ) STORED,
    response_due_sort  timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(response_due_at, '-infinity')) STORED,
    subject_words      tsvector    NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', subject)) STORED,
    CONSTRAINT tickets_closed_at_when_closed CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    CONSTRAINT tickets_closed_when_merged CHECK (merged_into IS NULL OR (status = 'closed' AND merged_into <> id))
);

CREATE INDEX tickets_created_at ON tickets (created_at, id);
CREATE INDEX tickets_updated_at ON tickets (updated_at, id);
CREATE INDEX tickets_priority_rank ON tickets (priority_rank, id);
CREATE INDEX tickets_response_due ON tickets (response_due_sort, id);
CREATE INDEX tickets_user_id ON tickets (user_id, created_at, id);
CREATE INDEX tickets_user_id_updated_at ON tickets (user_id, updated_at, id);
CREATE INDEX tickets_user_id_priority_rank ON tickets (user_id, priority_rank, id);
CREATE INDEX tickets_user_id_response_due ON tickets (user_id, response_due_sort, id);
CREATE INDEX tickets_assigned_to ON tickets (assigned_to, created_at, id);
CREATE INDEX tickets_assigned_to_updated ON tickets (assigned_to, updated_at, id);
CREATE INDEX tickets_assigned_to_priority ON tickets (assigned_to, priority_rank, id);
CREATE INDEX tickets_assigned_to_response_due ON tickets (assigned_to, response_due_sort, id);
CREATE INDEX tickets_status ON tickets (status, created_at, id);
CREATE INDEX tickets_priority ON tickets (priority, created_at, id);
CREATE INDEX tickets_server_id ON tickets (server_id);
CREATE INDEX tickets_merged_into ON tickets (merged_into);
CREATE INDEX tickets_subject_words ON tickets USING gin (subject_words);

COMMENT ON TABLE tickets IS 'A conversation that a customer opened, or staff on a customer''s behalf.';
COMMENT ON COLUMN tickets.user_id IS 'Whose it is.';
COMMENT ON COLUMN tickets.assigned_to IS 'Who works on it. Null: nobody, it waits in the queue.';
COMMENT ON COLUMN tickets.updated_at IS 'An internal note never touches it: it would tell the customer that there is one.';
COMMENT ON COLUMN tickets.server_id IS 'The server that it is about.';
COMMENT ON COLUMN tickets.revision IS 'See users.revision.';
COMMENT ON COLUMN tickets.hold_reason IS 'Why it waits; for staff.';
COMMENT ON COLUMN tickets.response_due_at IS 'When the next answer of staff is due. Null while none is.';
COMMENT ON COLUMN tickets.resolution_due_at IS 'When it should be solved. Null while that clock is paused.';
COMMENT ON COLUMN tickets.merged_into IS 'Where the conversation goes on. The messages stay here and are shown there.';
COMMENT ON COLUMN tickets.priority_rank IS 'priority as a number, low 1 to urgent 4, to sort by.';
COMMENT ON COLUMN tickets.response_due_sort IS 'response_due_at with -infinity for none: a keyset must not meet a null.';
COMMENT ON COLUMN tickets.subject_words IS 'What app.search_tickets searches; @@ is not leakproof, so a query under row-level security could not use the index.';

CREATE TABLE ticket_messages (
    id          uuid        PRIMARY KEY,
    ticket_id   uuid        NOT NULL REFERENCES tickets ON DELETE CASCADE,
    user_id     uuid        NOT NULL REFERENCES users ON DELETE RESTRICT,
    content     text        NOT NULL CHECK (char_length(content) BETWEEN 1 AND 20000),
    is_internal boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ticket_messages_ticket_id ON ticket_messages (ticket_id, created_at, id);
-- Without it a page of public messages would have to skip over any number of notes.
CREATE INDEX ticket_messages_ticket_id_public ON ticket_messages (ticket_id, created_at, id) WHERE NOT is_internal;
CREATE INDEX ticket_messages_user_id ON ticket_messages (user_id, created_at, id);

COMMENT ON TABLE ticket_messages IS 'What was said in a ticket, and what staff noted beside it.';
COMMENT ON COLUMN ticket_messages.user_id IS 'The author.';
COMMENT ON COLUMN ticket_messages.is_internal IS 'A note among staff; without ticket:note it does not exist, not even for its author.';
