/** Edits of the hardened configuration that must turn verdicts: what shows that an experiment can fail. */
import { configEdit } from '../faults/config-edit.ts';
import type { Fault } from '../runner/fault.ts';

/** A failed request is tried nowhere else, and an instance that fails gets its turn like every other. */
export function withoutSecondTry(node: string): readonly Fault[] {
  return [
    configEdit([node], 'upstreams/customer.conf', 'least_conn;', ''),
    configEdit([node], 'api/attempts.conf', 'proxy_next_upstream_tries 2', 'proxy_next_upstream_tries 1'),
    configEdit([node], 'upstreams/customer.conf', /max_fails=2/g, 'max_fails=0'),
  ];
}

/** Runs for each worker of the hardened configuration when it starts, and for each request first of all. */
const WORKER_STARTS = 'admission.watch_redis()';
const REQUEST_BEGINS = 'admission.country()';

const atWorkerStart = (node: string, lua: string): Fault =>
  configEdit([node], 'http/lua.conf', WORKER_STARTS, `${lua} ${WORKER_STARTS}`);
const atRequest = (node: string, lua: string): Fault =>
  configEdit([node], 'api/admission.conf', REQUEST_BEGINS, `${lua} ${REQUEST_BEGINS}`);

/** New workers take the listening sockets over and serve nobody for so long, s. */
export function slowWorkers(node: string, wait_s: number): readonly Fault[] {
  return [atWorkerStart(node, `os.execute("sleep ${wait_s}")`)];
}

/** One worker; another one in its place, long after the configuration was read, serves nobody for so long, s. */
export function withoutReplacement(node: string, wait_s: number): readonly Fault[] {
  const replacement = `ngx.update_time() if ngx.now() - read_at > 2 then os.execute("sleep ${wait_s}") end`;
  return [
    configEdit([node], 'nginx.conf', 'worker_processes auto', 'worker_processes 1'),
    configEdit([node], 'http/lua.conf', 'init_by_lua_block {', 'init_by_lua_block { read_at = ngx.now()'),
    atWorkerStart(node, replacement),
  ];
}

/** Each request takes so much more processor time, s. */
export function costlyRequests(node: string, cost_s: number): readonly Fault[] {
  return [atRequest(node, `local until_s = os.clock() + ${cost_s} while os.clock() < until_s do end`)];
}

/** A request is answered with 500 unless four kilobytes about it can be written to a file. */
export function refusedWithoutLog(node: string, file: string): readonly Fault[] {
  const write = `local log = io.open("${file}", "a") local kept = log and log:write(string.rep("x", 4096)) and log:close()`;
  return [atRequest(node, `${write} if not kept then return ngx.exit(500) end`)];
}
