import type { CaseContext } from '../context.ts';
import { notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { table } from './exchange.ts';

/**
 * The end of a case whose promise needs components that the topology does not have.
 * @throws {Error} when one of them runs after all: then there is something to measure
 */
export function absent(context: CaseContext, components: readonly string[]): Outcome {
  const services = context.session.topology.services.map(({ name, role }) => ({ name, role }));
  const there = components.filter((component) => services.some(({ name }) => name.startsWith(component.toLowerCase())));
  if (there.length > 0) throw new Error(`${there.join(', ')} is part of the topology, but nothing here measures it`);
  return notApplicable(needs(components), `${components.join(', ')}: not part of the environment`, [
    table(
      'what the environment runs',
      ['service', 'role'],
      services.map(({ name, role }) => [name, role]),
    ),
  ]);
}

const needs = (components: readonly string[]): string => `needs ${components.join(' and ')}`;
