/** A small ledger as text, for tests that break it. */
import { hashLines, hashRanges, linesOf, sectionsOf } from '../../../environments/ledger/hash.ts';

export const DOCUMENT = `# Guide

## Limits
Each client may send 100 requests a minute.
A burst of 20 is allowed.

## Routes
\`\`\`nginx
# not a heading
location /api { }
\`\`\`
The API is below /api.

## Times
Answers come within 200 ms.
`;

const lines = linesOf(DOCUMENT);

/** `claims.yaml` for the document above; environment `demo`. */
export function claimsYaml(): string {
  const sections = sectionsOf(lines).map(
    ({ key, lines: range, sha256 }) => `  ${key}: {lines: [${range.join(', ')}], sha256: ${sha256}}`,
  );
  return `document:
  title: Guide
  version: "1"
  lines: ${lines.length}
  sha256: ${hashLines(lines)}
sections:
${sections.join('\n')}
claims:
${claim('demo.limits.rate', 'Limits', [4, 4], '{rate_per_min: 100}', ['demo.limits.burst'])}
${claim('demo.limits.burst', 'Limits', [5, 5], '{burst: 20, paths: [/a, /b]}', ['demo.limits.rate'])}
${claim('demo.routes.api', 'Routes', [10, 12], '{path: /api}')}
${claim('demo.latency.p95', 'Times', [15, 15], '{limit_ms: 200}')}
`;
}

function claim(id: string, section: string, range: [number, number], value: string, conflicts: string[] = []): string {
  return `  - id: ${id}
    statement: What ${id} says.
    source:
      section: ${section}
      lines: [${range.join(', ')}]
      sha256: ${hashRanges(lines, [range])}
    level: must
    kind: conformance
${conflicts.length > 0 ? `    conflictsWith: [${conflicts.join(', ')}]\n` : ''}    value: ${value}
    check: Look at it.
    directives: []`;
}
