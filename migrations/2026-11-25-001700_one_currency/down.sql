ALTER TABLE transactions
    DROP CONSTRAINT transactions_currency_of_parent,
    DROP CONSTRAINT transactions_currency_of_invoice,
    ADD CONSTRAINT transactions_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES invoices ON DELETE RESTRICT,
    ADD CONSTRAINT transactions_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES transactions ON DELETE RESTRICT;
-- With the column go its checks and the foreign key that it is part of.
ALTER TABLE invoice_items
    DROP COLUMN currency,
    ADD CONSTRAINT invoice_items_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES invoices ON DELETE CASCADE;

DROP INDEX invoice_items_invoice_id;
ALTER TABLE transactions DROP CONSTRAINT transactions_id_currency;
ALTER TABLE invoices DROP CONSTRAINT invoices_id_currency;
