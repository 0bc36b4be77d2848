import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/** Prefixes of both pools. */
const PREFIXES = ['/api/v1/limits/', '/api/v1/admin/limits/'];

/**
 * Bytes of filler in the headers of an answer, beside the promised size of all of
 * its headers. Status line, usual headers and names of the filler add 250 to 400:
 * the first answer just fits, the second is too large by a few hundred bytes.
 */
const FILLER = { fits: -400, exceeds: 400 };

/** An answer with large headers over one pool. */
export interface LargeHead {
  readonly path: string;
  readonly fillerBytes: number;
  readonly fits: boolean;
  readonly status: number | null;
  /** Lines of the error log about a header that is too big. */
  readonly told: readonly string[];
}

/** Asks each pool for answers whose headers just fit, and just do not. */
export async function largeHeads(context: CaseContext, buffer_bytes: number): Promise<LargeHead[]> {
  // An answer with too many headers counts as a failure of the instance.
  const { gateway } = await context.replica({ backends: 'shared' });
  const plan = PREFIXES.flatMap((path) =>
    [true, false].map((fits) => ({
      path,
      fits,
      mark: marker('head'),
      fillerBytes: buffer_bytes + (fits ? FILLER.fits : FILLER.exceeds),
    })),
  );
  const seen = await mixed(
    context.session.vantage,
    plan.map(({ path, mark, fillerBytes }) => ({
      client: context.clientFor(path, gateway),
      path: `${path}${mark}`,
      behave: { headerBytes: fillerBytes },
    })),
  );
  const log = await gateway.errorLog('too big header');
  return plan.map(({ path, fits, mark, fillerBytes }, index) => ({
    path,
    fits,
    fillerBytes,
    status: seen[index]?.status ?? null,
    told: log.filter((line) => line.includes(mark)),
  }));
}

/** What fits is relayed; what does not gets the status, and a line in the error log. */
export function judgeHeads(buffer_bytes: number, status: number, heads: readonly LargeHead[]): Outcome {
  const wrong = heads.filter((one) => one.status !== (one.fits ? 200 : status) || one.told.length > 0 === one.fits);
  const words = ({ path, fillerBytes, status: got, told }: LargeHead): string =>
    `${path} with ${String(fillerBytes)} bytes of filler: ${String(got ?? 'no answer')}${told.length > 0 ? ' and a line in the error log' : ''}`;
  return judge(
    heads.length > 0 && wrong.length === 0,
    `response headers of less than ${String(buffer_bytes)} bytes relayed; larger ones answered ${String(status)}, with a line in the error log`,
    (wrong.length === 0 ? heads : wrong).map(words).join('; '),
    [
      {
        kind: 'table',
        title: 'answers by size of the filler in their headers',
        columns: ['path', 'filler bytes', 'status', 'lines in the error log'],
        rows: heads.map(({ path, fillerBytes, status: got, told }) => [path, fillerBytes, got ?? 0, told.length]),
      },
      { kind: 'log', title: 'error log', lines: heads.flatMap(({ told }) => told).slice(0, 2) },
    ],
  );
}
