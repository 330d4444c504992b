-- What a schema is, in one value: two programs whose migrations make the same one can share the seeded data.
SELECT left(md5(string_agg(part, E'\n' ORDER BY part COLLATE "C")), 8) FROM (
    SELECT concat_ws(' ', 'function', pg_get_functiondef(p.oid), p.proacl)
    FROM pg_proc p
    WHERE p.pronamespace IN ('public'::regnamespace, 'app'::regnamespace) AND p.prokind IN ('f', 'p')
    UNION ALL
    SELECT concat_ws(' ', 'relation', c.oid::regclass, c.relkind, c.relacl, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
                     CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
                     CASE WHEN c.relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) END)
    FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'app'::regnamespace)
    UNION ALL
    SELECT concat_ws(' ', 'column', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attacl,
                     pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'policy', tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies
    UNION ALL
    SELECT concat_ws(' ', 'role', name, permissions) FROM roles
) AS parts (part)
