/** What a capacity does as instances are added. */
import { number } from '../format.ts';
import { markup } from '../markup.ts';
import { chart, figures } from './parts.ts';
import type { Estimate, ScalingLaw, ScalingResult } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';

/** Points with their intervals, the law where there is one, and linear scaling beside them. */
export function scalingFigure(variant: string, { pool, points, statement, law }: ScalingResult): Markup {
  const data = {
    points: points.map(({ replicas, lower_perS, upper_perS }) => ({ replicas, lower: lower_perS, upper: upper_perS })),
    law: law && { lambda: law.lambda_perS.value, sigma: law.sigma.value, kappa: law.kappa.value },
  };
  return markup`<div class="h3row">
      <h3>${variant}: replicas of the ${pool} pool</h3>
      <span class="dim">${statement}</span>
    </div>
    <figure>
      <figcaption>
        <b>Capacity against instances.</b> One bar for each search: the interval that holds the capacity, dashed
        upwards where no upper end was found.
        ${law === undefined ? 'No law: the points do not differ enough.' : 'Line: the Universal Scalability Law.'} Dotted:
        linear scaling.
      </figcaption>
      ${chart('scaling', data, `Capacity against instances of the ${pool} pool, ${variant}`)}${figures(
        ['Instances', 'Holds, requests/s', 'Breaks, requests/s', 'What ran out'],
        points.map(({ replicas, lower_perS, upper_perS, ranOut }) => [
          number(replicas),
          lower_perS === null ? 'none' : number(lower_perS),
          upper_perS === null ? 'not found' : number(upper_perS),
          ranOut,
        ]),
      )}${law === undefined ? null : figures(['Parameter', 'Value', '95 % from', 'to'], lawRows(law), 'The law')}
    </figure>`;
}

function lawRows(law: ScalingLaw): readonly (readonly Part[])[] {
  const row = (name: string, { value, lower, upper }: Estimate, digits: number): readonly Part[] => [
    name,
    ...[value, lower, upper].map((one) => (one === null ? '∞' : number(one, digits))),
  ];
  return [
    row('λ, requests/s of one instance', law.lambda_perS, 1),
    row('σ, contention', law.sigma, 4),
    row('κ, coherency', law.kappa, 5),
    row('Instances with the most throughput', law.peak_replicas, 1),
    row('Throughput there, requests/s', law.peak_perS, 1),
  ];
}
