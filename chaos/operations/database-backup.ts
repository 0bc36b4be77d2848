/** The database, dumped and restored beside itself while it is written to. */
import type { ChaosTarget } from '../runner/target.ts';
import { mustRun } from './commands.ts';

const DATABASE = 'postgres-1';

/** Rows that were there a second before the dump, counted and digested in both databases. */
const RESTORE = `
sql() { psql -U gateproof -v ON_ERROR_STOP=1 -At -d "$1" -c "$2"; }
cutoff=$(sql gateproof "select now() - interval '1 second'")
rows="select count(*) || ' rows, digest ' || md5(string_agg(r::text, '' order by kind, idempotency_key))
  from business_record r where created_at <= '$cutoff'"
trap 'dropdb -U gateproof --if-exists restored; rm -f /tmp/gateproof.dump' EXIT
pg_dump -U gateproof -Fc -f /tmp/gateproof.dump gateproof
createdb -U gateproof restored
pg_restore -U gateproof -d restored /tmp/gateproof.dump
sql gateproof "$rows"
sql restored "$rows"
`;

/** What the restored database holds, in words. @throws Error when a step fails, or rows differ or are none */
export async function databaseRestored(target: ChaosTarget): Promise<string> {
  const [before = '', after = ''] = (await mustRun(target, DATABASE, ['sh', '-ec', RESTORE])).trim().split('\n');
  if (before === '' || before.startsWith('0 ')) throw new Error('the database had no rows to restore');
  if (before !== after) throw new Error(`the restored database differs: ${before} became ${after}`);
  return after;
}
