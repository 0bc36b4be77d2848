/**
 * Strangers on the segment of the pair send adverts of the highest priority, with more or less of its password.
 * One with the whole password comes first: it must get the address, or nobody was heard at all.
 */
import { onlyWhatTravels, firstEight, writtenPassword } from '../../faults/vrrp-stranger-config.ts';
import type { WrittenPassword } from '../../faults/vrrp-stranger-config.ts';
import { keepalivedEdit } from '../../faults/keepalived-edit.ts';
import { pairConfig, STRANGER, vrrpStranger } from '../../faults/vrrp-stranger.ts';
import { ATTEMPTS, judgeStrangers } from '../../judgements/strangers.ts';
import type { Attempt, Carried, StrangersSeen } from '../../judgements/strangers.ts';
import { carriedPassword } from '../../observers/advert-password.ts';
import { holdersNow } from '../../observers/failover.ts';
import type { TrialWatch } from '../../runner/experiment.ts';
import type { ChaosTarget } from '../../runner/target.ts';
import { ACTIVE, STANDBY, untilServed } from '../../stages/gateway-pair.ts';
import { pairExperiment } from '../../stages/pair-experiment.ts';

const CLAIM = 'production-gateway.high-availability.vrrp-auth';
/** Eight characters, so that adverts carry all of it: what the pair compares is known. */
const WRONG = 'Stranger';
/** The neighbour entry of the clients is flushed, and the holder announces itself when it takes over. */
const SERVED_AGAIN_MS = 60_000;

let seen: StrangersSeen | null = null;

export default pairExperiment({
  title: 'Strangers among the gateways',
  hypothesis: 'Nodes believe adverts only of who knows their password: a stranger does not get the virtual address.',
  verifies: [CLAIM],
  preflight: async (target) =>
    (await written(target)) === null ? 'the adverts of this pair carry no password that a stranger could lack' : null,
  // Each stranger goes before the next one comes: observe injects.
  method: [],
  // The stranger's own password becomes that of the pair.
  sabotage: [keepalivedEdit([ACTIVE, STANDBY], 'the password of the stranger', /auth_pass .*/, `auth_pass ${WRONG}`)],
  beside: ['vantage', STRANGER],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: async (watch) => {
    seen = null;
    const password = await needed(watch.target);
    // Before any stranger is there whose adverts could be taken for those of the pair.
    const carried = await carriedPassword(watch.target, STANDBY);
    const lengths: Carried = { written: password.characters.length, carried: carried.length };
    watch.note(STANDBY, `an advert carries ${lengths.carried} of the ${lengths.written} characters of the password`);
    const attempts: Attempt[] = [];
    for (const { knows, text, peer } of strangers(password, carried))
      attempts.push(await attempt(watch, knows, text, peer));
    seen = { ...lengths, attempts };
  },
  recover: (watch) => untilServed(watch, 0, SERVED_AGAIN_MS),
  collect: async () => ({ texts: { [ATTEMPTS]: seen === null ? [] : [JSON.stringify(seen)] } }),
  judge: (trials) => [judgeStrangers(CLAIM, trials, ACTIVE)],
});

interface Known {
  readonly knows: string;
  /** Text behind `auth_pass`. */
  readonly text: string;
  readonly peer: boolean;
}

/** Who is tried. Strangers that would know the whole password are left out: they would be no strangers. */
function strangers(password: WrittenPassword, carried: string): readonly Known[] {
  const eight = firstEight(password);
  const travels = onlyWhatTravels(password, carried);
  return [
    { knows: 'the whole password', text: password.text, peer: true },
    { knows: 'a wrong password', text: WRONG, peer: false },
    ...(eight === null ? [] : [{ knows: 'its first eight characters and others', text: eight, peer: false }]),
    ...(travels === null ? [] : [{ knows: 'what an advert carries of it', text: travels, peer: false }]),
  ];
}

async function attempt(watch: TrialWatch, knows: string, text: string, peer: boolean): Promise<Attempt> {
  const fault = vrrpStranger({ knows: `with ${knows}`, password: text, takesOver: peer });
  const from_ms = watch.now_ms();
  await watch.inject(fault);
  const holders = await holdersNow(watch.target);
  const to_ms = watch.now_ms();
  watch.note(STRANGER, `with ${knows}: of the pair ${holders.join(' and ') || 'nobody'} has the address`);
  await watch.revert(fault);
  await untilServed(watch, 0, SERVED_AGAIN_MS);
  return { knew: knows, ...(peer ? { peer: true as const } : {}), from_ms, to_ms, holders };
}

const written = async (target: ChaosTarget): Promise<WrittenPassword | null> =>
  writtenPassword(await pairConfig(target));

async function needed(target: ChaosTarget): Promise<WrittenPassword> {
  const password = await written(target);
  if (password === null) throw new Error('the configuration of the pair has no password');
  return password;
}
