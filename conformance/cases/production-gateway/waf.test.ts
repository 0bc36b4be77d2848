import { num, str } from '../../../environments/ledger/values.ts';
import { BENIGN, CROSS_SITE_SCRIPTING, NULL_BYTES, OTHER_ATTACKS, SQL_INJECTION } from '../../checks/attack-corpus.ts';
import { judgeBlocking, judgeRuleSet, judgeStaging, rawNullByte, ruleSet, staging, tried } from '../../checks/waf.ts';
import { notApplicable, together } from '../../outcome.ts';
import { verify } from '../../verify.ts';

/** Status of a refusal by a firewall, where a claim names none. */
const FORBIDDEN = 403;

verify('production-gateway.waf.sqli-xss', async (context) => {
  const attacks = await tried(context, [...SQL_INJECTION, ...CROSS_SITE_SCRIPTING]);
  return judgeBlocking(num(context.claim, 'status'), attacks, await tried(context, BENIGN));
});

verify('production-gateway.waf.null-bytes', async (context) => {
  const [coded, raw] = await Promise.all([tried(context, NULL_BYTES), rawNullByte(context)]);
  const outcome = judgeBlocking(num(context.claim, 'status'), [...coded, raw], []);
  return outcome.verdict === 'deviates'
    ? { ...outcome, reason: 'nginx refuses null bytes in path and headers; it does not look into queries and bodies' }
    : outcome;
});

/** A few attacks of each kind. */
const SUBSET = [...SQL_INJECTION.slice(1, 3), ...CROSS_SITE_SCRIPTING.slice(3, 5), ...OTHER_ATTACKS];

verify('production-gateway.waf.modsecurity-crs', async (context) => {
  const [attacks, benign, detected] = await Promise.all([
    tried(context, SUBSET),
    tried(context, BENIGN),
    staging(context, SUBSET),
  ]);
  const rules = judgeRuleSet(str(context.claim, 'ruleset'), await ruleSet(context, attacks));
  return together([judgeBlocking(FORBIDDEN, attacks, benign), rules, judgeStaging(detected)]);
});

verify('production-gateway.waf.crs-blocking', async (context) => {
  const corpus = SUBSET.slice(1);
  const [attacks, benign, detected] = await Promise.all([
    tried(context, corpus),
    tried(context, BENIGN.slice(0, corpus.length)),
    staging(context, corpus),
  ]);
  return together([judgeBlocking(num(context.claim, 'status'), attacks, benign), judgeStaging(detected)]);
});

verify('production-gateway.waf.cdn-ddos', async () =>
  notApplicable('floods, bots and foreign countries are held back at the edge', 'no CDN belongs to the environment'),
);
