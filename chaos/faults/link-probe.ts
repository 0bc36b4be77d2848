/** One exchange on a new connection, as one service has it with another: what faults of the network are proved by. */
import type { ChaosTarget } from '../runner/target.ts';

export type LinkProtocol = 'http' | 'redis' | 'postgres';

/** How an exchange ended. `closed`: in order, without a byte; `timeout`: not at all within the limit. */
export type ExchangeEnd = 'answered' | 'closed' | 'refused' | 'unreachable' | 'reset' | 'timeout';

export interface Exchange {
  readonly how: ExchangeEnd;
  readonly bytes: number;
  /** From the first packet to the end of the answer, ms. */
  readonly took_ms: number;
}

export interface ProbeOptions {
  readonly protocol: LinkProtocol;
  readonly limit_s: number;
  /** Asks for an answer with so many bytes of body; of HTTP alone. */
  readonly bodyBytes?: number;
}

/**
 * Bash opens the connection, since it needs no program of its own for any protocol.
 * Arguments: address, port, request (a format of printf), most bytes to read.
 */
const SCRIPT = `
begin=\${EPOCHREALTIME/[.,]/}
exec 3<>"/dev/tcp/$1/$2" || exit 7
printf "$3" >&3
bytes=$(head -c "$4" <&3 | wc -c)
end=\${EPOCHREALTIME/[.,]/}
echo "$(((end - begin) / 1000)) $bytes"
`;
const WHOLE = 1_000_000_000;

/** Runs one exchange from the network namespace of `from`. */
export async function exchange(
  target: ChaosTarget,
  from: string,
  to: string,
  options: ProbeOptions,
): Promise<Exchange> {
  const { address, port } = target.endpoint(to);
  const limit = String(options.limit_s);
  const [request, most] = requestOf(options);
  const argv = [
    'timeout',
    '-k',
    '1',
    limit,
    'bash',
    '-c',
    SCRIPT,
    'probe',
    address,
    String(port),
    request,
    String(most),
  ];
  const { exitCode, stdout, stderr } = await target.host.networkExec(target.containerId(from), argv);
  return readExchange(exitCode, stdout, stderr);
}

/** What a request looks like in printf's words, and how many bytes end the answer. */
function requestOf({ protocol, bodyBytes }: ProbeOptions): readonly [string, number] {
  // An SSLRequest is answered by one byte, before any authentication.
  if (protocol === 'postgres') return ['\\x00\\x00\\x00\\x08\\x04\\xd2\\x16\\x2f', 1];
  if (protocol === 'redis') return ['PING\\r\\nQUIT\\r\\n', WHOLE];
  const lines =
    bodyBytes === undefined
      ? ['GET /health HTTP/1.1']
      : ['GET /api/v1/ping HTTP/1.1', `x-behave: {"bodyBytes":${String(bodyBytes)}}`];
  return [`${[...lines, 'Host: link', 'Connection: close'].join('\\r\\n')}\\r\\n\\r\\n`, WHOLE];
}

/** Reads what the script, and bash about it, said. */
export function readExchange(exitCode: number, stdout: string, stderr: string): Exchange {
  const [took_ms = 0, bytes = 0] = stdout.trim().split(' ').map(Number);
  const how = (): ExchangeEnd => {
    if (exitCode === 124 || exitCode === 137) return 'timeout';
    if (/refused/i.test(stderr)) return 'refused';
    if (/reset by peer|broken pipe/i.test(stderr)) return 'reset';
    if (exitCode !== 0) return 'unreachable';
    return bytes > 0 ? 'answered' : 'closed';
  };
  return { how: how(), bytes, took_ms };
}

/** An exchange in words, for timelines. */
export function describeExchange({ how, bytes, took_ms }: Exchange): string {
  return how === 'answered' ? `${String(bytes)} bytes in ${String(took_ms)} ms` : how;
}
