import { pm2Processes, startOwnBackend } from '../../environments/harness/own-backend.ts';
import type { Pm2Process } from '../../environments/harness/own-backend.ts';
import { bodyJson, bodyText } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { judged, table } from './exchange.ts';
import { inspectorAddress } from './instance-counts.ts';
import { total } from './metric-text.ts';

const REQUESTS = 80;
const SCRAPES = 8;
/** Side by side, so that the workers' primary hands connections to all of them. */
const SPACING_MS = 10;

/** An instance with as many workers as documented, as it was seen at work. */
export interface Cluster {
  readonly processes: readonly Pm2Process[];
  /** Processes that answered, and how many requests each. */
  readonly answered: ReadonlyMap<number, number>;
  readonly requests: number;
  /** Sum of http_requests_total before the requests, and in scrapes after them. */
  readonly before: number;
  readonly after: readonly number[];
}

/**
 * Starts an instance with so many workers, asks it over many connections and
 * reads its metrics. The instances of a run have fewer workers to save memory,
 * which says nothing about the document. Measured once in a session.
 */
export function cluster(context: CaseContext, workers: number): Promise<Cluster> {
  return context.session.once(`an instance with ${String(workers)} workers`, () => measure(context, workers));
}

async function measure(context: CaseContext, workers: number): Promise<Cluster> {
  await using backend = await startOwnBackend(context.session.topology, workers, context.session.lanes[0] ?? 0);
  const ask = async (path: string, count: number): Promise<HttpObservation[]> => {
    const { observations } = await context.session.inspector.schedule(
      Array.from({ length: count }, (_, index) => ({
        kind: 'http',
        id: String(index),
        at_ms: index * SPACING_MS,
        from: inspectorAddress(context),
        target: { address: backend.addresses['backend'] ?? '', port: backend.port },
        protocol: 'http/1.1',
        request: { method: 'GET', path, headers: [['Connection', 'close']] },
        keepBody: 1024 ** 2,
        timeout_ms: 15_000,
      })),
    );
    return observations.filter((one): one is HttpObservation => one.kind === 'http');
  };
  const requestsTotal = (seen: HttpObservation): number => total(bodyText(seen), 'http_requests_total') ?? 0;
  const [first] = await ask('/metrics', 1);
  const answers = await ask('/api/v1/x', REQUESTS);
  const scrapes = [];
  for (let scrape = 0; scrape < SCRAPES; scrape += 1) scrapes.push(...(await ask('/metrics', 1)));
  const answered = new Map<number, number>();
  for (const seen of answers.filter(({ status }) => status === 200)) {
    const { pid } = bodyJson(seen) as { pid: number };
    answered.set(pid, (answered.get(pid) ?? 0) + 1);
  }
  return {
    processes: await pm2Processes(backend.containerId),
    answered,
    requests: REQUESTS,
    before: first ? requestsTotal(first) : 0,
    after: scrapes.map(requestsTotal),
  };
}

/** Judges that so many workers run in cluster mode and share the requests. */
export function judgeWorkers(workers: number, { processes, answered, requests }: Cluster): Outcome {
  const clustered = processes.filter(({ mode, status }) => mode === 'cluster_mode' && status === 'online');
  const counts = [...answered.values()];
  const lost = requests - counts.reduce((sum, count) => sum + count, 0);
  return judged(
    clustered.length === workers && answered.size === workers && lost === 0,
    `${String(workers)} worker processes in cluster mode, each of which answers requests`,
    `${String(clustered.length)} workers in cluster mode; ${String(requests)} requests answered by ${String(answered.size)} processes (${counts.join(', ')})${lost === 0 ? '' : `, ${String(lost)} not answered`}`,
    [
      table(
        'workers of an instance with the documented variables',
        ['process', 'mode', 'status', 'requests answered'],
        processes.map(({ pid, mode, status }) => [pid, mode, status, answered.get(pid) ?? 0]),
      ),
    ],
  );
}

/** Judges that counters of the instance cover all its workers, whichever one is asked, and never fall. */
export function judgeCounters({ requests, before, after }: Pick<Cluster, 'requests' | 'before' | 'after'>): Outcome {
  const falls = after.filter((value, index) => index > 0 && value < (after[index - 1] ?? 0)).length;
  // Each scrape is a request, too, and may count the one before it.
  const wrong = after.filter((value, index) => value < before + requests || value > before + requests + index + 1);
  return judged(
    after.length > 0 && falls === 0 && wrong.length === 0,
    `http_requests_total grows by ${String(requests)} for ${String(requests)} requests, whichever worker is asked, and never falls`,
    `from ${String(before)} to ${after.join(', ')}${falls === 0 ? '' : `; falls ${String(falls)} times`}`,
    [
      table(
        'http_requests_total of the instance',
        ['scrape', 'sum'],
        [['before', before], ...after.map((value, index) => [index + 1, value])],
      ),
    ],
    'each worker counts for itself, and a scrape meets any one of them',
  );
}
