-- What a column can hold is what the program can show: one row that it cannot read fails the statement, and with it
-- all rows beside it.

-- Instants and days of the years 1 to 9999, and no infinite ones. Generated sort columns stay: they are not shown.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT c.relname AS name,
               string_agg(
                   CASE a.atttypid
                       WHEN 'date'::regtype THEN format('%1$I >= ''0001-01-01''::date AND %1$I < ''10000-01-01''::date', a.attname)
                       ELSE format('%1$I >= ''0001-01-01 00:00:00+00''::timestamptz AND %1$I < ''10000-01-01 00:00:00+00''::timestamptz', a.attname)
                   END,
                   ' AND ' ORDER BY a.attnum
               ) AS condition
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> '__diesel_schema_migrations'
          AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
          AND a.atttypid IN ('date'::regtype, 'timestamptz'::regtype)
        GROUP BY c.relname
    LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (%s)', found.name, found.name || '_times_shown', found.condition);
    END LOOP;
END
$$;

-- Amounts have no more decimals than their currency, by the list of src/money.rs: an answer would round them, and a
-- sum of what was shown would not be the sum that is shown. An invoice's lines follow their invoice.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT * FROM (VALUES ('invoices', 'amount'), ('transactions', 'amount'), ('server_packages', 'price_monthly')) AS money (name, amount)
    LOOP
        EXECUTE format(
            $check$
            ALTER TABLE %1$I ADD CONSTRAINT %2$I CHECK (%3$I = round(%3$I, CASE
                WHEN currency IN (
                    'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
                ) THEN 0
                WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
                WHEN currency IN ('CLF', 'UYW') THEN 4
                ELSE 2
            END))
            $check$,
            found.name, found.name || '_minor_units', found.amount
        );
    END LOOP;
END
$$;
