-- An invoice, its lines, its payments and what is given back of them are of one currency: a line says its own, and
-- whatever points at an invoice or at a payment points at its currency too. So no sum mixes two.
--
-- The version before this one writes neither lines nor payments, and selects its columns by name.

ALTER TABLE invoices ADD CONSTRAINT invoices_id_currency UNIQUE (id, currency);
ALTER TABLE transactions ADD CONSTRAINT transactions_id_currency UNIQUE (id, currency);

ALTER TABLE invoice_items ADD COLUMN currency text;
COMMENT ON COLUMN invoice_items.currency IS 'That of its invoice.';

SET LOCAL ROLE app_maintenance;
UPDATE invoice_items SET currency = invoices.currency FROM invoices WHERE invoices.id = invoice_id;
RESET ROLE;
ALTER TABLE invoice_items ALTER COLUMN currency SET NOT NULL;

-- A foreign key that is added is validated by a query of the owner's, from which forced row security would hide every
-- row: it would find nothing wrong, whatever there is. The tables are locked, and nobody meets them like this. (The way
-- back asks for less than what holds already.)
ALTER TABLE invoices NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice_items NO FORCE ROW LEVEL SECURITY;
ALTER TABLE transactions NO FORCE ROW LEVEL SECURITY;

ALTER TABLE invoice_items
    DROP CONSTRAINT invoice_items_invoice_id_fkey,
    ADD CONSTRAINT invoice_items_currency_of_invoice FOREIGN KEY (invoice_id, currency) REFERENCES invoices (id, currency) ON DELETE CASCADE;
ALTER TABLE transactions
    DROP CONSTRAINT transactions_invoice_id_fkey,
    DROP CONSTRAINT transactions_parent_id_fkey,
    ADD CONSTRAINT transactions_currency_of_invoice FOREIGN KEY (invoice_id, currency) REFERENCES invoices (id, currency) ON DELETE RESTRICT,
    ADD CONSTRAINT transactions_currency_of_parent FOREIGN KEY (parent_id, currency) REFERENCES transactions (id, currency) ON DELETE RESTRICT;

ALTER TABLE invoices FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice_items FORCE ROW LEVEL SECURITY;
ALTER TABLE transactions FORCE ROW LEVEL SECURITY;

-- The lines of one invoice in their order: what a page of them walks.
CREATE INDEX invoice_items_invoice_id ON invoice_items (invoice_id, position, id);

-- The same condition as for the invoice itself, taken from there: they cannot differ.
DO $$
BEGIN
    EXECUTE (
        SELECT 'ALTER TABLE invoice_items ADD CONSTRAINT invoice_items_minor_units ' || pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE conrelid = 'invoices'::regclass AND conname = 'invoices_minor_units'
    );
END
$$;
