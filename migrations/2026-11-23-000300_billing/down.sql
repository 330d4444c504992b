DROP TABLE transactions, invoice_items, invoices;
