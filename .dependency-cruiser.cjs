/**
 * Imports go one way: cli → cases, experiments, scenarios → their engines →
 * environments/harness → measurement → reports/record. See ARCHITECTURE.md.
 */

/** Our own rooms; everything else is a package or built in. */
const OURS = '^(cli|conformance|chaos|environments|measurement|reports|scenarios|test)/';

/** Engines may use what lies below them. */
const BELOW_ENGINES = '^(environments/(harness|ledger)|measurement|reports/record)/';

/** A rule that lets `from` import only itself and `allowed` among our own files. */
function only(name, from, allowed, comment) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from },
    to: { path: OURS, pathNot: [from, ...allowed] },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A cycle has no first step for a reader. Cycles made of types alone do not exist at run time.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      // k6 exists inside its own program; sarif is a package of types alone.
      to: { couldNotResolve: true, pathNot: '^(k6(/|$)|sarif$)' },
    },
    {
      name: 'record-imports-nothing',
      comment: 'The record is a contract: it must be readable without the rest of the project.',
      severity: 'error',
      from: { path: '^reports/record/' },
      to: { path: OURS, pathNot: '^reports/record/' },
    },
    only(
      'render-knows-the-record',
      '^reports/render/',
      ['^reports/record/'],
      'Reports are made from the record alone.',
    ),
    only('measurement-is-low', '^measurement/', ['^reports/record/'], 'Statistics know no gateway.'),
    only('ledger-knows-the-record', '^environments/ledger/', ['^reports/record/'], 'Claims are data.'),
    only(
      'harness-is-low',
      '^environments/(harness|images)/',
      ['^environments/(harness|images)/', '^measurement/', '^reports/record/'],
      'The harness knows no check.',
    ),
    only(
      'system-describes-itself',
      '^environments/(?!harness/|images/|apps/|ledger/)[^/]+/',
      ['^environments/(harness|ledger)/', '^reports/record/'],
      'A system is a description for the harness.',
    ),
    only('apps-stand-alone', '^environments/apps/', [], 'Applications run in containers, with their folder alone.'),
    only(
      'conformance-engine',
      '^conformance/(?!cases/)[^/]+',
      ['^conformance/(?!cases/)', BELOW_ENGINES],
      'Checks know no case and neither chaos nor load.',
    ),
    only(
      'conformance-cases',
      '^conformance/cases/',
      ['^conformance/', BELOW_ENGINES],
      'A case binds a claim to a check.',
    ),
    only(
      'chaos-engine',
      '^chaos/(?!experiments/)',
      ['^conformance/clients/', '^scenarios/engines/', BELOW_ENGINES],
      'Chaos may start a load engine in the background and probes through the vantage clients.',
    ),
    only(
      'chaos-experiments',
      '^chaos/experiments/',
      ['^chaos/', '^scenarios/engines/', BELOW_ENGINES],
      'An experiment is a description for the chaos runner.',
    ),
    only(
      'load-engines',
      '^scenarios/engines/',
      ['^scenarios/k6/load\\.ts$', '^scenarios/drivers/plan\\.ts$', '^scenarios/cores\\.ts$', BELOW_ENGINES],
      'Load engines know neither checks nor chaos; of the scripts they know the data that they hand over, and when cores are used up.',
    ),
    only('load-knows-no-check', '^scenarios/', [BELOW_ENGINES], 'Load knows neither checks nor chaos.'),
    only('k6-imports-k6', '^scenarios/k6/', [], 'k6 scripts are copied into the generator: their folder and k6 alone.'),
    only(
      'drivers-stand-alone',
      '^scenarios/drivers/',
      [],
      'Drivers are copied into the generator with their folder alone.',
    ),
    {
      name: 'agent-stands-alone',
      comment: 'The agent runs in the vantage container, with its folder alone.',
      severity: 'error',
      from: { path: '^conformance/clients/agent' },
      to: { path: OURS, pathNot: '^conformance/clients/', reachable: true },
    },
    {
      name: 'nobody-imports-the-command-line',
      severity: 'error',
      comment: 'The command line is the top.',
      from: { pathNot: '^(cli|test)/' },
      to: { path: '^(cli|test)/' },
    },
    {
      name: 'only-the-harness-talks-to-docker',
      severity: 'error',
      comment: 'Clean-up and labels are decided in one place.',
      from: { path: OURS, pathNot: '^(environments/harness|test)/' },
      to: { path: 'node_modules/(dockerode|testcontainers)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(reports/runs|coverage|\\.cache)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
