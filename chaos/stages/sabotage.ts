/** Configurations of the redundant pair that break one promise each: negative controls of its experiments. */
import { keepalivedEdit } from '../faults/keepalived-edit.ts';
import { keepalivedStop } from '../faults/keepalived-stop.ts';
import { advertsLost } from '../faults/adverts-lost.ts';
import { vrrpVersion } from '../predictions/vrrp-words.ts';
import type { Fault } from '../runner/fault.ts';
import { ACTIVE, STANDBY } from './gateway-pair.ts';

const PAIR = [ACTIVE, STANDBY];

/** An advert every 2 s: the standby waits for three of them. */
export const slowAdverts = (): Fault => keepalivedEdit(PAIR, 'advert_int 2', /advert_int [\d.]+/, 'advert_int 2');

/** The health scripts find nothing wrong, ever. */
export const blindScripts = (): Fault =>
  keepalivedEdit(PAIR, 'scripts that always succeed', /script "[^"]+"/g, 'script "/bin/true"');

/** Nobody is there to take over. */
export const standbyAbsent = (): Fault => keepalivedStop(STANDBY);

/** The former holder takes the address back: its priority does not depend on holding it. */
export const alwaysPreferred = (): Fault =>
  keepalivedEdit([ACTIVE], 'preferred without holding', /weight 20\b/, 'weight 0');

/** No advert of the active node reaches the standby: both hold the address. */
export const twoHolders = (): Fault => advertsLost({ at: STANDBY, from: ACTIVE, count: 'all', version: vrrpVersion });

/** The standby takes over after a single missed advert. */
export const impatientStandby = (): Fault =>
  keepalivedEdit([STANDBY], 'down_timer_adverts 1', /(advert_int [\d.]+)/, '$1\n    down_timer_adverts 1');

/** A failed script is a fault of the node: it gives the address up. */
export const scriptsWithoutWeight = (): Fault => keepalivedEdit(PAIR, 'weight 0', /weight -20/g, 'weight 0');

/** Nobody is told of a change of state. */
export const silentNotify = (): Fault => keepalivedEdit(PAIR, 'no notify scripts', /^\s*notify_\w+ .*$/gm, '');
