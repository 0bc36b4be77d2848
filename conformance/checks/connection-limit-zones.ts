import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { withoutComments } from './rate-limit-zones.ts';

/** Zones and limits of connections in a configuration (`nginx -T`). */
export interface ConnectionZones {
  readonly defined: readonly { readonly name: string; readonly key: string }[];
  readonly attached: readonly { readonly zone: string; readonly limit: number }[];
}

/** What the configuration defines, and what it attaches. */
export function connectionZones(config: string): ConnectionZones {
  const text = withoutComments(config);
  return {
    defined: [...text.matchAll(/\blimit_conn_zone\s+(\S+)\s+zone=([\w-]+):/g)].map(([, key = '', name = '']) => ({
      name,
      key,
    })),
    attached: [...text.matchAll(/\blimit_conn\s+([\w-]+)\s+(\d+)\s*;/g)].map(([, zone = '', limit = '0']) => ({
      zone,
      limit: Number(limit),
    })),
  };
}

/** Judges that there are so many zones, each is attached somewhere under its own name, and nothing else is. */
export function judgeConnectionZones(documented: readonly string[], { defined, attached }: ConnectionZones): Outcome {
  const names = defined.map(({ name }) => name);
  const used = [...new Set(attached.map(({ zone }) => zone))];
  const dangling = names.filter((name) => !used.includes(name));
  const unknown = used.filter((name) => !names.includes(name));
  const faults = [
    ...(names.length === documented.length ? [] : [`${String(names.length)} zones`]),
    ...dangling.map((name) => `${name} is attached nowhere`),
    ...unknown.map((name) => `${name} is not defined`),
  ];
  return judge(
    faults.length === 0,
    `${String(documented.length)} zones (the document also calls them ${documented.join(' and ')}), each attached under the name that it is defined by`,
    faults.length === 0 ? `defined and attached: ${names.join(', ')}` : faults.join('; '),
    [
      {
        kind: 'table',
        title: 'limit_conn_zone and limit_conn in nginx -T',
        columns: ['zone', 'counts by', 'limit'],
        rows: defined.map(({ name, key }) => [
          name,
          key,
          attached
            .filter(({ zone }) => zone === name)
            .map(({ limit }) => String(limit))
            .join(', '),
        ]),
      },
    ],
  );
}
