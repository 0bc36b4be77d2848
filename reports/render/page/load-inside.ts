/** What was read inside containers while a load was under way: the most telling curves, and a table of all. */
import { figure } from '../format.ts';
import type { Markup } from '../markup.ts';
import { reduceSeries } from '../reduce.ts';
import type { ContainerResources, CoreResources, Curve } from '../../record/types.ts';
import { figures } from './parts.ts';

/** Points of a curve. */
const MAX_POINTS = 400;

interface Inside {
  readonly what: string;
  readonly curve: (of: ContainerResources) => Curve | undefined;
  /** Drawn for the container that has most of it. */
  readonly drawn?: true;
}

const INSIDE: readonly Inside[] = [
  { what: 'requests/s', curve: ({ nginx }) => nginx?.requests_perS, drawn: true },
  { what: 'connections', curve: ({ nginx }) => nginx?.active, drawn: true },
  { what: 'reading', curve: ({ nginx }) => nginx?.reading },
  { what: 'writing', curve: ({ nginx }) => nginx?.writing, drawn: true },
  { what: 'waiting', curve: ({ nginx }) => nginx?.waiting },
  { what: 'accepted/s', curve: ({ nginx }) => nginx?.accepted_perS, drawn: true },
  { what: 'handled/s', curve: ({ nginx }) => nginx?.handled_perS },
  { what: 'in KiB/s', curve: ({ received_kibPerS }) => received_kibPerS, drawn: true },
  { what: 'out KiB/s', curve: ({ sent_kibPerS }) => sent_kibPerS, drawn: true },
  { what: 'open files', curve: ({ descriptors }) => descriptors, drawn: true },
  { what: 'loop delay ms', curve: ({ node }) => node?.loop_delay_ms_p99, drawn: true },
  { what: 'heap MiB', curve: ({ node }) => node?.heap_mib, drawn: true },
  { what: 'largest worker MiB', curve: ({ worker_mib }) => worker_mib },
];

const peak = (curve: Curve = []): number => Math.max(0, ...curve.map(([, value]) => value));

/** A curve for each figure: of the container of the system under test that has most of it. */
export function insideStrips(
  resources: readonly ContainerResources[],
): readonly { readonly label: string; readonly points: Curve }[] {
  const tested = resources.filter(({ role }) => role === 'sut');
  return INSIDE.filter(({ drawn }) => drawn).flatMap(({ what, curve }) => {
    const [most] = tested.toSorted((a, b) => peak(curve(b)) - peak(curve(a)));
    const points = most && curve(most);
    return most && points && points.length > 0
      ? [{ label: `${what}, ${most.container}`, points: reduceSeries(points, MAX_POINTS) }]
      : [];
  });
}

/** All work on the cores of each side, whoever did it. */
export function coreStrips(cores: readonly CoreResources[]): readonly {
  readonly label: string;
  readonly count: number;
  readonly points: Curve;
}[] {
  return cores.map(({ side, cores: numbers, busy_cores }) => ({
    label: `cores of the ${side}`,
    count: numbers.length,
    points: reduceSeries(busy_cores, MAX_POINTS),
  }));
}

/** The peak of every figure in every container, and of all work on the cores; folded away. */
export function insideTable(resources: readonly ContainerResources[], cores: readonly CoreResources[] = []): Markup {
  const known = INSIDE.filter(({ curve }) => resources.some((one) => (curve(one)?.length ?? 0) > 0));
  const most = (curve: Curve | undefined): string => (curve?.length ? figure(peak(curve)) : '');
  return figures(
    ['Container', 'CPU, cores', 'memory MiB', ...known.map(({ what }) => what)],
    [
      ...cores.map(({ side, busy_cores }) => [
        `cores of the ${side}, all work`,
        most(busy_cores),
        '',
        ...known.map(() => ''),
      ]),
      ...resources.map((one) => [
        one.container,
        most(one.cpu_cores),
        most(one.memory_mib),
        ...known.map(({ curve }) => most(curve(one))),
      ]),
    ],
    'At most, by container',
  );
}
