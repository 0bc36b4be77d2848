/** Predictions of failovers for the report, and the mechanism in words. */
import type { Prediction } from '../runner/experiment.ts';
import type { Settings } from '../runner/settings.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { goodbye_s, scriptRange_s, silentRange_s, vrrpSettings } from './vrrp.ts';
import type { VrrpSettings } from './vrrp.ts';

const ACTIVE = 'gateway-1';
const STANDBY = 'gateway-2';

const of = ({ keepalived }: Settings, node: string): VrrpSettings => vrrpSettings(keepalived[node] ?? '');

const timer = ({ version, priority, advert_s }: VrrpSettings): string =>
  `VRRP ${version}, advert_int ${advert_s} s, priority of the standby ${priority}`;

/** The active node falls silent. */
export function silentPrediction(settings: Settings): Prediction {
  const backup = of(settings, STANDBY);
  return {
    range_s: silentRange_s(backup),
    formula: '2 to 3 × advert interval + skew of the standby (RFC 3768 and 5798, section 6.1)',
    settings: timer(backup),
  };
}

/** The active node says goodbye. */
export function goodbyePrediction(settings: Settings): Prediction {
  const backup = of(settings, STANDBY);
  return {
    range_s: [0, goodbye_s(backup)],
    formula: 'the skew of the standby, after an advert of priority 0 (RFC 3768 and 5798, section 6.4.2)',
    settings: timer(backup),
  };
}

/** The script that notices first: its runs and failures take the least time. */
function quickest(active: VrrpSettings): VrrpSettings['scripts'][number] | undefined {
  return active.scripts.toSorted((a, b) => a.fall * a.interval_s - b.fall * b.interval_s)[0];
}

/** nginx dies, the node lives. */
export function scriptPrediction(settings: Settings): Prediction {
  const [active, backup] = [of(settings, ACTIVE), of(settings, STANDBY)];
  const script = quickest(active);
  return {
    range_s: scriptRange_s(active, backup, script?.name ?? ''),
    formula:
      '(fall − 1) to fall × script interval, then 2 to 3 × advert interval + skew: a standby ignores adverts below its own priority without setting its timer anew',
    settings: `${timer(backup)}; ${script?.name ?? 'no script'}: interval ${script?.interval_s ?? 0} s, fall ${script?.fall ?? 0}, weight ${script?.weight ?? 0}`,
  };
}

/** Why a silent node is missed late. */
export function adverts(settings: Settings): string {
  const backup = of(settings, STANDBY);
  const [, most] = silentRange_s(backup);
  return `the standby waits for three adverts of ${backup.advert_s} s and its skew, up to ${most.toFixed(2)} s, before it takes over`;
}

/** Why a dead nginx is noticed late. */
export function scriptWords(settings: Settings): string {
  const active = of(settings, ACTIVE);
  const script = quickest(active);
  return (
    `${script?.name ?? 'the script'} must fail ${script?.fall ?? 0} times, ${script?.interval_s ?? 0} s apart; the lower adverts that follow ` +
    `do not set the timer of the standby, so that ${adverts(settings)}`
  );
}

/** Version of the adverts that the pair sends. */
export async function vrrpVersion(target: ChaosTarget): Promise<2 | 3> {
  const { stdout } = await target.exec(ACTIVE, ['cat', '/etc/keepalived/keepalived.conf']);
  return vrrpSettings(stdout).version;
}
