-- What a schema must not have: one row a violation, none if the rules hold. Read by catalog.rs.
WITH
server AS (SELECT unnest(ARRAY['entrepot_app']) AS role),
groups AS (
  SELECT oid, rolname FROM pg_roles
  WHERE rolname = 'entrepot_bi' OR rolname IN ('entrepot_bi_commerce', 'entrepot_bi_finance', 'entrepot_bi_support', 'entrepot_bi_operator')
),
-- Logins of this database: those that schema bi was opened to.
logins AS (
  SELECT r.oid, r.rolname FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
  WHERE n.nspname = 'bi' AND r.rolname ~ '^bi_[0-9]+_'
),
readers AS (SELECT oid, rolname FROM groups UNION SELECT oid, rolname FROM logins UNION SELECT 0, 'PUBLIC'),
-- Tables of this product. Its list of migrations belongs to nobody's business.
tables AS (
  SELECT c.* FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'seaql_migrations'
),
catalogue AS (SELECT unnest(ARRAY['tenant', 'tenant_head', 'checkpoint', 'timer', 'lease']) AS name),
policies AS (
  SELECT p.*, c.relname, pg_get_expr(p.polqual, p.polrelid) AS rows, pg_get_expr(p.polwithcheck, p.polrelid) AS written
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
),
-- The columns that the views read which a group may read.
behind AS (
  SELECT g.oid AS reader, d.refobjid AS relation, d.refobjsubid AS number
  FROM groups g CROSS JOIN pg_class v
  JOIN pg_rewrite w ON w.ev_class = v.oid
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
  WHERE v.relnamespace = 'bi'::regnamespace AND has_table_privilege(g.oid, v.oid, 'SELECT')
)
SELECT violation FROM (
  SELECT relname || ' has no tenant_id that is never null' AS violation FROM tables t
  WHERE relname <> 'lease' AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'tenant_id' AND a.attnotnull)
  UNION ALL
  SELECT i.indexrelid::regclass || ' is an index without the tenant in front' FROM pg_index i JOIN tables t ON t.oid = i.indrelid
  WHERE i.indexrelid::regclass::text NOT IN ('tenant_slug_key', 'lease_pkey', 'timer_due')
    AND i.indkey[0] IS DISTINCT FROM (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'tenant_id')
  UNION ALL
  SELECT t.relname || ' has no primary key' FROM tables t
  WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)
  UNION ALL
  SELECT conname || ' is a foreign key without the tenant' FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid
  WHERE contype = 'f' AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'tenant_id' AND a.attnum = ANY (k.conkey))
  UNION ALL
  SELECT relname || ' is without row-level security' FROM tables WHERE NOT relrowsecurity
  UNION ALL
  SELECT relname || ' does not bind its owner' FROM tables WHERE NOT relforcerowsecurity
  UNION ALL
  SELECT relname || '.' || polname || ' is open to everybody' FROM policies WHERE polroles @> '{0}'
  UNION ALL
  SELECT relname || '.' || polname || ' lets every tenant through' FROM policies
  WHERE (coalesce(rows, 'true') = 'true' OR written = 'true') AND NOT (polname = 'catalogue' AND relname IN (SELECT name FROM catalogue))
  UNION ALL
  SELECT relname || '.' || polname || ' does not name the tenant' FROM policies
  WHERE polname <> 'catalogue' AND (rows NOT LIKE '%tenant_id%' OR written NOT LIKE '%tenant_id%')
  UNION ALL
  SELECT relname || '.' || polname || ' reads a table' FROM policies WHERE concat(rows, written) ~* '\mselect\M'
  UNION ALL
  SELECT relname || '.' || polname || ' trusts a setting of whoever types SQL' FROM policies
  WHERE concat(rows, written) LIKE '%current_setting%' AND EXISTS (SELECT FROM readers r WHERE r.oid = ANY (polroles))
  UNION ALL
  SELECT c.oid::regclass || ' shows its owner''s rows' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'v' AND n.nspname IN ('bi', 'public') AND NOT coalesce(c.reloptions, '{}') @> '{security_invoker=true}'
  UNION ALL
  SELECT c.oid::regclass || ' is a view without tenant_id in front' FROM pg_class c
  WHERE c.relkind = 'v' AND c.relnamespace = 'bi'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = 1 AND a.attname = 'tenant_id')
  UNION ALL
  SELECT c.oid::regclass || ' is a materialized view' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'm' AND n.nspname NOT LIKE 'pg\_%'
  UNION ALL
  SELECT c.oid::regclass || ' is a sequence: numbers tell what others do' FROM pg_class c
  WHERE c.relkind = 'S' AND c.relnamespace IN ('public'::regnamespace, 'bi'::regnamespace)
    -- This one is for the server alone.
    AND (c.relname <> 'log_moves' OR EXISTS (SELECT FROM aclexplode(c.relacl) a JOIN readers r ON r.oid = a.grantee))
  UNION ALL
  SELECT p.oid::regprocedure || ' runs as its owner and finds names where its caller says' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search\_path=%')
  UNION ALL
  SELECT tgname || ' is a trigger' FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid
  WHERE NOT tgisinternal AND (tgname, tgfoid::regproc::text) <> ('tenant_head_moves', 'count_log_move')
  UNION ALL
  SELECT rolname || ' can more than a role of the server should' FROM pg_roles JOIN server ON role = rolname
  WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolcanlogin
  UNION ALL
  SELECT rolname || ' can more than a reader should' FROM pg_roles JOIN readers USING (oid, rolname)
  WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
  UNION ALL
  SELECT r.rolname || ' logs in without a limit of connections' FROM pg_roles r JOIN logins USING (oid) WHERE r.rolconnlimit < 1
  UNION ALL
  SELECT r.rolname || ' is a member of ' || g.rolname FROM pg_auth_members m JOIN readers r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid
  WHERE NOT g.rolname IN (SELECT rolname FROM groups)
  UNION ALL
  SELECT r.rolname || ' owns ' || c.oid::regclass FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
  WHERE r.rolname IN (SELECT role FROM server) OR r.oid IN (SELECT oid FROM groups)
    OR (r.oid IN (SELECT oid FROM logins) AND c.relnamespace IS DISTINCT FROM (SELECT n.oid FROM pg_namespace n WHERE n.nspname = r.rolname))
  UNION ALL
  SELECT r.rolname || ' may ' || a.privilege_type || ' ' || c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
  JOIN readers r ON r.oid = a.grantee
  WHERE n.nspname IN ('public', 'bi') AND NOT (a.privilege_type = 'SELECT' AND n.nspname = 'bi' AND r.oid <> 0)
  UNION ALL
  SELECT r.rolname || ' may ' || x.privilege_type || ' ' || c.oid::regclass || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(a.attacl) x JOIN readers r ON r.oid = x.grantee
  WHERE n.nspname IN ('public', 'bi') AND NOT (x.privilege_type = 'SELECT' AND EXISTS (
    SELECT FROM behind b WHERE b.reader = r.oid AND b.relation = a.attrelid AND b.number = a.attnum))
  UNION ALL
  SELECT DISTINCT c.relname || ' is behind a view and bound to nobody''s identity' FROM behind b JOIN pg_class c ON c.oid = b.relation
  WHERE c.relkind = 'r' AND NOT EXISTS (SELECT FROM policies p JOIN groups g ON g.oid = ANY (p.polroles) WHERE p.polrelid = c.oid AND p.rows LIKE '%CURRENT_USER%')
  UNION ALL
  SELECT r.rolname || ' may ' || a.privilege_type || ' in schema ' || n.nspname FROM pg_namespace n, aclexplode(n.nspacl) a JOIN readers r ON r.oid = a.grantee
  WHERE (n.nspname = 'public' OR n.nspname = 'bi' AND a.privilege_type <> 'USAGE' OR n.nspname = 'bi' AND r.oid = 0)
  UNION ALL
  SELECT r.rolname || ' may make temporary tables' FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a JOIN readers r ON r.oid = a.grantee
  WHERE d.datname = current_database() AND a.privilege_type IN ('TEMPORARY', 'CREATE')
  UNION ALL
  SELECT 'everybody may run ' || p.oid::regprocedure FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  WHERE p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea') AND p.pronamespace = 'pg_catalog'::regnamespace AND a.grantee = 0
) found ORDER BY violation
