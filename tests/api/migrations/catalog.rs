//! A dump of a database's catalog, one line an object, in an order of its own: two schemas are equal when
//! their dumps are.

use crate::harness::Plain;

/// What a schema is made of. Names and not numbers, so that two databases can be compared.
const QUERIES: [&str; 12] = [
    // Rights on schemas; the dumps of a bare database and of one that was taken back agree on them.
    "SELECT format('schema %s %s %s', nspname, acl, obj_description(n.oid, 'pg_namespace')) \
     FROM pg_namespace n LEFT JOIN LATERAL (SELECT string_agg(format('%s=%s:%s', grantee::regrole, privilege_type, is_grantable), ' ' ORDER BY grantee::regrole::text, privilege_type) AS acl \
         FROM aclexplode(coalesce(nspacl, acldefault('n', nspowner)))) AS a ON true \
     WHERE nspname IN ('public', 'app')",
    "SELECT format('relation %s.%s %s owner %s security %s %s options %s comment %s', relnamespace::regnamespace, relname, relkind, \
         relowner::regrole, relrowsecurity, relforcerowsecurity, reloptions, obj_description(oid, 'pg_class')) \
     FROM pg_class WHERE relnamespace::regnamespace::text IN ('public', 'app')",
    "SELECT format('right %s.%s %s=%s:%s', relnamespace::regnamespace, relname, grantee::regrole, privilege_type, is_grantable) \
     FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('public', 'app')",
    // Places and not numbers: one that was dropped and made again has another number.
    "SELECT format('column %s.%s %s %s null %s collation %s default %s generated %s comment %s', relname, \
         row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname, format_type(atttypid, atttypmod), \
         NOT attnotnull, attcollation::regcollation, pg_get_expr(adbin, adrelid), attgenerated, col_description(attrelid, attnum)) \
     FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
     WHERE relnamespace::regnamespace::text IN ('public', 'app') AND relkind = 'r' AND attnum > 0 AND NOT attisdropped",
    "SELECT format('column right %s.%s %s=%s', relname, attname, grantee::regrole, privilege_type) \
     FROM pg_attribute JOIN pg_class c ON c.oid = attrelid, aclexplode(attacl) WHERE relnamespace::regnamespace::text IN ('public', 'app')",
    "SELECT format('constraint %s %s %s valid %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) \
     FROM pg_constraint WHERE connamespace::regnamespace::text IN ('public', 'app')",
    "SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname IN ('public', 'app')",
    "SELECT format('policy %s %s %s %s %s %s %s', tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies",
    "SELECT format('function %s owner %s %s', pg_get_functiondef(p.oid), proowner::regrole, obj_description(p.oid, 'pg_proc')) \
     FROM pg_proc p WHERE pronamespace::regnamespace::text IN ('public', 'app')",
    "SELECT format('function right %s %s=%s', p.oid::regprocedure, CASE grantee WHEN 0 THEN 'public' ELSE grantee::regrole::text END, privilege_type) \
     FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE pronamespace::regnamespace::text IN ('public', 'app')",
    "SELECT format('trigger %s %s', tgrelid::regclass, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT format('type %s.%s %s', typnamespace::regnamespace, typname, typtype) FROM pg_type WHERE typnamespace::regnamespace::text IN ('public', 'app') AND typelem = 0",
];

/// Every object of the schemas that the steps write to, and the rows that they bring; sorted. The list of
/// the steps themselves is not the schema's.
pub async fn dump(url: &str) -> Vec<String> {
    let owner = Plain::connect(url).await;
    let mut lines = Vec::new();
    for query in QUERIES {
        lines.extend(owner.column(query).await);
    }
    if owner.value("SELECT to_regrole('app_maintenance') IS NOT NULL AND EXISTS (SELECT FROM pg_policies WHERE policyname = 'roles_maintenance')").await == "t" {
        let rows = "BEGIN; SET LOCAL ROLE app_maintenance; SELECT format('role %s', to_jsonb(roles) - 'created_at' - 'updated_at') FROM roles; COMMIT";
        lines.extend(owner.column(rows).await);
    }
    lines.retain(|line| !line.contains("__diesel_schema_migrations"));
    lines.sort();
    lines
}
