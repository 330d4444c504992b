-- What is owed and what was paid. These rows outlive people: every foreign key away from them is RESTRICT.
-- 'NaN' is refused by name, since it counts as larger than every number.

CREATE TABLE invoices (
    id            uuid          PRIMARY KEY,
    user_id       uuid          NOT NULL REFERENCES users ON DELETE RESTRICT,
    amount        numeric(19,4) NOT NULL CHECK (amount >= 0 AND amount <> 'NaN'),
    currency      text          NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status        text          NOT NULL DEFAULT 'draft' CHECK (status IN (
                                    'draft', 'pending', 'overdue', 'paid', 'refunded', 'cancelled', 'uncollectible'
                                )),
    due_date      date,
    paid_at       timestamptz,
    created_at    timestamptz   NOT NULL DEFAULT now(),
    updated_at    timestamptz   NOT NULL DEFAULT now(),
    number        text          CHECK (char_length(number) BETWEEN 1 AND 64),
    revision      integer       NOT NULL DEFAULT 1,
    due_date_sort date          NOT NULL GENERATED ALWAYS AS (coalesce(due_date, '-infinity')) STORED,
    number_key    text          COLLATE "C" GENERATED ALWAYS AS (lower(number)) STORED,
    -- Only what was never issued may lack a number, and a draft has none yet.
    CONSTRAINT invoices_numbered_when_issued CHECK (
        CASE status WHEN 'draft' THEN number IS NULL WHEN 'cancelled' THEN true ELSE number IS NOT NULL END
    ),
    CONSTRAINT invoices_paid_at_when_paid CHECK (status NOT IN ('paid', 'refunded') OR paid_at IS NOT NULL)
);

CREATE UNIQUE INDEX invoices_number_unique ON invoices (number_key);
CREATE INDEX invoices_created_at ON invoices (created_at, id);
CREATE INDEX invoices_user_id ON invoices (user_id, created_at, id);
CREATE INDEX invoices_status ON invoices (status, created_at, id);
CREATE INDEX invoices_due_date ON invoices (due_date);
CREATE INDEX invoices_due_date_sort ON invoices (due_date_sort, id);
CREATE INDEX invoices_user_id_due_date_sort ON invoices (user_id, due_date_sort, id);

COMMENT ON TABLE invoices IS 'What a person owes. What is paid, refunded and due is summed from transactions, never stored.';
COMMENT ON COLUMN invoices.amount IS 'The sum of the items, with at most the minor units of the currency. Frozen once issued.';
COMMENT ON COLUMN invoices.currency IS 'ISO 4217.';
COMMENT ON COLUMN invoices.number IS 'Gapless, given when it is issued.';
COMMENT ON COLUMN invoices.revision IS 'See users.revision.';
COMMENT ON COLUMN invoices.due_date_sort IS 'due_date with -infinity for none: a keyset must not meet a null.';
COMMENT ON COLUMN invoices.number_key IS 'What numbers are unique and searched by; see users.email_key.';

CREATE TABLE invoice_items (
    id           uuid          PRIMARY KEY,
    -- An item is part of its invoice; only a draft can be deleted at all.
    invoice_id   uuid          NOT NULL REFERENCES invoices ON DELETE CASCADE,
    position     integer       NOT NULL CHECK (position > 0),
    description  text          NOT NULL CHECK (char_length(description) BETWEEN 1 AND 500),
    quantity     numeric(19,6) NOT NULL CHECK (quantity <> 'NaN'),
    unit_price   numeric(19,6) NOT NULL CHECK (unit_price <> 'NaN'),
    amount       numeric(19,4) NOT NULL CHECK (amount <> 'NaN'),
    server_id    uuid          REFERENCES servers ON DELETE RESTRICT,
    period_start timestamptz,
    period_end   timestamptz,
    CONSTRAINT invoice_items_position_unique UNIQUE (invoice_id, position),
    CONSTRAINT invoice_items_period CHECK (period_start < period_end)
);

CREATE INDEX invoice_items_server_id ON invoice_items (server_id);

COMMENT ON TABLE invoice_items IS 'A line of an invoice.';
COMMENT ON COLUMN invoice_items.position IS 'The order on the paper, from 1.';
COMMENT ON COLUMN invoice_items.amount IS 'quantity × unit_price, rounded here and nowhere else, half away from zero. A discount is negative.';
COMMENT ON COLUMN invoice_items.server_id IS 'The server that it charges for.';

CREATE TABLE transactions (
    id         uuid          PRIMARY KEY,
    invoice_id uuid          REFERENCES invoices ON DELETE RESTRICT,
    user_id    uuid          NOT NULL REFERENCES users ON DELETE RESTRICT,
    amount     numeric(19,4) NOT NULL CHECK (amount > 0 AND amount <> 'NaN'),
    currency   text          NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    gateway    text          CHECK (gateway ~ '^[a-z0-9_]{1,64}$'),
    status     text          NOT NULL DEFAULT 'pending' CHECK (status IN (
                                 'pending', 'processing', 'completed', 'failed', 'cancelled', 'disputed', 'charged_back', 'refunded'
                             )),
    reference  text          CHECK (char_length(reference) BETWEEN 1 AND 255),
    metadata   jsonb         CHECK (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz   NOT NULL DEFAULT now(),
    updated_at timestamptz   NOT NULL DEFAULT now(),
    kind       text          NOT NULL CHECK (kind IN ('payment', 'refund', 'credit', 'usage', 'adjustment')),
    direction  text          NOT NULL CHECK (direction IN ('in', 'out')),
    parent_id  uuid          REFERENCES transactions ON DELETE RESTRICT,
    CONSTRAINT transactions_direction_of_kind CHECK (
        CASE WHEN kind IN ('payment', 'credit') THEN direction = 'in'
             WHEN kind IN ('refund', 'usage') THEN direction = 'out'
             ELSE true
        END
    ),
    CONSTRAINT transactions_refund_of_something CHECK (kind <> 'refund' OR parent_id IS NOT NULL)
);

CREATE INDEX transactions_created_at ON transactions (created_at, id);
CREATE INDEX transactions_user_id ON transactions (user_id, created_at, id);
CREATE INDEX transactions_invoice_id ON transactions (invoice_id, created_at, id);
CREATE INDEX transactions_parent_id ON transactions (parent_id);
-- A replayed payment is refused here. The reference comes first, so that a search by it alone is served too.
CREATE UNIQUE INDEX transactions_reference_unique ON transactions (reference, gateway) WHERE reference IS NOT NULL;

COMMENT ON TABLE transactions IS 'Money that moved or is about to. Amount, currency, person and invoice never change; a retry is a new row.';
COMMENT ON COLUMN transactions.amount IS 'Always positive; direction says which way.';
COMMENT ON COLUMN transactions.currency IS 'ISO 4217.';
COMMENT ON COLUMN transactions.gateway IS 'What moved it, for example "stripe" or "bank"; "credit" is the person''s prepaid balance.';
COMMENT ON COLUMN transactions.reference IS 'The gateway''s own id of it, unique per gateway.';
COMMENT ON COLUMN transactions.metadata IS 'What the gateway sent along. Not for customers.';
COMMENT ON COLUMN transactions.kind IS 'payment of an invoice, refund of a parent, credit paid in, usage taken from credit, adjustment of credit by staff.';
COMMENT ON COLUMN transactions.direction IS '"in" adds to what the person has paid or holds.';
COMMENT ON COLUMN transactions.parent_id IS 'What a refund gives back.';
